"""Posts, on both databases: written, edited, deleted, each with what stays of it."""

from __future__ import annotations

import pytest

from hustings.social import accounts, follows, posts, shown
from hustings.social.ids import moment
from hustings.store.follows import feed_entries
from hustings.store.people import members
from hustings.store.posts import favourites, idempotency_keys, post_edits, post_tags
from hustings.store.posts import posts as table
from hustings.store.tables import rooms
from hustings.wire.errors import Refused
from tests.social.square import Square


def test_a_post_is_all_that_was_said_and_when(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    plan = square.room("hour")
    id = square.say(
        ada,
        "Hear @Bob and @nobody at https://a.example/b #Hustings #hustings",
        spoiler_text="News",
        language="en",
        visibility="unlisted",
        room="hour",
    )
    post = square.see(None, id)
    assert post is not None and post.at_ms == square.now_ms == moment(id)
    assert (post.author.id, post.author.handle, post.uri) == (
        ada,
        "ada",
        f"https://h.example/posts/{id}",
    )
    assert (post.spoiler, post.sensitive, post.language) == ("News", True, "en")
    assert (post.visibility, post.thread, post.edited_at_ms) == ("unlisted", id, None)
    assert [one.id for one in post.mentions] == [bob]
    assert post.tags == ("hustings",)
    assert post.room is not None and (post.room.plan, post.room.key) == (plan, "hour")
    assert post.claim is None and post.reblog is None


def test_an_answer_stands_in_its_thread(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    first = square.say(ada)
    second = square.say(bob, "No.", in_reply_to_id=str(first))
    repost = square.repost(bob, second)
    third = square.say(ada, "Yes.", in_reply_to_id=str(repost))  # of a repost: what it reposts
    post = square.see(None, third)
    assert post is not None and (post.in_reply_to, post.in_reply_to_account) == (second, bob)
    assert post.thread == first
    assert square.thread(None, third) == ([first, second], [])
    assert square.thread(None, first) == ([], [second, third])
    seen = square.see(None, first)
    assert seen is not None and seen.replies == 1


@pytest.mark.parametrize("state", ["suspended", "waiting", "unconfirmed", "nobody"])
def test_who_may_not_speak_says_nothing(square: Square, state: str) -> None:
    (ada,) = square.people("ada")
    codes = {"waiting": "not_let_in", "unconfirmed": "not_let_in"}
    if state == "suspended":
        square.suspend(ada)
    elif state == "nobody":
        ada = 5
    else:
        column = "approved_at_ms" if state == "waiting" else "email_confirmed_at_ms"
        square.write(lambda c: c.execute(members.update().values({column: None})))
    with pytest.raises(Refused, match=codes.get(state, "account_suspended")):
        square.say(ada)
    assert square.count(table) == 0


def test_a_key_makes_one_post_within_the_hour(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    first = square.say(ada, "Once.", key="k")
    assert square.say(ada, "Once more.", key="k") == first
    assert square.say(bob, "Once.", key="k") != first
    assert square.say(ada, "Another.", key="j") != first
    made_ms = moment(first)
    square.now_ms = made_ms + posts.IDEMPOTENT_MS - 1_001
    assert square.say(ada, "Late.", key="k") == first
    assert square.say(ada, "An hour on.", key="k") != first
    assert square.count(idempotency_keys) == 3  # the old one went


@pytest.mark.parametrize(("size", "right"), [(200, True), (201, False)])
def test_a_key_has_its_limit(square: Square, size: int, right: bool) -> None:
    (ada,) = square.people("ada")
    if right:
        square.say(ada, key="k" * size)
    else:
        with pytest.raises(Refused, match="bad_request"):
            square.say(ada, key="k" * size)


def test_so_many_in_three_hours_and_no_more(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "MANY", 3)
    ada, bob = square.people("ada", "bob")
    first = square.say(ada)
    square.repost(ada, square.say(bob))
    square.say(ada)
    with pytest.raises(Refused, match="posts_many"):
        square.say(ada)
    with pytest.raises(Refused, match="posts_many"):
        square.repost(ada, square.say(bob))
    square.now_ms = moment(first) + posts.MANY_MS
    square.say(ada)


def test_an_edit_keeps_what_was_said_and_who_may_see_it(square: Square) -> None:
    (ada,) = square.people("ada")
    id = square.say(ada, "One #old.", visibility="unlisted")
    square.edit(ada, id, "One #old.")  # nothing else: no edit
    assert square.count(post_edits) == 0
    square.edit(ada, id, "Two #new.", spoiler_text="Mind", visibility="public")
    second_ms = square.now_ms
    square.edit(ada, id, "Three.", language="en")
    post = square.see(None, id)
    assert post is not None and (post.text, post.edited_at_ms) == ("Three.", square.now_ms)
    assert (post.visibility, post.tags) == ("unlisted", ())
    said = square.read(posts.history, None, id)
    assert [(one.text, one.spoiler, one.at_ms) for one in said] == [
        ("One #old.", "", moment(id)),
        ("Two #new.", "Mind", second_ms),
        ("Three.", "", square.now_ms),
    ]


def test_who_was_mentioned_once_goes_on_reading(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = square.say(ada, "For you, @bob.", visibility="direct")
    square.edit(ada, id, "For nobody.")
    assert square.see(bob, id) is not None


def test_two_edits_of_one_millisecond_are_two(square: Square) -> None:
    (ada,) = square.people("ada")
    id = square.say(ada, "One.")
    for words in ("Two.", "Three."):
        square.now_ms = moment(id) - 1_000
        square.edit(ada, id, words)
    assert [one.text for one in square.read(posts.history, None, id)] == ["One.", "Two.", "Three."]


def test_as_many_edits_as_there_may_be_and_one_more(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "EDITS_MAX", 2)
    (ada,) = square.people("ada")
    id = square.say(ada, "0")
    square.edit(ada, id, "1")
    square.edit(ada, id, "2")
    with pytest.raises(Refused, match="edits_full"):
        square.edit(ada, id, "3")


def test_a_deletion_leaves_a_tombstone_and_nothing_of_what_was_said(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(eve, bob)
    square.care(eve)
    first = square.say(ada)
    id = square.say(bob, "Wrong #words.", in_reply_to_id=str(first))
    answer = square.say(ada, "What?", in_reply_to_id=str(id))
    square.edit(bob, id, "Worse #words.")
    square.favourite(eve, id)
    repost = square.repost(eve, id)
    square.delete(bob, id)
    assert square.see(None, id) is None and square.see(bob, id) is None
    assert square.see(eve, repost) is None and repost not in square.home(eve)
    assert square.count(post_edits) == square.count(post_tags) == square.count(favourites) == 0
    assert square.thread(None, answer) == ([first], [])
    assert square.thread(None, answer, tombstones=True) == ([first, id], [])
    (left,) = square.read(shown.of_ids, None, [id], tombstones=True)
    assert (left.text, left.deleted_at_ms, left.uri) == (
        "",
        square.now_ms,
        f"https://h.example/posts/{id}",
    )
    seen = square.see(None, first)
    assert seen is not None and seen.replies == 0
    counted = square.read(follows.counts, [bob, eve])
    assert (counted[bob].posts, counted[eve].posts) == (0, 0)
    for gone, code in ((id, "post_gone"), (repost, "post_unknown"), (5, "post_unknown")):
        with pytest.raises(Refused, match=code):
            square.read(shown.needed, None, gone)
    assert square.read(shown.needed, None, first).id == first
    with pytest.raises(Refused, match="post_unknown"):
        square.delete(bob, id)
    with pytest.raises(Refused, match="post_unknown"):
        square.edit(bob, id, "Again.")


def test_a_tombstone_is_seen_by_whoever_saw_the_post(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada, "For @bob.", visibility="direct")
    answer = square.say(bob, "Thanks, @ada and @eve.", visibility="direct", in_reply_to_id=str(id))
    square.delete(ada, id)
    assert square.thread(bob, answer, tombstones=True) == ([id], [])
    assert square.thread(eve, answer, tombstones=True) == ([], [])


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_anothers_post_is_as_good_as_none(square: Square, act: str) -> None:
    ada, bob = square.people("ada", "bob")
    id = square.say(ada)
    with pytest.raises(Refused, match="post_unknown"):
        square.edit(bob, id, "Mine.") if act == "edit" else square.delete(bob, id)
    repost = square.repost(bob, id)
    with pytest.raises(Refused, match="post_unknown"):
        square.edit(bob, repost, "Mine.") if act == "edit" else square.delete(bob, repost)
    post = square.see(None, id)
    assert post is not None and post.text == "Words."


@pytest.mark.parametrize("field", ["in_reply_to_id", "room"])
def test_what_a_post_is_about_must_be_there(square: Square, field: str) -> None:
    ada, bob = square.people("ada", "bob")
    secret = square.say(bob, visibility="private")
    if field == "room":
        with pytest.raises(Refused, match="room_unknown"):
            square.say(ada, room="nowhere")
        return
    for id in (str(secret), "5"):
        with pytest.raises(Refused, match="post_unknown"):
            square.say(ada, in_reply_to_id=id)


def test_a_deleted_room_is_none_and_its_posts_stay(square: Square) -> None:
    (ada,) = square.people("ada")
    square.room("hour")
    id = square.say(ada, room="hour")
    square.write(lambda c: c.execute(rooms.update().values(deleted_at_ms=1)))
    post = square.see(None, id)
    assert post is not None and post.room is None


def test_the_author_of_what_is_shown_is_whole(square: Square) -> None:
    (ada,) = square.people("ada")
    square.write(accounts.describe, ada, "Ada", "Counts.", True)
    post = square.see(None, square.say(ada))
    assert post is not None
    assert (post.author.shown, post.author.note, post.author.locked) == ("Ada", "Counts.", True)
    assert (post.author.address, post.author.uri) == ("ada", f"https://h.example/people/{ada}")
    assert square.count(feed_entries) == 0
