"""People on a real server's square, by its forms: they write, bring archives, repost. No browser is needed."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.harness.waiting import until
from tests.e2e.house import House

PASSWORD = "seven rivers and a bridge"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


class Member:
    """Somebody who is logged in with a browser of his own."""

    def __init__(self, house: House, handle: str, name: str = "", note: str = "") -> None:
        self.house = house
        self.handle = handle
        self.http = httpx.Client(
            base_url=house.web, headers={"Origin": house.web}, timeout=20, trust_env=False
        )
        self._does("/sign-up", handle=handle, password=PASSWORD)
        self._does("/settings", name=name, note=note)

    def say(self, status: str, **fields: str) -> int:
        answer = self._does("/posts", status=status, **fields)
        return int(answer.headers["Location"].rsplit("/", 1)[-1])

    def does(self, post: int, act: str, **fields: str) -> None:
        self._does(f"/posts/{post}/{act}", next="/home", **fields)

    def follow(self, *others: Member) -> None:
        for other in others:
            page = self.http.get(f"/@{other.handle}").text
            found = re.search(r'action="/people/(\d+)/follow"', page)
            assert found, page
            self._does(f"/people/{found[1]}/follow", next="/home")

    def bring(self, *notes: tuple[str, str]) -> None:
        """An archive of `(published, content)`, and waits until work has read it."""
        activities = [
            {
                "type": "Create",
                "object": {
                    "type": "Note",
                    "id": f"https://elsewhere.example/@{self.handle}/{n}",
                    "published": published,
                    "content": f"<p>{content}</p>",
                    "to": [PUBLIC],
                },
            }
            for n, (published, content) in enumerate(notes)
        ]
        raw = json.dumps({"orderedItems": activities}).encode()
        answer = self.http.post("/settings/import", files={"picture": ("outbox.json", raw)})
        assert answer.status_code == 303, answer.text
        is_in = f"{len(notes)} post"
        until(lambda: is_in in self.http.get("/settings/import").text, 30, "the archive")

    def posts(self) -> list[int]:
        """The ids of what stands on his page, the newest first."""
        return [
            int(id) for id in re.findall(r'id="p(\d+)"', self.http.get(f"/@{self.handle}").text)
        ]

    def _does(self, path: str, **fields: str) -> httpx.Response:
        answer = self.http.post(path, data={"": "", **fields})
        assert answer.status_code == 303, answer.text
        return answer


def suspend(house: House, handle: str) -> None:
    """As a moderator does, in the database itself."""
    change(
        house,
        "UPDATE accounts SET suspended_at_ms = ? WHERE handle = ?",
        int(time.time() * 1000),
        handle,
    )


def account(house: House, handle: str) -> int:
    """The id, whether anybody may see it or not."""
    with closing(sqlite3.connect(_database(house), timeout=10)) as connection:
        found = connection.execute("SELECT id FROM accounts WHERE handle = ?", (handle,))
        return int(found.fetchone()[0])


def change(house: House, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(_database(house), timeout=10)) as connection, connection:
        connection.execute(statement, values)


def make_owner(member: Member, role: str = "owner") -> Member:
    """He looks after the server from now on."""
    statement = "UPDATE members SET role = ? WHERE account = ?"
    change(member.house, statement, role, account(member.house, member.handle))
    return member


def _database(house: House) -> Path:
    return house.folder / "web" / "hustings.sqlite3"
