"""Roles, the actor behind a request, and the "no" of a room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["host", "cohost", "speaker", "listener"]
ROLES: tuple[Role, ...] = get_args(Role)
STAGE_ROLES: frozenset[str] = frozenset({"host", "cohost", "speaker"})
HOSTS: frozenset[str] = frozenset({"host", "cohost"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: the claims of a verified ticket and the device it came from."""

    person: str
    role: str
    name: str
    ticket: str
    device: str


class Refusal(Exception):
    """A room says no. `code` is one of `wire/errors.py`'s; `detail` adds fields to the answer."""

    def __init__(self, code: str, **detail: object) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code)
