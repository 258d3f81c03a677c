"""Notifications come and go with what they tell of, and never say more than may be seen, on both databases."""

from __future__ import annotations

import pytest

from hustings.social import follows, markers, marks, notifications, notify, reposts
from hustings.social.notifications import Notification, Wish, wish
from hustings.social.paging import Page
from hustings.store.notifications import notifications as table
from hustings.store.people import accounts
from hustings.store.upsert import add_missing
from hustings.wire.errors import Refused
from tests.social.square import Square


def heard(square: Square, account: int, wanted: Wish | None = None) -> list[tuple[str, int, int]]:
    """`(kind, sender, post)`, the newest first."""
    found = square.read(
        notifications.page, account, wanted or Wish(), Page(limit=80), square.now_ms
    )
    return [(one.kind, one.sender, one.post) for one in found]


def lock(square: Square, account: int) -> None:
    square.write(
        lambda c: c.execute(accounts.update().where(accounts.c.id == account).values(locked=True))
    )


def test_each_act_is_heard_of_by_whom_it_is_about_and_by_nobody_else(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    post = square.say(ada, "To @bob")
    square.favourite(bob, post)
    square.repost(eve, post)
    square.follow(bob, ada)
    lock(square, ada)
    square.follow(eve, ada)
    assert heard(square, ada) == [
        ("follow_request", eve, 0),
        ("follow", bob, 0),
        ("reblog", eve, post),
        ("favourite", bob, post),
    ]
    assert heard(square, bob) == [("mention", ada, post)]
    square.edit(ada, post, "To @bob and @eve")
    assert heard(square, eve) == [("mention", ada, post)], "one of an id: the mention came first"
    assert heard(square, bob) == [("mention", ada, post)], "told once"


def test_an_edit_is_heard_of_by_who_reposted_it_and_the_newest_one_counts(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    post = square.say(ada)
    square.repost(bob, post)
    square.favourite(eve, post)
    square.edit(ada, post, "Other words.")
    first = square.read(notifications.page, bob, Wish(), Page(), square.now_ms)
    square.edit(ada, post, "Others again.")
    second = square.read(notifications.page, bob, Wish(), Page(), square.now_ms)
    assert heard(square, bob) == [("update", ada, post)] and heard(square, eve) == []
    assert len(first) == len(second) == 1 and second[0].id > first[0].id


def test_nobody_hears_of_himself(square: Square) -> None:
    (ada,) = square.people("ada")
    post = square.say(ada, "To @ada")
    square.favourite(ada, post)
    square.repost(ada, post)
    square.edit(ada, post, "To @ada again")
    assert square.count(table) == 0


def test_what_is_undone_is_heard_of_no_more(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = square.say(ada)
    square.favourite(bob, post)
    square.repost(bob, post)
    square.follow(bob, ada)
    square.write(marks.unfavourite, bob, post)
    square.write(reposts.undo, bob, post)
    square.write(follows.unfollow, bob, ada)
    assert square.count(table) == 0
    square.favourite(bob, post)
    square.say(bob, "To @ada", in_reply_to_id=str(post))
    square.delete(ada, post)
    assert [kind for kind, _, _ in heard(square, ada)] == ["mention"]


@pytest.mark.parametrize("yes", [True, False])
def test_a_question_that_was_answered_is_gone(square: Square, yes: bool) -> None:
    ada, bob = square.people("ada", "bob")
    lock(square, ada)
    square.follow(bob, ada)
    square.write(follows.answer, square.id(), ada, bob, yes)
    assert heard(square, ada) == []


def test_a_block_silences_both_ways_before_and_after(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.say(ada, "To @bob")
    square.say(bob, "To @ada")
    square.block(ada, bob)
    square.say(bob, "To @ada once more")
    square.say(ada, "To @bob once more")
    assert square.count(table) == 0
    square.write(follows.unblock, ada, bob)
    square.say(bob, "To @ada at last")
    assert len(heard(square, ada)) == 1


def test_a_mute_silences_one_way_until_it_ends(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.say(bob, "To @ada")
    square.mute(ada, bob, until_ms=square.now_ms + 60_000)
    square.say(bob, "To @ada")
    square.say(ada, "To @bob")
    assert heard(square, ada) == [] and len(heard(square, bob)) == 1
    square.tick(60_000)
    assert len(heard(square, ada)) == 1, "what was made before; nothing was made meanwhile"
    square.mute(ada, bob, notifications=False)
    assert len(heard(square, ada)) == 1


def test_who_is_suspended_is_not_heard_of_and_hears_nothing(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.say(bob, "To @ada")
    square.suspend(bob)
    square.say(ada, "To @bob")
    assert heard(square, ada) == [] and square.count(table) == 1
    square.suspend(bob, False)
    assert len(heard(square, ada)) == 1


def test_a_post_that_may_no_longer_be_seen_takes_its_notification_along(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada)
    post = square.say(ada, visibility="private")
    square.write(
        lambda c: notify.tell(c, notify.UPDATE, square.id(), ada, [bob], post),
    )
    assert len(heard(square, bob)) == 1
    square.write(follows.unfollow, bob, ada)
    assert heard(square, bob) == []


def fill(square: Square, account: int, sender: int, many: int) -> None:
    rows = [
        {"account": account, "id": n + 1, "kind": "favourite", "sender": sender, "post": -n - 1}
        for n in range(many)
    ]
    square.write(lambda c: add_missing(c, table, rows))


def test_an_account_keeps_so_many_and_one_past_it_the_oldest_goes(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    fill(square, ada, bob, notify.KEPT_MAX - 1)
    square.say(bob, "To @ada")
    assert square.count(table) == notify.KEPT_MAX
    square.say(bob, "To @ada")
    assert square.count(table) == notify.KEPT_MAX


def test_kinds_and_senders_are_asked_for_and_left_out(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    post = square.say(ada)
    square.favourite(bob, post)
    square.follow(eve, ada)
    assert [k for k, _, _ in heard(square, ada, wish(["follow"], []))] == ["follow"]
    assert [k for k, _, _ in heard(square, ada, wish([], ["follow"]))] == ["favourite"]
    assert [k for k, _, _ in heard(square, ada, wish([], [], bob))] == ["favourite"]
    assert heard(square, ada, wish(["poll"], [])) == []


def test_another_s_is_unknown_and_stays(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.say(bob, "To @ada")
    (one,) = square.read(notifications.page, ada, Wish(), Page(), square.now_ms)
    with pytest.raises(Refused, match="notification_unknown"):
        square.read(notifications.one, bob, one.id, square.now_ms)
    square.write(notifications.dismiss, bob, [one.id])
    square.write(notifications.clear, bob)
    assert square.read(notifications.one, ada, one.id, square.now_ms) == one
    square.write(notifications.dismiss, ada, [one.id])
    assert square.count(table) == 0


def test_unread_is_what_is_newer_than_the_marker_up_to_a_limit(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    for _ in range(3):
        square.say(bob, "To @ada")
    now = square.now_ms
    assert square.read(notifications.unread, ada, Wish(), now) == 3
    assert square.read(notifications.unread, ada, Wish(), now, 2) == 2
    newest = square.read(notifications.page, ada, Wish(), Page(limit=2), now)
    square.write(markers.set, ada, "notifications", newest[1].id, now)
    assert square.read(notifications.unread, ada, Wish(), now) == 1


def test_what_is_alike_is_one_group_within_half_a_day(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.now_ms -= square.now_ms % notifications.GROUP_MS
    post = square.say(ada)
    square.favourite(bob, post)
    square.say(bob, "To @ada")
    square.favourite(eve, post)
    found = square.read(notifications.groups, ada, Wish(), Page(), square.now_ms)
    assert [(one.newest.kind, len(one.all)) for one in found] == [("favourite", 2), ("mention", 1)]
    key = found[0].key
    assert square.read(notifications.group, ada, key, square.now_ms).all == found[0].all
    apart = square.read(
        notifications.groups, ada, wish([], [], None, []), Page(limit=2), square.now_ms
    )
    assert [len(one.all) for one in apart] == [1, 1]
    assert square.read(notifications.unread_groups, ada, Wish(), square.now_ms) == 2
    for wrong in ("", "favourite-1-1", "x" * 10_000):
        with pytest.raises(Refused, match="notification_unknown"):
            square.read(notifications.group, ada, wrong, square.now_ms)
    square.tick(notifications.GROUP_MS)
    for one in (bob, eve):
        square.write(marks.unfavourite, one, post)
        square.favourite(one, post)
    assert len({one.group_key for one in some(square, ada)}) == 2, "another half of a day"


def some(square: Square, account: int) -> list[Notification]:
    return square.read(notifications.page, account, Wish(), Page(), square.now_ms)
