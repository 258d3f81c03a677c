"""A square for tests: people who write, in a database, on a clock that goes on a second with each act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

from hustings.social import (
    drafts,
    feeds,
    follows,
    marks,
    posts,
    reposts,
    shown,
    threads,
    timelines,
)
from hustings.social.ids import Ids
from hustings.social.paging import Page
from hustings.social.shown import Post
from hustings.store.engine import Database
from hustings.store.people import accounts
from hustings.store.tables import rooms

NOW_MS = 1_800_000_000_000
Joins = Callable[..., int]
T = TypeVar("T")
WEB = "https://h.example"
OURS = "h.example"


class Square:
    def __init__(self, database: Database, joins: Joins) -> None:
        self.database = database
        self.now_ms = NOW_MS
        self.ids = Ids(0)
        self.joins = joins

    def tick(self, ms: int = 1_000) -> int:
        self.now_ms += ms
        return self.now_ms

    def id(self) -> int:
        return self.ids.at(self.tick())

    def write(self, work: Callable[..., T], *args: Any, **more: Any) -> T:
        return self.database.write(lambda c: work(c, *args, **more))

    def read(self, work: Callable[..., T], *args: Any, **more: Any) -> T:
        return self.database.read(lambda c: work(c, *args, **more))

    def people(self, *handles: str) -> list[int]:
        return [self.joins(handle) for handle in handles]

    def say(self, account: int, status: str = "Words.", key: str = "", **fields: Any) -> int:
        wanted = drafts.read({"status": status, **fields}, OURS)
        return self.write(posts.publish, self.id(), account, wanted, WEB, self.now_ms, key)

    def edit(self, account: int, post: int, status: str, **fields: Any) -> None:
        wanted = drafts.read({"status": status, **fields}, OURS)
        self.write(posts.edit, account, post, wanted, self.tick())

    def delete(self, account: int, post: int) -> None:
        self.write(posts.delete, account, post, self.tick())

    def repost(self, account: int, post: int, **more: Any) -> int:
        return self.write(reposts.repost, self.id(), account, post, WEB, self.now_ms, **more)

    def favourite(self, account: int, post: int) -> int:
        return self.write(marks.favourite, self.id(), account, post)

    def follow(self, account: int, *targets: int, **more: Any) -> bool:
        return [self.write(follows.follow, self.id(), account, one, **more) for one in targets][-1]

    def block(self, account: int, target: int) -> None:
        self.write(follows.block, self.id(), account, target)

    def mute(self, account: int, target: int, **more: Any) -> None:
        self.write(follows.mute, self.id(), account, target, **more)

    def suspend(self, account: int, on: bool = True) -> None:
        at_ms = self.now_ms if on else None
        there = accounts.update().where(accounts.c.id == account)
        self.write(lambda c: c.execute(there.values(suspended_at_ms=at_ms)))

    def see(self, viewer: int | None, post: int) -> Post | None:
        return self.read(shown.one, viewer, post)

    def home(self, reader: int, page: Page | None = None) -> list[int]:
        return ids(self.read(timelines.home, reader, page or Page(), self.now_ms))

    def square(self, reader: int | None = None, page: Page | None = None) -> list[int]:
        return ids(self.read(timelines.square, reader, page or Page(), self.now_ms))

    def page_of(self, reader: int | None, author: int, **more: Any) -> list[int]:
        return ids(self.read(timelines.account, reader, author, Page(), **more))

    def thread(self, reader: int | None, post: int, **more: Any) -> tuple[list[int], list[int]]:
        found = self.read(threads.context, reader, post, self.now_ms, **more)
        return ids(found.ancestors), ids(found.descendants)

    def care(self, reader: int) -> None:
        self.write(feeds.care_for, reader, self.now_ms)

    def room(self, key: str, **more: Any) -> str:
        plan = key.ljust(22, "x")
        row = {
            "plan": plan,
            "key": key,
            "title": f"The {key}",
            "description": "",
            "starts_at_ms": self.now_ms,
            "doors_before_s": 1800,
            "picture": "",
            "picture_alt": "",
            "profile": "default",
            "listed": True,
            "host_name": "",
            "state": "planned",
            "state_at_ms": self.now_ms,
            "late_reason": "",
            "created_at_ms": self.now_ms,
            **more,
        }
        self.write(lambda c: c.execute(rooms.insert().values(row)))
        return plan

    def count(self, table: sa.Table) -> int:
        asked = sa.select(sa.func.count()).select_from(table)
        return self.read(lambda c: int(c.execute(asked).scalar_one()))


def ids(found: list[Post]) -> list[int]:
    return [post.id for post in found]
