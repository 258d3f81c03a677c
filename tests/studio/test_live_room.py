"""A room on virtual time: doors, air, places, alarms, ends."""

from __future__ import annotations

import asyncio
import json
import re
import threading

import pytest

from hustings.audio.clock import RATE, TICK
from hustings.rooms.journal import read
from hustings.rooms.roles import Refusal
from hustings.studio.journal_file import JournalFile
from hustings.studio.timers import UNUSED_MS
from tests.studio.house_rig import (
    COHOST,
    HOST,
    KEY,
    NS,
    SPEAKER,
    START_MS,
    Rig,
    a_plan,
    a_tone,
    actor,
    frames_of,
    objects,
)


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    await rig.crash()


def kinds(rig: Rig) -> list[str]:
    raw = (rig.settings.rooms_dir / KEY / "journal.jsonl").read_bytes()
    return [event.type for event in read(raw)]


async def test_the_doors_open_by_themselves_at_their_hour(rig):
    live = rig.plan(starts_at_ms=START_MS + 1_801_000)
    rig.house.look()
    assert live.room.state == "planned"
    rig.hands.go(NS)
    rig.house.look()
    assert live.room.state == "open"
    assert kinds(rig) == ["planned", "doors_opened"]


async def test_a_playlist_is_there_at_once_and_names_the_holding_sound(rig):
    live = rig.open()
    rig.seconds(3)
    served = objects(await frames_of(live))
    playlist = served[f"live/{KEY}/aac/live.m3u8"]
    assert "#EXT-X-PART:" in playlist.body.decode()
    assert playlist.headers["Hustings-Profile"] == "default"
    assert playlist.headers["Hustings-Ended"] == "0"
    msn, part = playlist.headers["Hustings-Last"].split(".")
    assert served[f"live/{KEY}/aac/s{msn}.{part}.m4s"].headers["Content-Type"] == "audio/mp4"
    assert live.now() // 184_320 - int(msn) <= 1


async def test_on_air_comes_at_the_exact_clock_and_hold_takes_it_back(rig):
    live = rig.open()
    await rig.join(HOST)
    rig.seconds(1)
    rig.command(HOST, "go_on_air", in_ms=3000)
    rig.command(HOST, "hold")
    rig.seconds(4)
    assert live.room.state == "open"
    asked = live.now()
    rig.command(HOST, "go_on_air", in_ms=3000)
    due = live.room.air_clock
    assert due == asked + 3 * RATE
    rig.seconds(2.9)
    assert live.room.state == "open"
    rig.seconds(0.2)
    assert live.room.state == "on_air"
    assert due - TICK < live.room.on_air_clock <= due


async def test_everything_after_the_end_is_silence_and_the_playlist_says_so(rig):
    live = await rig.ended(2)
    assert live.room.state == "ended"
    served = objects(await frames_of(live))
    assert served[f"live/{KEY}/opus/live.m3u8"].headers["Hustings-Ended"] == "1"
    assert b"#EXT-X-ENDLIST" in served[f"live/{KEY}/aac/plain.m3u8"].body
    pulse = json.loads(served[f"live/{KEY}/pulse.json"].body)
    assert pulse["state"] == "ended"
    assert pulse["ended_at_ms"] == live.room.ended_ms


def parts_of(frames) -> list[tuple[int, int]]:
    """(segment, part) of the AAC variant, in the order in which the feed has them."""
    names = (re.fullmatch(rf"live/{KEY}/aac/s(\d+)\.(\d+)\.m4s", frame.path) for frame in frames)
    return [(int(name[1]), int(name[2])) for name in names if name]


async def test_what_a_tick_made_goes_out_after_the_ticks_that_are_due_with_it(tmp_path):
    due = []
    rig = Rig(tmp_path, soon=due.append)
    live = rig.open()
    before = await frames_of(live)
    rig.seconds(2.5, talking=False)
    assert len(due) > 1 and len(await frames_of(live)) == len(before)
    for one in due:
        one()
    first = before[-1].seq
    parts = parts_of(await frames_of(live, first))
    assert len(parts) > 1 and parts == sorted(parts)
    await rig.crash()


async def test_the_end_comes_after_what_waits(tmp_path):
    due = []
    rig = Rig(tmp_path, soon=due.append)
    live = await rig.ended(2.5)
    frames = await frames_of(live)
    parts = parts_of(frames)
    assert len(parts) > 1 and parts == sorted(parts)
    assert objects(frames)[f"live/{KEY}/aac/live.m3u8"].headers["Hustings-Ended"] == "1"
    for one in due:
        one()
    assert len(await frames_of(live)) == len(frames), "nothing twice"
    await rig.crash()


async def test_what_is_taken_out_of_a_sound_reaches_the_line_and_outlives_a_broken_one(rig):
    live = rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    turned: list[tuple[str, bool, bool]] = []
    treat = live.line.treat
    live.line.treat = lambda *what: turned.append(what) or treat(*what)
    rig.command(HOST, "treat", person=SPEAKER.person, noise=True)
    assert turned == [(SPEAKER.person, False, True)]
    rig.paper().link(SPEAKER.person, False)
    rig.seconds(1, talking=False)
    await rig.join(SPEAKER)
    assert turned == [(SPEAKER.person, False, True)] * 2


async def test_a_place_is_kept_for_its_time_with_its_mute(rig):
    rig.set(place_kept_s=3)
    live = rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    rig.command(SPEAKER, "mute", person=SPEAKER.person, muted=True)
    rig.paper().link(SPEAKER.person, False)
    rig.seconds(2.4, talking=False)
    assert live.room.stage.people[SPEAKER.person].link == "reconnecting"
    await rig.join(SPEAKER)
    person = live.room.stage.people[SPEAKER.person]
    assert (person.link, person.muted) == ("here", True)
    rig.paper().link(SPEAKER.person, False)
    rig.seconds(3.6, talking=False)
    assert live.room.stage.people[SPEAKER.person].link == "away"


async def test_a_line_that_drops_and_stands_again_needs_no_new_session(rig):
    live = rig.open()
    await rig.join(SPEAKER)
    rig.paper().link(SPEAKER.person, False)
    rig.paper().link(SPEAKER.person, False)
    rig.paper().link(SPEAKER.person, True)
    assert kinds(rig)[-2:] == ["lost", "back"]
    rig.people[SPEAKER.person].say(live.now() // TICK * TICK, a_tone(700, 1))
    rig.seconds(0.5)
    assert live.levels[SPEAKER.person] > -30


async def test_a_room_on_air_with_nobody_ends_after_ten_minutes(rig):
    rig.set(nobody_ends_s=5)
    live = rig.open()
    await rig.join(HOST)
    rig.command(HOST, "go_on_air", in_ms=0)
    rig.seconds(1)
    rig.paper().link(HOST.person, False)
    rig.seconds(4.4, talking=False)
    assert live.room.state == "on_air"
    rig.seconds(1.2, talking=False)
    assert live.room.state == "ended"
    assert live.room.end_reason == "nobody"


async def test_an_open_room_waits_long_for_its_late_host(rig):
    rig.set(nobody_ends_s=5)
    live = rig.open(starts_at_ms=START_MS - UNUSED_MS + 10_000)
    rig.seconds(9, talking=False)
    assert live.room.state == "open"
    rig.seconds(2, talking=False)
    assert live.room.state == "ended"


async def test_dead_air_is_told_after_five_seconds_and_ends_with_a_voice(rig):
    live = rig.open()
    await rig.join(HOST)
    rig.command(HOST, "go_on_air", in_ms=0)
    rig.seconds(4.9)
    assert "dead_air" not in live.alarms.up
    rig.seconds(0.7)
    assert "dead_air" in live.alarms.up
    rig.people[HOST.person].say(live.now() // TICK * TICK, a_tone(700, 2))
    rig.seconds(1.5)
    assert "dead_air" not in live.alarms.up


async def test_the_cohost_is_told_that_the_host_vanished(rig):
    live = rig.open()
    await rig.join(COHOST)
    rig.seconds(1)
    assert "host_away" not in live.alarms.up
    await rig.join(HOST)
    rig.paper().link(HOST.person, False)
    rig.seconds(1)
    assert "host_away" in live.alarms.up
    await rig.join(HOST)
    rig.seconds(1)
    assert "host_away" not in live.alarms.up


async def test_the_stage_has_a_limit(rig):
    rig.set(speakers_max=2)
    rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    with pytest.raises(Refusal, match="stage_full"):
        await rig.join(actor("speaker", "t"))


async def test_a_second_device_waits_until_it_is_let_in(rig):
    live = rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    other = actor("speaker", "s", device="phone")
    for _ in range(2):
        with pytest.raises(Refusal, match="ticket_in_use"):
            await rig.join(other)
    assert kinds(rig).count("device_waiting") == 1
    assert rig.refused(other, "mute", person=other.person, muted=True) == "ticket_in_use"
    rig.command(HOST, "admit", device="phone", person=SPEAKER.person)
    await rig.join(other)
    assert live.room.stage.people[SPEAKER.person].device == "phone"
    with pytest.raises(Refusal, match="ticket_in_use"):
        await rig.join(SPEAKER)


async def test_an_offer_that_is_refused_leaves_no_trace(rig):
    rig.open()
    rig.paper().refuse = "offer_video"
    with pytest.raises(Refusal, match="offer_video"):
        await rig.join(SPEAKER)
    assert kinds(rig) == ["planned", "doors_opened"]


async def test_removing_somebody_ends_his_session_and_ticket(rig):
    live = rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    rig.command(HOST, "remove", person=SPEAKER.person)
    assert live.room.stage.people[SPEAKER.person].link == "away"
    assert rig.refused(SPEAKER, "rename", name="Sam") == "ticket_revoked"
    with pytest.raises(Refusal, match="ticket_revoked"):
        await rig.house.find(KEY).asking.events(SPEAKER, "")


async def test_who_is_cut_leaves_and_with_the_host_the_room(rig):
    live = rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    asking = rig.house.find(KEY).asking
    asking.cut([SPEAKER.ticket], False)
    assert live.room.stage.people[SPEAKER.person].link == "away" and live.room.alive
    with pytest.raises(Refusal, match="ticket_revoked"):
        await rig.join(SPEAKER)
    asking.cut([HOST.ticket], True)
    assert kinds(rig)[-3:] == ["removed", "removed", "ended"]
    assert live.line is None
    assert rig.refused(HOST, "delete_room", key=KEY) == "ticket_revoked"


async def test_a_command_said_twice_is_done_once(rig):
    rig.open()
    asking = rig.house.find(KEY).asking
    first = asking.command(HOST, "invite", {"role": "speaker", "name": "Sam"}, "once-1")
    again = asking.command(HOST, "invite", {"role": "speaker", "name": "Sam"}, "once-1")
    other = asking.command(HOST, "invite", {"role": "speaker", "name": "Sam"}, "once-2")
    assert first == again
    assert first != other
    assert kinds(rig).count("ticket_signed") == 2
    assert json.loads(first[1])["url"].startswith(
        "http://localhost:8002/town-hall#t=v1.studio-test."
    )


async def test_a_flood_of_packets_from_one_speaker_is_bounded(rig):
    live = rig.open()
    await rig.join(SPEAKER)
    seen = []
    live.line.push = lambda person, packet, clock: seen.append(packet)
    for _ in range(100):
        live.wires.packet(SPEAKER.person, rig.people[SPEAKER.person].packet(0))
    assert len(seen) == 16


async def test_a_late_process_makes_every_tick_up(rig):
    live = rig.open()
    before = live.next_tick
    rig.hands.go(3 * NS)
    for _ in range(20):
        live.advance()
    assert live.next_tick > live.now()
    assert (live.next_tick - before) % TICK == 0
    assert max(live.ground.lateness.rows) > 2_900_000


async def test_a_full_disk_leaves_the_room_running_and_the_journal_follows_later(rig, tmp_path):
    live = rig.open()
    full = True

    class Full:
        def __init__(self, path):
            self._file = path.open("ab", buffering=0)

        def write(self, line):
            if full:
                self._file.write(line[:7])
                raise OSError(28, "No space left on device")
            return self._file.write(line)

        def fileno(self):
            return self._file.fileno()

        def close(self):
            self._file.close()

    path = rig.settings.rooms_dir / KEY / "journal.jsonl"
    live._journal.close()
    live._journal = JournalFile(path, opener=Full)
    live._journal.open()
    await rig.join(HOST)
    rig.seconds(1)
    assert "disk_full" in live.alarms.up
    assert live.room.stage.people[HOST.person].link == "here"
    assert kinds(rig) == ["planned", "doors_opened"]
    full = False
    rig.seconds(1)
    assert "disk_full" not in live.alarms.up
    assert kinds(rig) == ["planned", "doors_opened", "ticket_bound", "joined"]
    live._journal.close()


async def test_a_journal_line_outlives_a_disk_that_takes_no_more_work(rig, monkeypatch):
    live = rig.open()

    def refuse(work, late):
        raise OSError(16, "the disk does not keep up")

    with monkeypatch.context() as patch:
        patch.setattr(live.ground.disk, "do", refuse)
        await rig.join(HOST)
    assert kinds(rig) == ["planned", "doors_opened"]
    rig.seconds(1)
    assert kinds(rig) == ["planned", "doors_opened", "ticket_bound", "joined"]


async def test_events_wait_for_news_and_tell_a_mute_to_whom_it_concerns(rig):
    rig.open()
    await rig.join(HOST)
    await rig.join(SPEAKER)
    asking = rig.house.find(KEY).asking
    first = await asking.events(SPEAKER, "")
    view = first["events"][0]["view"]
    assert view["you"]["on_stage"] and view["you"]["name"] == "Sam"
    assert [person["person"] for person in view["people"]] == [HOST.person, SPEAKER.person]
    rig.command(HOST, "mute", person=SPEAKER.person, muted=True)
    second = await asking.events(SPEAKER, first["cursor"])
    assert [event["type"] for event in second["events"]] == ["view", "notice"]
    assert second["events"][1]["code"] == "muted"
    assert second["events"][0]["view"]["you"]["muted"]
    for_host = await asking.events(HOST, first["cursor"])
    assert [event["type"] for event in for_host["events"]] == ["view"]
    unknown = await asking.events(HOST, "99.1")
    assert [event["type"] for event in unknown["events"]] == ["view"]


async def test_a_waiting_device_sees_the_room_but_no_people(rig):
    rig.open()
    await rig.join(SPEAKER)
    asking = rig.house.find(KEY).asking
    answer = await asking.events(actor("speaker", "s", device="phone"), "")
    view = answer["events"][0]["view"]
    assert view["you"]["admitted"] is False
    assert view["people"] == []


async def test_the_event_page_follows_the_state(rig):
    live = rig.open()
    page = rig.settings.published_dir / "pages" / f"{KEY}.html"
    assert "Town hall" in page.read_text()
    await rig.join(HOST)
    rig.command(HOST, "late", reason="The train stands still.")
    assert "The train stands still." in page.read_text()
    assert live.room.late_reason


async def test_a_tick_that_fails_does_not_end_the_room(rig, monkeypatch):
    live = rig.open()
    rig.seconds(1)
    whole = live.line._set_gains
    monkeypatch.setattr(live.line, "_set_gains", lambda clock: 1 / 0)
    rig.seconds(0.1)
    monkeypatch.setattr(live.line, "_set_gains", whole)
    rig.seconds(5)
    served = objects(await frames_of(live))
    last = served[f"live/{KEY}/aac/live.m3u8"].headers["Hustings-Last"].split(".")
    assert int(last[0]) >= live.now() // 184_320 - 1
    assert live.room.state == "open"


async def test_a_room_without_a_recording_keeps_the_window_only(rig):
    from dataclasses import replace

    rig.settings = replace(rig.settings, recording=replace(rig.settings.recording, on=False))
    await rig.crash()
    rig.house = rig._house()
    live = rig.open()
    await rig.join(HOST)
    rig.seconds(1)
    assert live.tracks is None
    folder = rig.settings.rooms_dir / KEY
    assert not (folder / "tracks").exists()
    first = min((folder / "mix" / "aac").glob("s*.m4s"))
    rig.seconds(95)  # the window keeps bytes for ninety
    assert not first.exists()
    assert len(list((folder / "mix" / "aac").glob("s*.m4s"))) < 30
    rig.command(HOST, "end")
    rig.hands.go(3_600 * NS)
    rig.house.look()
    assert not (folder / "mix").exists()


async def test_the_talk_goes_on_while_the_disk_stands_still(rig):
    live = rig.open()
    await rig.join(HOST)
    rig.seconds(1)
    gate = threading.Event()
    disk = live.ground.disk
    disk._patience_s = 0
    disk.do(gate.wait, None)
    rig.command(HOST, "go_on_air", in_ms=0)
    rig.seconds(5)
    assert live.room.state == "on_air"
    assert "recording_slow" in live.alarms.up
    served = objects(await frames_of(live))
    last = served[f"live/{KEY}/aac/live.m3u8"].headers["Hustings-Last"]
    msn, _, part = last.partition(".")
    assert f"live/{KEY}/aac/s{msn}.{part}.m4s" in served
    journal = rig.settings.rooms_dir / KEY / "journal.jsonl"
    assert b'"on_air"' not in journal.read_bytes()
    gate.set()
    disk._patience_s = None
    rig.seconds(1)
    assert b'"on_air"' in journal.read_bytes()
    assert (live.room_dir / "mix" / "aac" / f"s{msn}.m4s").exists()
    assert "recording_slow" not in live.alarms.up


async def test_a_room_is_brought_in_from_disk_without_keeping_others_waiting(rig):
    assert await rig.house.plan(a_plan())
    assert not await rig.house.plan(a_plan())
    await rig.again()
    del rig.house._rooms[KEY]
    await asyncio.gather(rig.house.ready(KEY), rig.house.ready(KEY))
    assert rig.room().room.plan == a_plan()
    await rig.house.ready("never-was")
    with pytest.raises(Refusal, match="room_unknown"):
        rig.house.find("never-was")
