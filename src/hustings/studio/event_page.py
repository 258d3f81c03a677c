"""Writes a room's event page, so that whoever opens its link sees how it stands without asking anybody alive."""

from __future__ import annotations

from hustings import copy
from hustings.pages.event import EventFacts, render
from hustings.rooms.room import REPLAY, Room
from hustings.rooms.stage import AWAY
from hustings.settings import Settings
from hustings.studio.journal_file import write_whole

LANG = "en"


def write(room: Room, settings: Settings) -> None:
    """`published/pages/{key}.html`, by rename; nothing without a plan or before the assets are there. Errors: `OSError`."""
    if room.plan is None:
        return
    try:
        build = (settings.published_dir / "assets" / "current").read_text().strip()
    except FileNotFoundError:
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
    pages = settings.published_dir / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    write_whole(pages / f"{room.plan.key}.html", page)


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
        recorded=settings.recording.on,
        listed=plan.listed,
    )
