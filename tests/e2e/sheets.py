"""`python -m tests.e2e.sheets`: every page that web has, in four looks, as one sheet each, into docs/pages/.

Which pages there are `visits` knows, and a test holds it to the routes; so no page can be left out of these.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.harness.chromium import PROGRAM
from tests.e2e.house import started
from tests.e2e.test_accessible import context, those
from tests.e2e.visits import VISITS, Scene, play

SHEETS = Path(__file__).parents[2] / "docs/pages"
SIZES = {"phone": (390, 844, 234), "desktop": (1280, 800, 448)}
"""The window, and how wide it is on the sheet."""
SCHEMES = ("light", "dark")
WIDE, GAP, LINE = 2_400, 14, 18
COLOURS = 64


def main() -> int:
    began_s = time.monotonic()
    SHEETS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        started(Path(place) / "data") as house,
        sync_playwright() as driver,
    ):
        scene = play(house)
        browser = driver.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        paths = {pattern: (who, where(scene)) for pattern, (who, where) in VISITS.items()}
        for name, (width, height, shown) in SIZES.items():
            for scheme in SCHEMES:
                look = Look(browser, scene, width, height, scheme)
                pictures = [(pattern, look.of(*page)) for pattern, page in paths.items()]
                look.close()
                _save(f"{name}-{scheme}", sheet(pictures, shown), print)
        browser.close()
        for one in (scene.owner, scene.member):
            one.http.close()
    print(f"{len(VISITS)} pages in {time.monotonic() - began_s:.0f} s")
    return 0


class Look:
    """Windows of one size and scheme, one for each who looks."""

    def __init__(
        self, browser: Browser, scene: Scene, width: int, height: int, scheme: str
    ) -> None:
        people = those(scene)
        self._web = scene.house.web
        self._contexts = [context(browser, scene, who) for who in people.values()]
        self._pages = {
            name: one.new_page() for name, one in zip(people, self._contexts, strict=True)
        }
        for page in self._pages.values():
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]

    def of(self, who: str, path: str) -> Image.Image:
        page = self._pages[who]
        answer = page.goto(f"{self._web}{path}")
        if answer is None or answer.status >= 400:
            raise RuntimeError(f"{path}: {answer and answer.status}")
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")

    def close(self) -> None:
        for one in self._contexts:
            one.close()


def sheet(pictures: Sequence[tuple[str, Image.Image]], wide: int) -> Image.Image:
    """All of them in rows, each `wide` pixels wide, with its address above."""
    first = pictures[0][1]
    high = round(first.height * wide / first.width)
    across = WIDE // (wide + GAP)
    rows = -(-len(pictures) // across)
    size = (across * (wide + GAP) + GAP, rows * (high + LINE + GAP) + GAP)
    made = Image.new("RGB", size, "#8c8c8c")
    pen, font = ImageDraw.Draw(made), ImageFont.load_default(12)
    for number, (pattern, picture) in enumerate(pictures):
        x = GAP + number % across * (wide + GAP)
        y = GAP + number // across * (high + LINE + GAP)
        pen.text((x, y), pattern, "black", font)
        small = picture.resize((wide, high), Image.Resampling.LANCZOS)
        made.paste(small, (x, y + LINE))
    return made


def _save(name: str, made: Image.Image, say: Callable[[str], None]) -> None:
    reduced = made.quantize(COLOURS, dither=Image.Dither.NONE)
    out = SHEETS / f"{name}.png"
    reduced.save(out, "PNG", optimize=True)
    say(f"{out.name} {out.stat().st_size // 1000} kB {reduced.size}")


if __name__ == "__main__":
    sys.exit(main())
