"""Reposts, on both databases: of any age, once, and never wider than the original."""

from __future__ import annotations

import pytest

from hustings.social import follows, marks, reposts
from hustings.social.ids import moment
from hustings.social.paging import Page
from hustings.wire.errors import Refused
from tests.social.square import NOW_MS, Square

YEAR_MS = 365 * 86_400_000


def test_a_repost_has_its_own_date_and_the_originals(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.room("hour")
    old = square.say(ada, "Seen before.")
    square.tick(YEAR_MS)
    repost = square.repost(bob, old, room="hour")
    post = square.see(None, repost)
    assert post is not None and post.reblog is not None and post.room is not None
    assert (post.author.id, post.text, post.at_ms) == (bob, "", square.now_ms)
    assert (post.reblog.id, post.reblog.text, post.reblog.at_ms) == (
        old,
        "Seen before.",
        moment(old),
    )
    assert post.original is post.reblog and post.original.reblogs == 1
    assert post.reblog.at_ms < NOW_MS + 10_000 < post.at_ms - YEAR_MS + 10_000


def test_one_may_repost_oneself(square: Square) -> None:
    (ada,) = square.people("ada")
    id = square.say(ada)
    assert square.repost(ada, id) != id


def test_a_repost_of_a_repost_is_one_of_the_original(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada)
    again = square.see(None, square.repost(eve, square.repost(bob, id)))
    assert again is not None and again.reblog is not None and again.reblog.id == id


def test_a_second_one_is_the_first(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = square.say(ada)
    first = square.repost(bob, id)
    assert square.repost(bob, id) == square.repost(bob, first) == first
    post = square.see(None, id)
    assert post is not None and post.reblogs == 1
    assert square.read(follows.counts, [bob])[bob].posts == 1


def test_a_repost_taken_back_leaves_no_trace_and_may_be_made_anew(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = square.say(ada)
    first = square.repost(bob, id)
    assert square.write(reposts.undo, bob, first) == id
    assert square.see(None, first) is None
    assert square.write(reposts.undo, bob, id) == id  # twice is once
    post = square.see(None, id)
    assert post is not None and post.reblogs == 0
    assert square.repost(bob, id) != first
    with pytest.raises(Refused, match="post_unknown"):
        square.write(reposts.undo, bob, 5)


@pytest.mark.parametrize(
    ("visibility", "own", "code"),
    [
        ("public", False, ""),
        ("unlisted", False, ""),
        ("private", True, ""),
        ("private", False, "repost_forbidden"),
        ("direct", True, "repost_forbidden"),
        ("direct", False, "repost_forbidden"),
    ],
)
def test_what_may_be_reposted(square: Square, visibility: str, own: bool, code: str) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada)
    id = square.say(ada, "For @bob.", visibility=visibility)
    who = ada if own else bob
    if code:
        with pytest.raises(Refused, match=code):
            square.repost(who, id)
        return
    post = square.see(bob, square.repost(who, id))
    assert post is not None
    assert post.visibility == ("private" if visibility == "private" else "public")


def test_what_one_cannot_see_one_cannot_repost(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    for id in (
        square.say(ada, visibility="private"),
        square.say(ada, "@eve", visibility="direct"),
        5,
    ):
        with pytest.raises(Refused, match="post_unknown"):
            square.repost(bob, id)
    open_to_all = square.say(ada)
    square.block(eve, ada)  # who blocks somebody does not spread him either
    with pytest.raises(Refused, match="repost_forbidden"):
        square.repost(eve, open_to_all)
    square.block(ada, bob)
    with pytest.raises(Refused, match="post_unknown"):
        square.repost(bob, open_to_all)


@pytest.mark.parametrize("seen_by", ["direct", "all", ""])
def test_a_repost_is_for_more_than_single_people(square: Square, seen_by: str) -> None:
    (ada,) = square.people("ada")
    with pytest.raises(Refused, match="visibility_unknown"):
        square.repost(ada, square.say(ada), seen_by=seen_by)


def test_marks_on_a_repost_are_the_originals(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = square.say(ada)
    repost = square.repost(bob, id)
    assert square.favourite(bob, repost) == id
    assert square.write(marks.bookmark, square.id(), bob, repost) == id
    post = square.see(bob, repost)
    assert post is not None and post.reblog is not None
    mine = post.reblog.mine
    assert (mine.favourited, mine.bookmarked, mine.reblogged, mine.pinned) == (
        True,
        True,
        True,
        False,
    )
    assert post.reblog.favourites == 1
    assert [who for _, who in square.read(marks.reposted_by, None, id, Page())] == [bob]
    assert [who for _, who in square.read(marks.favourited_by, None, repost, Page())] == [bob]
    square.write(marks.unfavourite, bob, id)
    square.write(marks.unbookmark, bob, id)
    post = square.see(bob, id)
    assert post is not None and not post.mine.favourited and not post.mine.bookmarked
    assert post.favourites == 0


def test_five_are_pinned_and_no_more(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    mine = [square.say(ada, f"{n}") for n in range(marks.PINS_MAX + 1)]
    for id in mine[:-1]:
        square.write(marks.pin, square.id(), ada, id)
    square.write(marks.pin, square.id(), ada, mine[0])
    with pytest.raises(Refused, match="pins_full"):
        square.write(marks.pin, square.id(), ada, mine[-1])
    assert square.page_of(None, ada, pinned=True) == mine[:-1][::-1]
    square.write(marks.unpin, ada, mine[0])
    square.write(marks.pin, square.id(), ada, mine[-1])
    for account, id, code in (
        (bob, mine[0], "post_unknown"),
        (bob, square.repost(bob, mine[0]), "post_unknown"),
        (bob, square.say(bob, "@ada", visibility="direct"), "pin_forbidden"),
    ):
        with pytest.raises(Refused, match=code):
            square.write(marks.pin, square.id(), account, id)
