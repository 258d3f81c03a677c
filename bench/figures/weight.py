"""What a page costs on its way: bytes as Chromium received them, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench import crew
from bench.board import Board
from bench.rows import Figure
from tests.e2e.harness.chromium import People
from tests.e2e.house import started

TRANSFERS = """() => performance.getEntries()
  .filter((entry) => ["navigation", "resource"].includes(entry.entryType))
  .filter((entry) => entry.startTime < (window.playing_ms ?? Infinity))
  .map((entry) => ({ url: entry.name, sent: entry.encodedBodySize, whole: entry.decodedBodySize,
    kind: entry.entryType === "navigation" ? "page" : new URL(entry.name).pathname.split(".").pop() }))"""
WATCH = """const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  this.addEventListener("playing", () => (window.playing_ms ??= performance.now()));
  return play.call(this);
};"""
SOUNDS = "() => window.playing_ms !== undefined"
COUNTED = ("page", "js", "css")
PLAYER = ("player.js", "ear.js", "parts.js", "source.js", "playlist.js", "latency.js")
"""What makes sound of a playlist, apart from the page around it."""


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("weight", "Weight of the pages")
    with (
        started(folder / "data") as house,
        Board(folder / "pulse") as board,
        sync_playwright() as driver,
    ):
        people = People(board, driver)
        room = house.plan("bench-weight", "Weight of the pages")
        house.command(room, "open_doors")
        on_stage, _ = crew.invited(house, room, 1, ["noise"])
        try:
            with crew.speaking(on_stage):
                house.on_air(room)
                browser = people.person("reader").browser
                for name, label, url, click in (
                    ("event", "event page", f"{house.live}/{room.key}", True),
                    ("front", "front page", f"{house.web}/", False),
                    ("plan", "planning page", f"{house.web}/plan", False),
                    ("stage", "stage page", f"{house.stage}/{room.key}#t={room.host}", False),
                ):
                    _weigh(figure, name, label, _loaded(browser, url, click))
                    say(label)
        finally:
            people.close()
    return figure


def _loaded(browser: Browser, url: str, click: bool) -> list[Mapping[str, Any]]:
    """Everything fetched until the page is at rest and, with `click`, until it plays."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.add_init_script(WATCH)
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    page.wait_for_timeout(1500)
    if click:
        page.locator("#play").click()
        page.wait_for_function(SOUNDS)
        page.wait_for_timeout(500)
    found = page.evaluate(TRANSFERS)
    context.close()
    return list(found)


def _weigh(figure: Figure, name: str, label: str, sent: list[Mapping[str, Any]]) -> None:
    def kilobytes(*kinds: str) -> float:
        return float(sum(one["sent"] for one in sent if one["kind"] in kinds)) / 1000

    counted = [one for one in sent if one["kind"] in COUNTED]
    plain = sum(one["sent"] == one["whole"] for one in counted)
    scripts = sum(one["kind"] == "js" for one in sent)
    note = f"{plain} of {len(counted)} files not compressed" if plain else ""
    figure.add(
        f"{name}.page", f"{label}: page, scripts, styles", "kB", [kilobytes(*COUNTED)], note=note
    )
    figure.add(f"{name}.script", f"{label}: scripts ({scripts} files)", "kB", [kilobytes("js")])
    player = sum(one["sent"] for one in sent if one["url"].rpartition("/")[2] in PLAYER) / 1000
    if player:
        figure.add(f"{name}.player", f"{label}: the player's scripts", "kB", [player])
    figure.add(f"{name}.style", f"{label}: styles", "kB", [kilobytes("css")])
