"""What studio tells web: the same end in whatever order, however often, after whatever absence."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hustings.rooms.journal import Event
from hustings.rooms.room import Plan, plan_facts
from hustings.store import tables
from hustings.store.engine import Database, sqlite_url
from hustings.web import effects, programme
from hustings.web.effects import Cursor
from hustings.web.follower import Reader
from hustings.wire.feed import BEAT, END, JOURNAL, Frame, encode
from tests.web.conftest import API, NOW_MS, House, bearer, until

PLAN = Plan("p" * 22, "the-hour", "The hour", "", NOW_MS, 1800, "", "", "default", True, "Ana")
CHANGED = Plan("p" * 22, "the-hour", "Another", "", NOW_MS, 1800, "", "", "fast", True, "Ana")


def event(n: int, kind: str, **body: Any) -> Event:
    return Event(n, 1, 0, NOW_MS + n, kind, body)


STORY = [
    event(1, "planned", plan_facts=plan_facts(PLAN)),
    event(2, "changed", plan_facts=plan_facts(CHANGED)),
    event(3, "doors_opened", by=""),
    event(4, "joined", person="a", name="Ana"),
    event(5, "late", reason="A train", by="a"),
    event(6, "on_air"),
    event(7, "hands.raised", person="b"),
    event(8, "ended", reason="host", by="a"),
    event(9, "replay_ready"),
]


def state(database: Database) -> list[Any]:
    with database.reading() as connection:
        events = sa.select(tables.room_events).order_by(tables.room_events.c.n)
        return [
            [dict(row) | {"id": 0} for row in connection.execute(events).mappings()],
            [dict(row) for row in connection.execute(sa.select(tables.rooms)).mappings()],
        ]


@contextlib.contextmanager
def fresh_database(migrated_sqlite: Path, folder: Path) -> Any:
    path = folder / "t.sqlite3"
    path.unlink(missing_ok=True)
    path.write_bytes(migrated_sqlite.read_bytes())
    database = Database(sqlite_url(path))
    try:
        yield database
    finally:
        database.close()


def told(migrated_sqlite: Path, folder: Path, batches: list[list[Event]]) -> list[Any]:
    with fresh_database(migrated_sqlite, folder) as database:
        for batch in batches:
            with database.writing() as connection:
                effects.apply(connection, "the-hour", batch, Cursor(1, 1))
        return state(database)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_twice_and_out_of_order_is_the_same_state(
    migrated_sqlite: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """The first line makes the room known; after it any order, any slices, any repetition."""
    once = told(migrated_sqlite, tmp_path, [STORY])
    assert once[1][0]["state"] == "replay" and once[1][0]["title"] == "Another"
    shuffled = data.draw(st.permutations(STORY + data.draw(st.lists(st.sampled_from(STORY)))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    edges = [0, *cuts, len(shuffled)]
    slices = [shuffled[a:b] for a, b in itertools.pairwise(edges)]
    assert told(migrated_sqlite, tmp_path, [STORY[:1], *slices]) == once


def test_a_room_that_is_not_known_waits_for_its_first_line(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    with fresh_database(migrated_sqlite, tmp_path) as database, database.writing() as connection:
        assert effects.apply(connection, "the-hour", STORY[3:5], Cursor(5, 1)) is False
        assert effects.cursor(connection, "the-hour") == Cursor()
        assert effects.apply(connection, "another-key", STORY, Cursor(5, 1)) is False
        assert effects.apply(connection, "the-hour", STORY, Cursor(9, 2)) is True
        assert effects.cursor(connection, "the-hour") == Cursor(9, 2, 9)


def test_the_cursor_is_kept_with_the_effects_and_goes_forward(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    with fresh_database(migrated_sqlite, tmp_path) as database:
        with contextlib.suppress(KeyError), database.writing() as connection:
            effects.apply(connection, "the-hour", STORY, Cursor(9, 1))
            raise KeyError("the process dies here")
        assert state(database) == [[], []]
        with database.writing() as connection:
            effects.apply(connection, "the-hour", STORY, Cursor(9, 2))
            effects.apply(connection, "the-hour", STORY[:2], Cursor(50, 1))
            assert effects.cursor(connection, "the-hour") == Cursor(9, 2, 9)


def test_a_change_that_studio_does_not_have_yet_is_not_folded_away(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    with fresh_database(migrated_sqlite, tmp_path) as database, database.writing() as connection:
        effects.apply(connection, "the-hour", STORY[:1], Cursor(1, 1))
        programme.change(connection, CHANGED)
        effects.refold(connection, PLAN.plan)
        found = programme.find(connection, "the-hour")
        assert found is not None and found.plan == CHANGED and not found.handed


class TestReader:
    def frames(self, *frames: Frame) -> bytes:
        return b"".join(encode(frame) for frame in frames)

    def line(self, n: int) -> bytes:
        return (f'{{"n":{n},"term":1,"clock":0,"at_ms":5,"type":"joined"}}').encode()

    def test_journal_lines_come_out_in_any_slices(self) -> None:
        raw = self.frames(
            Frame(1, 1, ":snapshot"),
            Frame(2, 1, JOURNAL, {}, self.line(1)),
            Frame(3, 1, "live/k/aac/s1.m4s", {}, b"x" * 100),
            Frame(4, 1, JOURNAL, {}, self.line(2)),
        )
        reader = Reader(Cursor())
        got = [reader.push(raw[at : at + 7]) for at in range(0, len(raw), 7)]
        assert [event.n for events, _ in got for event in events] == [1, 2]
        assert max(at.seq for _, at in got) == 4

    def test_a_lower_term_is_passed_over(self) -> None:
        reader = Reader(Cursor(7, 3))
        old = self.frames(Frame(1, 2, JOURNAL, {}, self.line(1)), Frame(2, 2, END))
        assert reader.push(old) == ([], Cursor(0, 3)) and not reader.over
        new = self.frames(Frame(9, 4, JOURNAL, {}, self.line(1)), Frame(10, 3, BEAT))
        events, at = reader.push(new)
        assert [event.n for event in events] == [1] and at == Cursor(9, 4)

    def test_garbage_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="journal line"):
            Reader(Cursor()).push(self.frames(Frame(1, 1, JOURNAL, {}, b"[]")))
        with pytest.raises(ValueError, match="too long"):
            Reader(Cursor()).push(b"\xff" * 8)


@contextlib.asynccontextmanager
async def following(house: House) -> AsyncIterator[None]:
    task = asyncio.create_task(house.parts.follower.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def room_state(house: House, key: str) -> str:
    answer = await house.client.get(f"{API}/rooms/{key}")
    return str(answer.json().get("state", answer.json().get("code")))


def lines(first: int = 2) -> list[dict[str, Any]]:
    kinds = [
        ("doors_opened", {}),
        ("on_air", {}),
        ("ended", {"reason": "host"}),
        ("replay_ready", {}),
    ]
    return [
        {"n": first + at, "at_ms": NOW_MS + at, "type": kind, **body}
        for at, (kind, body) in enumerate(kinds)
    ]


async def test_web_follows_and_catches_up_after_it_was_down(house: House) -> None:
    key = (await house.plan())["room"]["key"]
    async with following(house):
        await house.studio.tell(key, *lines()[:2])

        async def on_air() -> bool:
            return await room_state(house, key) == "on_air"

        await until(on_air)
    await house.studio.tell(key, *lines()[2:])  # while web is down
    async with following(house):

        async def over() -> bool:
            return await room_state(house, key) == "replay"

        await until(over)
    assert house.studio.asked_from[-1][1] != ""  # it asked from where it was
    past = (await house.client.get(f"{API}/rooms?when=past")).json()["rooms"]
    assert [room["key"] for room in past] == [key] and past[0]["replay"] is True


async def test_a_database_that_was_lost_is_told_again(house: House) -> None:
    house.studio.plans["the-hour"] = plan_facts(PLAN)
    await house.studio.tell(
        "the-hour",
        {"n": 1, "at_ms": 1, "type": "planned", "plan_facts": plan_facts(PLAN)},
        *lines(),
    )
    async with following(house):

        async def known() -> bool:
            return await room_state(house, "the-hour") == "replay"

        await until(known)


async def test_a_room_that_was_destroyed_leaves_the_programme(house: House) -> None:
    key = (await house.plan())["room"]["key"]
    async with following(house):
        await house.studio.tell(key, *lines()[:3])

        async def ended() -> bool:
            return await room_state(house, key) == "ended"

        await until(ended)
        await house.studio.end(key)

        async def gone() -> bool:
            return await room_state(house, key) == "room_unknown"

        await until(gone)
    with house.parts.sql._database.reading() as connection:
        assert connection.execute(sa.select(tables.room_events)).all() == []
        assert connection.execute(sa.select(tables.rooms.c.title)).scalar() == ""


async def test_a_plan_that_studio_lost_is_handed_over_again(house: House) -> None:
    key = (await house.plan())["room"]["key"]
    house.studio.plans.clear()
    async with following(house):

        async def handed_again() -> bool:
            await house.parts.handover.once()
            return key in house.studio.plans

        await until(handed_again)


async def test_studio_away_the_room_is_kept_and_handed_over_later(house_alone: House) -> None:
    house = house_alone
    done = await house.plan()
    key = done["room"]["key"]
    assert done["handed"] is False and house.page(key).exists()
    await house.parts.handover.once()
    changed = await house.client.patch(
        f"{API}/rooms/{key}", json={"title": "Later"}, headers=bearer(done["host_ticket"])
    )
    assert changed.json()["title"] == "Later"
    answer = await house.client.delete(f"{API}/rooms/{key}", headers=bearer(done["host_ticket"]))
    assert (answer.status_code, answer.json()["code"]) == (503, "studio_away")
    await house.studio.start()
    await house.parts.handover.once()
    assert house.studio.plans[key]["title"] == "Later"
    calls = len(house.studio.calls)
    await house.parts.handover.once()
    assert len(house.studio.calls) == calls  # and is not offered again


async def test_a_key_that_was_given_away_meanwhile(house_alone: House) -> None:
    house = house_alone
    key = (await house.plan())["room"]["key"]
    house.studio.plans[key] = {"plan": "x" * 22}
    await house.studio.start()
    await house.parts.handover.once()
    assert await room_state(house, key) == "room_unknown"


async def test_a_late_change_is_undone_when_the_room_is_on_the_air(house: House) -> None:
    done = await house.plan()
    key = done["room"]["key"]
    async with following(house):

        async def told_once() -> bool:
            with house.parts.sql._database.reading() as connection:
                return len(connection.execute(sa.select(tables.room_events)).all()) == 1

        await until(told_once)
    await house.studio.stop()
    host = bearer(done["host_ticket"])
    await house.client.patch(f"{API}/rooms/{key}", json={"title": "Late"}, headers=host)
    house.studio.refusals["PUT", key] = (409, "wrong_state")
    await house.studio.start()
    await house.parts.handover.once()
    assert (await house.client.get(f"{API}/rooms/{key}")).json()["title"] == "The hour"


async def test_a_room_destroyed_while_web_was_down_leaves_too(house: House) -> None:
    keys = [(await house.plan(title=title))["room"]["key"] for title in ("One", "Another")]
    async with following(house):
        for key in keys:
            await house.studio.tell(key, *lines())

        async def over() -> bool:
            return {await room_state(house, key) for key in keys} == {"replay"}

        await until(over)
    house.studio.plans.clear()
    kept = house.settings.published_dir / "replay" / keys[1] / "index.m3u8"
    kept.parent.mkdir(parents=True)
    kept.write_text("#EXTM3U")
    async with following(house):

        async def gone() -> bool:
            return await room_state(house, keys[0]) == "room_unknown"

        await until(gone)
    assert await room_state(house, keys[1]) == "replay"  # its recording plays with no studio at all
