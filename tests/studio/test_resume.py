"""After a restart: the same clock, numbers that go on, a hole of silence, everybody's place."""

from __future__ import annotations

import pytest

from hustings.audio.clock import RATE, SEGMENT, TICK, Clock
from hustings.hls.profile import DEFAULT
from hustings.rooms.journal import Event, read
from hustings.studio import resume
from hustings.studio.times import Times
from tests.studio.house_rig import HOST, KEY, NS, SPEAKER, Rig, a_tone, frames_of, objects

FACTS = {"origin": 96_000 * 1_000, "origin_ns": 50 * NS, "boot": "b1"}


def opened(clock: int = 96_000 * 1_000, **facts) -> Event:
    return Event(1, 1, clock, 0, "doors_opened", {**FACTS, **facts})


def at(mono_s: float, unix_s: float, boot: str = "b1") -> Times:
    return Times(lambda: round(mono_s * NS), lambda: round(unix_s * NS), boot)


class TestClock:
    def test_the_same_boot_is_the_same_line_whatever_the_wall_says(self):
        clock, moved = resume.clock_after([opened()], 0, at(60, 1))
        assert not moved
        assert clock == Clock(FACTS["origin"], FACTS["origin_ns"])

    def test_another_boot_asks_the_wall(self):
        clock, moved = resume.clock_after([opened()], 0, at(1, 3_000, "b2"))
        assert moved
        assert clock == Clock(3_000 * RATE, NS)

    def test_the_wall_never_takes_it_back(self):
        events = [opened(), Event(2, 1, 96_000 * 1_000 + 7, 0, "joined", {})]
        clock, _ = resume.clock_after(events, 0, at(1, 3, "b2"))
        assert clock.origin == 96_000 * 1_000 + TICK

    def test_nor_behind_what_was_published(self):
        clock, _ = resume.clock_after([opened()], 10**9 + 1, at(1, 3, "b2"))
        assert 10**9 + 1 <= clock.origin < 10**9 + 1 + TICK

    def test_a_clock_that_was_set_anew_counts(self):
        again = Event(2, 2, 0, 0, "clock_set", {**FACTS, "origin": 0, "boot": "b2"})
        clock, moved = resume.clock_after([opened(clock=0), again], 0, at(60, 3, "b2"))
        assert (clock.origin, moved) == (0, False)


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    await rig.crash()


def last_of(served, name="aac"):
    headers = served[f"live/{KEY}/{name}/live.m3u8"].headers
    return tuple(map(int, headers["Hustings-Last"].split(".")))


async def test_numbers_go_on_and_the_hole_is_filled(rig):
    live = rig.open()
    await rig.join(HOST)
    rig.command(HOST, "go_on_air", in_ms=0)
    rig.seconds(8)
    before = objects(await frames_of(live))
    old_last, old_now = last_of(before), live.now()
    inits = {path for path in before if "init-" in path}
    await rig.again(after_ns=6 * NS)
    live = rig.room()
    assert live.room.state == "on_air"
    assert live.term == 2
    assert live.now() == old_now + 6 * RATE
    rig.seconds(1.2)
    after = objects(await frames_of(live))
    assert last_of(after) > old_last
    assert {path for path in after if "init-" in path} == inits
    for name in ("aac", "opus"):
        # Every part from the first to the last is there, under one number each.
        first = min(
            int(path.rsplit("/s")[1].split(".")[0]) for path in before if f"/{name}/s" in path
        )
        place = (first, 0)
        while place <= last_of(after, name):
            assert f"live/{KEY}/{name}/s{place[0]}.{place[1]}.m4s" in after
            place = DEFAULT.after(*place)
        same = [path for path in before if f"/{name}/s" in path and path in after]
        assert same and all(before[path].body == after[path].body for path in same)


async def test_people_are_lost_and_come_back_by_themselves(rig):
    rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    rig.command(SPEAKER, "mute", person=SPEAKER.person, muted=True)
    rig.seconds(1)
    await rig.again(after_ns=2 * NS)
    live = rig.room()
    assert {person.link for person in live.room.stage.people.values()} == {"reconnecting"}
    await rig.join(SPEAKER)
    await rig.join(HOST)
    assert {person.link for person in live.room.stage.people.values()} == {"here"}
    assert live.room.stage.people[SPEAKER.person].muted
    rig.people[HOST.person].say(live.now() // TICK * TICK, a_tone(700, 1))
    rig.seconds(0.5)
    assert live.levels[HOST.person] > -30
    assert rig.paper().sent[SPEAKER.person]


async def test_an_air_time_that_passed_in_the_outage_is_applied_at_once(rig):
    rig.open()
    await rig.join(HOST)
    rig.seconds(1)
    rig.command(HOST, "go_on_air", in_ms=3_000)
    await rig.again(after_ns=10 * NS)
    assert rig.room().room.state == "open"
    rig.run(TICK)
    assert rig.room().room.state == "on_air"


async def test_an_air_time_that_is_still_to_come_is_kept(rig):
    rig.open()
    await rig.join(HOST)
    rig.command(HOST, "go_on_air", in_ms=5_000)
    due = rig.room().room.air_clock
    await rig.again(after_ns=NS)
    rig.seconds(3)
    assert rig.room().room.state == "open"
    rig.seconds(2)
    assert rig.room().room.state == "on_air"
    assert due - TICK < rig.room().room.on_air_clock <= due


async def test_a_hole_longer_than_the_window_begins_a_new_one(rig):
    rig.open()
    rig.seconds(5)
    await rig.again(after_ns=600 * NS)
    rig.seconds(1)
    live = rig.room()
    served = objects(await frames_of(live))
    playlist = served[f"live/{KEY}/aac/live.m3u8"].body.decode()
    assert last_of(served)[0] >= (live.now() - 2 * RATE) // SEGMENT
    named = [line for line in playlist.split("\n") if line.endswith(".m4s") and line[0] == "s"]
    assert 7 <= len(named) <= 10


async def test_an_ended_room_shows_its_last_playlist_for_an_hour(rig):
    rig.open()
    await rig.join(HOST)
    rig.command(HOST, "go_on_air", in_ms=0)
    rig.seconds(5)
    rig.command(HOST, "end")
    before = objects(await frames_of(rig.room()))
    await rig.again(after_ns=60 * NS)
    after = objects(await frames_of(rig.room()))
    path = f"live/{KEY}/aac/live.m3u8"
    assert after[path].headers == before[path].headers
    assert b"#EXT-X-ENDLIST" in after[path].body
    rig.hands.go(3_541 * NS)
    rig.house.look()
    assert rig.room().feed.over
    assert not [live for live in rig.house if not live.feed.over]


async def test_a_journal_torn_by_the_crash_loses_its_last_line_only(rig):
    rig.open()
    await rig.join(HOST)
    rig.seconds(0.1)
    await rig.crash()
    path = rig.settings.rooms_dir / KEY / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole.split(b"\n")[0][:40])
    await rig.again(after_ns=NS)
    assert rig.room().room.stage.people[HOST.person].link == "reconnecting"
    events = read(path.read_bytes())
    assert [event.n for event in events] == list(range(1, len(events) + 1))
    assert [event.term for event in events][-1] == 2


async def test_a_torn_part_of_the_mix_is_cut_off_and_filled(rig):
    rig.open()
    rig.seconds(5)
    await rig.crash()
    folder = rig.settings.rooms_dir / KEY / "mix" / "aac"
    newest = max(folder.glob("s*.m4s"))
    whole = newest.read_bytes()
    newest.write_bytes(whole[:-10])
    await rig.again(after_ns=NS)
    rig.seconds(1)
    parts = resume._read_segment(newest, int(newest.stem[1:]), DEFAULT)
    assert [part.index for part in parts] == list(range(len(parts)))
    assert b"".join(part.payload for part in parts) == newest.read_bytes()


async def test_one_broken_room_does_not_keep_the_others_from_starting(rig):
    rig.open()
    rig.plan(key="other-room", starts_at_ms=2_000_000_000_000)
    await rig.crash()
    (rig.settings.rooms_dir / KEY / "journal.jsonl").write_bytes(b"garbage\ngarbage\n{}\n")
    rig.house = rig._house()
    assert [live.key for live in rig.house] == ["other-room"]
