"""`GET /metrics` of studio's socket: Prometheus' text format 0.0.4. People are named by their ids alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hustings.studio.voices import Told

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


class Gauge(NamedTuple):
    """One kind of number. `help` says what it is, with its unit."""

    name: str
    help: str


ROOMS = Gauge("hustings_rooms", "Rooms that are alive.")
LATE = Gauge(
    "hustings_tick_late_seconds", "How late the last two minutes' ticks began, 99th percentile."
)
FINDING = Gauge("hustings_voice_finding", "1 for what is said of a voice (copy/en/voice.json).")
VOICE = (
    Gauge(
        "hustings_voice_lost_ratio",
        "Packets of the last ten seconds that did not come by themselves.",
    ),
    Gauge("hustings_voice_concealed_seconds", "Of the last ten seconds, how much was made up."),
    Gauge("hustings_voice_jitter_seconds", "Interarrival jitter (RFC 3550)."),
    Gauge("hustings_voice_round_trip_seconds", "There and back; 0: not known."),
    Gauge("hustings_voice_level_dbfs", "Level of the last ten seconds of talk; -100: none yet."),
    Gauge("hustings_voice_noise_dbfs", "Noise around it; -100: none yet."),
    Gauge("hustings_voice_clipped_ratio", "Samples at full scale."),
    Gauge("hustings_voice_band_hertz", "Where the voice ends; 0: not known."),
    Gauge("hustings_voice_sibilance_ratio", "Share of its power from 4 to 16 kHz."),
    Gauge("hustings_voice_echo_seconds", "How late it carries the talk back; 0: it does not."),
)


def voice_values(told: Told, echo_s: float) -> tuple[float, ...]:
    """In the order of `VOICE`."""
    voice, road = told.voice, told.road
    return (
        road.lost,
        told.concealed_ms / 1000,
        road.jitter_ms / 1000,
        road.round_trip_ms / 1000,
        voice.level_db,
        voice.noise_db,
        voice.clipped,
        float(voice.band_hz),
        voice.sibilance,
        echo_s,
    )


class Room(NamedTuple):
    """What is measured of one room."""

    key: str
    voices: Mapping[str, Told]
    echoing: Mapping[str, float]


def page(rooms: Iterable[Room], late_s: float) -> str:
    """All of it; `rooms` are those that are alive."""
    rooms = list(rooms)
    people = [
        ({"room": room.key, "person": person}, told, room.echoing.get(person, 0.0))
        for room in rooms
        for person, told in room.voices.items()
    ]
    rows = [(labels, voice_values(told, echo_s)) for labels, told, echo_s in people]
    said = [({**labels, "finding": told.finding.name}, 1.0) for labels, told, _ in people]
    text = (
        _lines(ROOMS, [({}, float(len(rooms)))])
        + _lines(LATE, [({}, late_s)])
        + _lines(FINDING, said)
    )
    for column, gauge in enumerate(VOICE):
        text += _lines(gauge, [(labels, values[column]) for labels, values in rows])
    return "\n".join(text) + "\n"


def _lines(gauge: Gauge, samples: Iterable[tuple[Labels, float]]) -> list[str]:
    # Labels are keys of rooms, ids of people and names of findings: none has a character that is to be escaped.
    return [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"] + [
        f"{gauge.name}{_labelled(labels)} {value:g}" for labels, value in samples
    ]


def _labelled(labels: Labels) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""
