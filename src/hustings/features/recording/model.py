"""PURE. What of a room may be heard again: the stretch on the air, who keeps his sealed talk, whether all was deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hustings.rooms.permissions import ALIVE, ANY_STATE, HOST, OVER, Rule
from hustings.rooms.roles import STAGE_ROLES

SEGMENT = 184_320
LINK_LIVES_MS = 600_000
LINKS_MAX = 200
RULES: Mapping[str, Rule] = {
    "link": Rule(HOST, ANY_STATE),
    "delete": Rule(HOST, OVER),
    "keep_sealed": Rule(STAGE_ROLES, ALIVE | OVER),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the room's clock, `from_clock` up to `to_clock` (48 kHz samples since 1970)."""

    from_clock: int
    to_clock: int

    def segments(self) -> range:
        """The numbers of the segments that it touches."""
        return range(self.from_clock // SEGMENT, -(-self.to_clock // SEGMENT))


@dataclass(slots=True)
class Kept:
    """The fold of a room's journal, as far as its recording is concerned. Clocks are 0 until the moment came."""

    on_air_clock: int = 0
    ended_clock: int = 0
    deleted: bool = False
    keepers: set[str] = field(default_factory=set)

    def apply(self, kind: str, clock: int, body: Mapping[str, Any]) -> None:
        match kind:
            case "on_air":
                self.on_air_clock = clock
            case "ended":
                self.ended_clock = clock
            case "recording.deleted":
                self.deleted = True
            case "recording.kept":
                if body["keep"]:
                    self.keepers.add(body["person"])
                else:
                    self.keepers.discard(body["person"])

    @property
    def on_air(self) -> Stretch | None:
        """What was on the air, once it is over."""
        if not self.on_air_clock or self.ended_clock <= self.on_air_clock:
            return None
        return Stretch(self.on_air_clock, self.ended_clock)


@dataclass(frozen=True, slots=True)
class Link:
    """A download link: whoever has its token gets one file until `ends_ms`."""

    token: str
    file: str
    ends_ms: int


class Links:
    """The links that live. At most `LINKS_MAX`; the oldest goes first."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}

    def make(self, token: str, file: str, now_ms: int) -> Link:
        if len(self._links) >= LINKS_MAX:
            del self._links[next(iter(self._links))]
        link = self._links[token] = Link(token, file, now_ms + LINK_LIVES_MS)
        return link

    def opens(self, token: str, file: str, now_ms: int) -> bool:
        link = self._links.get(token)
        return link is not None and link.file == file and now_ms < link.ends_ms


def files(people: Sequence[str], has_mix: bool) -> list[str]:
    """What the host can download."""
    return (["mix.m4a"] if has_mix else []) + [f"tracks/{person}.ogg" for person in people]
