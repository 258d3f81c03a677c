"""Writes what the live host shows of a planned room: its page. Whole files, put in place by rename."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from hustings.copy import catalogue, direction
from hustings.pages.event import EventFacts, render
from hustings.rooms.room import Plan

LANG = "en"
NO_BUILD = "none"
WITHDRAWN = ".withdrawn-"


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
        """One that is withdrawn too: the room has not lost it."""
        _, replay = self._places(key)
        return any((place / "index.m3u8").exists() for place in replay)

    def withdraw(self, key: str) -> None:
        """Page and replay of this room are there for nobody, until `restore`. Errors: `OSError`."""
        for shown, hidden in self._places(key):
            if shown.exists():
                _destroy(hidden)
                shown.rename(hidden)

    def restore(self, key: str) -> None:
        """What stands in its place meanwhile, stays. Errors: `OSError`."""
        for shown, hidden in self._places(key):
            if hidden.exists() and not shown.exists():
                hidden.rename(shown)
        self.destroy(key)

    def destroy(self, key: str) -> None:
        """What is withdrawn of this room, for good."""
        for _, hidden in self._places(key):
            _destroy(hidden)

    def withdrawn(self) -> set[str]:
        """The keys of all rooms of which something is."""
        found = [
            *self.published.glob(f"pages/{WITHDRAWN}*"),
            *self.published.glob(f"replay/{WITHDRAWN}*"),
        ]
        return {one.name.removeprefix(WITHDRAWN).removesuffix(".html") for one in found}

    def _places(self, key: str) -> list[tuple[Path, Path]]:
        """Where page and replay are, and where they are withdrawn to: on the live host no name begins with a dot."""
        names = (("pages", f"{key}.html"), ("replay", key))
        return [
            (self.published / folder / name, self.published / folder / f"{WITHDRAWN}{name}")
            for folder, name in names
        ]


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


def _destroy(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
