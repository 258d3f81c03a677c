"""What one person sees of a room (`View` in `docs/protocol.md`), and the alarms that hosts see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hustings.audio.clock import unix_ms
from hustings.audio.level import FLOOR_DB
from hustings.rooms.commands import known_name
from hustings.rooms.crowd import Estimate
from hustings.rooms.feature import Feature
from hustings.rooms.roles import HOSTS, Actor
from hustings.rooms.room import PLANNED, Room
from hustings.rooms.stage import AWAY, Person
from hustings.studio.pulse import Brownout, counted
from hustings.studio.voices import Told

SILENT_DB = -90


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a host must know. `detail` is shown to programs, `text` to people."""

    code: str
    since_ms: int
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Alarms:
    """The alarms that are up, by code and subject."""

    up: dict[str, Alarm] = field(default_factory=dict)

    def turn(self, code: str, on: bool, now_ms: int, text: str = "") -> bool:
        """Raises or lowers; whether that changed anything."""
        if on and code not in self.up:
            self.up[code] = Alarm(code, now_ms, text)
            return True
        return not on and self.up.pop(code, None) is not None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a view is made of, at one moment."""

    room: Room
    features: Iterable[Feature]
    alarms: Alarms
    talking: frozenset[str]
    levels: Mapping[str, float]
    echoing: Mapping[str, float]
    voices: Mapping[str, Told]
    speakers_max: int
    live_url: str
    brownout: Brownout
    listeners: Estimate | None


def admitted(room: Room, actor: Actor) -> bool:
    """Whether this device may act for the ticket: it is the first, or was let in, or there is none yet."""
    return room.stage.devices.get(actor.ticket, actor.device) == actor.device


def view(scene: Scene, actor: Actor) -> dict[str, Any]:
    """The view of `actor`. A device that waits to be let in sees the room, but neither people nor features."""
    room = scene.room
    inside = admitted(room, actor)
    return {
        "room": _room(scene),
        "you": _you(room, actor, inside),
        "people": [
            _person(person, scene, actor)
            for person in room.stage.people.values()
            if inside and person.link != AWAY
        ],
        "alarms": _alarms(scene, actor) if inside else [],
        "features": {
            feature.name: dict(feature.view(actor)) for feature in scene.features if inside
        },
    }


def _room(scene: Scene) -> dict[str, Any]:
    room, plan = scene.room, scene.room.plan
    assert plan is not None
    return {
        "key": plan.key,
        "title": plan.title,
        "description": plan.description,
        "picture": plan.picture or None,
        "picture_alt": plan.picture_alt,
        "state": room.state,
        "starts_at_ms": plan.starts_at_ms,
        "doors_at_ms": plan.doors_at_ms,
        "air_at_ms": unix_ms(room.air_clock) if room.air_clock else None,
        "on_air_since_ms": unix_ms(room.on_air_clock) if room.on_air_clock else None,
        "ended_at_ms": room.ended_ms or None,
        "end_reason": room.end_reason or None,
        "late_reason": room.late_reason,
        "live_url": scene.live_url,
        "speakers_max": scene.speakers_max,
        "profile": plan.profile,
        "listeners": counted(scene.listeners),
        "brownout": {**scene.brownout.tree(), "least": room.brownout},
    }


def _you(room: Room, actor: Actor, inside: bool) -> dict[str, Any]:
    person = room.stage.people.get(actor.person)
    return {
        "person": actor.person,
        "name": person.name if person else actor.name or known_name(room, actor),
        "role": actor.role,
        "muted": person.muted if person else False,
        "on_stage": person is not None and person.link != AWAY,
        "admitted": inside,
    }


def _person(person: Person, scene: Scene, actor: Actor) -> dict[str, Any]:
    return {
        "person": person.person,
        "name": person.name,
        "role": person.role,
        "muted": person.muted,
        "muted_by": person.muted_by if person.muted and person.muted_by else None,
        "link": person.link,
        "talking": person.person in scene.talking,
        "level_db": round(max(SILENT_DB, scene.levels.get(person.person, SILENT_DB))),
        "kind": person.kind,
        "treated": {"hum": person.hum, "noise": person.noise},
        "voice": _voice(person.person, scene, actor),
    }


def _voice(person: str, scene: Scene, actor: Actor) -> dict[str, Any] | None:
    """What is known of a voice, for hosts and for himself. Figures are null while there is nothing to know them by."""
    told = scene.voices.get(person)
    if told is None or not (actor.role in HOSTS or person == actor.person):
        return None
    voice, road = told.voice, told.road
    late_s = scene.echoing.get(person)
    return {
        "finding": told.finding.name,
        "figure": told.finding.figure,
        "lost": round(road.lost * 100, 1),
        "jitter_ms": round(road.jitter_ms),
        "round_trip_ms": round(road.round_trip_ms) or None,
        "concealed_ms": told.concealed_ms,
        "level_db": round(voice.level_db) if voice.seconds else None,
        "noise_db": round(voice.noise_db) if voice.noise_db > FLOOR_DB else None,
        "clipped": round(voice.clipped * 100, 1) if voice.seconds else None,
        "band_hz": voice.band_hz if voice.seconds else None,
        "sibilance": round(voice.sibilance * 100, 1) if voice.seconds else None,
        "echo_s": None if late_s is None else round(late_s, 1),
    }


def _alarms(scene: Scene, actor: Actor) -> list[dict[str, Any]]:
    host = actor.role in HOSTS
    shown = [
        {"code": alarm.code, "since_ms": alarm.since_ms, "text": alarm.text, **alarm.detail}
        for alarm in scene.alarms.up.values()
        if host
    ]
    if scene.room.state == PLANNED:
        return shown
    people = scene.room.stage.people
    shown += [
        {
            "code": "echo",
            "since_ms": 0,
            "text": people[one].name,
            "person": one,
            "late_s": round(late_s, 1),
        }
        for one, late_s in scene.echoing.items()
        if one in people and (host or one == actor.person)
    ]
    for device, person in scene.room.stage.waiting.items():
        if host or person == actor.person:
            name = people[person].name if person in people else ""
            shown.append(
                {
                    "code": "device_waiting",
                    "since_ms": 0,
                    "text": name,
                    "device": device,
                    "person": person,
                }
            )
    return shown
