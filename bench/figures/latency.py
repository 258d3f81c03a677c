"""Mouth to ear in real Chromium: a pilot into a speaker's microphone, how late it is in each ear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import peer_page, pilot, trains
from bench.board import Board
from bench.rows import Figure
from tests.e2e.harness.chromium import People, Person
from tests.e2e.house import House, started
from tests.e2e.players import consent, join

CHIRPS = 72
SETTLE_S = 45.0
"""What a player may take to find its distance to live, and a jitter buffer its depth: it remembers for half a minute how the
loading of its page held it up."""
MOST_S, TAIL_S = 12.0, 6.0
EARS = {
    "speaker": ("guest", "speaker → speaker", False),
    "listener": ("listener", "our event page", False),
    "hls_js": ("peer", "stock hls.js", True),
}


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("latency", "Mouth to ear")
    figure.notes.append(
        "Chromium to Chromium through one sound card of PulseAudio; a real card adds its own 10 to 40 ms. Echo "
        "cancellation, noise suppression and auto gain are on, as on a stage page that nobody touched."
    )
    with (
        started(folder / "data") as house,
        Board(folder / "pulse") as board,
        sync_playwright() as driver,
        peer_page.served() as peer_url,
    ):
        people = People(board, driver)
        mouth, guest, listener, peer = (
            people.person(name) for name in ("speaker", "guest", "listener", "peer")
        )
        try:
            for profile in ("default", "fast"):
                say(f"{profile}: four browsers come in")
                _enter(house, profile, (mouth, guest, listener, peer), peer_url)
                say(f"{profile}: {CHIRPS} chirps")
                _chirps(figure, profile, mouth, board)
                failed = peer.page.evaluate("window.fatal")
                if failed:
                    figure.notes.append(f"{profile}: hls.js had {failed} fatal errors")
        finally:
            people.close()
    return figure


def _enter(
    house: House, profile: str, everybody: tuple[Person, Person, Person, Person], peer_url: str
) -> None:
    mouth, guest, listener, peer = everybody
    room = house.plan(f"bench-{profile}", "Mouth to ear", profile=profile)
    house.open_doors(room)
    for person in (mouth, guest):
        name = person.name.title()  # the room's own host is this program: one ticket, one device
        consent(person, f"{house.stage}/{room.key}#t={house.invite(room, name)}", name)
        join(person)
    house.on_air(room)
    listener.page.goto(f"{house.live}/{room.key}")
    listener.page.locator("#play").click()
    peer.page.goto(f"{peer_url}?url={house.live}/live/{room.key}/index.m3u8")
    peer.page.locator("#play").click()


def _chirps(figure: Figure, profile: str, mouth: Person, board: Board) -> None:
    heard = trains.said(board, mouth, pilot.train(CHIRPS, seed=3), SETTLE_S, TAIL_S)
    trains.note_missing(figure, profile, heard, CHIRPS)
    for name, (ear, label, peer) in EARS.items():
        row, label = f"{profile}.{name}", f"{label} ({profile})"
        trains.add_late(figure, row, label, heard.late_ms(ear, MOST_S), peer=peer)
