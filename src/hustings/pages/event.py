"""The event page: what a listener opens. Static HTML, one for all, whole without a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hustings.pages.jinja import template

TEMPLATE = Path(__file__).with_name("templates") / "event.html"
ENTRY = "listener/start.js"
MODULES = (
    "listener/player.js",
    "listener/ear.js",
    "listener/parts.js",
    "listener/playlist.js",
    "listener/source.js",
    "listener/pulse.js",
)
"""What `ENTRY` needs before sound; named in the page, so that the browser asks for all at once. The rest comes later."""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """A room as its page shows it. Times in milliseconds since 1970; `state` is a room state.

    `picture` is an absolute URL or a path on the live host, "" for none; `stage` pairs of (name, role).
    """

    key: str
    title: str
    state: str
    starts_at_ms: int
    description: str = ""
    on_air_since_ms: int | None = None
    ended_at_ms: int | None = None
    late_reason: str = ""
    picture: str = ""
    picture_alt: str = ""
    stage: tuple[tuple[str, str], ...] = ()
    replay: bool = False
    recorded: bool = True
    listed: bool = True


def render(
    facts: EventFacts,
    copy: Mapping[str, str],
    assets: str,
    live_url: str,
    stage_url: str,
    lang: str = "en",
    direction: str = "ltr",
) -> bytes:
    """The page, UTF-8.

    `assets` is the path of a build (`/assets/{hash}`), `live_url` and `stage_url` the hosts' addresses. The script gets
    the same facts as JSON in `#facts`, and its sentences in `#copy`.
    """
    over = facts.state in ("ended", "replay")
    sound = f"/replay/{facts.key}/index.m3u8" if facts.replay else f"/live/{facts.key}/index.m3u8"
    # Chromium's own HLS player dies of a change of codec between two variants: the bare element gets one, without parts.
    bare_sound = sound if facts.replay else f"/live/{facts.key}/aac/plain.m3u8"
    page = template(TEMPLATE).render(
        f=facts,
        t=copy,
        lang=lang,
        dir=direction,
        assets=assets,
        modules=MODULES,
        url=f"{live_url}/{facts.key}",
        live_url=live_url,
        stage_url=stage_url,
        sound=sound,
        bare_sound=bare_sound,
        radio="" if facts.replay else f"/live/{facts.key}/live.mp3",
        over=over,
        summary=_summary(facts, copy),
        picture=_absolute(facts.picture, live_url),
        card=_absolute(facts.picture or f"{assets}/listener/card.png", live_url),
        paragraphs=[text.strip() for text in facts.description.split("\n\n") if text.strip()],
        start=_moment(facts.starts_at_ms, lang),
        ended=_moment(facts.ended_at_ms, lang) if facts.ended_at_ms else None,
        script_facts=_script_facts(facts, stage_url, live_url, assets),
        script_copy={id: text for id, text in copy.items() if not id.startswith("not_found.")},
    )
    return page.encode()


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment for `<time>`: the attribute, and the words in UTC, which the script turns into the reader's zone."""

    iso: str
    words: str


def _moment(at_ms: int, lang: str) -> Moment:
    when = datetime.fromtimestamp(at_ms / 1000, UTC)
    day = f"{when.day} {when:%B %Y}" if lang == "en" else f"{when:%Y-%m-%d}"
    return Moment(when.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{day}, {when:%H:%M} UTC")


def _summary(facts: EventFacts, copy: Mapping[str, str]) -> str:
    """One paragraph for cards and search engines: the description's first words, else when it starts."""
    words = " ".join(facts.description.split())
    if not words:
        return f"{copy['when.starts']} {_moment(facts.starts_at_ms, 'en').words}"
    return words if len(words) <= 200 else words[:199].rsplit(" ", 1)[0] + " …"


def _absolute(address: str, live_url: str) -> str:
    return live_url + address if address.startswith("/") else address


def _script_facts(
    facts: EventFacts, stage_url: str, live_url: str, assets: str
) -> dict[str, object]:
    return {
        "key": facts.key,
        "title": facts.title,
        "state": facts.state,
        "starts_at_ms": facts.starts_at_ms,
        "on_air_since_ms": facts.on_air_since_ms,
        "ended_at_ms": facts.ended_at_ms,
        "late_reason": facts.late_reason,
        "stage": [
            {"id": str(place), "name": name, "role": role, "muted": False}
            for place, (name, role) in enumerate(facts.stage)
        ],
        "replay": facts.replay,
        "recorded": facts.recorded,
        "picture": _absolute(facts.picture, live_url),
        "stage_url": stage_url,
        "assets": assets,
    }
