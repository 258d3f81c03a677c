"""What every request meets first, without a server: buckets before a body, and a body's time, on a clock of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hustings.settings import Media
from hustings.web import guard
from hustings.web.guard import Guard
from hustings.wire.errors import Refused

HEADER = "X-Forwarded-For"


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def reading(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads all of its body."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def refuse(scope: Any, refused: Refused) -> Any:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": refused.status, "headers": []})
        await send({"type": "http.response.body", "body": refused.code.encode()})

    return answer


def made(clock: Callable[[], float], header: str = HEADER) -> Guard:
    return Guard(reading, "https://example.org", 1_000, refuse, header, clock)


async def ask(
    door: Guard,
    address: str,
    method: str = "POST",
    body: Any = None,
    peer: str = "127.0.0.1",
    path: str = "/rooms",
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> tuple[int, str]:
    said: list[dict[str, Any]] = []
    headers = [(b"x-forwarded-for", address.encode())] if address else []
    headers += more

    async def receive() -> dict[str, Any]:
        if body is not None:
            return await body()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "headers": headers, "client": (peer, 1),
    }  # fmt: skip
    await door(scope, receive, send)
    return said[0]["status"], said[1]["body"].decode()


async def test_changes_from_one_place_at_the_limit_and_one_past_it() -> None:
    clock = Clock()
    door = made(clock)
    for _ in range(guard.CHANGES_PER_MINUTE):
        assert (await ask(door, "203.0.113.9"))[0] == 200

    async def never() -> dict[str, Any]:
        raise AssertionError("a body was read")

    assert await ask(door, "203.0.113.9", body=never) == (429, "too_many")
    assert (await ask(door, "203.0.113.10"))[0] == 200
    assert (await ask(door, "203.0.113.9", "GET"))[0] == 200, "reading has its own"
    clock.now_s += 1.0
    assert (await ask(door, "203.0.113.9"))[0] == 200


async def test_an_ipv6_network_is_one_place() -> None:
    door = made(Clock())
    for number in range(guard.CHANGES_PER_MINUTE):
        await ask(door, f"2001:db8::{number:x}")
    assert (await ask(door, "2001:db8::ffff"))[0] == 429
    assert (await ask(door, "2001:db8:0:1::1"))[0] == 200


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
async def test_this_machine_itself_is_not_counted_where_no_proxy_is_named(peer: str) -> None:
    door = made(Clock(), header="")
    for _ in range(guard.CHANGES_PER_MINUTE + 1):
        assert (await ask(door, "", peer=peer))[0] == 200
    for _ in range(guard.CHANGES_PER_MINUTE):
        await ask(door, "", peer="203.0.113.9")
    # a header that nobody named is nobody's word
    assert (await ask(door, "203.0.113.200", peer="203.0.113.9"))[0] == 429


async def test_a_body_that_trickles_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_WAIT_S", 0.05)

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    loop = asyncio.get_running_loop()
    assert await ask(made(loop.time), "203.0.113.9", body=trickle) == (408, "too_slow")


async def test_a_bodys_time_begins_when_it_is_read() -> None:
    clock = Clock()

    async def busy(scope: Any, receive: Any, send: Any) -> None:
        clock.now_s += (
            guard.BODY_WAIT_S
        )  # we were at something else first, which is not the sender's doing
        await reading(scope, receive, send)

    door = Guard(busy, "https://example.org", 1_000, refuse, HEADER, clock)
    assert (await ask(door, "203.0.113.9"))[0] == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/plan", 1_000),
        ("/api/v1/media", 900_000),
        ("/api/v2/media", 900_000),
        ("/api/v2/media/1", 1_000),
        ("/posts", 2_000_000),
        ("/posts/12/edit", 2_000_000),
        ("/posts/12/delete", 1_000),
    ],
)
async def test_how_much_comes_in_where(path: str, most: int) -> None:
    media = Media(500_000, 1_000_000, 900_000, 1)
    door = Guard(reading, "https://example.org", 1_000, refuse, HEADER, Clock(), media)
    most += guard.FORM_ROOM

    async def sends(length: int, kind: bytes = b"multipart/form-data; boundary=x") -> int:
        more = ((b"content-length", str(length).encode()), (b"content-type", kind))
        return (await ask(door, "203.0.113.9", path=path, more=more))[0]

    assert [await sends(most), await sends(most + 1)] == [200, 413]
    assert [await sends(guard.BODY_MAX, b"text/plain"), await sends(guard.BODY_MAX + 1, b"")] == [
        200,
        413,
    ]


async def test_a_large_body_on_a_slow_line_has_the_time_it_needs() -> None:
    clock = Clock()
    left = 10

    async def slowly() -> dict[str, Any]:
        nonlocal left
        left -= 1
        clock.now_s += 3.0
        return {
            "type": "http.request",
            "body": bytes(3 * guard.BODY_BYTES_PER_S // 8),
            "more_body": left > 0,
        }

    assert (await ask(made(clock), "203.0.113.9", body=slowly))[0] == 408
    clock, left = Clock(), 3
    assert (await ask(made(clock), "203.0.113.9", body=slowly))[0] == 200
