"""What a worker reports: counts since the last time, shares of what it bears."""

from __future__ import annotations

import asyncio
import json

import pytest

from hustings.edge import report as module
from hustings.edge.objects import Room, Rooms
from hustings.edge.parking import Part
from hustings.edge.report import EVERY_S, RUSH, SOON_S, Bears, Reporter, is_due, take
from hustings.wire.edge_report import ROOMS_MAX, RoomCount, read_report
from tests.edge.test_objects import frame, named, parked, room

BEARS = Bears(parked=10, bytes_per_s=1_000)


def rooms_of(**rooms: Room) -> Rooms:
    made = Rooms()
    made.by_key |= rooms
    for key, one in rooms.items():
        one.key = key
    return made


def pulse() -> bytes:
    return json.dumps({"beacon": {"p": 0.5}}).encode()


def test_beacons_pulses_and_bytes_since_the_last_one() -> None:
    talk = room(named("5.0"), frame("pulse.json", pulse()))
    rooms = rooms_of(talk=talk)
    talk.count("p=0.5")
    talk.count("p=0.5")
    talk.pulses, talk.sent = 3, 4_000
    report = take(rooms, 2.0, 0.25, 0.25, BEARS)
    assert report.rooms == {"talk": RoomCount({0.5: 2}, 3)}
    assert report.pressure == {"cpu": 0.25, "lag": 0.5, "parked": 0.0, "bytes": 2.0}
    assert take(rooms, 2.0, 0.0, 0.0, BEARS).rooms == {"talk": RoomCount({}, 0)}


def test_the_parked_press_and_are_paid_for_when_they_wake() -> None:
    talk = room(named("5.0"))
    for _ in range(5):
        parked(talk, Part("aac/s5.1.m4s"))
    assert take(rooms_of(talk=talk), 1.0, 0.0, 0.0, BEARS).pressure["parked"] == 0.5
    talk.apply(frame("aac/s5.1.m4s", bytes(100)))
    assert take(rooms_of(talk=talk), 1.0, 0.0, 0.0, BEARS).pressure["bytes"] == 0.5


def test_a_line_that_is_not_known_does_not_press() -> None:
    talk = room(named("5.0"))
    talk.sent = 10**9
    assert take(rooms_of(talk=talk), 1.0, 0.0, 0.0, Bears(10, 0)).pressure["bytes"] == 0.0


def test_only_rooms_with_sound_and_so_many_at_the_most() -> None:
    quiet, over = room(frame("pulse.json")), room(named("5.0", ended="1"))
    assert take(rooms_of(quiet=quiet, over=over), 1.0, 0.0, 0.0, BEARS).rooms == {}
    many = {f"r{number}": room(named("5.0")) for number in range(ROOMS_MAX + 1)}
    assert len(take(rooms_of(**many), 1.0, 0.0, 0.0, BEARS).rooms) == ROOMS_MAX


@pytest.mark.parametrize(
    ("over_s", "counted", "per_s", "due"),
    [
        (SOON_S, 0, 0.0, False),
        (EVERY_S, 0, 0.0, True),
        (SOON_S, RUSH - 1, 0.0, False),
        (SOON_S, RUSH, 0.0, True),
        (SOON_S, RUSH, 4 * RUSH, False),
        (SOON_S, 2 * RUSH, 4 * RUSH, False),
        (SOON_S, 3 * RUSH, 4 * RUSH, True),
        (EVERY_S, 3 * RUSH, 4 * RUSH, True),
    ],
)
def test_a_rush_is_told_at_once_and_a_crowd_that_stays_as_seldom_as_one_listener(
    over_s: float, counted: int, per_s: float, due: bool
) -> None:
    assert is_due(over_s, counted, per_s) is due


class Upstream:
    """Takes what is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.away = 1

    async def tell(self, path: str, tree: object) -> None:
        if self.away:
            self.away -= 1
            raise OSError("studio is away")
        self.told.append((path, tree))


async def test_it_goes_on_when_studio_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    monkeypatch.setattr(module, "SOON_S", 0.005)
    upstream = Upstream()
    reporter = Reporter(rooms_of(talk=room(named("5.0"))), upstream, BEARS)  # type: ignore[arg-type]
    task = asyncio.create_task(reporter.run())
    async with asyncio.timeout(20):
        while len(upstream.told) < 2:
            await asyncio.sleep(0.005)
    task.cancel()
    paths = {path for path, _ in upstream.told}
    assert len(paths) == 1 and paths.pop().startswith("/edges/")
    assert read_report(upstream.told[0][1]).rooms.keys() == {"talk"}
