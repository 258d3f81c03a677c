"""What can go wrong between a listener and the live host, one row a fault, and what a page on that road goes through.

The room sounds without a pause (its holding sound), so every silent moment in an ear is the fault's doing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tests.e2e import bad_road
from tests.e2e.bad_road import Road
from tests.e2e.harness.chromium import Person
from tests.e2e.harness.firefox import Firefox
from tests.e2e.harness.pulse import RATE_HZ, Recording
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, descendants_of
from tests.e2e.players import level_of

SILENT_DBFS = -50.0
FRAME_S = 0.02
SETTLED_S = 4.0
PATIENCE_S = 75.0
TWENTY_MINUTES = 313
"""In segments."""

SOUND = ("playlist", "init", "part")
ALL = (*SOUND, "pulse")


class Listener(Protocol):
    """A browser with one page and an ear."""

    name: str

    def opens(self, url: str) -> None: ...
    def clicks(self, selector: str) -> None: ...
    def does(self, code: str) -> Any: ...
    def records(self) -> Recording: ...
    def processes(self) -> list[int]: ...


@dataclass
class InChromium:
    person: Person
    name: str = "Chromium"

    def opens(self, url: str) -> None:
        self.person.context.set_offline(False)
        self.person.page.unroute_all()
        self.person.page.goto(url)

    def clicks(self, selector: str) -> None:
        self.person.page.locator(selector).click()

    def does(self, code: str) -> Any:
        return self.person.page.evaluate(code)

    def records(self) -> Recording:
        return self.person.ear.record()

    def processes(self) -> list[int]:
        mark = f"PULSE_SINK={self.person.ear.name}".encode()
        found: set[int] = set()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found |= {int(path.parent.name), *descendants_of(int(path.parent.name))}
        return sorted(found)


@dataclass
class InFirefox:
    fox: Firefox
    name: str = "Firefox"

    def opens(self, url: str) -> None:
        self.fox.goto(url)
        self.fox.see("#play")

    def clicks(self, selector: str) -> None:
        self.fox.click(selector)

    def does(self, code: str) -> Any:
        return self.fox.evaluate(code)

    def records(self) -> Recording:
        return self.fox.ear.record()

    def processes(self) -> list[int]:
        """All below the bridge, which goes on."""
        return descendants_of(self.fox.process.pid)


@dataclass
class Scene:
    """A room with its doors open, a road to it, and one who listens."""

    house: House
    room: Room
    road: Road
    listener: Listener


Deed = Callable[[Scene], object]


def well(scene: Scene) -> None:
    scene.road.bad(None)


@dataclass(frozen=True)
class Fault:
    """`begin` and `end` are `lasts_s` apart. `first`: it begins before the click on Listen. `ready`: before the page is opened.

    `asleep`: the silence is counted from the end on. `only`: the one browser that can be put there.
    """

    id: str
    says: str
    begin: Deed
    end: Deed = well
    lasts_s: float = 6.0
    first: bool = False
    asleep: bool = False
    ready: Deed = well
    only: str = ""


@dataclass(frozen=True)
class Outcome:
    """`silent_s`: no sound in the ear from the fault's begin until it was well again; `back_s`: from the fault's end to sound."""

    recovers: bool
    silent_s: float
    back_s: float


def road_is(fault: bad_road.Fault, *kinds: str) -> Deed:
    return lambda scene: scene.road.bad(fault, *(kinds or SOUND))


def status(code: int, **headers: str) -> Deed:
    return road_is(bad_road.says(code, **headers), *ALL)


def _shut(scene: Scene) -> None:
    scene.road.shut()


def _open(scene: Scene) -> None:
    scene.road.open()


def _clock(hours: float) -> Deed:
    """The page's wall clock jumps. Idempotent scripts, so that both browsers can run them at any time."""
    script = f"""() => {{ const Real = Date, by = {hours * 3_600_000};
      globalThis.Date = class extends Real {{
        constructor(...words) {{ words.length ? super(...words) : super(Real.now() + by); }}
        static now() {{ return Real.now() + by; }} }}; }}"""
    return lambda scene: scene.listener.does(script)


def _stop(scene: Scene) -> None:
    for pid in scene.listener.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def _go_on(scene: Scene) -> None:
    scene.road.shift = 0
    for pid in scene.listener.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _earlier(scene: Scene) -> None:
    """The room is twenty minutes behind, until it is not."""
    scene.road.bad(None)
    scene.road.shift = TWENTY_MINUTES


def _in_time(scene: Scene) -> None:
    scene.road.bad(None)
    scene.road.shift = 0


def _hidden(on: bool) -> Deed:
    script = f"""() => {{ Object.defineProperty(document, "hidden", {{ value: {str(on).lower()}, configurable: true }});
      document.dispatchEvent(new Event("visibilitychange", {{ bubbles: true }})); }}"""
    return lambda scene: scene.listener.does(script)


def _hidden_and_shut(scene: Scene) -> None:
    _hidden(True)(scene)
    scene.road.shut()


def _seen_and_open(scene: Scene) -> None:
    scene.road.open()
    _hidden(False)(scene)


def _frozen(on: bool) -> Deed:
    """Chromium's own freezing of a tab (Page Lifecycle)."""

    def deed(scene: Scene) -> None:
        page = _person(scene).page
        session = page.context.new_cdp_session(page)
        session.send("Page.setWebLifecycleState", {"state": "frozen" if on else "active"})
        session.detach()

    return deed


def _person(scene: Scene) -> Person:
    assert isinstance(scene.listener, InChromium)
    return scene.listener.person


def _offline(on: bool) -> Deed:
    return lambda scene: _person(scene).offline(on)


def _no_names(scene: Scene) -> None:
    _person(scene).page.route("**/live/**", lambda route: route.abort("namenotresolved"))


def _names(scene: Scene) -> None:
    _person(scene).page.unroute_all()


def _kills(name: str) -> Deed:
    def deed(scene: Scene) -> None:
        before = scene.house.kill(name)
        scene.house.came_back(name, before)

    return deed


def _kills_a_worker(scene: Scene) -> None:
    os.kill(scene.house.workers()[0], signal.SIGKILL)


def _sound_elsewhere(scene: Scene) -> None:
    scene.road.bad(bad_road.leads(lambda asked: scene.house.live + asked.path_qs), *SOUND)


def _round_and_round(scene: Scene) -> None:
    scene.road.bad(bad_road.leads(lambda asked: asked.path_qs), *SOUND)


_PORTAL = b"<!doctype html><title>Welcome</title><p>Please log in to this network.</p>"
_MULTI = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nnowhere.m3u8\n"
_HALF = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQU"
_M3U = "application/vnd.apple.mpegurl"
_SOON = {"Retry_After": "2"}

FAULTS: tuple[Fault, ...] = (
    Fault("403", "403 for everything, 6 s", status(403)),
    Fault("404", "404 for everything, 6 s", status(404)),
    Fault("410", "410 for everything, 6 s", status(410)),
    Fault("429", "429 with Retry-After: 2, 6 s", status(429, **_SOON)),
    Fault("500", "500 for everything, 6 s", status(500)),
    Fault("502", "502 for everything, 6 s", status(502)),
    Fault(
        "503",
        "503 with a date in Retry-After, 6 s",
        lambda scene: status(503, Retry_After=formatdate(time.time() + 2, usegmt=True))(scene),
    ),
    Fault("503_long", "503 with Retry-After: 3600, 6 s", status(503, Retry_After="3600")),
    Fault("moved", "sound redirected to another origin, 6 s", _sound_elsewhere),
    Fault("loop", "a redirect to itself, 6 s", _round_and_round),
    Fault(
        "portal",
        "200 and a log-in page for everything, 6 s",
        road_is(bad_road.says(200, _PORTAL, Content_Type="text/html"), *ALL),
    ),
    Fault("shut_1", "the port is closed, 1 s", _shut, _open, 1.0),
    Fault("shut_8", "the port is closed, 8 s", _shut, _open, 8.0),
    Fault("shut_60", "the port is closed, 60 s", _shut, _open, 60.0),
    Fault("shut_first", "the port is closed at the click, 4 s", _shut, _open, 4.0, first=True),
    Fault("reset", "every request is reset, 6 s", road_is(bad_road.resets)),
    Fault("black_hole", "no answer to anything, 8 s", road_is(bad_road.says_nothing, *ALL), lasts_s=8.0),
    Fault("late", "every answer 1.5 s late, 10 s", road_is(bad_road.late(1.5)), lasts_s=10.0),
    Fault("trickle", "parts at 3 kB/s, 8 s", road_is(bad_road.trickles(3000), "part"), lasts_s=8.0),
    Fault("torn", "parts torn off, their length told, 6 s", road_is(bad_road.torn(True), "part")),
    Fault("torn_untold", "parts torn off, as if whole, 6 s", road_is(bad_road.torn(False), "part")),
    Fault("noise", "random bytes instead of parts, 6 s", road_is(bad_road.noise, "part")),
    Fault("undecodable", "whole boxes that no decoder knows, 4 s", road_is(bad_road.undecodable, "part"), lasts_s=4.0),
    Fault("wrong_part", "another part's bytes under each name, 6 s", road_is(bad_road.of_before, "part")),
    Fault("one_404", "one part is never there", road_is(bad_road.one_missing(404), "part"), lasts_s=10.0),
    Fault("one_500", "one part always 500", road_is(bad_road.one_missing(500), "part"), lasts_s=10.0),
    Fault(
        "old_list",
        "joins from a playlist that stands still, 12 s",
        road_is(bad_road.an_old_copy, "playlist"),
        lasts_s=12.0,
        first=True,
        ready=road_is(bad_road.an_old_copy, "playlist"),
    ),
    Fault(
        "ancient_list",
        "joins from a playlist of three minutes ago, 12 s",
        road_is(bad_road.of_minutes_ago(48), "playlist"),
        lasts_s=12.0,
        first=True,
    ),
    Fault(
        "half_list",
        "joins from half a playlist, 4 s",
        road_is(bad_road.says(200, _HALF, Content_Type=_M3U), "playlist"),
        lasts_s=4.0,
        first=True,
    ),
    Fault(
        "multi_list",
        "a multivariant playlist in place of the media playlist, 4 s",
        road_is(bad_road.says(200, _MULTI, Content_Type=_M3U), "playlist"),
        lasts_s=4.0,
        first=True,
    ),
    Fault("no_init", "the init section is 503 at the join, 4 s", road_is(bad_road.says(503), "init"), lasts_s=4.0, first=True),
    Fault("noise_init", "the init section is random bytes, 4 s", road_is(bad_road.noise, "init"), lasts_s=4.0, first=True),
    Fault("clock_fast", "the clock is an hour fast at the click", _clock(1), first=True),
    Fault("clock_back", "the clock jumps an hour back while it plays", _clock(-1)),
    Fault("no_pulse", "no pulse, 15 s", road_is(bad_road.says(500), "pulse"), lasts_s=15.0),
    Fault("noise_pulse", "random bytes for a pulse, 10 s", road_is(bad_road.noise, "pulse"), lasts_s=10.0),
    Fault("names", "DNS is gone, 8 s", _no_names, _names, 8.0, only="Chromium"),
    Fault("offline_1", "offline, 1 s", _offline(True), _offline(False), 1.0, only="Chromium"),
    Fault("offline_60", "offline, 1 min", _offline(True), _offline(False), 60.0, only="Chromium"),
    Fault("hidden", "the tab is hidden and the port closed, 10 s", _hidden_and_shut, _seen_and_open, 10.0),
    Fault("frozen", "the tab is frozen, 15 s", _frozen(True), _frozen(False), 15.0, asleep=True, only="Chromium"),
    Fault("lid", "the lid is shut: the browser stops, the room goes 20 min on", _stop, _go_on, 8.0, asleep=True, ready=_earlier),
    Fault("ahead", "the room's clock goes 20 min on while it plays", _in_time, ready=_earlier),
    Fault("worker", "one edge worker is killed", _kills_a_worker),
    Fault("edge", "all of edge is killed", _kills("edge")),
    Fault("studio", "studio is killed", _kills("studio"), lasts_s=10.0),
    Fault("door", "door is killed", _kills("door")),
    Fault("web", "web is killed", _kills("web")),
)  # fmt: skip

BY_ID = {fault.id: fault for fault in FAULTS}


def suffer(scene: Scene, fault: Fault) -> Outcome:
    """One page through one fault. It has `PATIENCE_S` after the fault's end to sound again."""
    scene.road.shift = 0
    fault.ready(scene)
    scene.listener.opens(f"{scene.road.url}/{scene.room.key}")
    with _recorded(scene.listener) as ear:
        if not fault.first:
            scene.listener.clicks("#play")
            until(lambda: _sounds(ear, SETTLED_S), 60, "sound before the fault", 0.1)
        began_s = ear.now_s
        fault.begin(scene)
        if fault.first:
            scene.listener.clicks("#play")
        _wait(ear, began_s + fault.lasts_s)
        fault.end(scene)
        ended_s = ear.now_s
        recovers = _again(ear, ended_s)
        back_s = ear.now_s
        _wait(ear, back_s + 2)
        heard = ear.so_far()
    from_s = ended_s if fault.asleep else began_s
    return Outcome(
        recovers, _silence(heard, from_s, ear.now_s)[0], _silence(heard, ended_s, back_s)[1]
    )


@contextlib.contextmanager
def _recorded(listener: Listener) -> Iterator[Recording]:
    ear = listener.records()
    try:
        yield ear
    finally:
        ear.stop()


def _sounds(ear: Recording, seconds: float) -> bool:
    """All the last seconds, without a break."""
    if ear.now_s < seconds + 0.2:
        return False
    recent = ear.so_far()[-int(seconds * RATE_HZ) :]
    return recent.size >= int(seconds * RATE_HZ) and _silence(recent, 0, seconds)[0] == 0


def _again(ear: Recording, ended_s: float) -> bool:
    try:
        until(lambda: ear.now_s > ended_s + 3 and _sounds(ear, 2.0), PATIENCE_S, "sound", 0.1)
    except TimeoutError:
        return False
    return level_of(ear, 1.0) > SILENT_DBFS


def _wait(ear: Recording, upto_s: float) -> None:
    """As long as it lasts in the recording."""
    until(lambda: ear.now_s > upto_s, max(0.0, upto_s - ear.now_s) + 10, "the recording")


def _silence(heard: np.ndarray, from_s: float, upto_s: float) -> tuple[float, float]:
    """(seconds of silence between two moments, seconds from the first to the end of the last silence)."""
    size = int(FRAME_S * RATE_HZ)
    piece = heard[int(from_s * RATE_HZ) : int(upto_s * RATE_HZ)]
    frames = piece[: piece.size // size * size].reshape(-1, size).astype(np.float64)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    silent = np.flatnonzero(level < SILENT_DBFS)
    return silent.size * FRAME_S, float(silent[-1] + 1) * FRAME_S if silent.size else 0.0
