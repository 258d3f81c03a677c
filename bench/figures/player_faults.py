"""Our player on a bad road, in real Chromium and Firefox: does the sound come back, and how long was it gone.

One page a fault, on one house; between them `tests.e2e.bad_road`. The room sounds without a pause (its holding sound), so that
every silent 20 ms in the ear from the fault's begin until it was well again is the fault's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.rows import Figure
from tests.e2e.bad_road import road
from tests.e2e.harness.chromium import People
from tests.e2e.harness.firefox import Firefox
from tests.e2e.harness.pulse import Pulse
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, started
from tests.e2e.player_faults import (
    FAULTS,
    Fault,
    InChromium,
    InFirefox,
    Listener,
    Scene,
    suffer,
)

Say = Callable[[str], None]


def measure(folder: Path, say: Say, faults: Sequence[Fault] = FAULTS) -> Figure:
    figure = Figure("player_faults", "Our player on a bad road")
    figure.notes.append(
        "Seconds of silence from the fault's begin until the sound was whole again (frozen tab, shut lid: from its end). "
        "The buffer hides about 2.9 s, so a fault of 6 s costs 3 s at least."
    )
    lost: list[str] = []
    with started(folder / "data") as house, Pulse(folder / "pulse") as pulse:
        room = _sounding(house)
        for browser in (_chromium, _firefox):
            with browser(pulse, folder) as listener, road(house.live) as way:
                scene = Scene(house, room, way, listener)
                for fault in faults:
                    if fault.only in ("", listener.name) and not _suffered(
                        figure, scene, fault, say
                    ):
                        lost.append(f"{listener.name}: {fault.says}")
    figure.add(
        "lost", "faults after which no sound came", "faults", [len(lost)], note="; ".join(lost)
    )
    return figure


def _suffered(figure: Figure, scene: Scene, fault: Fault, say: Say) -> bool:
    """One row; whether the sound came back."""
    name = scene.listener.name
    try:
        outcome = suffer(scene, fault)
    except (TimeoutError, RuntimeError) as error:
        scene.road.bad(None)
        figure.add(f"{name.lower()}.{fault.id}", f"{name}: {fault.says}", "s", [], note=str(error))
        say(f"{name}: {fault.says}: {error}")
        return False
    word = "" if outcome.recovers else "does not recover"
    figure.add(
        f"{name.lower()}.{fault.id}", f"{name}: {fault.says}", "s", [outcome.silent_s], note=word
    )
    say(
        f"{name}: {fault.says}: {outcome.silent_s:.1f} s, the last of it {outcome.back_s:.1f} s after its end {word}"
    )
    return outcome.recovers


def _sounding(house: House) -> Room:
    room = house.plan("bench-faults", "Our player on a bad road")
    house.open_doors(room)
    until(lambda: house.playlist(room).count("#EXTINF") >= 3, 40, "a window of sound", 0.5)
    return room


@contextmanager
def _chromium(pulse: Pulse, folder: Path) -> Iterator[Listener]:
    with sync_playwright() as driver:
        people = People(pulse, driver)
        try:
            yield InChromium(people.person("faults"))
        finally:
            people.close()


@contextmanager
def _firefox(pulse: Pulse, folder: Path) -> Iterator[Listener]:
    home = folder / "firefox"
    home.mkdir()
    with Firefox.start(pulse, "firefox", home) as fox:
        yield InFirefox(fox)
