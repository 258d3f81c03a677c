"""Pages and replays of rooms that are over, while who planned them is suspended; on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from hustings.edge.files import safe
from hustings.store.tables import rooms
from hustings.web.publish import WITHDRAWN, put
from tests.web.conftest import NOW_MS, House
from tests.web.test_cutting import plans
from tests.web.test_order import Desk, desk

__all__ = ["desk"]


def places(house: House, key: str) -> tuple[Path, Path]:
    published = house.settings.published_dir
    return published / "pages" / f"{key}.html", published / "replay" / key


async def ended(house: House, key: str) -> tuple[Path, Path]:
    """A room that was planned and is over now, with what studio published of it."""
    over = rooms.update().where(rooms.c.key == key).values(state="replay", ended_at_ms=NOW_MS)
    await house.parts.sql.write(lambda c: c.execute(over))
    page, replay = places(house, key)
    put(page, b"a page")
    put(replay / "index.m3u8", b"a replay")
    put(replay / "aac" / "live.m3u8", b"a variant")
    return page, replay


async def test_they_go_with_the_act_and_come_back_when_it_is_lifted(desk: Desk) -> None:
    house = desk.house
    await plans(desk.ada)
    await plans(desk.moe, "Another hour")
    page, replay = await ended(house, "the-hour")
    others = await ended(house, "another-hour")
    await desk.does("suspend")
    await house.parts.withdrawing.once()
    assert not page.exists() and not replay.exists() and all(one.exists() for one in others)
    assert house.parts.publisher.withdrawn() == {"the-hour"}
    assert house.parts.publisher.has_replay("the-hour"), "the room has not lost it"
    await house.parts.withdrawing.once()
    assert not page.exists()
    await desk.does("lift")
    await house.parts.withdrawing.once()
    assert page.read_bytes() == b"a page"
    assert (replay / "aac" / "live.m3u8").read_bytes() == b"a variant"
    assert house.parts.publisher.withdrawn() == set()


async def test_what_comes_after_the_act_goes_too(desk: Desk) -> None:
    await plans(desk.ada)
    page, replay = await ended(desk.house, "the-hour")
    await desk.does("suspend")
    await desk.house.parts.withdrawing.once()
    put(page, b"a newer page")
    await desk.house.parts.withdrawing.once()
    assert not page.exists() and not replay.exists()
    await desk.does("lift")
    await desk.house.parts.withdrawing.once()
    assert page.read_bytes() == b"a newer page" and replay.exists()


async def test_a_room_that_still_goes_on_keeps_its_page(desk: Desk) -> None:
    """A co-host may be there; if none is, its end is near."""
    await plans(desk.ada)
    page, _ = places(desk.house, "the-hour")
    await desk.does("suspend")
    await desk.house.parts.withdrawing.once()
    assert page.exists()


async def test_of_a_room_that_is_deleted_nothing_comes_back(desk: Desk) -> None:
    await plans(desk.ada)
    await ended(desk.house, "the-hour")
    await desk.does("suspend")
    await desk.house.parts.withdrawing.once()
    gone = rooms.update().where(rooms.c.key == "the-hour").values(deleted_at_ms=NOW_MS)
    await desk.house.parts.sql.write(lambda c: c.execute(gone))
    await desk.house.parts.withdrawing.once()
    assert not list(desk.house.settings.published_dir.glob("*/.withdrawn-*"))
    assert not any(one.exists() for one in places(desk.house, "the-hour"))


async def test_another_room_at_the_same_address_keeps_its_own(desk: Desk) -> None:
    publisher = desk.house.parts.publisher
    page, replay = await ended(desk.house, "the-hour")
    publisher.withdraw("the-hour")
    put(page, b"another room's")
    publisher.restore("the-hour")
    assert page.read_bytes() == b"another room's" and replay.exists()
    assert publisher.withdrawn() == set()


async def test_web_that_died_in_between_goes_on_where_it_was(desk: Desk) -> None:
    """The files as they were left, and a database that says otherwise."""
    await plans(desk.ada)
    page, _ = await ended(desk.house, "the-hour")
    desk.house.parts.publisher.withdraw("the-hour")
    await desk.house.parts.withdrawing.once()
    assert page.exists()


async def test_a_database_that_is_away_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = await ended(desk.house, "the-hour")
    desk.house.parts.publisher.withdraw("the-hour")

    def fails(connection: sa.Connection) -> set[str]:
        raise sa.exc.OperationalError("", None, Exception("away"))

    monkeypatch.setattr("hustings.social.stages.over", fails)
    await desk.house.parts.withdrawing.once()
    assert not page.exists()


@pytest.mark.parametrize("path", [f"pages/{WITHDRAWN}a.html", f"replay/{WITHDRAWN}a/index.m3u8"])
def test_the_live_host_names_none_of_them(path: str) -> None:
    assert not safe(path)
