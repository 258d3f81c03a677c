"""The stage page: one static HTML for every room, written to `published/stage.html`, served by door at `/{key}`.

Who opens it and which room it is stand in the address; nothing of them is in these bytes. The page's own scripts do the rest
(`client/stage/main.js`), so it holds only the way to them, the sentences, and words for a browser without scripts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from hustings.copy import direction
from hustings.pages.jinja import template

TEMPLATE = Path(__file__).with_name("templates") / "stage.html"

# Fetched at once instead of one import after another: what client/stage/main.js imports, directly or not.
MODULES = (
    *(f"elements/{tag}.js" for tag in (
        "alarm-bar", "count-in", "device-picker", "hands-queue", "level-meter", "person-card",
        "room-clock", "tally-lamp", "voice-line",
    )),
    *(f"room/{name}.js" for name in (
        "ballistics", "copy", "make", "protocol", "store", "view", "voice",
    )),
    *(f"stage/{name}.js" for name in (
        "announcements", "brownout", "cast", "control-room", "feature-panels", "frame", "ice", "main",
        "microphone", "monitor", "opus", "rtp", "scene-notice", "scene-plain", "scene-stage", "scene-test", "scenes",
        "session", "socket-road", "sound-check", "wake-lock", "warnings",
    )),
)  # fmt: skip


def embed(value: object) -> Markup:
    """JSON that may stand inside `<script type="application/json">`: no `<`, so nothing can close it."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"))


def render(copy: Mapping[str, str], assets: str, live_url: str, web_url: str, lang: str) -> bytes:
    """The page as UTF-8 bytes.

    `copy`: the catalogue `stage`, with those of the features' panels merged in. `assets`: the build's address,
    `/assets/{hash}`. `live_url`, `web_url`: the public origins, for the links to the room's page.
    """
    html = template(TEMPLATE).render(
        copy=copy,
        catalogue=embed(dict(copy)),
        place=embed({"live_url": live_url, "web_url": web_url, "lang": lang}),
        assets=assets,
        modules=MODULES,
        lang=lang,
        direction=direction(lang),
    )
    return html.encode()
