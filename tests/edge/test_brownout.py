"""Up and down the ladder while players play on: a studio on virtual time, an edge fed by its frames, three kinds of player."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hustings.edge.app import Edge
from hustings.edge.files import Files
from hustings.edge.objects import Room, Rooms
from hustings.rooms import brownout
from hustings.rooms.brownout import LAST
from hustings.wire.edge_report import EdgeReport, RoomCount
from hustings.wire.feed import Decoder
from tests.edge.test_objects import Caller
from tests.hls.reading import check_live, check_update, parse_media_playlist
from tests.line.speaking import decode, strength
from tests.studio.house_rig import HOST, KEY, RATE, Rig, a_tone

PART_S = 0.96
LIVE = f"/live/{KEY}/aac/live.m3u8"


class Evening:
    """The rig's room, and an edge that is told each frame of its feed."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.live = rig.open()
        self.rooms = Rooms()
        self.room = self.rooms.by_key[KEY] = Room(KEY)
        self.rooms.directory.live = True
        self.edge = Edge(self.rooms, (), Files(rig.data, 1_000), "http://localhost:8000", "", b"")
        self._decoder = Decoder()
        self._frames = self.live.feed.follow()
        self.seen: list[int] = []

    async def follow(self) -> None:
        for frame in self._decoder.push(await anext(self._frames)):
            self.room.apply(frame)

    async def part(self, pressure: float) -> None:
        """As long as a part takes, under this pressure."""
        report = EdgeReport(PART_S, {}, {"cpu": pressure})
        self.rig.house.note_edge("edge-1", report)
        self.rig.house.look()
        self.rig.seconds(PART_S)
        await self.follow()
        self.seen.append(self.room.pulse.brownout)

    def ask(self, path: str, query: str = "") -> Caller:
        caller = Caller(path, query)
        self.edge._take(caller, caller)
        return caller


@pytest.fixture
async def evening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(brownout, "DOWN_S", 4.0)
    rig = Rig(tmp_path)
    evening = Evening(rig)
    await rig.join(HOST)
    await evening.follow()
    yield evening
    await evening._frames.aclose()
    await rig.crash()


class ByNumber:
    """Our own player: the next part, and the next, each asked for before it is made."""

    def __init__(self, evening: Evening, msn: int, part: int) -> None:
        self.evening, self.at = evening, (msn, part)
        self.sound: list[bytes] = []
        self._asked = self._ask()

    def _ask(self) -> Caller:
        return self.evening.ask(f"/live/{KEY}/aac/s{self.at[0]}.{self.at[1]}.m4s")

    def go(self) -> None:
        while self._asked.got:
            assert self._asked.status == 200
            self.sound.append(self._asked.got[0][2])
            msn, part = self.at
            self.at = (msn, part + 1) if part < 3 else (msn + 1, 0)
            self._asked = self._ask()


class Reloading:
    """As hls.js: each playlist asks for the part after its last, and no playlist breaks a rule against the one before."""

    def __init__(self, evening: Evening) -> None:
        self.evening = evening
        self.before = parse_media_playlist(evening.ask(LIVE).got[0][2].decode())
        self.reloads = 0
        self._asked = self._ask()

    def _ask(self) -> Caller:
        msn, part = self.before.last
        return self.evening.ask(LIVE, f"_HLS_msn={msn}&_HLS_part={part + 1}")

    def go(self) -> None:
        while self._asked.got:
            after = parse_media_playlist(self._asked.got[0][2].decode())
            assert check_update(self.before, after) == []
            assert check_live(after, young=True) == []
            self.before, self.reloads = after, self.reloads + 1
            self._asked = self._ask()


class Newcomer:
    """A player that comes every second and asks for the playlist as for the first time; whole segments never change."""

    def __init__(self, evening: Evening) -> None:
        self.evening = evening
        self.parts: list[bool] = []
        self._whole: dict[int, str] = {}
        self._newest = 0

    def go(self) -> None:
        caller = self.evening.ask(LIVE)
        assert caller.status == 200
        read = parse_media_playlist(caller.got[0][2].decode())
        assert check_live(read, young=True) == []
        for segment in read.whole:
            assert self._whole.setdefault(segment.msn, str(segment.duration)) == str(
                segment.duration
            )
        assert read.whole[-1].msn >= self._newest
        self._newest = read.whole[-1].msn
        self.parts.append(read.part_target is not None)


def pressures() -> Iterator[float]:
    """Rising until the last step, then falling until all is on."""
    yield from [1.0] * 24
    yield from [0.1] * 25


async def test_up_and_down_while_players_play_on(evening: Evening) -> None:
    live, rig = evening.live, evening.rig
    rig.command(HOST, "go_on_air", in_ms=0)
    rig.people[HOST.person].say(live.now() // 960 * 960, a_tone(440, 60))
    for _ in range(8):
        await evening.part(0.1)
    playlist = evening.room.objects["aac/live.m3u8"].playlist
    assert playlist is not None
    player, reloading, newcomer = (
        ByNumber(evening, *playlist.last),
        Reloading(evening),
        Newcomer(evening),
    )
    evening.seen.clear()
    for pressure in pressures():
        await evening.part(pressure)
        for one in (player, reloading, newcomer):
            one.go()

    steps = evening.seen
    assert max(steps) == LAST and steps[0] == steps[-1] == 0
    assert all(abs(after - before) <= 1 for before, after in pairwise(steps))
    # Those inside got every part, decodable and without a gap; those who came got what their step says.
    assert len(player.sound) - 1 == reloading.reloads == len(steps)  # and the one that was there
    assert newcomer.parts == [step < 2 for step in steps]
    init = next(name for name in evening.room.objects if name.startswith("aac/init-"))
    sound = decode(evening.room.objects[init].answer.body + b"".join(player.sound))
    assert len(sound) == round(len(player.sound) * PART_S * RATE)
    loud = [strength(sound[at : at + 4800], 440) for at in range(RATE, len(sound) - RATE, 4800)]
    assert min(loud) > 0.7 * float(np.median(loud)), "the tone never stops"
    # Fewer bits on the upper steps, the same again below.
    sizes = {step: np.mean([len(s) for s, at in zip(player.sound[1:], steps, strict=True) if at == step])
             for step in set(steps)}  # fmt: skip
    assert sizes[4] < 0.75 * sizes[0] and sizes[1] > 0.9 * sizes[0]


async def test_the_host_sets_the_least_and_listeners_are_told(evening: Evening) -> None:
    rig = evening.rig
    rig.command(HOST, "brownout", step=2)
    await evening.part(0.1)
    assert evening.room.pulse.brownout == 2
    assert b'"says":"brownout.2"' in evening.room.objects["pulse.json"].answer.body
    assert rig.refused(HOST, "brownout", step=LAST + 1) == "bad_request"
    for _ in range(8):
        await evening.part(0.0)
    assert evening.room.pulse.brownout == 2, "pressure may add to it, not take from it"
    rig.command(HOST, "brownout", step=0)
    await evening.part(0.0)
    assert evening.room.pulse.brownout == 0


async def test_hosts_hear_of_a_count_when_there_is_one(evening: Evening) -> None:
    def seen() -> int:
        evening.rig.house.note_edge("edge-1", EdgeReport(PART_S, {KEY: counts.pop(0)}, {}))
        evening.rig.run(RATE, talking=False)
        return evening.live.version

    counts = [RoomCount({}, 0), RoomCount({}, 0), RoomCount({1.0: 4}, 0)]
    before = seen()
    assert seen() == before, "nothing to tell"
    assert evening.live.scene().listeners is None
    assert seen() > before
    assert evening.live.scene().listeners is not None


async def test_it_outlives_a_restart_of_studio(evening: Evening) -> None:
    evening.rig.command(HOST, "brownout", step=3)
    await evening.rig.again()
    evening.rig.seconds(2)
    assert evening.rig.room().brownout.step == 3
