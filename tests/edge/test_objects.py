"""The dictionary: frames in, objects and wake-ups out."""

from __future__ import annotations

import asyncio
import json

import pytest

from hustings.edge import objects
from hustings.edge.objects import GRACE_S, KEPT_SEGMENTS, OBJECTS_MAX, WAITS_MAX, Room, Rooms
from hustings.wire.feed import DROP, END, LIVE, SNAPSHOT, Frame


def frame(path: str, body: bytes = b"x", term: int = 1, /, **headers: str) -> Frame:
    named = path if path.startswith(":") else f"live/r/{path}"
    return Frame(
        1, term, named, {word.replace("_", "-"): text for word, text in headers.items()}, body
    )


def named(last: str, body: bytes = b"#EXTM3U", ended: str = "0", term: int = 1) -> Frame:
    return frame(
        "aac/live.m3u8",
        body,
        term,
        Hustings_Last=last,
        Hustings_Profile="default",
        Hustings_Ended=ended,
    )


def room(*frames: Frame) -> Room:
    made = Room("r")
    for one in (frame(SNAPSHOT), *frames, frame(LIVE)):
        made.apply(one)
    return made


class TestSnapshot:
    def test_nothing_is_seen_of_it_before_it_is_whole(self) -> None:
        made = Room("r")
        made.apply(frame(SNAPSHOT))
        made.apply(frame("pulse.json", b"{}"))
        assert made.objects == {} and not made.ready.is_set()
        made.apply(frame(LIVE))
        assert list(made.objects) == ["pulse.json"] and made.ready.is_set()

    def test_old_objects_stay_until_it_is_whole_then_go(self) -> None:
        made = room(frame("pulse.json", b"old"), frame("old.json"))
        made.apply(frame(SNAPSHOT, b"", 2))
        made.apply(frame("pulse.json", b"new", 2))
        assert made.objects["pulse.json"].answer.body == b"old"
        made.apply(frame(LIVE, b"", 2))
        assert made.objects["pulse.json"].answer.body == b"new" and "old.json" not in made.objects

    def test_sound_stays_for_its_ninety_seconds(self) -> None:
        made = room(frame("aac/s10.0.m4s"), named("10.0"))
        for one in (frame(SNAPSHOT, b"", 2), named("10.1", term=2), frame(LIVE, b"", 2)):
            made.apply(one)
        assert "aac/s10.0.m4s" in made.objects

    def test_half_a_snapshot_is_none(self) -> None:
        made = room(frame("pulse.json", b"old"))
        made.apply(frame(SNAPSHOT))
        made.apply(frame("pulse.json", b"half"))
        made.forget_gathered()
        made.apply(frame(LIVE))
        assert made.objects["pulse.json"].answer.body == b"old"

    def test_a_drop_inside_it(self) -> None:
        made = room(frame("a.json"), frame("b.json"), frame(DROP, path="live/r/a.json"))
        assert list(made.objects) == ["b.json"]


class TestTerm:
    def test_a_lower_one_is_ignored(self) -> None:
        made = room(frame("pulse.json", b"two", 2), frame(LIVE, b"", 2))
        made.apply(frame(SNAPSHOT, b"", 1))
        made.apply(frame("pulse.json", b"one", 1))
        made.apply(frame(LIVE, b"", 1))
        assert made.objects["pulse.json"].answer.body == b"two"


class TestKeeping:
    def test_ninety_seconds_by_the_number(self) -> None:
        made = room(*(frame(f"aac/s{msn}.m4s") for msn in (75, 76, 77)), named("100.0"))
        made.apply(named(f"{76 + KEPT_SEGMENTS}.0"))
        assert [name for name in made.objects if name.startswith("aac/s")] == [
            "aac/s76.m4s",
            "aac/s77.m4s",
        ]

    def test_another_variant_is_not_touched(self) -> None:
        made = room(frame("opus/s1.m4s"), frame("aac/init-0123456789abcdef.mp4"), named("100.0"))
        assert {"opus/s1.m4s", "aac/init-0123456789abcdef.mp4"} <= set(made.objects)

    def test_a_drop_is_obeyed(self) -> None:
        made = room(frame("aac/s1.m4s"))
        made.apply(frame(DROP, path="live/r/aac/s1.m4s"))
        assert made.objects == {}

    def test_objects_have_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(objects, "OBJECTS_MAX", 2)
        made = room()
        for number in range(3):
            made.apply(frame(f"{number}.json"))
        made.apply(frame("0.json", b"again"))
        assert list(made.objects) == ["0.json", "1.json"]
        assert made.objects["0.json"].answer.body == b"again"
        assert OBJECTS_MAX > 90 / 0.32 * 2 * 2


class TestWaits:
    async def test_one_wake_up_for_all_that_want_the_same_part(self) -> None:
        made = room(named("5.0"))
        first, second = made.wait_for("aac/live.m3u8", 5, 1), made.wait_for("aac/live.m3u8", 5, 1)
        later = made.wait_for("aac/live.m3u8", 5, 2)
        assert first is second and first is not None and later is not None
        made.apply(named("5.1"))
        await first.over()
        assert not later._event.is_set()

    async def test_a_newer_part_than_asked_for_will_do(self) -> None:
        made = room(named("5.0"))
        wait = made.wait_for("aac/live.m3u8", 5, 3)
        assert wait is not None
        made.apply(named("6.0"))
        await wait.over()

    async def test_a_part_by_its_name(self) -> None:
        made = room(named("5.0"))
        wait = made.wait_for("aac/s5.1.m4s")
        assert wait is not None
        made.apply(frame("aac/s5.1.m4s"))
        await wait.over()

    async def test_the_end_wakes_everybody(self) -> None:
        made = room(named("5.0"))
        waits = [made.wait_for("aac/live.m3u8", 5, 1), made.wait_for("aac/s5.1.m4s")]
        made.apply(named("5.0", ended="1"))
        for wait in waits:
            assert wait is not None
            await wait.over()

    async def test_patience_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(objects, "WAIT_MAX_S", 0.001)
        wait = room(named("5.0")).wait_for("aac/live.m3u8", 5, 1)
        assert wait is not None
        async with asyncio.timeout(5):
            await wait.over()

    async def test_at_the_limit_and_one_past_it(self) -> None:
        made = room(named("5.0"))
        assert all(made.wait_for(f"aac/s5.{part}.m4s") for part in range(WAITS_MAX))
        assert made.wait_for("aac/s9.0.m4s") is None
        assert made.wait_for("aac/s5.1.m4s") is not None
        made.wake_all()


class TestRooms:
    def test_the_directory(self) -> None:
        rooms = Rooms()
        assert rooms.listed() is None
        listing = json.dumps({"rooms": [{"key": "one"}, {"key": "two"}]}).encode()
        rooms.directory.apply(Frame(1, 1, "rooms.json", {}, listing))
        assert rooms.listed() == ["one", "two"]

    def test_a_room_that_leaves_it_stays_for_a_while(self) -> None:
        rooms = Rooms()
        rooms.keep(["one", "two"], 0.0)
        assert rooms.keep(["two"], 1.0) == ([], []) and rooms.any_missing
        assert rooms.keep(["two"], 1.0 + GRACE_S - 0.1) == ([], [])
        _, gone = rooms.keep(["two"], 1.0 + GRACE_S)
        assert [room.key for room in gone] == ["one"] and list(rooms.by_key) == ["two"]

    def test_one_that_comes_back_in_time_was_never_gone(self) -> None:
        rooms = Rooms()
        rooms.keep(["one"], 0.0)
        before = rooms.by_key["one"]
        rooms.keep([], 1.0)
        rooms.keep(["one"], 2.0)
        assert rooms.keep([], 2.0 + GRACE_S) == ([], []) and rooms.by_key["one"] is before

    def test_one_that_said_its_end_goes_at_once(self) -> None:
        rooms = Rooms()
        rooms.keep(["one"], 0.0)
        rooms.by_key["one"].apply(Frame(1, 1, END))
        assert [room.key for room in rooms.keep([], 1.0)[1]] == ["one"]

    async def test_find_waits_for_the_snapshot(self) -> None:
        rooms = Rooms()
        looking = asyncio.create_task(rooms.find("one", 5.0))
        await asyncio.sleep(0)
        rooms.keep(["one"], 0.0)
        rooms.directory.apply(Frame(1, 1, SNAPSHOT))
        rooms.directory.apply(Frame(1, 1, LIVE))
        await asyncio.sleep(0)
        assert not looking.done()
        rooms.by_key["one"].apply(Frame(1, 1, SNAPSHOT))
        rooms.by_key["one"].apply(Frame(1, 1, LIVE))
        assert await looking is rooms.by_key["one"]

    async def test_find_knows_at_once_what_the_directory_lacks(self) -> None:
        rooms = Rooms()
        rooms.directory.ready.set()
        assert await rooms.find("nobody", 3600.0) is None


def test_a_position_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError):
        room(named("five"))
    with pytest.raises(ValueError):
        room(frame("aac/live.m3u8", Hustings_Last="5.0", Hustings_Profile="slow"))
