"""Whose tickets are, on both databases: taken back with a suspension, until studio knows, and never given again."""

from __future__ import annotations

import pytest

from hustings.social import search, shown, stages
from hustings.store.order import room_tickets
from hustings.store.tables import rooms
from hustings.wire.errors import Refused
from tests.social.square import Square
from tests.social.test_order import Cast

HOST, GUEST = "h" * 22, "g" * 22


@pytest.fixture
def cast(square: Square) -> Cast:
    """ada planned an hour, and is invited to another."""
    made = Cast(square)
    own, other = square.room("hour"), square.room("other")
    square.write(stages.note, HOST, own, made.ada, True)
    square.write(stages.note, GUEST, other, made.ada, False)
    square.write(stages.note, "b" * 22, own, made.bob, False)
    return made


@pytest.mark.parametrize("act", ["suspend", "ban"])
def test_a_suspension_takes_every_ticket_back(cast: Cast, act: str) -> None:
    square = cast.square
    assert square.read(stages.to_cut) == []
    cast.does(act, cast.ada)
    found = {cut.key: cut for cut in square.read(stages.to_cut)}
    assert {key: (cut.tickets, cut.ends) for key, cut in found.items()} == {
        "hour": ([HOST], True),
        "other": ([GUEST], False),
    }
    assert square.read(stages.is_taken_back, HOST) and not square.read(
        stages.is_taken_back, "b" * 22
    )
    assert [one.waits for one in square.read(stages.held, cast.ada)] == [True, True]
    square.write(stages.done, [HOST], square.now_ms)
    assert [cut.key for cut in square.read(stages.to_cut)] == ["other"]
    square.write(stages.done, [GUEST], square.now_ms)
    assert square.read(stages.to_cut) == []
    cast.does("lift", cast.ada, by=cast.ona)
    assert square.read(stages.is_taken_back, HOST)
    held = {one.key: (one.host, one.cut, one.waits) for one in square.read(stages.held, cast.ada)}
    assert held == {"hour": (True, True, False), "other": (False, True, False)}


@pytest.mark.parametrize("act", ["limit", "log-out"])
def test_lesser_acts_leave_the_stage_alone(cast: Cast, act: str) -> None:
    cast.does(act, cast.ada)
    assert cast.square.read(stages.to_cut) == []


def test_who_is_suspended_gets_no_ticket(cast: Cast) -> None:
    cast.does("suspend", cast.eve)
    for account in (cast.eve, 12345):
        with pytest.raises(Refused, match="account_suspended"):
            cast.square.write(stages.note, "n" * 22, cast.square.room(f"r{account}"), account, True)
    assert cast.square.count(room_tickets) == 3


def test_rooms_of_who_is_suspended_are_not_found(cast: Cast) -> None:
    def found() -> list[str]:
        return [one.key for one in cast.square.read(search.find_rooms, "the", search.Window())]

    assert sorted(found()) == ["hour", "other"]
    cast.does("suspend", cast.ada)
    assert found() == ["other"]
    cast.does("lift", cast.ada)
    assert sorted(found()) == ["hour", "other"]


def test_a_host_is_known_for_rooms_that_were_on_the_air(cast: Cast) -> None:
    square = cast.square
    said = [
        square.say(cast.ada, "Mine.", room="hour"),
        square.say(cast.bob, "Not mine.", room="hour"),
        square.say(cast.ada, "A guest's.", room="other"),
        square.say(cast.ada, "Elsewhere."),
    ]
    told = square.read(shown.of_ids, None, said)
    assert [one.by_host for one in told] == [True, False, False, False]
    assert [square.read(stages.has_hosted, one) for one in (cast.ada, cast.bob)] == [False, False]
    on_air = rooms.update().values(on_air_since_ms=square.now_ms)
    square.write(lambda connection: connection.execute(on_air))
    assert [square.read(stages.has_hosted, one) for one in (cast.ada, cast.bob)] == [True, False]
    gone = rooms.update().values(deleted_at_ms=square.now_ms)
    square.write(lambda connection: connection.execute(gone))
    assert not square.read(stages.has_hosted, cast.ada)
