"""Web's client of studio's Unix socket: hands plans over, takes them back, reads feeds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from hustings.rooms.room import Plan, plan_facts
from hustings.wire.errors import CODES, Refused

ANSWER_S = 2.0
SILENCE_S = 2.0
ANSWER_MAX = 65_536
CHUNK = 65_536


class Studio:
    """Requests to studio. Made inside the loop; errors: `Refused` with studio's own code, or `studio_away`."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._session: aiohttp.ClientSession | None = None

    async def hand_over(self, plan: Plan) -> None:
        """Gives studio a plan, or a changed one. Errors: `room_taken`, `wrong_state`, `rooms_full`, `studio_away` …"""
        await self._ask("PUT", f"/rooms/{plan.key}", json.dumps(plan_facts(plan)).encode())

    async def withdraw(self, key: str) -> None:
        """Takes a room back that never opened; one that studio does not know is fine. Errors: `wrong_state` …"""
        try:
            await self._ask("DELETE", f"/rooms/{key}")
        except Refused as refused:
            if refused.code != "room_unknown":
                raise

    async def cut(self, key: str, tickets: Collection[str], ends: bool) -> None:
        """Takes tickets back; `ends`: with them the host's, and the room. Errors: `room_unknown`, `studio_away`."""
        body = json.dumps({"tickets": list(tickets), "ends": ends}).encode()
        await self._ask("POST", f"/rooms/{key}/cut", body)

    async def knows(self, key: str) -> bool:
        """Whether studio has this room. Errors: `studio_away`."""
        try:
            await self._ask("GET", f"/rooms/{key}")
        except Refused as refused:
            if refused.code in ("room_unknown", "not_found"):
                return False
            raise
        return True

    @asynccontextmanager
    async def feed(self, key: str, after: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """A feed's bytes from the frame after `after` (0: from a snapshot), until studio is silent for 2 s.

        Errors: `room_unknown`, `studio_away`.
        """
        # Of a room web wants the journal and no sound; the directory is one object.
        words = "" if key == "_" else "&only=journal"
        url = f"http://studio/feed/{key}?from={after or ''}{words}"
        timeout = aiohttp.ClientTimeout(total=None, connect=ANSWER_S, sock_read=SILENCE_S)
        try:
            async with self._client().get(url, timeout=timeout) as answer:
                if answer.status == 404:
                    raise Refused("room_unknown")
                if answer.status != 200:
                    raise Refused("studio_away")
                yield answer.content.iter_chunked(CHUNK)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Refused("studio_away") from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(self._socket), limit=1_000),
                timeout=aiohttp.ClientTimeout(total=ANSWER_S),
            )
        return self._session

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> None:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with self._client().request(
                method, f"http://studio{path}", data=body, headers=headers
            ) as answer:
                if answer.status < 400:
                    return
                raw = await answer.content.read(ANSWER_MAX)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Refused("studio_away") from None
        raise Refused(_code(raw, status))


def _code(raw: bytes, status: int) -> str:
    """Studio's code, if it is one of those that are known; what its status means otherwise."""
    try:
        code = json.loads(raw)["code"]
    except (ValueError, TypeError, KeyError):
        code = ""
    if code in CODES:
        return str(code)
    return "room_unknown" if status == 404 else "studio_away"
