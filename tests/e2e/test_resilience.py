"""What dies, and who notices: web and its database, door, one edge worker, studio, a speaker's network.

Speakers are aiortc peers, each saying a voice in a loop; the listeners are our own page in Chromium and ffmpeg.
Seconds of silence are measured in what was heard, against the voice's own longest pause.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from hustings.serve.supervisor import UPGRADE
from tests.e2e.harness import sound
from tests.e2e.harness.chromium import People, Person
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.pulse import Recording
from tests.e2e.harness.sound import Reference, Sound
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, descendants_of
from tests.e2e.peer import Cast, Peer
from tests.e2e.players import (
    Tape,
    consent,
    has_sound,
    join,
    last,
    level_of,
    listen,
    renews_its_session,
    tape,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PAUSE_S = 0.7  # longer than any pause in the voices, with what the holding level leaves of it


@dataclass
class Talk:
    """A room on the air: two peers, one of them talks all the time; a page and ffmpeg listen."""

    house: House
    room: Room
    cast: Cast
    hanna: Peer
    gus: Peer
    tickets: dict[str, str]
    page: Person
    recording: Recording
    tape: Tape
    folder: Path


@pytest.fixture
def talk(
    house: House, actors: Cast, people: People, voices: dict[str, Reference], tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Talk]:  # fmt: skip
    """A room of its own for each test, on the one house."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[5:60].strip("-")
    room = house.plan(name, "Resilience")
    tickets = {"Hanna": room.host, "Gus": house.invite(room, "Gus")}
    house.open_doors(room)
    hanna = actors.speaker(house.stage, room.key, tickets["Hanna"])
    gus = actors.speaker(house.stage, room.key, tickets["Gus"])
    hanna.join()
    gus.join()
    house.on_air(room)
    hanna.say(in_a_loop(voices["host"].samples, 6))
    page = people.person(f"page-{len(people.everybody)}")
    # ffmpeg gives up on a playlist that names no whole segment yet
    until(lambda: re.search(r"^s\d+\.m4s$", house.playlist(room), re.M), 15, "a whole segment")
    with contextlib.ExitStack() as ending:
        recording = listen(page, f"{house.live}/{room.key}")
        ending.callback(recording.stop)
        taped = tape(f"{house.live}/live/{room.key}/index.m3u8", tmp_path / "live.s16")
        for end in (taped.stop, page.leave, hanna.drop, gus.drop, lambda: ended(house, room)):
            ending.callback(end)
        until(lambda: loud(recording), 30, "the talk on the page", 0.25)
        until(lambda: taped.seconds > 8 and loud(taped), 30, "the talk on the tape", 0.25)
        yield Talk(house, room, actors, hanna, gus, tickets, page, recording, taped, tmp_path)


def ended(house: House, room: Room) -> None:
    if house.state(room) == "on_air":
        house.command(room, "end")


def in_a_loop(samples: Sound, times: int) -> Sound:
    import numpy as np

    return np.concatenate([samples] * times)


def loud(heard: Recording | Tape) -> bool:
    """Speech in the last second: the holding sound before it lies at -30."""
    return level_of(heard, 1.0) > -25


def wait_s(seconds: float, since_s: float) -> None:
    """A stretch of talk that is recorded: it lasts as long as it lasts."""
    until(lambda: time.monotonic() > since_s + seconds, seconds + 5, f"{seconds:g} s of talk")


def newest(playlist: str) -> float:
    """The newest part's number as a fraction: msn + part / 100."""
    parts = re.findall(r's(\d+)\.(\d+)\.m4s",INDEP', playlist)
    msn, part = max((int(msn), int(part)) for msn, part in parts)
    return msn + part / 100


def newcomer_s(talk: Talk) -> float:
    """Seconds until a new listener has a playlist with a part that is not older than five seconds."""
    began_s = time.monotonic()

    def is_in() -> bool:
        try:
            return newest(talk.house.playlist(talk.room)) > 0
        except Exception:  # a port that is shut for a moment; the listener tries again
            return False

    until(is_in, 20, "a new listener's playlist", 0.02)
    return time.monotonic() - began_s


def test_door_dies_and_the_sound_goes_on(talk: Talk) -> None:
    house, began_s = talk.house, talk.recording.now_s
    taped_s = talk.tape.seconds
    died_s = time.monotonic()
    before = house.kill("door")
    house.came_back("door", before)
    third = talk.cast.speaker(house.stage, talk.room.key, talk.tickets["Gus"])

    def joined() -> bool:
        try:
            third.join(3)
        except Exception:  # refused while door is away: the stage page tries again too
            return False
        return True

    until(joined, 15, "a speaker through the new door", 0.05)
    in_s = time.monotonic() - died_s
    wait_s(6, died_s)
    heard = talk.recording.so_far()
    silent_s = sound.longest_silence_s(heard, began_s, below_dbfs=-45)
    print(f"\ndoor killed: new speaker in after {in_s:.2f} s, longest silence {silent_s:.2f} s")
    assert silent_s < PAUSE_S
    assert talk.hanna.state == "connected"
    assert talk.tape.seconds > taped_s + 2
    assert in_s < 2
    third.drop()


def test_one_edge_worker_dies_and_nobody_hears_it(talk: Talk) -> None:
    house, began_s, taped_s = talk.house, talk.recording.now_s, talk.tape.seconds
    workers = house.workers()
    assert len(workers) >= 2
    died_s = time.monotonic()
    os.kill(workers[0], signal.SIGKILL)
    in_s = max(newcomer_s(talk) for _ in range(6))
    wait_s(12, died_s)
    heard = talk.recording.so_far()
    silent_s = sound.longest_silence_s(heard, began_s, below_dbfs=-45)
    tape_silent_s = sound.longest_silence_s(talk.tape.so_far(), taped_s, below_dbfs=-45)
    print(
        f"\nedge worker killed: newcomers in after {in_s:.2f} s, longest silence on the page "
        f"{silent_s:.2f} s, on the tape {tape_silent_s:.2f} s"
    )
    assert talk.tape.process.poll() is None, talk.tape.log.read_text()
    assert talk.tape.seconds > taped_s + 6
    assert silent_s < PAUSE_S
    assert tape_silent_s < PAUSE_S
    assert in_s < 2
    assert len(house.workers()) >= 2


def test_studio_dies_and_nobody_joins_anew(talk: Talk, people: People) -> None:
    """Sessions are resumed: two clients and a page on the stage go on where they were; listeners do nothing at all.
    Numbers go on."""
    house, room = talk.house, talk.room
    gil = people.person(f"gil-{len(people.everybody)}")
    consent(gil, f"{house.stage}/{room.key}#t={house.invite(room, 'Gil')}", "Gil")
    join(gil)
    until(lambda: house.link_of(room, "Gil") == "here", 15, "Gil here")
    dialled: list[str] = []
    gil.page.on("request", lambda one: "/session/" in one.url and dialled.append(one.url))
    playlist = house.playlist(room)
    last, init = newest(playlist), re.search(r'MAP:URI="([^"]+)"', playlist)
    began_s, taped_s = talk.recording.now_s, talk.tape.seconds
    sessions = talk.hanna.session, talk.gus.session
    died_s = time.monotonic()
    before = house.kill("studio")
    house.came_back("studio", before)
    started_s = time.monotonic()

    def all_here() -> bool:
        try:
            return all(house.link_of(room, name) == "here" for name in ("Hanna", "Gus", "Gil"))
        except AssertionError:  # door says `studio_away`
            return False

    until(all_here, 20, "everybody back", 0.02)
    speaker_s = time.monotonic() - died_s
    assert house.state(room) == "on_air"
    assert (talk.hanna.session, talk.gus.session) == sessions
    assert talk.hanna.state == talk.gus.state == "connected"
    seen = [last]

    def grown() -> bool:
        seen.append(newest(house.playlist(room)))
        return seen[-1] > last + 2

    until(grown, 30, "new numbers", 0.2)
    assert seen == sorted(seen)  # never back
    again = house.playlist(room)
    numbers = [int(n) for n in re.findall(r"^s(\d+)\.m4s$", again, re.M)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert init and init[1] in again and "DISCONTINUITY" not in again
    until(lambda: loud(talk.recording), 20, "the talk on the page again")
    until(lambda: loud(talk.tape), 30, "the talk on the tape again")
    wait_s(14, died_s)
    heard = talk.recording.so_far()
    silent_s = sound.longest_silence_s(heard, began_s, below_dbfs=-45)
    tape_silent_s = sound.longest_silence_s(talk.tape.so_far(), taped_s, below_dbfs=-45)
    print(
        f"\nstudio killed: another after {started_s - died_s:.2f} s, everybody back after {speaker_s:.2f} s, "
        f"{len(dialled)} joined anew; silence on the page {silent_s:.2f} s, on the tape {tape_silent_s:.2f} s"
    )
    assert dialled == []
    assert speaker_s < 8
    assert silent_s < 8
    assert talk.tape.process.poll() is None
    gil.leave()


def test_five_deaths_of_studio_in_a_row(talk: Talk) -> None:
    """No session is ever made anew; `bench restart` has a hundred, and their seconds."""
    house, room = talk.house, talk.room
    journal = house.folder / "rooms" / room.key / "journal.jsonl"
    joined = journal.read_bytes().count(b'"joined"')

    def backs() -> int:
        return journal.read_bytes().count(b'"back"')

    wanted = backs()
    for _ in range(5):
        wanted += 2
        house.came_back("studio", house.kill("studio"))
        until(partial(lambda wanted: backs() >= wanted, wanted), 10, "both back", 0.01)
    assert journal.read_bytes().count(b'"joined"') == joined
    assert talk.hanna.state == talk.gus.state == "connected"
    until(lambda: loud(talk.recording), 20, "the talk on the page again")


def test_an_upgrade_and_nobody_joins_anew(talk: Talk) -> None:
    """Every process becomes the program on the disk; those who talk notice a gap. `bench upgrade` has twenty, and their
    seconds."""
    house, room = talk.house, talk.room
    journal = house.folder / "rooms" / room.key / "journal.jsonl"
    joined, backs = (journal.read_bytes().count(word) for word in (b'"joined"', b'"back"'))
    spare = house.spare
    before = {name: house.pid(name) for name in ("studio", "door", "edge", "web")}
    house.process.send_signal(UPGRADE)
    for name, pid in before.items():
        house.came_back(name, pid, 60)
    until(lambda: journal.read_bytes().count(b'"back"') >= backs + 2, 20, "both back", 0.01)
    assert house.process.poll() is None and house.spare == spare, (
        "the same processes to whoever started them"
    )
    assert journal.read_bytes().count(b'"joined"') == joined
    assert talk.hanna.state == talk.gus.state == "connected"
    until(lambda: loud(talk.recording), 30, "the talk on the page again")


def test_a_speaker_whose_network_drops_has_his_place_and_mute(talk: Talk) -> None:
    house, room = talk.house, talk.room
    me = next(p["person"] for p in house.view(room)["people"] if p["name"] == "Gus")
    house.command(room, "mute", {"person": me, "muted": True}, talk.tickets["Gus"])
    talk.gus.drop()
    until(lambda: house.link_of(room, "Gus") == "reconnecting", 15, "Gus reconnecting")
    back_s = talk.gus.join()
    until(lambda: house.link_of(room, "Gus") == "here", 5, "Gus here")
    him = next(p for p in house.view(room)["people"] if p["person"] == me)
    print(f"\nnetwork back: on the stage after {back_s:.2f} s")
    assert him["muted"] and him["muted_by"] in ("self", me)
    assert back_s < 3


def test_a_browser_whose_network_drops_is_back_by_itself(talk: Talk, people: People) -> None:
    """All its processes stand still for five seconds, so that no packet goes either way; nobody touches the page."""
    house, room = talk.house, talk.room
    gil = people.person(f"gil-{len(people.everybody)}")
    ticket = house.invite(room, "Gil")
    consent(gil, f"{house.stage}/{room.key}#t={ticket}", "Gil")
    join(gil)
    until(lambda: house.link_of(room, "Gil") == "here", 15, "Gil here")
    gil.page.locator("button.mute").click()
    until(lambda: view_of(house, room, "Gil")["muted"], 10, "Gil muted")
    before = view_of(house, room, "Gil")["person"]
    processes = processes_of(gil)
    assert processes
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: house.link_of(room, "Gil") == "reconnecting", 15, "Gil reconnecting")
        wait_s(5, time.monotonic())
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
    back_s = time.monotonic()
    until(lambda: house.link_of(room, "Gil") == "here", 15, "Gil back", 0.05)
    took_s = time.monotonic() - back_s
    print(f"\na browser's network back: on the stage after {took_s:.2f} s")
    him = view_of(house, room, "Gil")
    assert him["muted"] and him["person"] == before
    assert took_s < 3
    gil.leave()


def test_a_browser_whose_network_changes_keeps_its_session(talk: Talk, people: People) -> None:
    """ICE is restarted: nobody else notices, and nothing is dialled."""
    house, room = talk.house, talk.room
    gil = people.person(f"gil-{len(people.everybody)}")
    consent(gil, f"{house.stage}/{room.key}#t={house.invite(room, 'Gil')}", "Gil")
    join(gil)
    until(lambda: house.link_of(room, "Gil") == "here", 15, "Gil here")
    renews_its_session(gil.page, house, room, "Gil")
    gil.leave()


def test_a_browser_whose_session_is_gone_makes_another(talk: Talk, people: People) -> None:
    """The stage host ended it (there it is a stranger's): a restart is refused, and the page dials."""
    house, room = talk.house, talk.room
    gil = people.person(f"gil-{len(people.everybody)}")
    ticket = house.invite(room, "Gil")
    made: list[str] = []
    gil.page.on("response", lambda one: made.append(one.headers.get("location", "")))
    consent(gil, f"{house.stage}/{room.key}#t={ticket}", "Gil")
    join(gil)
    until(lambda: house.link_of(room, "Gil") == "here", 15, "Gil here")
    has_sound(gil.page)
    device = gil.page.evaluate(
        "() => localStorage.getItem('hustings.device')"
    )  # and hears of responses
    [first] = sessions(gil, made)
    headers = {"Authorization": f"Bearer {ticket}", "Hustings-Device": device}
    assert house.http.delete(f"{house.stage}{first}", headers=headers).status_code == 200
    until(lambda: len(sessions(gil, made)) == 2, 20, "another session")
    until(lambda: house.link_of(room, "Gil") == "here", 15, "Gil here again")
    gil.leave()


def sessions(person: Person, locations: list[str]) -> list[str]:
    """Those that a page was given, up to now: Playwright tells of responses while it is asked something."""
    person.page.evaluate("1")
    return [one for one in locations if "/session/" in one]


def processes_of(person: Person) -> list[int]:
    """Every process of that person's browser: their ear is in its environment, and renderers are children of it."""
    mark = f"PULSE_SINK={person.ear.name}".encode()
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                found |= {int(path.parent.name), *descendants_of(int(path.parent.name))}
    return sorted(found)


def view_of(house: House, room: Room, name: str) -> dict[str, object]:
    return next(dict(one) for one in house.view(room)["people"] if one["name"] == name)


def test_without_web_and_its_database_a_room_lives_its_life(
    house: House, actors: Cast, people: People, voices: dict[str, Reference], tmp_path: Path
) -> None:
    room = house.plan("without-web", "Without web")
    other = house.plan("seen-before", "Seen before")
    guest_ticket = house.invite(room, "Gus")
    web, stop_s = house.pid("web"), time.monotonic()
    database = house.folder / "web"
    moved = tmp_path / "moved"
    with frozen_out(house, web, database, moved):
        house.open_doors(room)
        gus = actors.speaker(house.stage, room.key, guest_ticket)
        print(f"\nwithout web: a speaker with a ticket joins in {gus.join():.2f} s")
        newly = house.invite(room, "Nina")
        nina = actors.speaker(house.stage, room.key, newly)
        nina.join()
        house.on_air(room)
        gus.say(in_a_loop(voices["guest2"].samples, 2))
        listener = people.person("without-web")
        recording = listen(listener, f"{house.live}/{room.key}")
        until(lambda: sound.heard(voices["guest2"], last(recording)), 30, "Gus heard", 1.0)
        recording.stop()
        house.command(room, "end")
        until(lambda: house.state(room) == "replay", 30, "the replay")
        assert house.http.get(f"{house.live}/replay/{room.key}/index.m3u8").status_code == 200
    known = f"{house.web}/api/hustings/v1/rooms/{room.key}"

    def caught_up() -> bool:
        try:
            answer = house.http.get(known)
        except Exception:  # web is on its way
            return False
        return answer.status_code == 200 and answer.json().get("state") == "replay"

    until(caught_up, 40, "web knows how it ended", 0.2)
    print(f"web was away for {time.monotonic() - stop_s:.1f} s and knows it all")
    facts = house.http.get(known).json()
    assert facts["on_air_since_ms"] and facts["ended_at_ms"] >= facts["on_air_since_ms"]
    past = house.http.get(f"{house.web}/api/hustings/v1/rooms", params={"when": "past"}).text
    assert room.key in past and other.key not in past
    for peer in (gus, nina):
        peer.drop()
    listener.leave()


class frozen_out:
    """Web is stopped and its database is elsewhere; at the end both are back."""

    def __init__(self, house: House, pid: int, database: Path, moved: Path) -> None:
        self.house, self.pid, self.database, self.moved = house, pid, database, moved

    def __enter__(self) -> None:
        # stopped first: `serve` would start a dead one at once, on a database that is not there
        os.kill(self.pid, signal.SIGSTOP)
        shutil.move(self.database, self.moved)

    def __exit__(self, *_: object) -> None:
        if self.database.exists():
            shutil.rmtree(self.database)
        shutil.move(self.moved, self.database)
        os.kill(self.pid, signal.SIGKILL)
        self.house.came_back("web", self.pid)
