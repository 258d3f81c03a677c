"""The journal: a room as lines of JSON, one event each, appended before it takes effect.

`n` counts from 1 without holes; `term` never falls. A line that was torn by a crash is the last one, and is dropped: it
never took effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LINE_MAX = 65_536
FIXED = ("n", "term", "clock", "at_ms", "type")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that a decision asks for, before it has a number and a time."""

    type: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the journal. `clock` is the room's (48 kHz samples since 1970; 0 before the doors open)."""

    n: int
    term: int
    clock: int
    at_ms: int
    type: str
    body: Mapping[str, Any] = field(default_factory=dict)


def to_line(event: Event) -> bytes:
    """One line with its newline. Errors: `ValueError` when it is longer than `LINE_MAX`."""
    line = json.dumps(
        {
            **{name: event.body[name] for name in event.body if name not in FIXED},
            "n": event.n,
            "term": event.term,
            "clock": event.clock,
            "at_ms": event.at_ms,
            "type": event.type,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    if len(line) >= LINE_MAX:
        raise ValueError(f"a journal line of {len(line)} bytes")
    return line + b"\n"


def from_line(line: bytes) -> Event:
    """An event from its line. Errors: `ValueError`."""
    try:
        tree = json.loads(line)
        head = {name: tree.pop(name) for name in FIXED}
    except (KeyError, AttributeError, TypeError) as error:
        raise ValueError("this is not a journal line") from error
    return Event(**head, body=tree)


def read(raw: bytes) -> list[Event]:
    """The events of a journal file, without a torn last line.

    Errors: `ValueError` when a line before the last is broken, a number is missing, or a term falls.
    """
    events: list[Event] = []
    lines = raw.split(b"\n")
    for at, line in enumerate(lines[:-1]):
        try:
            event = from_line(line)
        except ValueError:
            if at == len(lines) - 2:
                break
            raise
        if event.n != len(events) + 1 or (events and event.term < events[-1].term):
            raise ValueError(f"the journal breaks at line {at + 1}")
        events.append(event)
    return events
