"""Somebody with a token, and what he does through the API."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import httpx

from tests.web.conftest import House, bearer
from tests.web.mastodon.letting_in import token_of, verify

LINK = re.compile(r'<([^>]+)>; rel="(next|prev)"')


@dataclass
class Author:
    """`call` answers whatever comes; `get`, `post` and `new` want a 200."""

    house: House
    token: str
    id: str

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**bearer(self.token), **more.pop("headers", {})}
        url = path if "://" in path else f"/api/v1/{path}"
        return await self.house.client.request(method, url, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> Any:
        answer = await self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **said: Any) -> Any:
        answer = await self.call("POST", path, json=said)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def new(self, text: str = "A word.", **more: Any) -> Any:
        """A post; a second passes before it."""
        self.house.clock[0] += 1_000
        return await self.post("statuses", status=text, **more)

    async def code(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        answer = await self.call(method, path, **more)
        return answer.status_code, answer.json()["code"]

    async def walk(self, path: str) -> list[list[str]]:
        """The ids of every page, as a client walks along `Link`, which it follows as it stands."""
        pages: list[list[str]] = []
        for _ in itertools.count():
            answer = await self.call("GET", path)
            assert answer.status_code == 200, answer.text
            tree = answer.json()
            if not tree:
                assert "Link" not in answer.headers
                return pages
            pages.append([one["id"] for one in tree])
            path = links(answer)["next"]
        raise AssertionError


def links(answer: httpx.Response) -> dict[str, str]:
    return {way: url for url, way in LINK.findall(answer.headers["Link"])}


async def author(house: House, handle: str = "ada") -> Author:
    token = await token_of(house, handle)
    return Author(house, token, str((await verify(house, token)).json()["id"]))
