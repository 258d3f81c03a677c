"""What a room stands on: everything of the process that it may touch, as one argument."""

from __future__ import annotations

import secrets
import string
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from hustings.audio.encoder import ProgramEncoder
from hustings.rooms.feature import Feature, Stage
from hustings.rtc.intake import Counts
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import Mode
from hustings.settings import Settings
from hustings.studio.disk import Disk
from hustings.studio.edges import Edges
from hustings.studio.times import Times
from hustings.wire.ticket import Signer

LATENESS_KEPT = 6_000
ID_LETTERS = string.ascii_letters + string.digits + "-_"
ID_LENGTH = 22


class Wires(Protocol):
    """The sessions of one room (`studio/sessions.py`)."""

    async def open(self, person: str, offer: bytes, mode: Mode) -> tuple[str, str]: ...
    async def open_socket(self, person: str) -> tuple[str, str]: ...
    async def close(self, session_id: str) -> None: ...
    async def close_person(self, person: str) -> None: ...
    async def shut(self) -> None: ...
    async def let_go(self) -> None: ...
    def take_up(self) -> None: ...
    def restart(self, session_id: str, fragment: bytes, match: str = "") -> str: ...
    def tag(self, session_id: str) -> str: ...
    def person_of(self, session_id: str) -> str | None: ...
    def send(self, person: str, payload: bytes) -> None: ...
    def counts(self, person: str) -> Counts: ...


OnPacket = Callable[[str, RtpPacket], None]
OnLink = Callable[[str, bool], None]


@dataclass(slots=True)
class Lateness:
    """How late the last ticks began, in microseconds."""

    rows: deque[int] = field(default_factory=lambda: deque(maxlen=LATENESS_KEPT))

    def p99_ms(self, last: int = LATENESS_KEPT) -> float:
        """Of the last so many ticks; 0 before the first."""
        ordered = sorted(islice(reversed(self.rows), last))
        return ordered[len(ordered) * 99 // 100] / 1000 if ordered else 0.0


def here(encoder: ProgramEncoder) -> ProgramEncoder:
    return encoder


def at_once(do: Callable[[], None]) -> None:
    do()


def fresh_id() -> str:
    """22 characters, 132 random bits."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Ground:
    """`changed` is called when the directory must be written anew, `gone` with the key of a room that was deleted. `soon` does
    what it is given once all that is due now is done; `aside` takes an encoder that is slow at times out of the tick."""

    settings: Settings
    times: Times
    signer: Signer
    wires: Callable[[str, OnPacket, OnLink], Wires]
    features: Callable[[Stage], list[Feature]]
    changed: Callable[[], None]
    gone: Callable[[str], None]
    soon: Callable[[Callable[[], None]], object] = at_once
    aside: Callable[[ProgramEncoder], ProgramEncoder] = here
    disk: Disk = field(default_factory=Disk)
    edges: Edges = field(default_factory=Edges)
    lateness: Lateness = field(default_factory=Lateness)
    fresh: Callable[[], str] = fresh_id
