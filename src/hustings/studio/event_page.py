"""Writes a room's event page, so that whoever opens its link sees how it stands without asking anybody alive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hustings import copy
from hustings.pages.event import EventFacts, render
from hustings.rooms.room import REPLAY, Room
from hustings.rooms.stage import AWAY
from hustings.settings import Settings
from hustings.studio.journal_file import write_whole

LANG = "en"


@dataclass(frozen=True, slots=True)
class Written:
    """A page ready for its place."""

    path: Path
    page: bytes

    def write(self) -> None:
        """By rename: whoever reads it gets the old or the new. Errors: `OSError`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, self.page)


def make(room: Room, settings: Settings) -> Written | None:
    """`published/pages/{key}.html`; None without a plan."""
    if room.plan is None:
        return None
    try:
        build = (settings.published_dir / "assets" / "current").read_text().strip()
    except OSError:
        build = "none"
    page = render(
        facts(room, settings),
        copy.catalogue(LANG, "event"),
        f"/assets/{build}",
        settings.public.live,
        settings.public.stage,
        LANG,
        copy.direction(LANG),
    )
    return Written(settings.published_dir / "pages" / f"{room.plan.key}.html", page)


def facts(room: Room, settings: Settings) -> EventFacts:
    """What the page shows of this room."""
    assert room.plan is not None
    plan = room.plan
    return EventFacts(
        key=plan.key,
        title=plan.title,
        state=room.state,
        starts_at_ms=plan.starts_at_ms,
        description=plan.description,
        on_air_since_ms=room.on_air_ms or None,
        ended_at_ms=room.ended_ms or None,
        late_reason=room.late_reason,
        picture=plan.picture,
        picture_alt=plan.picture_alt,
        stage=tuple(
            (person.name, person.role)
            for person in room.stage.people.values()
            if person.link != AWAY
        ),
        replay=room.state == REPLAY,
        recorded=settings.recording.on and room.has_replay,
        listed=plan.listed,
    )
