"""Mouth to ear between two speakers in real Chromium, both by UDP, both by ICE-TCP, both by the page's own way (a WebSocket)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Route, sync_playwright

from bench import pilot
from bench.board import Board
from bench.rows import Figure
from bench.waiting import Waiting
from tests.e2e.harness.chromium import People, Person
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, started
from tests.e2e.players import consent, has_sound, join

CHIRPS = 180
FIRST = 60
"""In the half minute after they came in: a browser's jitter buffer remembers for so long how its page's loading held it up."""
SETTLE_S = 10.0
MOST_S = 3.0
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
ROADS = {
    "udp": ("by UDP", (), False),
    "tcp": ("by ICE-TCP", (NO_UDP,), False),
    "socket": ("by the page's own way (WebSocket)", (NO_UDP,), True),
}


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("roads", "Mouth to ear, by road")
    figure.notes.append(
        "Two speakers on one machine, both by the same road, in the fast profile; page and server are the same for "
        "all three. Chromium's own switch keeps UDP from it; for the WebSocket the answer's TCP candidates are taken out "
        "on their way."
    )
    with (
        started(folder / "data") as house,
        Board(folder / "pulse") as board,
        sync_playwright() as driver,
    ):
        people = People(board, driver)
        try:
            for name, (label, flags, no_tcp) in ROADS.items():
                say(f"{name}: two browsers come in")
                pair = [people.person(f"{name}-{end}", flags=flags) for end in ("mouth", "ear")]
                waiting = Waiting(pair[1])
                room = house.plan(f"road-{name}", label, profile="fast")
                house.open_doors(room)
                for person in pair:
                    _enter(house, room, person, no_tcp)
                say(f"{name}: {CHIRPS} chirps")
                waiting.mean_s()
                _chirps(figure, name, label, pair, board)
                if not no_tcp:
                    buffered_s, played_s = waiting.mean_s()
                    label = f"{label}: of this in the ear's jitter buffer"
                    figure.add(f"road.{name}.waits", label, "ms", [buffered_s * 1000])
                    label = f"{ROADS[name][0]}: and from there to its sound card"
                    figure.add(f"road.{name}.plays", label, "ms", [played_s * 1000])
                for person in pair:
                    person.leave()
        finally:
            people.close()
    return figure


def _enter(house: House, room: Room, person: Person, no_tcp: bool) -> None:
    if no_tcp:
        person.page.route(f"**/session/{room.key}", _without_tcp)
    consent(person, f"{house.stage}/{room.key}#t={house.invite(room, person.name)}", person.name)
    join(person)
    has_sound(person.page)
    until(lambda: house.link_of(room, person.name) == "here", 30, f"{person.name} on the stage")


def _without_tcp(route: Route) -> None:
    """The stage host's answer to an offer, its TCP candidates left out."""
    answer = route.fetch()
    lines = answer.text().split("\r\n")
    route.fulfill(response=answer, body="\r\n".join(one for one in lines if " tcp " not in one))


def _chirps(figure: Figure, name: str, label: str, pair: list[Person], board: Board) -> None:
    mouth, ear = pair
    train = pilot.train(CHIRPS, seed=5)
    tape = board.tape()
    silence = np.zeros(round(SETTLE_S * pilot.RATE_HZ), np.float32)
    tail = np.zeros(round(MOST_S * pilot.RATE_HZ), np.float32)
    mouth.microphone.play_samples(np.concatenate([silence, train.samples, tail])).wait(180)
    heard = tape.stop()
    said_s = pilot.find(heard[:, tape.channels[f"into-{mouth.name}"]])
    if said_s.size != CHIRPS:
        figure.notes.append(f"{name}: {said_s.size} of {CHIRPS} chirps were on the board")
    found = pilot.delays(said_s, pilot.find(heard[:, tape.channels[f"ear-{ear.name}"]]), MOST_S)
    for row, what, some in (
        (f"road.{name}.first", f"{label}, in the first half minute", found[:FIRST]),
        (f"road.{name}", label, found[FIRST:]),
    ):
        delays_ms = [one * 1000 for one in some if one is not None]
        lost = len(some) - len(delays_ms)
        note = f"{lost} of {len(some)} chirps not heard" if lost else ""
        figure.add(row, what, "ms", delays_ms, note=note)
