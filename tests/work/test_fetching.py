"""A page of another host, from a real server with a certificate; and who is never asked."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import pytest

from hustings.work import fetching
from hustings.work.fetching import BYTES_MAX, Fetching, Forbidden, Unreachable, is_public, is_same
from tests.work.conftest import Identity
from tests.work.page_server import HANGS, PageServer, only_here, page, turn


@pytest.fixture
async def server(identity: Identity) -> AsyncIterator[PageServer]:
    async with PageServer(identity.server, identity.trust()).running() as one:
        yield one


async def test_a_page_is_read_and_nothing_said_of_who_reads(server: PageServer) -> None:
    server.say["/"] = page("Ä page")
    found = await server.fetching()(server.url())
    assert (found.text, found.url) == ("Ä page", server.url())
    (head,) = server.heard
    assert head.startswith("GET / HTTP/1.1\r\n") and "Accept: text/html\r\n" in head
    assert "Cookie" not in head and "Referer" not in head and "gzip" not in head


async def test_redirects_at_the_limit_and_one_past_it(server: PageServer) -> None:
    for n in range(4):
        server.say[f"/{n}"] = turn(f"/{n + 1}" if n else server.url("/1"))
    server.say["/4"] = server.say["/there"] = page("There")
    assert (await server.fetching()(server.url("/1"))).text == "There"
    with pytest.raises(Forbidden, match="too many"):
        await server.fetching()(server.url("/0"))
    assert not any("Cookie" in head for head in server.heard), "none that a redirect sets"


@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "http://localhost/", "//evil.example/", "https://localhost:22/", "https://evillocalhost/",
     "file:///etc/passwd", "https://a:b@localhost/", "gopher://localhost/"],
)  # fmt: skip
async def test_a_redirect_to_elsewhere_is_not_followed(server: PageServer, where: str) -> None:
    server.say["/"] = turn(where)
    with pytest.raises(Forbidden):
        await server.fetching()(server.url())
    assert len(server.heard) == 1


async def test_bytes_at_the_limit_and_past_it(server: PageServer) -> None:
    server.say["/at"] = page("x" * BYTES_MAX)
    server.say["/past"] = page("x" * BYTES_MAX + "y" * 500_000)
    for path in ("/at", "/past"):
        assert (await server.fetching()(server.url(path))).text == "x" * BYTES_MAX


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
async def test_what_is_no_page(server: PageServer, answer: bytes) -> None:
    server.say["/"] = answer
    with pytest.raises(Unreachable):
        await server.fetching()(server.url())


async def test_one_that_never_ends_is_left(server: PageServer) -> None:
    server.say["/"] = HANGS
    with pytest.raises(Unreachable, match="too slow"):
        await server.fetching(0.3)(server.url())


async def test_a_server_that_is_not_who_it_says(server: PageServer) -> None:
    server.say["/"] = page("x")
    stranger = Fetching(lambda _: True, only_here, server.port)
    with pytest.raises(Unreachable):
        await stranger(server.url())
    named = Fetching(lambda _: True, only_here, server.port, server.trust)
    with pytest.raises(Unreachable):
        await named(f"https://other.example:{server.port}/")
    assert server.heard == []


async def test_this_machine_is_never_asked_unless_a_test_says_so(server: PageServer) -> None:
    for host in ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0"):
        with pytest.raises(Unreachable):
            await Fetching(port=server.port, trust=server.trust)(f"https://{host}:{server.port}/")
    assert server.heard == []


async def test_one_address_that_is_not_public_is_enough(server: PageServer) -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    with pytest.raises(Forbidden):
        await Fetching(resolve=both, port=server.port)(server.url())


async def test_a_name_is_resolved_once_for_each_request(server: PageServer) -> None:
    """DNS rebinding: what was looked at is what is connected to."""
    asked: list[str] = []

    async def turning(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    server.say["/"] = page("Once")
    fetch = Fetching(lambda one: one == "127.0.0.1", turning, server.port, server.trust)
    assert (await fetch(server.url())).text == "Once"
    assert asked == ["localhost"]
    with pytest.raises(Forbidden):
        await fetch(server.url())


async def test_a_name_that_is_none() -> None:
    for host in ("nowhere.invalid", "x" * 64 + ".example", "a..example"):
        with pytest.raises(Unreachable):
            await Fetching()(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f.1", "0x7f000001", "127.1", "1.2.3.4.5", "[fe80::1%25lo]", "x..example", "-x.example", "x.-", "１27.1",
     "x" * 64 + ".example"],
)  # fmt: skip
async def test_what_is_no_name_is_no_question_to_a_name_server(host: str) -> None:
    """Resolvers take half a minute over some of these, and others for this machine."""

    async def never(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    with pytest.raises(Unreachable):
        await Fetching(resolve=never)(f"https://{host}/")


async def test_an_address_is_not_looked_up() -> None:
    async def never(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    for host in ("127.0.0.1", "[::1]", "[64:ff9b::7f00:1]", "10.0.0.1"):
        with pytest.raises(Forbidden):
            await Fetching(resolve=never)(f"https://{host}/")


async def test_the_addresses_of_a_name() -> None:
    assert "127.0.0.1" in await fetching.resolve("localhost", 443)


@pytest.mark.parametrize(
    "url",
    ["http://x.example/", "ftp://x.example/", "https://", "https:///x", "https://user@x.example/", "https://x.example:80/",
     "https://x.example:444/", "https://x.example:99999/", "https://[::1", "https://x.example/\n", "javascript:alert(1)",
     "https://x.example/" + "x" * 2_048],
)  # fmt: skip
async def test_what_is_no_address_to_ask(url: str) -> None:
    async def never(host: str, port: int) -> list[str]:
        raise AssertionError

    with pytest.raises(Unreachable):
        await Fetching(resolve=never)(url)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
     "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
     "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "fc00::1",
     "fd12::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
     "3fff::1", "4000::1", "2606:4700::1111%eth0", "localhost", "", "1.2.3", "0x7f.1", "127.0.0.1.", "１.1.1.1"],
)  # fmt: skip
def test_addresses_that_are_not_the_worlds(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255",
     "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255", "::ffff:1.1.1.1", "2606:4700::1111", "2a00::1",
     "2001:4860::8888"],
)  # fmt: skip
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)


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
