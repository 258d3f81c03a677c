"""The event page: whole without a script, safe with any title, light."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hustings.copy import catalogue
from hustings.pages.event import ENTRY, MODULES, EventFacts, render
from hustings.pages.not_found import render as render_not_found
from hustings.serve import strip
from hustings.settings import client_dir

COPY = catalogue("en", "event")
FACTS = EventFacts(key="talk", title="A title", state="planned", starts_at_ms=1_723_492_800_000)
NASTY = """<script>alert(1)</script>"'&{{ 7*7 }}</title>"""


def page(**changes: object) -> str:
    facts = EventFacts(**({name: getattr(FACTS, name) for name in FACTS.__slots__} | changes))
    return render(
        facts, COPY, "/assets/abc", "https://live.example", "https://stage.example"
    ).decode()


class Reading(HTMLParser):
    """Every start tag with its attributes, as a browser without scripts sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_cards() -> None:
    read = Reading(
        page(description="What it is about.", picture="/pictures/a.jpg", picture_alt="A river")
    )
    cards = {one.get("property") or one.get("name"): one.get("content") for one in read.all("meta")}
    assert cards["og:title"] == "A title" and cards["og:description"] == "What it is about."
    assert cards["og:url"] == "https://live.example/talk"
    assert cards["og:image"] == "https://live.example/pictures/a.jpg"
    assert cards["og:image:alt"] == "A river" and cards["twitter:card"] == "summary_large_image"
    alternate = [one for one in read.all("link") if one["rel"] == "alternate"]
    assert alternate[0]["href"] == "https://live.example/live/talk/index.m3u8"


@pytest.mark.parametrize(
    ("replay", "address"), [(False, "/live/talk/aac/plain.m3u8"), (True, "/replay/talk/index.m3u8")]
)
def test_sound_without_a_script(replay: bool, address: str) -> None:
    read = Reading(page(state="replay" if replay else "on_air", replay=replay))
    (audio,) = read.all("audio")
    radio = [] if replay else [("/live/talk/live.mp3", "audio/mpeg")]
    sources = [(source["src"], source["type"]) for source in read.all("source")]
    assert sources == [(address, "application/vnd.apple.mpegurl"), *radio] and "controls" in audio


def test_markup_in_any_fact_stays_text() -> None:
    text = page(
        title=NASTY,
        description=NASTY,
        late_reason=NASTY,
        picture_alt=NASTY,
        picture="/p.jpg",
        stage=((NASTY, "host"),),
    )
    scripts = Reading(text).all("script")
    assert [one.get("type") for one in scripts] == [
        "module",
        "application/json",
        "application/json",
    ]
    assert "{{ 7*7 }}" in text
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.S)
    assert found is not None and json.loads(found[1])["title"] == NASTY


def test_the_hour_is_a_time_in_utc() -> None:
    (when,) = Reading(page()).all("time")
    assert when["datetime"] == "2024-08-12T20:00:00Z"
    assert "12 August 2024, 20:00 UTC" in page()


def test_why_it_is_late_is_there_without_a_script() -> None:
    assert "The train stands." in page(late_reason="The train stands.")
    notices = [one for one in Reading(page()).all("p") if one.get("id") == "notice"]
    assert "hidden" in notices[0]


def test_each_script_it_names_is_there() -> None:
    for module in (
        *MODULES,
        ENTRY,
        "listener/event-page.js",
        "listener/event.css",
        "listener/icon.svg",
        "listener/card.png",
        "style/tokens.css",
    ):
        assert (client_dir() / module).is_file(), module


def test_what_the_script_imports_is_named_in_the_page() -> None:
    """Else the browser finds out about it one round trip later."""
    seen: set[Path] = set()
    todo = [client_dir() / ENTRY]
    while todo:
        file = todo.pop().resolve()
        seen.add(file)
        imports = re.findall(r'^import (?:.* from )?"(.+)";', file.read_text(), re.M)
        todo += [path for one in imports if (path := (file.parent / one).resolve()) not in seen]
    root = client_dir().resolve()
    assert {path.relative_to(root).as_posix() for path in seen} == {
        *MODULES,
        ENTRY,
    }


def test_every_sentence_is_used_and_none_is_missing() -> None:
    sources = [client_dir() / "listener/event-page.js", client_dir() / ENTRY,
               Path(render.__code__.co_filename).parent / "templates/event.html",
               Path(render_not_found.__code__.co_filename), Path(render.__code__.co_filename)]  # fmt: skip
    text = "\n".join(path.read_text() for path in sources)
    families = ("lamp.", "says.", "role.", "listeners.", "wait.", "brownout.")
    unused = [id for id in COPY if f'"{id}"' not in text and not id.startswith(families)]
    assert unused == []
    assert [
        id
        for id in re.findall(r'(?:say\(|t\[)"([a-z_.]+)"[,)\]]', text)
        if id not in COPY and f"{id}.other" not in COPY
    ] == []


def test_weight() -> None:
    """At most 25 kB before sound, as gzip sends it; 8 kB of scripts at the most. What comes after it the page does not name."""
    scripts = sum(_sent(name) for name in (*MODULES, ENTRY))
    assert scripts <= 8_000
    styles = sum(_sent(name) for name in ("listener/event.css", "style/tokens.css"))
    html = len(gzip.compress(page(description="x " * 500).encode(), 6))
    assert scripts + styles + html <= 15_000  # 10 kB are left for headers, icon and pulse
    assert "event-page.js" not in page()


def _sent(name: str) -> int:
    text = (client_dir() / name).read_text()
    travels = strip.style(text) if name.endswith(".css") else strip.script(text)
    return len(gzip.compress(travels.encode(), 6))


def test_not_found_stands_alone() -> None:
    read = Reading(render_not_found(COPY, "https://web.example").decode())
    assert not read.all("script") and not read.all("link")
    assert read.all("a")[0]["href"] == "https://web.example/"
