"""Addresses that lead to our own network, or to nobody, when web pages are asked for (SSRF): nothing is asked there."""

from __future__ import annotations

import pytest

from hustings.work.fetching import Fetching, Forbidden, Unreachable, is_public
from tests.work.conftest import identity as identity
from tests.work.conftest import page_server as page_server
from tests.work.page_server import PageServer, page, turn


@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "http://localhost/", "//evil.example/", "https://localhost:22/", "https://evillocalhost/",
     "file:///etc/passwd", "https://a:b@localhost/", "gopher://localhost/"],
)  # fmt: skip
async def test_a_redirect_to_elsewhere_is_not_followed(page_server: PageServer, where: str) -> None:
    page_server.say["/"] = turn(where)
    with pytest.raises(Forbidden):
        await page_server.fetching()(page_server.url())
    assert len(page_server.heard) == 1


async def test_this_machine_is_never_asked_unless_a_test_says_so(page_server: PageServer) -> None:
    for host in ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0"):
        with pytest.raises(Unreachable):
            await Fetching(port=page_server.port, trust=page_server.trust)(
                f"https://{host}:{page_server.port}/"
            )
    assert page_server.heard == []


async def test_one_address_that_is_not_public_is_enough(page_server: PageServer) -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    with pytest.raises(Forbidden):
        await Fetching(resolve=both, port=page_server.port)(page_server.url())


async def test_a_name_is_resolved_once_for_each_request(page_server: PageServer) -> None:
    """DNS rebinding: what was looked at is what is connected to."""
    asked: list[str] = []

    async def turning(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    page_server.say["/"] = page("Once")
    fetch = Fetching(lambda one: one == "127.0.0.1", turning, page_server.port, page_server.trust)
    assert (await fetch(page_server.url())).text == "Once"
    assert asked == ["localhost"]
    with pytest.raises(Forbidden):
        await fetch(page_server.url())


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
