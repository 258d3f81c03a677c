"""Who follows whom, on both databases."""

from __future__ import annotations

import pytest

from hustings.social import accounts, follows
from hustings.social.follows import Counts, Relationship
from hustings.social.paging import Page
from hustings.store.follows import follow_requests
from hustings.store.follows import follows as table
from hustings.wire.errors import Refused
from tests.social.square import Square


def between(square: Square, one: int, other: int) -> Relationship:
    (found,) = square.read(follows.relationships, one, [other], square.now_ms)
    return found


def counts(square: Square, account: int) -> Counts:
    return square.read(follows.counts, [account])[account]


def test_to_follow_is_to_be_counted_once(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    assert square.follow(ada, bob) is True
    assert square.follow(ada, bob, reblogs=False, notify=True) is True
    assert between(square, ada, bob) == Relationship(bob, following=True, notify=True)
    assert between(square, bob, ada) == Relationship(ada, followed_by=True)
    assert between(square, bob, ada).followed_by
    assert (counts(square, ada).following, counts(square, bob).followers) == (1, 1)
    for _ in range(2):
        square.write(follows.unfollow, ada, bob)
    assert between(square, ada, bob) == Relationship(bob)
    assert (counts(square, ada), counts(square, bob)) == (Counts(), Counts())


def test_a_locked_account_is_asked(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.write(accounts.describe, bob, "", "", True)
    assert square.follow(ada, bob, notify=True) is False
    assert square.follow(ada, bob, notify=False) is False
    assert square.follow(eve, bob) is False
    assert between(square, ada, bob) == Relationship(bob, requested=True, reblogs=True)
    assert between(square, bob, ada).requested_by
    assert [who for _, who in square.read(follows.askers, bob, Page())] == [eve, ada]
    square.write(follows.answer, square.id(), bob, ada, True)
    square.write(follows.answer, square.id(), bob, eve, False)
    assert between(square, ada, bob).following and not between(square, eve, bob).requested
    assert square.count(follow_requests) == 0 and counts(square, bob).followers == 1
    with pytest.raises(Refused, match="account_unknown"):
        square.write(follows.answer, square.id(), bob, eve, True)
    square.follow(eve, bob)
    square.write(follows.unfollow, eve, bob)  # a question is taken back like a follow
    assert square.count(follow_requests) == 0


@pytest.mark.parametrize("who", ["oneself", "blocked", "blocking", "gone", "nobody"])
def test_whom_one_cannot_follow(square: Square, who: str) -> None:
    ada, bob = square.people("ada", "bob")
    code = "follow_forbidden"
    if who == "oneself":
        bob = ada
    elif who == "blocked":
        square.block(ada, bob)
    elif who == "blocking":
        square.block(bob, ada)
    else:
        code = "account_unknown"
        if who == "gone":
            square.suspend(bob)
        bob = bob if who == "gone" else 5
    with pytest.raises(Refused, match=code):
        square.follow(ada, bob)
    assert square.count(table) == 0


def test_as_many_as_one_may_follow_and_one_more(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "FOLLOWS_MAX", 2)
    ada, bob, eve, mia = square.people("ada", "bob", "eve", "mia")
    square.write(accounts.describe, eve, "", "", True)
    square.follow(ada, bob)
    square.follow(ada, eve)  # a question counts: it may be answered with yes
    with pytest.raises(Refused, match="follows_full"):
        square.follow(ada, mia)
    square.follow(ada, bob)
    square.write(follows.unfollow, ada, bob)
    square.follow(ada, mia)


def test_a_block_ends_what_was_between_them(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(ada, bob)
    square.follow(bob, ada)
    for _ in range(2):
        square.block(ada, bob)
    assert between(square, ada, bob) == Relationship(bob, blocking=True)
    assert between(square, bob, ada) == Relationship(ada, blocked_by=True)
    assert between(square, bob, ada).blocked_by
    assert [who for _, who in square.read(follows.blocked, ada, Page())] == [bob]
    square.write(follows.unblock, ada, bob)
    assert square.follow(bob, ada) is True


def test_a_mute_is_known_to_who_mutes_alone(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    until_ms = square.now_ms + 60_000
    square.mute(ada, bob, notifications=False, until_ms=until_ms)
    found = between(square, ada, bob)
    assert (found.muting, found.muting_notifications, found.muting_until_ms) == (
        True,
        False,
        until_ms,
    )
    assert between(square, bob, ada) == Relationship(ada)
    assert [who for _, who in square.read(follows.muted, ada, Page())] == [bob]
    square.now_ms = until_ms
    assert not between(square, ada, bob).muting
    square.mute(ada, bob)
    found = between(square, ada, bob)
    assert (found.muting, found.muting_notifications, found.muting_until_ms) == (True, True, None)


@pytest.mark.parametrize("act", [follows.block, follows.mute])
def test_nobody_blocks_himself_or_nobody(square: Square, act: object) -> None:
    (ada,) = square.people("ada")
    for target, code in ((ada, "bad_request"), (5, "account_unknown")):
        with pytest.raises(Refused, match=code):
            square.write(act, square.id(), ada, target)  # type: ignore[arg-type]


def test_lists_come_in_pages_without_those_who_are_gone(square: Square) -> None:
    ada, *others = square.people("ada", "bob", "eve", "mia", "ned")
    for other in others:
        square.follow(other, ada)
        square.follow(ada, other)
    square.suspend(others[1])
    expected = [others[3], others[2], others[0]]
    assert [who for _, who in square.read(follows.followers, ada, Page())] == expected
    first = square.read(follows.following, ada, Page(limit=2))
    assert [who for _, who in first] == expected[:2]
    rest = square.read(follows.following, ada, Page(max_id=first[-1][0]))
    assert [who for _, who in rest] == expected[2:]
    back = square.read(follows.following, ada, Page(min_id=rest[-1][0], limit=1))
    assert [who for _, who in back] == [others[2]]


def test_what_an_account_wrote_is_counted(square: Square) -> None:
    (ada,) = square.people("ada")
    first = square.say(ada)
    last = square.say(ada)
    assert counts(square, ada) == Counts(posts=2, last_post=last)
    square.delete(ada, first)
    assert counts(square, ada).posts == 1
