"""A page of somebody else's host, asked for so that neither we nor our neighbours on the network are (SSRF, CWE-918).

https and its own port only; a name is resolved once, every address that it has must be a public one, and the connection goes
to exactly those; each redirect is looked at like the first address, and leads to the same host or a part of it (`www.`): a page
that sends its visitors anywhere proves nothing. No cookies, no proxy, no compression; a limit on bytes and on time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

TIMEOUT_S, BYTES_MAX, REDIRECTS_MAX, URL_MAX = 5.0, 1_000_000, 3, 2_048
PORT = 443
KINDS = ("text/html", "application/xhtml+xml")
HEADERS = {"Accept": "text/html", "Accept-Encoding": "identity", "User-Agent": "Hustings (rel=me)"}
TURNS = (301, 302, 303, 307, 308)
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = re.compile(rf"({LABEL}\.)*(?!0x|[0-9]+$){LABEL}")
"""A host that name servers are asked for: it does not end in a number, as addresses that are written oddly do."""
NOT_PUBLIC = tuple(
    ipaddress.ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""IPv4 that is not for everybody (RFC 6890 and IANA's registry). Of IPv6, only what is handed out to the world is: 2000::/3."""
WORLD = ipaddress.ip_network("2000::/3")
NOT_WORLD = tuple(
    ipaddress.ip_network(one)
    for one in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
"""Documentation, tunnels to IPv4 (Teredo, 6to4), and other special use."""
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Unreachable(Exception):
    """The page cannot be had; the text says why, and may stand in a log."""


class Forbidden(Unreachable):
    """It is not asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """`text`: its first million bytes, read as UTF-8."""

    url: str
    text: str


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the world: a mapped one (`::ffff:127.0.0.1`) is what it maps."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            inside = found.scope_id is None and found in WORLD
            return inside and not any(found in network for network in NOT_WORLD)
        found = found.ipv4_mapped
    return not any(found in network for network in NOT_PUBLIC)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, written as they are."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name. Errors: `Unreachable`."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("no such host") from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Fetching:
    """`await fetching(url)`: a page. Errors: `Unreachable`, `Forbidden`.

    The arguments are for tests, which ask a server of this machine: its port, its name, and its certificate.
    """

    def __init__(
        self,
        may_ask: Callable[[str], bool] = is_public,
        resolve: Resolve = resolve,
        port: int = PORT,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._may_ask = may_ask
        self._resolve = resolve
        self._port = port
        self._trust = trust or ssl.create_default_context()
        self._timeout_s = timeout_s

    async def __call__(self, url: str) -> Page:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._follow(url)
        except TimeoutError:
            raise Unreachable("too slow") from None
        except (aiohttp.ClientError, OSError, ValueError, UnicodeError) as error:
            raise Unreachable(type(error).__name__) from None

    async def _follow(self, url: str) -> Page:
        first = self.host(url)
        for _ in range(REDIRECTS_MAX + 1):
            host = self.host(url)
            if not is_same(first, host):
                raise Forbidden("a redirect to another host")
            known = is_address(host)
            addresses = [host] if known else await self._resolve(host, self._port)
            if not addresses or not all(self._may_ask(one) for one in addresses):
                raise Forbidden("no address of the world's")
            found = await self._one(url, addresses)
            if isinstance(found, Page):
                return found
            url = urljoin(url, found)
        raise Forbidden("too many redirects")

    def host(self, url: str) -> str:
        """The host that a URL names. Errors: `Forbidden` for one that we do not ask."""
        parts = urlsplit(url)
        if parts.scheme != "https" or len(url) > URL_MAX or not url.isprintable():
            raise Forbidden("not https")
        if "@" in parts.netloc or (parts.port or PORT) != self._port or not parts.hostname:
            raise Forbidden("a name or a port in the address")
        host = parts.hostname.rstrip(".").lower()
        if not is_address(host):
            host = host.encode("idna").decode()
            if not NAME.fullmatch(host):
                raise Forbidden("no name of a host")
        return host

    async def _one(self, url: str, addresses: list[str]) -> Page | str:
        """The page, or where it sends us."""
        connector = aiohttp.TCPConnector(
            resolver=Pinned(addresses), ssl=self._trust, use_dns_cache=False, force_close=True
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers=HEADERS,
            ) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status in TURNS and "Location" in answer.headers:
                return answer.headers["Location"]
            if answer.status != 200:
                raise Unreachable(f"status {answer.status}")
            coding = answer.headers.get("Content-Encoding", "identity").lower()
            if answer.content_type not in KINDS or coding != "identity":
                raise Unreachable("no page")
            body = bytearray()
            while len(body) < BYTES_MAX and (piece := await answer.content.readany()):
                body += piece
            return Page(url, bytes(body[:BYTES_MAX]).decode("utf-8", "replace"))


class Pinned(AbstractResolver):
    """Says the addresses that were looked at, whatever it is asked."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for one in self._addresses
        ]

    async def close(self) -> None:
        return None


def is_same(first: str, other: str) -> bool:
    """Whether two hosts are one's own: the same, or one a part of the other."""
    return first == other or first.endswith(f".{other}") or other.endswith(f".{first}")
