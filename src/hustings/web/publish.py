"""Writes what the live host shows of a planned room: its page. Whole files, put in place by rename."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from hustings.copy import catalogue, direction
from hustings.pages.event import EventFacts, render
from hustings.rooms.room import Plan

LANG = "en"
NO_BUILD = "none"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Into `published/`. `recorded` is whether this installation records. All of it blocks: call it in a thread."""

    published: Path
    live_url: str
    stage_url: str
    recorded: bool

    @property
    def assets(self) -> str:
        """The path of the newest build of the client's files: `/assets/{hash}`."""
        try:
            build = (self.published / "assets" / "current").read_text().strip()
        except OSError:
            build = NO_BUILD
        return f"/assets/{build}"

    def page(self, plan: Plan) -> None:
        """The event page of a room that is planned."""
        facts = EventFacts(
            key=plan.key,
            title=plan.title,
            state="planned",
            starts_at_ms=plan.starts_at_ms,
            description=plan.description,
            picture=plan.picture,
            picture_alt=plan.picture_alt,
            stage=((plan.host_name, "host"),) if plan.host_name else (),
            recorded=self.recorded,
            listed=plan.listed,
        )
        html = render(
            facts,
            catalogue(LANG, "event"),
            self.assets,
            self.live_url,
            self.stage_url,
            LANG,
            direction(LANG),
        )
        put(self.published / "pages" / f"{plan.key}.html", html)

    def forget(self, key: str) -> None:
        """No page for this room any more."""
        with contextlib.suppress(OSError):
            (self.published / "pages" / f"{key}.html").unlink(missing_ok=True)

    def has_replay(self, key: str) -> bool:
        return (self.published / "replay" / key / "index.m3u8").exists()


def put(path: Path, content: bytes) -> None:
    """A whole file or none: whoever reads `path` never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
