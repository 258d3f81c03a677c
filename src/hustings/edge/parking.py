"""Requests that wait for sound to come, by what they wait for: one wake-up for all that want the same part.

A parked request is one entry in a list: no task, no future, no timer of its own. Two threads meet here, each step of them
atomic under the interpreter's lock: Granian's parks, the event loop's wakes. Whoever parks looks again *after* he stands in
the list, so that a part which came in between is never missed; being answered twice does no harm, only the first counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from hustings.edge.answer import Answer, Headers, send, takes_gzip

WAITS_MAX = 64
"""Different parts that a room's requests may wait for at once; `hls.reload` lets through far fewer."""

PARKED_MAX = 100_000
"""Requests parked for one part in one worker, those of clients that have gone among them. One past it is answered at once."""


class Scope(Protocol):
    """What Granian tells of a request (RSGI 1.x)."""

    proto: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Any: ...


class Sender(Protocol):
    """What Granian takes as an answer (RSGI 1.x). Only the first one counts."""

    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_file(self, status: int, headers: Headers, file: str) -> None: ...
    def response_file_range(
        self, status: int, headers: Headers, file: str, start: int, end: int
    ) -> None: ...


class Part(NamedTuple):
    """What is waited for: the object `name` itself (msn −1), or that the playlist `name` has this part."""

    name: str
    msn: int = -1
    part: int = 0


@dataclass(slots=True)
class Wait:
    """Those who wait for one part. `since` in seconds on the monotonic clock; `shut`: nobody will be woken any more."""

    since: float
    shut: bool = False
    plain: list[Sender] = field(default_factory=list)
    zipped: list[Sender] = field(default_factory=list)
    others: list[tuple[Scope, Sender]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.plain) + len(self.zipped) + len(self.others)

    def add(self, scope: Scope, to: Sender) -> None:
        fields = scope.headers
        if "range" in fields:
            self.others.append((scope, to))
        elif takes_gzip(fields.get("accept-encoding")):
            self.zipped.append(to)
        else:
            self.plain.append(to)

    def answer(self, answer: Answer) -> None:
        """The same answer to all, in one go."""
        respond(self.plain, answer.headers, answer.body)
        if answer.zipped is not None and answer.zipped_headers is not None:
            respond(self.zipped, answer.zipped_headers, answer.zipped)
        else:
            respond(self.zipped, answer.headers, answer.body)
        for scope, to in self.others:
            send(scope, to, answer)

    def each(self, answer: Callable[[Sender], None]) -> None:
        for to in (*self.plain, *self.zipped, *(to for _, to in self.others)):
            answer(to)


def respond(waiting: list[Sender], headers: Headers, body: bytes) -> None:
    for to in waiting:
        to.response_bytes(200, headers, body)
