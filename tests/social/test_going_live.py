"""Going live is one post of the member who planned the room, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.rooms.room import ENDED, ON_AIR
from hustings.social import going_live, jobs, preferences, shown
from hustings.social.drafts import LENGTH_MAX
from hustings.social.lanes import GOING_LIVE
from hustings.social.preferences import Preferences
from hustings.store.going_live import going_live as table
from hustings.store.tables import rooms
from hustings.wire.errors import Refused
from tests.social.square import OURS, WEB, Square


def says(title: str, key: str) -> str:
    return f"{title}: https://live.example/{key}"


def room(square: Square, key: str, account: int, title: str = "A talk") -> str:
    plan = square.room(key, title=title)
    square.write(going_live.promise, plan, account)
    return plan


def becomes(square: Square, plan: str, state: str) -> None:
    at_ms = square.tick()
    since = {"on_air_since_ms": at_ms} if state == ON_AIR else {}
    square.write(lambda c: c.execute(rooms.update().where(rooms.c.plan == plan).values(state=state, **since)))  # fmt: skip


def called(square: Square) -> list[str]:
    """Which rooms became jobs."""
    square.write(going_live.call, square.ids.at, square.now_ms)
    found = square.write(jobs.take, GOING_LIVE, "me", 50, square.now_ms)
    for job in found:
        square.write(jobs.done, job, square.now_ms)
    return [str(job.body["room"]) for job in found]


def publish(square: Square, plan: str) -> int | None:
    id = square.id()
    rules = (says, OURS, LENGTH_MAX, WEB, square.now_ms)
    return square.write(going_live.publish, plan, id, *rules)


def test_a_room_that_goes_on_the_air_is_a_job_once(square: Square) -> None:
    (ada,) = square.people("ada")
    plan, other = room(square, "p1", ada), room(square, "p2", ada)
    assert square.read(going_live.next_ms) is None and called(square) == []
    becomes(square, plan, ON_AIR)
    assert square.read(going_live.next_ms) == square.now_ms
    assert called(square) == [plan]
    assert square.read(going_live.next_ms) is None and called(square) == []
    becomes(square, other, ON_AIR)
    assert called(square) == [other]


def test_the_post_stands_beside_its_room_and_is_one(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada)
    square.care(bob)
    plan = room(square, "p1", ada)
    assert publish(square, plan) is None, "not on the air"
    becomes(square, plan, ON_AIR)
    post = publish(square, plan)
    assert post is not None and publish(square, plan) is None
    (seen,) = square.read(shown.of_ids, None, [post])
    assert seen.text == "A talk: https://live.example/p1" and seen.visibility == "public"
    assert seen.room is not None and seen.room.plan == plan and seen.room.plays
    assert square.home(bob) == [post]


@pytest.mark.parametrize(("said", "is_for"), [("unlisted", "unlisted"), ("direct", "private")])
def test_it_is_for_whom_his_posts_are(square: Square, said: str, is_for: str) -> None:
    (ada,) = square.people("ada")
    square.write(preferences.keep, ada, Preferences(visibility=said))
    plan = room(square, "p1", ada)
    becomes(square, plan, ON_AIR)
    post = publish(square, plan)
    assert post is not None
    (seen,) = square.read(shown.of_ids, ada, [post])
    assert seen.visibility == is_for


def test_a_room_that_is_over_or_gone_is_not_said_to_be_on_the_air(square: Square) -> None:
    (ada,) = square.people("ada")
    over, gone = room(square, "p1", ada), room(square, "p2", ada)
    becomes(square, over, ON_AIR)
    becomes(square, over, ENDED)
    becomes(square, gone, ON_AIR)
    square.write(lambda c: c.execute(rooms.update().where(rooms.c.plan == gone).values(deleted_at_ms=1)))  # fmt: skip
    assert square.read(going_live.next_ms) is None and called(square) == []
    assert publish(square, over) is None and publish(square, gone) is None


def test_why_nothing_was_said_is_kept(square: Square) -> None:
    (ada,) = square.people("ada")
    plan = room(square, "p1", ada)
    becomes(square, plan, ON_AIR)
    square.suspend(ada)
    with pytest.raises(Refused, match="account_suspended"):
        publish(square, plan)
    square.write(going_live.fail, plan, "account_suspended")
    kept = square.read(lambda c: c.execute(sa.select(table.c.fault, table.c.post)).one())
    assert tuple(kept) == ("account_suspended", None)
