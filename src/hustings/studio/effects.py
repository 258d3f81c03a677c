"""What follows from each event of a room's journal: on its line, its tracks, its people's wires. `LiveRoom.append` calls them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hustings.audio.clock import SEGMENT
from hustings.rooms.journal import Event
from hustings.studio import resume
from hustings.studio.pulse import Brownout

if TYPE_CHECKING:
    from hustings.studio.live_room import LiveRoom

RUN_IN_SEGMENTS = 2


def _on_doors_opened(live: LiveRoom, event: Event) -> None:
    # Silence before the first tick: whoever comes at once finds playlists that any player plays.
    live.begin_line(resume.Past({}, (event.clock // SEGMENT - RUN_IN_SEGMENTS) * SEGMENT))


def _on_joined(live: LiveRoom, event: Event) -> None:
    assert live.line is not None
    person = live.room.stage.people[event.body["person"]]
    live.line.add(person.person, hears=person.kind != "whip")
    live.line.set_muted(person.person, person.muted)
    live.line.treat(person.person, person.hum, person.noise)


def _on_lost(live: LiveRoom, event: Event) -> None:
    if live.line is not None:
        live.line.remove(event.body["person"])


def _on_gone(live: LiveRoom, event: Event) -> None:
    _on_lost(live, event)
    live.spawn(live.wires.close_person(event.body["person"]))


def _on_muted(live: LiveRoom, event: Event) -> None:
    person = event.body["person"]
    if live.line is not None:
        live.line.set_muted(person, event.body["muted"])
    if event.body["by"] != "self":
        live.notice(person, "muted", by=event.body["by"], at_ms=event.at_ms)


def _on_treated(live: LiveRoom, event: Event) -> None:
    body = event.body
    if live.line is not None:
        live.line.treat(body["person"], body["hum"], body["noise"])


def _on_bound(live: LiveRoom, event: Event) -> None:
    """Another device takes over: the old one's wire ends."""
    person = event.body["ticket"][:8]
    known = live.room.stage.people.get(person)
    if known is not None and known.device != event.body["device"]:
        live.spawn(live.wires.close_person(person))


def _on_brownout(live: LiveRoom, event: Event) -> None:
    live.look_at_pressure()


def _on_scheduled(live: LiveRoom, event: Event) -> None:
    if live.line is not None:
        live.line.schedule(live.room.air_clock)


def _on_air(live: LiveRoom, event: Event) -> None:
    assert live.line is not None
    live.audible_clock = event.clock
    live.line.open_program(live.next_tick)
    if live.tracks is not None:
        live.tracks.switch(event.clock, True)


def _on_ended(live: LiveRoom, event: Event) -> None:
    if live.line is None:
        return
    assert live.publisher is not None
    live.talk.note(event.clock, ())
    live.publisher.publish(*live.line.end())
    if live.tracks is not None:
        live.tracks.switch(event.clock, False)
        live.spawn(asyncio.to_thread(live.tracks.stop, event.clock))
    live.line = live.clock = live.tracks = None
    live.brownout = Brownout()
    live.echoing = {}
    for code in list(live.alarms.up):
        live.alarm(code, False)
    live.spawn(live.wires.shut())


EFFECTS: Mapping[str, Callable[[LiveRoom, Event], None]] = {
    "doors_opened": _on_doors_opened,
    "joined": _on_joined,
    "back": _on_joined,
    "lost": _on_lost,
    "left": _on_gone,
    "removed": _on_gone,
    "muted": _on_muted,
    "treated": _on_treated,
    "ticket_bound": _on_bound,
    "brownout_set": _on_brownout,
    "air_scheduled": _on_scheduled,
    "air_held": _on_scheduled,
    "on_air": _on_air,
    "ended": _on_ended,
}
