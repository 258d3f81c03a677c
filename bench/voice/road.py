"""A bad road in user space: UDP datagrams from a browser to one address and back, through a profile in either direction.

Until `turn` nothing is touched, so that every column has its handshake. After a roam the far address sees another sender.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from bench.voice.profiles import PROFILES, Profile, Road

Address = tuple[str, int]


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, took: Callable[[bytes, Address], None]) -> None:
        self._took = took

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._took(data, addr)


class Relay:
    """Between a browser, which knows `near`, and the far end, which sees `far`; where that is, `lead` says."""

    def __init__(self) -> None:
        self._to: Address | None = None
        self._browser: Address | None = None
        self._turned_s: float | None = None
        self._roads = (Road(PROFILES["P0"], ""), Road(PROFILES["P0"], ""))

    async def open(self, far_host: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._far_host = far_host
        self._near, near = await self._bound("127.0.0.1", self._from_browser)
        self._far, far = await self._bound(far_host, self._from_far)
        self.near, self.far = near, far

    async def _bound(
        self, host: str, took: Callable[[bytes, Address], None]
    ) -> tuple[asyncio.DatagramTransport, Address]:
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Socket(took), local_addr=(host, 0), family=socket.AF_INET
        )
        return transport, transport.get_extra_info("sockname")

    def lead(self, to: Address) -> None:
        """Where the far end is."""
        self._to = to

    def turn(self, profile: Profile, seed: int) -> None:
        """The road turns bad now."""
        self._turned_s = self._loop.time()
        self._roads = (Road(profile, f"{seed} up"), Road(profile, f"{seed} down"))
        if profile.roams:
            self._loop.call_later(profile.dead[1], lambda: asyncio.ensure_future(self._roam()))

    async def _roam(self) -> None:
        old = self._far
        self._far, self.far = await self._bound(self._far_host, self._from_far)
        old.close()

    @property
    def lost(self) -> float:
        """Share of the datagrams from the browser that were lost since `turn`."""
        up = self._roads[0]
        return up.lost / max(1, up.lost + up.passed)

    def close(self) -> None:
        self._near.close()
        self._far.close()

    def _from_browser(self, datagram: bytes, address: Address) -> None:
        self._browser = address
        if self._to is not None:
            to = self._to
            self._through(0, datagram, lambda: self._far.sendto(datagram, to))

    def _from_far(self, datagram: bytes, address: Address) -> None:
        if self._browser is not None:
            to = self._browser
            self._through(1, datagram, lambda: self._near.sendto(datagram, to))

    def _through(self, way: int, datagram: bytes, send: Callable[[], None]) -> None:
        if self._turned_s is None:
            send()
            return
        out_s = self._roads[way].takes(self._loop.time() - self._turned_s, len(datagram))
        if out_s is not None:
            self._loop.call_at(self._turned_s + out_s, self._unless_over, send)

    def _unless_over(self, send: Callable[[], None]) -> None:
        if not self._near.is_closing():
            send()
