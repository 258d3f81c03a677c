"""A page of another host, from a real server with a certificate; and who is never asked."""

from __future__ import annotations

import asyncio
import gzip
import socket

import pytest

from hustings.work import fetching
from hustings.work.fetching import BYTES_MAX, Fetching, Forbidden, Unreachable, is_same
from tests.work.conftest import Identity
from tests.work.page_server import HANGS, PageServer, only_here, page, turn


async def test_a_page_is_read_and_nothing_said_of_who_reads(page_server: PageServer) -> None:
    page_server.say["/"] = page("Ä page")
    found = await page_server.fetching()(page_server.url())
    assert (found.text, found.url) == ("Ä page", page_server.url())
    (head,) = page_server.heard
    assert head.startswith("GET / HTTP/1.1\r\n") and "Accept: text/html\r\n" in head
    assert "Cookie" not in head and "Referer" not in head and "gzip" not in head


async def test_redirects_at_the_limit_and_one_past_it(page_server: PageServer) -> None:
    for n in range(4):
        page_server.say[f"/{n}"] = turn(f"/{n + 1}" if n else page_server.url("/1"))
    page_server.say["/4"] = page_server.say["/there"] = page("There")
    assert (await page_server.fetching()(page_server.url("/1"))).text == "There"
    with pytest.raises(Forbidden, match="too many"):
        await page_server.fetching()(page_server.url("/0"))
    assert not any("Cookie" in head for head in page_server.heard), "none that a redirect sets"


async def test_bytes_at_the_limit_and_past_it(page_server: PageServer) -> None:
    page_server.say["/at"] = page("x" * BYTES_MAX)
    page_server.say["/past"] = page("x" * BYTES_MAX + "y" * 500_000)
    for path in ("/at", "/past"):
        assert (await page_server.fetching()(page_server.url(path))).text == "x" * BYTES_MAX


@pytest.mark.parametrize(
    "answer",
    [
        page("x", "application/json"),
        page("x", "image/svg+xml"),
        page("x", status="404 Not Found"),
        page("x", status="304 Not Modified"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
        + gzip.compress(bytes(5_000_000)),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\nshort",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x00\x00\x00",
    ],
    ids=["json", "svg", "404", "304", "gzip", "head", "length", "chunk", "short", "ssh", "zeros"],
)
async def test_what_is_no_page(page_server: PageServer, answer: bytes) -> None:
    page_server.say["/"] = answer
    with pytest.raises(Unreachable):
        await page_server.fetching()(page_server.url())


async def test_one_that_never_ends_is_left(page_server: PageServer) -> None:
    page_server.say["/"] = HANGS
    with pytest.raises(Unreachable, match="too slow"):
        await page_server.fetching(0.3)(page_server.url())


async def test_a_server_that_is_not_who_it_says(page_server: PageServer) -> None:
    page_server.say["/"] = page("x")
    stranger = Fetching(lambda _: True, only_here, page_server.port)
    with pytest.raises(Unreachable):
        await stranger(page_server.url())
    named = Fetching(lambda _: True, only_here, page_server.port, page_server.trust)
    with pytest.raises(Unreachable):
        await named(f"https://other.example:{page_server.port}/")
    assert page_server.heard == []


async def test_a_name_that_is_none() -> None:
    for host in ("nowhere.invalid", "x" * 64 + ".example", "a..example"):
        with pytest.raises(Unreachable):
            await Fetching()(f"https://{host}/")


async def test_the_addresses_of_a_name() -> None:
    assert "127.0.0.1" in await fetching.resolve("localhost", 443)


def test_hosts_that_are_one_persons() -> None:
    assert is_same("ada.example", "ada.example") and is_same("ada.example", "www.ada.example")
    assert is_same("www.ada.example", "ada.example")
    assert not is_same("ada.example", "adaexample") and not is_same("ada.example", "x.example")
    assert not is_same("ada.example", "evilada.example")


async def test_a_port_that_nobody_listens_on(identity: Identity) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        fetch = Fetching(lambda _: True, only_here, port, identity.trust())
        with pytest.raises(Unreachable):
            await asyncio.wait_for(fetch(f"https://localhost:{port}/"), 10)
