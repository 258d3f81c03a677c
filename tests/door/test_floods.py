"""Floods at the door: buckets before a body, deadlines for heads, caps on connections; those who are inside go on."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from hustings import patience
from hustings.door import app
from hustings.door.app import Checked
from hustings.wire.errors import Refused
from hustings.wire.limits import Buckets
from hustings.wire.ticket import Verifier
from tests.door.conftest import KEY, OFFERS, WRONG, Outside, ticket
from tests.door.test_app import SDP, bearer

THERE = {"X-Real-IP": "203.0.113.9"}
ELSEWHERE = {"X-Real-IP": "2001:db8::1"}


async def ask(door: Outside, token: str, where: dict[str, str]) -> int:
    async with door.http.get("/events/demo", headers={**bearer(token), **where}) as answer:
        return answer.status


async def test_forged_tickets_are_looked_at_so_often_and_no_more(
    door: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = count()
    verify = Verifier.verify

    def counted(self: Verifier, token: str, room: str) -> object:
        next(looked)
        return verify(self, token, room)

    monkeypatch.setattr(Verifier, "verify", counted)
    assert await ask(door, ticket(), THERE) == 200
    forged = [await ask(door, ticket()[:-6] + f"{n:03d}AAA", THERE) for n in range(200)]
    assert forged[:WRONG] == [401] * WRONG
    assert forged[-1] == 429 and set(forged) == {401, 429}
    assert next(looked) <= WRONG + 3
    assert await ask(door, ticket(), THERE) == 200, "whoever is inside is not asked again"
    assert await ask(door, ticket(role="host"), ELSEWHERE) == 200, (
        "nor does another place pay for it"
    )


async def test_offers_have_a_bucket_of_their_own_and_their_bodies_are_not_read(
    door: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {**bearer(ticket()), **SDP, **THERE}
    statuses = []
    for _ in range(OFFERS + 5):
        async with door.http.post("/session/demo", data=b"offer", headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses[:OFFERS] == [200] * OFFERS
    assert statuses[-1] == 429
    assert await ask(door, ticket(), THERE) == 200

    async def slow_body():  # type: ignore[no-untyped-def]
        yield b"v=0"
        await asyncio.sleep(3_600)

    async with asyncio.timeout(20):  # answered while the body is still on its way
        async with door.http.post("/session/demo", data=slow_body(), headers=headers) as answer:
            assert answer.status == 429


class TestChecked:
    def test_a_key_that_goes_takes_its_tickets_with_it(self) -> None:
        checked = Checked(Buckets(1))
        assert checked.ticket(Verifier({"web-1": KEY.public_key()}), ticket(), "demo", "a")
        with pytest.raises(Refused, match="ticket_forged"):
            checked.ticket(Verifier({}), ticket(), "demo", "a")

    def test_the_same_ticket_for_another_room_is_looked_at(self) -> None:
        checked, verifier = Checked(Buckets(1)), Verifier({"web-1": KEY.public_key()})
        checked.ticket(verifier, ticket(), "demo", "a")
        with pytest.raises(Refused, match="ticket_wrong_room"):
            checked.ticket(verifier, ticket(), "other", "a")

    def test_at_the_limit_and_one_past_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app, "CHECKED_MAX", 2)
        checked, verifier = Checked(Buckets(1)), Verifier({"web-1": KEY.public_key()})
        for role in ("host", "cohost", "speaker"):
            checked.ticket(verifier, ticket(role=role), "demo", "a")
        assert [known.role for known in checked._known.values()] == ["cohost", "speaker"]


class TestSlowHeads:
    async def lines(self, door: Outside, *, whole: bool) -> bytes:
        """A head that comes one line at a time, more often than any idle timer; what the door says to it."""
        url = door.http._base_url
        assert url is not None
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        try:
            for number in range(20):
                writer.write(f"X-{number}: x\r\n".encode())
                await writer.drain()
                await asyncio.sleep(0.02)
                if whole and number == 3:
                    writer.write(b"\r\n")
                    return await reader.readline()
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def test_one_that_never_ends_is_cut(
        self, door: Outside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patience, "HEAD_S", 0.15)
        assert await self.lines(door, whole=False) == b""

    async def test_one_that_ends_in_time_is_answered(self, door: Outside) -> None:
        assert b" 200 " in await self.lines(door, whole=True)

    async def test_a_connection_that_says_nothing_is_cut(
        self, door: Outside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patience, "HEAD_S", 0.05)
        url = door.http._base_url
        assert url is not None
        reader, writer = await asyncio.open_connection(url.host, url.port)
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()

    async def test_a_long_poll_is_not(self, door: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(patience, "HEAD_S", 0.05)
        take = door.studio.take

        async def late(request):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.2)
            return await take(request)

        monkeypatch.setattr(type(door.studio), "take", late)
        assert await ask(door, ticket(), THERE) == 200


class TestConnections:
    async def test_one_past_it_is_cut(self, door: Outside) -> None:
        door.connections._most_per_place = 1
        url = door.http._base_url
        assert url is not None
        first = await asyncio.open_connection(url.host, url.port)
        second = await asyncio.open_connection(url.host, url.port)
        async with asyncio.timeout(20):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await second[0].readexactly(1)
        first[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in await first[0].readline()
        for _, writer in (first, second):
            writer.close()
