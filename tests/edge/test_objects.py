"""The dictionary: frames in, objects and wake-ups out."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from hustings.edge import objects
from hustings.edge.answer import Headers
from hustings.edge.objects import (
    ANNOUNCED_MAX,
    DECISIONS_MAX,
    GRACE_S,
    KEPT_SEGMENTS,
    OBJECTS_MAX,
    WAIT_MAX_S,
    Room,
    Rooms,
)
from hustings.edge.parking import WAITS_MAX, Part, Wait
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


class Caller:
    """A request and where its answer goes: as Granian has them, without the wire."""

    method, proto = "GET", "http"

    def __init__(self, path: str = "", query: str = "", **fields: str) -> None:
        self.path, self.query_string = path, query
        self.headers = {word.replace("_", "-"): text for word, text in fields.items()}
        self.got: list[tuple[int, dict[str, str], bytes]] = []

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.got.append((status, dict(headers), body))

    def response_empty(self, status: int, headers: Headers) -> None:
        self.got.append((status, dict(headers), b""))

    @property
    def status(self) -> int:
        return self.got[0][0] if self.got else 0


def parked(made: Room, part: Part, now: float = 0.0, **fields: str) -> Caller:
    caller = Caller(**fields)
    made.park(part, caller, caller, now)
    return caller


LIVE_51 = Part("aac/live.m3u8", 5, 1)


class TestWaits:
    def test_one_wake_up_for_all_that_want_the_same_part(self) -> None:
        made = room(named("5.0"))
        first, second = parked(made, LIVE_51), parked(made, LIVE_51)
        later = parked(made, Part("aac/live.m3u8", 5, 2))
        assert made.parked == 3 and len(made.waits) == 2
        made.apply(named("5.1"))
        assert first.status == second.status == 200 and not later.got
        assert first.got[0][1]["cache-control"] == "public, max-age=24"

    def test_a_newer_part_than_asked_for_will_do(self) -> None:
        made = room(named("5.0"))
        caller = parked(made, Part("aac/live.m3u8", 5, 3))
        made.apply(named("6.0"))
        assert caller.status == 200

    def test_a_part_by_its_name(self) -> None:
        made = room(named("5.0"))
        caller = parked(made, Part("aac/s5.1.m4s"))
        some = parked(made, Part("aac/s5.1.m4s"), range="bytes=0-1")
        made.apply(frame("aac/s5.1.m4s", b"sound"))
        assert caller.got[0][2] == b"sound"
        assert (some.status, some.got[0][2]) == (206, b"so")

    def test_text_is_zipped_for_who_waited_for_it(self) -> None:
        made = room(named("5.0"))
        zipped, plain = parked(made, LIVE_51, accept_encoding="gzip"), parked(made, LIVE_51)
        made.apply(named("5.1", b"#EXTM3U\n" * 50))
        assert zipped.got[0][1]["content-encoding"] == "gzip"
        assert gzip.decompress(zipped.got[0][2]) == plain.got[0][2] == b"#EXTM3U\n" * 50

    def test_what_comes_while_a_request_is_parked_is_not_missed(self) -> None:
        """The two threads in each order that matters: the part comes after the look, before the list."""
        made = room(named("5.0"))
        made.apply(named("5.1"))
        assert parked(made, LIVE_51).status == 200 and made.waits == {}
        made.waits[Part("aac/s6.0.m4s")] = wait = Wait(0.0)
        wait.shut = True  # woken between the look and the list
        assert parked(made, Part("aac/s6.0.m4s")).status == 404

    def test_the_end_wakes_everybody(self) -> None:
        made = room(named("5.0"))
        callers = [parked(made, LIVE_51), parked(made, Part("aac/s5.1.m4s"))]
        made.apply(named("5.0", ended="1"))
        assert [caller.status for caller in callers] == [200, 404]

    def test_patience_ends(self) -> None:
        made = room(named("5.0"))
        caller = parked(made, LIVE_51)
        made.expire(WAIT_MAX_S - 0.01)
        assert not caller.got
        made.expire(WAIT_MAX_S)
        assert caller.got[0][1]["cache-control"] == "public, max-age=1" and made.waits == {}

    def test_parts_at_the_limit_and_one_past_it(self) -> None:
        made = room(named("5.0"))
        callers = [parked(made, Part(f"aac/s5.{part}.m4s")) for part in range(WAITS_MAX)]
        assert not any(caller.got for caller in callers)
        assert parked(made, Part("aac/s9.0.m4s")).status == 404
        assert not parked(made, Part("aac/s5.1.m4s")).got
        made.wake_all()
        assert all(caller.status == 404 for caller in callers)

    def test_requests_at_the_limit_and_one_past_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(objects, "PARKED_MAX", 2)
        made = room(named("5.0"))
        assert not parked(made, LIVE_51).got and not parked(made, LIVE_51).got
        past = parked(made, LIVE_51)
        assert past.status == 200 and past.got[0][1]["cache-control"] == "public, max-age=1"


class TestMemory:
    def test_at_the_ceiling_and_one_byte_past_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(objects, "BYTES_MAX", 30)
        made = room(frame("pulse.json", bytes(10)))
        made.apply(frame("aac/s1.m4s", bytes(10)))
        made.apply(frame("aac/s2.m4s", bytes(10)))
        assert made.size == 30 and "aac/s1.m4s" in made.objects
        made.apply(frame("aac/s3.0.m4s", b"x"))
        assert made.size == 21 and list(made.objects) == [
            "pulse.json",
            "aac/s2.m4s",
            "aac/s3.0.m4s",
        ]

    def test_what_goes_is_no_longer_counted(self) -> None:
        made = room(frame("aac/s1.m4s", bytes(10)))
        made.apply(frame("aac/s1.m4s", bytes(4)))
        made.apply(frame(DROP, path="live/r/aac/s1.m4s"))
        assert made.size == 0

    def test_what_is_remembered_of_odd_questions_is_bounded(self) -> None:
        made = room(named("5.0"))
        playlist = made.objects["aac/live.m3u8"].playlist
        assert playlist is not None
        for number in range(2 * DECISIONS_MAX):
            playlist.decide(f"_HLS_msn=x{number}")
            playlist.waits_for(f"s{number}.9.m4s")
        assert len(playlist.decisions) == DECISIONS_MAX
        playlist.decisions.clear()
        playlist.decide("_HLS_msn=" + "1" * DECISIONS_MAX)
        assert playlist.decisions == {}


class TestPulse:
    def pulse(self, **facts: object) -> Frame:
        return frame("pulse.json", json.dumps(facts).encode())

    def test_what_edge_reads_of_it(self) -> None:
        made = room(self.pulse(ended_at_ms=5, brownout={"step": 2}, beacon={"p": 0.25}))
        assert (made.pulse.ended_at_ms, made.pulse.brownout) == (5, 2)
        made.apply(self.pulse(ended_at_ms=None, brownout=None, beacon=None))
        assert (made.pulse.ended_at_ms, made.pulse.brownout) == (None, 0)
        made.apply(frame("pulse.json", b"[1"))

    def test_beacons_count_by_the_probability_they_were_sent_with(self) -> None:
        made = room(self.pulse(beacon={"p": 1}))
        made.count("p=1")
        made.apply(self.pulse(beacon={"p": 2.0**-19}))
        made.count("p=0.0000019073486328125")  # as JavaScript spells it
        for odd in ("p=1", "p=0.5", "", "p=", "p=1e-9", "q=1"):
            made.count(odd)
        assert made.beacons == {"1": 2, "0.0000019073486328125": 1}

    def test_only_the_latest_probabilities(self) -> None:
        made = room()
        for power in range(ANNOUNCED_MAX + 1):
            made.apply(self.pulse(beacon={"p": 2.0**-power}))
        made.count("p=1")
        made.count("p=0.5")
        assert made.beacons == {"0.5": 1}


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
