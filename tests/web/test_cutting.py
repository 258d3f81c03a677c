"""What a suspension takes from stages, as web tells studio of it: whoever of the two died in between."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import pytest

from hustings.store.tables import rooms
from hustings.web.cutting import Cutting
from hustings.web.moments import Moment
from hustings.wire.errors import Refused
from hustings.wire.ticket import read_claims
from tests.web.conftest import API, NOW_MS, House, bearer
from tests.web.test_accounts import owner_of, signs_up
from tests.web.test_order import Desk, desk
from tests.web.test_square import account, read, says

__all__ = ["desk"]


async def plans(client: httpx.AsyncClient, title: str = "The hour") -> tuple[str, str]:
    """A room, by the form: the page of its links, and the host's ticket."""
    said = {"title": title, "starts_at": Moment(NOW_MS + 3_600_000).field, "listed": "on"}
    answer = await client.post("/plan", data=said)
    assert answer.status_code == 303, answer.text
    page = await read(client, answer.headers["Location"])
    return answer.headers["Location"], re.findall(r"#t=([^\"&]+)", page)[0]


def id_of(ticket: str) -> str:
    payload = ticket.split(".")[2]
    return read_claims(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).ticket


async def test_a_ban_takes_host_and_guest_off_their_stages(desk: Desk) -> None:
    _, own = await plans(desk.ada)
    sheet, host = await plans(desk.moe, "Another hour")
    answer = await desk.moe.post(f"{sheet}/links", data={"member": "@Ada", "role": "speaker"})
    assert answer.status_code == 303
    page = await read(desk.moe, sheet)
    assert "<b>@Ada</b>" in page
    guest = next(one for one in re.findall(r"#t=([^\"&]+)", page) if one != host)
    assert "The hour" in await read(desk.house.client, "/")
    await desk.does("ban")
    assert "the stage is not told yet" in await desk.file()
    await desk.house.parts.cutting.once()
    assert sorted(desk.house.studio.cuts, key=lambda cut: cut[0]) == [
        ("another-hour", {"tickets": [id_of(guest)], "ends": False}),
        ("the-hour", {"tickets": [id_of(own)], "ends": True}),
    ]
    await desk.house.parts.cutting.once()
    assert len(desk.house.studio.cuts) == 2
    front = await read(desk.house.client, "/")
    assert "The hour" not in front and "Another hour" in front
    for ticket, status in ((own, 401), (host, 201)):
        key = "the-hour" if ticket == own else "another-hour"
        answer = await desk.house.client.post(
            f"{API}/rooms/{key}/tickets", json={}, headers=bearer(ticket)
        )
        assert answer.status_code == status, answer.text
    assert "ticket taken back" in await desk.file()


async def test_a_studio_that_is_away_is_told_when_it_is_back(desk: Desk) -> None:
    await plans(desk.ada)
    await desk.house.studio.stop()
    await desk.does("suspend")
    await desk.house.parts.cutting.once()
    await desk.house.studio.start()
    # another web, as after a death: the row is all that it needs
    parts = desk.house.parts
    await Cutting(parts.studio, parts.sql, lambda: NOW_MS, parts.publisher.forget).once()
    assert [(key, cut["ends"]) for key, cut in desk.house.studio.cuts] == [("the-hour", True)]


async def test_a_room_that_studio_never_had_is_not_handed_over(desk: Desk) -> None:
    await desk.house.studio.stop()
    await plans(desk.ada)
    await desk.does("suspend")
    await desk.house.studio.start()
    await desk.house.parts.cutting.once()
    await desk.house.parts.handover.once()
    assert desk.house.studio.plans == {}
    assert (await desk.house.client.get(f"{API}/rooms/the-hour")).status_code == 404


async def test_a_room_that_nobody_planned_while_logged_in_has_nobody_to_cut(desk: Desk) -> None:
    await desk.house.plan(key="anybodys", title="Anybody's")
    await desk.does("ban")
    await desk.house.parts.cutting.once()
    assert desk.house.studio.cuts == []


@pytest.mark.parametrize("member", ["nobody", "\x00", "x" * 9_000, "@"])
async def test_no_ticket_is_given_to_nobody(desk: Desk, member: str) -> None:
    sheet, host = await plans(desk.moe)
    answer = await desk.moe.post(f"{sheet}/links", data={"member": member})
    assert answer.status_code == 404 and "There is no such account" in answer.text
    answer = await desk.house.client.post(
        f"{API}/rooms/the-hour/tickets", json={"member": member}, headers=bearer(host)
    )
    assert answer.json()["code"] == "account_unknown"


async def test_who_is_suspended_plans_nothing(house: House) -> None:
    async with house.browser() as ona, house.browser() as ada:
        await owner_of(house, ona)
        await signs_up(ada, "ada")
        id = await account(house, "ada")
        plan: dict[str, Any] = {"title": "The hour", "starts_at_ms": NOW_MS + 3_600_000}
        await ona.post(f"/moderation/people/{id}/suspend", data={"why": "For the test."})
        with pytest.raises(Refused, match="account_suspended"):
            await house.parts.planning.plan(plan, b"", id)
        assert house.studio.plans == {}


async def test_a_host_has_a_badge_beside_his_room_and_on_his_page(desk: Desk) -> None:
    await plans(desk.ada)
    for who in (desk.ada, desk.moe):
        await says(who, "Good evening.", room="the-hour")
    row = rooms.update().values(state="on_air", on_air_since_ms=NOW_MS)
    await desk.house.parts.sql.write(lambda c: c.execute(row))
    badge, client = '<span class="tag">Host</span>', desk.house.client
    assert (await read(client, "/rooms/the-hour")).count(badge) == 1
    assert badge in await read(client, "/@Ada")
    shown = (await client.get("/api/v1/timelines/public")).json()
    by_host = {one["account"]["username"]: one["hustings"]["room"]["by_host"] for one in shown}
    assert sorted(by_host.values()) == [False, True] and by_host["ada"]
