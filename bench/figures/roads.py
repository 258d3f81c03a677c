"""Mouth to ear between two speakers in real Chromium, both by UDP, both by ICE-TCP, both by the page's own way (a WebSocket)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route, sync_playwright

from bench import pilot, trains
from bench.board import Board
from bench.rows import Figure
from bench.waiting import Waiting
from tests.e2e.harness.chromium import People, Person
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, started
from tests.e2e.players import consent, has_sound, join

CHIRPS = 60
"""In each of three trains: in the half minute after they came in (a browser's jitter buffer remembers for so long how its page's
loading held it up), then the same way again, then the other way."""
JOINS = {"udp": 3, "tcp": 1, "socket": 1}
"""A browser's packets keep their place in our ticks, and a tick its place in the other browser's, from one join to the next: one
join is one throw."""
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
        f"all three; {JOINS['udp']} joins by UDP, each heard both ways. Chromium's own switch keeps UDP from it; for the "
        "WebSocket the answer's TCP candidates are taken out on their way."
    )
    with started(folder / "data") as house, sync_playwright() as driver:
        for name in ROADS:
            road = Road(figure, name)
            for number in range(JOINS[name]):
                say(f"{name}: two browsers come in, {number + 1} of {JOINS[name]}")
                with Board(folder / f"pulse-{name}-{number}") as board:
                    people = People(board, driver)
                    try:
                        road.join(house, people, board)
                    finally:
                        people.close()
            road.tell()
    return figure


class Road:
    """One road's figures, from all its joins."""

    def __init__(self, figure: Figure, name: str) -> None:
        self._figure, self._name = figure, name
        self._label, self._flags, self._no_tcp = ROADS[name]
        self._first: list[float | None] = []
        self._late: list[float | None] = []
        self._waits: list[tuple[float, float]] = []

    def join(self, house: House, people: People, board: Board) -> None:
        pair = [people.person(end, flags=self._flags) for end in ("mouth", "ear")]
        waitings = [Waiting(one) for one in pair]
        room = house.plan(f"road-{self._name}", self._label, profile="fast")
        house.open_doors(room)
        for person in pair:
            _enter(house, room, person, self._no_tcp)
        mouth, ear = pair
        self._first += self._train(mouth, ear, board, SETTLE_S)
        for talker, hearer, waiting in ((mouth, ear, waitings[1]), (ear, mouth, waitings[0])):
            waiting.mean_s()
            self._late += self._train(talker, hearer, board, 0.5)
            self._waits.append(waiting.mean_s())

    def _train(
        self, mouth: Person, ear: Person, board: Board, settle_s: float
    ) -> list[float | None]:
        """How late each chirp was, in ms; None where it was not heard."""
        train = pilot.train(CHIRPS, seed=5)
        heard = trains.said(board, mouth, train, settle_s, MOST_S)
        trains.note_missing(self._figure, self._name, heard, CHIRPS)
        return heard.late_ms(ear.name, MOST_S)

    def tell(self) -> None:
        label = self._label
        for row, what, some in (
            (f"road.{self._name}.first", f"{label}, in the first half minute", self._first),
            (f"road.{self._name}", f"{label}, both ways", self._late),
        ):
            trains.add_late(self._figure, row, what, some)
        if self._no_tcp:
            return
        buffered_ms, played_ms = (
            [one * 1000 for one in each] for each in zip(*self._waits, strict=True)
        )
        of_this = f"{label}: of this in the ear's jitter buffer"
        self._figure.add(f"road.{self._name}.waits", of_this, "ms", buffered_ms)
        from_there = f"{label}: and from there to its sound card"
        self._figure.add(f"road.{self._name}.plays", from_there, "ms", played_ms)


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
