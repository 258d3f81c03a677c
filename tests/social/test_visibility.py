"""Who may see what: one table, asked through every query there is, on both databases."""

from __future__ import annotations

import pytest

from hustings.social import follows, marks, posts, timelines
from hustings.social.paging import Page
from hustings.store.people import accounts as people
from hustings.wire.errors import Refused
from tests.social.square import Square, ids


class Cast:
    """ada writes; bob follows her, mia is mentioned, eve is nobody to her, ned is blocked by her (and followed her before)."""

    def __init__(self, square: Square) -> None:
        self.square = square
        names = ("ada", "bob", "mia", "eve", "ned")
        self.ada, self.bob, self.mia, self.eve, self.ned = square.people(*names)
        square.follow(self.bob, self.ada)
        square.follow(self.ned, self.ada)

    def viewer(self, name: str) -> int | None:
        return None if name == "stranger" else int(getattr(self, name))


@pytest.fixture
def cast(square: Square) -> Cast:
    return Cast(square)


SEES = {
    "public": {"stranger", "ada", "bob", "mia", "eve"},
    "unlisted": {"stranger", "ada", "bob", "mia", "eve"},
    "private": {"ada", "bob", "mia"},
    "direct": {"ada", "mia"},
}


@pytest.mark.parametrize("visibility", SEES)
def test_the_table(cast: Cast, visibility: str) -> None:
    square = cast.square
    plan = square.room("hour")
    said = {"status": "To @mia and @ned #hour", "visibility": visibility, "room": "hour"}
    id = square.say(cast.ada, **said)
    answer = square.say(cast.ada, "More.", in_reply_to_id=str(id), visibility=visibility)
    square.block(cast.ada, cast.ned)
    for name in ("stranger", "ada", "bob", "mia", "eve", "ned"):
        viewer = cast.viewer(name)
        sees = name in SEES[visibility]
        assert (square.see(viewer, id) is not None) is sees, name
        assert (id in square.page_of(viewer, cast.ada)) is sees, name
        assert (id in square.page_of(viewer, cast.ada, tagged="hour")) is sees, name
        around = square.read(timelines.room, viewer, plan, Page(), square.now_ms)
        assert (id in ids(around)) is sees, name
        assert (square.thread(viewer, answer)[0] == [id]) is sees, name
        below = square.thread(viewer, id)[1]
        assert (answer in below) is (
            sees and (name != "mia" or visibility in ("public", "unlisted"))
        ), name
        public = sees and visibility == "public"
        assert (id in square.square(viewer)) is public, name
        tagged = square.read(timelines.tag, viewer, "HOUR", Page(), square.now_ms)
        assert (id in ids(tagged)) is public, name
        if viewer is not None:
            at_home = name == "ada" or (name == "bob" and sees)
            assert (id in square.home(viewer)) is at_home, name
        try:
            history = square.read(posts.history, viewer, id)
        except Refused as refused:
            assert refused.code == "post_unknown" and not sees, name
        else:
            assert sees and len(history) == 1, name


@pytest.mark.parametrize("gone", ["suspended_at_ms", "deleted_at_ms"])
def test_who_is_gone_is_gone_with_all_reposts_of_him_at_once(cast: Cast, gone: str) -> None:
    square, ada, bob, eve = cast.square, cast.ada, cast.bob, cast.eve
    plan = square.room("hour")
    square.follow(eve, bob)
    square.care(eve)
    id = square.say(ada, "Old #words.", room="hour")
    repost = square.repost(bob, id, room="hour")
    square.favourite(eve, id)
    square.write(marks.bookmark, square.id(), eve, id)
    square.write(marks.pin, square.id(), ada, id)
    assert square.home(eve) == [repost]

    def everything(viewer: int | None) -> list[object]:
        return [
            square.see(viewer, id),
            square.see(viewer, repost),
            *square.page_of(viewer, ada),
            *square.page_of(viewer, ada, pinned=True),
            *square.page_of(viewer, bob),
            *square.square(viewer),
            *square.read(timelines.tag, viewer, "words", Page(), square.now_ms),
            *square.read(timelines.room, viewer, plan, Page(), square.now_ms),
            *(square.home(viewer) if viewer else ()),
            *(square.read(timelines.favourited, viewer, Page()) if viewer else ()),
            *(square.read(timelines.bookmarked, viewer, Page()) if viewer else ()),
        ]

    assert all(everything(eve)) and all(everything(None))
    square.write(lambda c: c.execute(people.update().where(people.c.id == ada).values({gone: 1})))
    for viewer in (None, ada, bob, eve):
        assert not any(everything(viewer)), viewer
    assert square.read(follows.following, bob, Page()) == []
    for act in (square.repost, square.favourite):
        with pytest.raises(Refused, match="post_unknown"):
            act(eve, id)
    # a suspension that is lifted brings everything back
    square.write(
        lambda c: c.execute(people.update().where(people.c.id == ada).values({gone: None}))
    )
    assert all(everything(eve))


def test_a_gone_reposter_takes_his_reposts_and_not_the_originals(cast: Cast) -> None:
    square = cast.square
    id = square.say(cast.ada)
    repost = square.repost(cast.bob, id)
    square.suspend(cast.bob)
    assert square.see(None, repost) is None and square.see(None, id) is not None


def test_a_block_hides_both_from_each_other_in_timelines(cast: Cast) -> None:
    square, ada, bob, eve = cast.square, cast.ada, cast.bob, cast.eve
    square.follow(eve, ada, bob)
    of_ada, of_bob = square.say(ada), square.say(bob)
    repost = square.repost(bob, of_ada)
    assert square.home(eve) == [repost, of_bob, of_ada]
    square.block(eve, ada)
    assert square.home(eve) == [of_bob]
    assert square.square(eve) == [of_bob]
    assert square.see(eve, of_ada) is not None  # who blocks may still look
    square.write(follows.unblock, eve, ada)
    square.block(ada, eve)
    assert square.home(eve) == [of_bob]
    assert square.see(eve, of_ada) is None and square.see(eve, repost) is None
    assert square.page_of(eve, ada) == []


def test_a_mute_ends_when_it_ends(cast: Cast) -> None:
    square, ada, bob, eve = cast.square, cast.ada, cast.bob, cast.eve
    square.follow(eve, ada, bob)
    of_ada = square.say(ada)
    repost = square.repost(bob, of_ada)
    until_ms = square.now_ms + 60_000
    square.mute(eve, ada, until_ms=until_ms)
    assert square.home(eve) == [] and square.square(eve) == []
    assert square.page_of(eve, ada) == [of_ada]
    square.now_ms = until_ms - 1
    assert square.home(eve) == []
    square.now_ms = until_ms
    assert square.home(eve) == [repost, of_ada]
    square.mute(eve, ada)
    square.now_ms += 10**12
    assert square.home(eve) == []
    square.write(follows.unmute, eve, ada)
    assert square.home(eve) == [repost, of_ada]


def test_a_follow_that_was_asked_for_opens_nothing(cast: Cast) -> None:
    """CVE-2025-30741: a question is not a yes."""
    from hustings.social import accounts

    square = cast.square
    square.write(accounts.describe, cast.ada, "", "", True)
    id = square.say(cast.ada, visibility="private")
    assert square.follow(cast.eve, cast.ada) is False
    assert square.see(cast.eve, id) is None and square.home(cast.eve) == []
    square.write(follows.answer, square.id(), cast.ada, cast.eve, True)
    assert square.see(cast.eve, id) is not None and square.home(cast.eve) == [id]
    square.write(follows.unfollow, cast.eve, cast.ada)
    assert square.see(cast.eve, id) is None and square.home(cast.eve) == []
