"""What a page costs on its way: bytes as Chromium received them, by kind.

The event page is pressed as soon as its button is there: what it had asked for by the first sound stood between the click
and the sound; what it asks for later is a row of its own.
"""

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
  .map((entry) => ({ url: entry.name, later: entry.startTime >= (window.playing_ms ?? Infinity),
    sent: entry.encodedBodySize, whole: entry.decodedBodySize,
    kind: entry.entryType === "navigation" ? "page" : new URL(entry.name).pathname.split(".").pop() }))"""
WATCH = """const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  this.addEventListener("playing", (event) => (window.playing_ms ??= event.timeStamp));
  return play.call(this);
};"""
PRESS = """new MutationObserver(() => {
  const controls = document.getElementById("controls");
  if (window.pressed || !controls || controls.hidden) return;
  window.pressed = true;
  document.getElementById("play").click();
}).observe(document, { subtree: true, childList: true, attributes: true });"""
SOUNDS = "() => window.playing_ms !== undefined"
COUNTED = ("page", "js", "css")
REST_MS = 6_000
"""After the first sound, until whatever comes later has come."""
PLAYER = ("player.js", "ear.js", "parts.js", "source.js", "playlist.js")
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
        house.open_doors(room)
        on_stage, _ = crew.invited(house, room, 1, ["noise"])
        try:
            with crew.speaking(on_stage):
                house.on_air(room)
                browser = people.person("reader", autoplay=True).browser
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
    """Everything fetched until the page is at rest and, with `click`, has played for a while."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.add_init_script(WATCH)
    if click:
        page.add_init_script(PRESS)
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    if click:
        page.wait_for_function(SOUNDS)
    page.wait_for_timeout(REST_MS if click else 1500)
    found = page.evaluate(TRANSFERS)
    context.close()
    return list(found)


def _weigh(figure: Figure, name: str, label: str, all_sent: list[Mapping[str, Any]]) -> None:
    sent = [one for one in all_sent if not one["later"]]
    later = [one for one in all_sent if one["later"] and one["kind"] in COUNTED]

    def kilobytes(*kinds: str) -> float:
        return float(sum(one["sent"] for one in sent if one["kind"] in kinds)) / 1000

    counted = [one for one in sent if one["kind"] in COUNTED]
    plain = sum(one["sent"] == one["whole"] for one in counted)
    scripts = sum(one["kind"] == "js" for one in sent)
    when = " before sound" if later else ""
    note = f"{plain} of {len(counted)} files not compressed" if plain else ""
    figure.add(
        f"{name}.page",
        f"{label}: page, scripts, styles{when}",
        "kB",
        [kilobytes(*COUNTED)],
        note=note,
    )
    figure.add(
        f"{name}.script", f"{label}: scripts{when} ({scripts} files)", "kB", [kilobytes("js")]
    )
    player = sum(one["sent"] for one in sent if one["url"].rpartition("/")[2] in PLAYER) / 1000
    if player:
        figure.add(f"{name}.player", f"{label}: of these, the player's", "kB", [player])
    figure.add(f"{name}.style", f"{label}: styles{when}", "kB", [kilobytes("css")])
    if later:
        rest = sum(one["sent"] for one in later) / 1000
        figure.add(f"{name}.later", f"{label}: after sound ({len(later)} files)", "kB", [rest])
