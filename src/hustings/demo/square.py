"""A few honest posts around the demo room, by the web host's own forms: two accounts that say that they are a demo.

One line comes from an archive, so that a claimed date, a repost and its two dates can be seen. It is done once: where the
accounts are already there, or nobody may sign up, nothing is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import ssl
from collections.abc import Mapping

import aiohttp

from hustings import copy
from hustings.demo.calls import ROOM, UNREACHED
from hustings.preflight import local_url
from hustings.settings import Settings

LOOK_S, LOOKS_MAX = 1.0, 120
ANA, BEN = "demo_ana", "demo_ben"
OLD = "2023-05-25T14:00:00Z"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
LOG = logging.getLogger("hustings.demo")


class Away(Exception):
    """The web host does not do what was asked, for now or for good."""


class Member:
    """Somebody's browser. Errors: `Away`, or one of `UNREACHED`."""

    def __init__(self, settings: Settings, handle: str) -> None:
        trust: ssl.SSLContext | bool = not settings.tls.cert
        self.handle = handle
        self._url = local_url(settings, "web")
        self._headers = {"Origin": settings.public.web}
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), cookie_jar=aiohttp.CookieJar(unsafe=True)
        )

    async def does(self, path: str, fields: Mapping[str, str] | aiohttp.FormData) -> str:
        """Sends a form; where it leads."""
        url = f"{self._url}{path}"
        form = self._http.post(url, data=fields, headers=self._headers, allow_redirects=False)
        async with form as answer:
            leads = answer.headers.get("Location", "")
            if answer.status != 303 or leads.startswith("/login"):
                raise Away(f"{path}: {answer.status}")
            return leads

    async def says(self, status: str, **fields: str) -> str:
        """A post's id."""
        leads = await self.does("/posts", {"status": status, **fields})
        return leads.rsplit("/", 1)[-1]

    async def reads(self, path: str) -> str:
        """A page, "" when it is not there."""
        async with self._http.get(f"{self._url}{path}") as answer:
            return await answer.text() if answer.status == 200 else ""

    async def close(self) -> None:
        await self._http.close()


async def furnish(settings: Settings) -> None:
    """Waits for the room, then writes. Whatever is in the way ends it: the talk needs none of this."""
    people = Member(settings, ANA), Member(settings, BEN)
    try:
        await _until(people[0], f"/rooms/{ROOM}", "")
        await _write(*people, copy.catalogue("en", "demo"))
    except (Away, *UNREACHED) as error:
        LOG.debug("the demo's square stays as it is: %s", error)
    finally:
        for one in people:
            await one.close()


async def _write(ana: Member, ben: Member, sentences: Mapping[str, str]) -> None:
    for one in (ana, ben):
        password = secrets.token_urlsafe(24)  # kept by nobody
        await one.does("/sign-up", {"handle": one.handle, "password": password})
        said = {"name": sentences[f"{one.handle}.name"], "note": sentences["note"]}
        await one.does("/settings", said)
    await ana.does("/settings/import", _archive(sentences["old"]))
    page = await _until(ana, f"/@{ANA}", 'id="p')
    (old,) = re.findall(r'id="p(\d+)"', page)
    first = await ana.says(sentences["first"], room=ROOM, language="en")
    await ben.says(sentences["answer"], room=ROOM, in_reply_to_id=first, language="en")
    await ben.does(f"/posts/{old}/repost", {"room": ROOM})
    await ana.does(f"/posts/{first}/favourite", {"next": "/"})


def _archive(said: str) -> aiohttp.FormData:
    note = {"type": "Note", "id": "https://elsewhere.example/1", "published": OLD, "content": said}
    create = {"type": "Create", "object": {**note, "to": [PUBLIC]}}
    form = aiohttp.FormData()
    raw = json.dumps({"orderedItems": [create]}).encode()
    form.add_field("picture", raw, filename="outbox.json", content_type="application/json")
    return form


async def _until(one: Member, path: str, mark: str) -> str:
    """A page, once it is there and has `mark` in it. Errors: `Away` after two minutes."""
    for _ in range(LOOKS_MAX):
        try:
            page = await one.reads(path)
        except UNREACHED:
            page = ""
        if page and mark in page:
            return page
        await asyncio.sleep(LOOK_S)
    raise Away(path)
