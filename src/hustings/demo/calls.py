"""The demo's calls to door, studio's socket and web's API."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from hustings import keyring
from hustings.preflight import local_url
from hustings.settings import Settings

ROOM = "demo"
ANSWER_S = 5.0
ALIVE = ("planned", "open", "on_air")
UNREACHED = (aiohttp.ClientError, OSError, TimeoutError)


class No(Exception):
    """A server said no; `code` is the stable code of its answer."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Calls:
    """Errors of every call: `No`, or one of `UNREACHED`. Addresses are those of this machine, whatever stands in front."""

    def __init__(self, settings: Settings) -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        trust: ssl.SSLContext | bool = not settings.tls.cert  # our own listeners, on loopback
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), timeout=timeout
        )
        self._studio = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(settings.studio_socket)), timeout=timeout
        )
        self._settings = settings
        self.door = local_url(settings, "stage")
        self._web = local_url(settings, "web")

    async def close(self) -> None:
        await self.http.close()
        await self._studio.close()

    async def facts(self) -> dict[str, Any]:
        """Studio's public facts about the room; `{}` when there is none."""
        try:
            return await _ask(self._studio, "GET", f"http://studio/rooms/{ROOM}")
        except No as no:
            if no.code in ("room_unknown", "not_found"):
                return {}
            raise

    async def plan_through_web(self, wanted: Mapping[str, Any]) -> None:
        """As anybody plans a room, so that the front page has it."""
        planner = keyring.planner_key(self._settings.keys_dir)
        await _ask(
            self.http,
            "POST",
            f"{self._web}/api/hustings/v1/rooms",
            wanted,
            {"Hustings-Planner": planner},
        )

    async def plan_through_studio(self, wanted: Mapping[str, Any], plan: str) -> None:
        """Where web does not answer: the talk needs only studio."""
        rest = {"doors_before_s": 1800, "picture": "", "picture_alt": "", "profile": self.profile}
        await _ask(
            self._studio, "PUT", f"http://studio/rooms/{ROOM}", {**rest, **wanted, "plan": plan}
        )

    @property
    def profile(self) -> str:
        return self._settings.studio.profile

    async def view(self, token: str) -> dict[str, Any]:
        """The whole view of a ticket's holder, now."""
        answer = await _ask(self.http, "GET", f"{self.door}/events/{ROOM}", headers=_bearer(token))
        for event in answer["events"]:
            if event["type"] == "view":
                return dict(event["view"])
        raise No("unexpected")

    async def command(self, token: str, command: str, body: Mapping[str, Any]) -> None:
        """A command is at its goal, too, where somebody else was there first (`wrong_state`)."""
        try:
            await _ask(
                self.http, "POST", f"{self.door}/command/{ROOM}/{command}", body, _bearer(token)
            )
        except No as no:
            if no.code != "wrong_state":
                raise


def wanted_room(title: str, description: str, host: str) -> dict[str, Any]:
    """The plan, in the fields that web's API and studio share. It starts now."""
    return {
        "key": ROOM,
        "title": title,
        "description": description,
        "starts_at_ms": int(time.time() * 1000),
        "listed": True,
        "host_name": host,
    }


async def refusal(answer: aiohttp.ClientResponse) -> No:
    """The server's "no"; `unexpected` for an answer without a code."""
    try:
        return No(str((await answer.json(content_type=None))["code"]))
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return No("unexpected")


async def _ask(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    sent = {**(headers or {}), "Content-Type": "application/json"}
    raw = None if body is None else json.dumps(body).encode()
    async with http.request(method, url, data=raw, headers=sent) as answer:
        if answer.status >= 400:
            raise await refusal(answer)
        return dict(await answer.json(content_type=None) or {})


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
