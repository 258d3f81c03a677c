"""One UDP port for all speakers of a process, on IPv4 and IPv6.

Two *open* sockets hear everybody and never send a byte. Each proved pair has a connected socket of its own on the same
port (SO_REUSEPORT): the kernel sorts its datagrams there, so a flood of strangers fills the open sockets' buffer and nobody
else's. Every socket is read with a budget per tick, so a flood costs a fixed share of the loop, whoever sends it.

The sockets have an epoll of their own, which is looked at every `REST_S` at the most: a hundred speakers then wake the loop
250 times a second and not five thousand times. Where little comes each datagram wakes it, where much comes a timer does.

The port is taken without SO_REUSEPORT and shared only afterwards: a second studio on it gets its error at the start.
"""

from __future__ import annotations

import asyncio
import ipaddress
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass

from hustings.rtc.ice import Pair

TICK_S = 0.02
REST_S = 0.004
MUCH = 3
"""Datagrams in `REST_S` from which on a timer looks: less than one a look would be more wake-ups than datagrams."""
OPEN_BUDGET = 64
PAIR_BUDGET = 32
"""Datagrams per tick; a browser sends one or two."""
DATAGRAM_MAX = 2_048
MIXED_S = 1.0
"""So long a new pair's socket may still hold what came between its bind and its connect, from whomever."""
OPEN_BUFFER_BYTES = 262_144
TRIES = 8
IP_PKTINFO = 8  # ip(7); Python names it from 3.12 on
ANCILLARY_BYTES = 64

Received = Callable[[bytes, Pair, float], None]


@dataclass(slots=True, eq=False)
class Tap:
    """One socket and what may still be read from it in this tick. `pair` is None for an open one; from `alone_from` on only
    its pair's datagrams are in it."""

    socket: socket.socket
    budget: int
    pair: Pair | None = None
    left: int = 0
    since: float = 0.0
    alone_from: float = 0.0
    is_open: bool = True
    is_heard: bool = False


class UdpPort:
    """`received` gets each datagram with its pair and the time at which it was looked for. Errors of single datagrams are
    nobody's: they are dropped."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._taps: dict[int, Tap] = {}
        self._resting: asyncio.TimerHandle | None = None
        self._looked_at = 0.0
        self._open: list[Tap] = []
        self._pairs: dict[Pair, Tap] = {}
        self.port = 0

    def open(self, port: int) -> int:
        """Takes the port (0: any free one) and says which. Errors: `OSError` if neither family can have it."""
        error: OSError | None = None
        for _ in range(1 if port else TRIES):
            try:
                self.port = self._take(port)
                break
            except OSError as failed:
                error = failed
        else:
            assert error is not None
            raise error
        for tap in self._open:
            tap.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self._listen(tap)
        self._wait()
        return self.port

    def close(self) -> None:
        for pair in list(self._pairs):
            self.drop(pair)
        for tap in self._open:
            self._end(tap)
        self._open.clear()
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._epoll)
        self._epoll.close()

    def prove(self, pair: Pair) -> None:
        """A socket for this pair alone. Where there can be none, what is sent to the pair is lost."""
        if pair in self._pairs:
            return
        family = socket.AF_INET6 if ":" in pair.local else socket.AF_INET
        scope = pair.remote[2:]
        try:
            own = socket.socket(family, socket.SOCK_DGRAM)
        except OSError:
            return
        try:
            own.setblocking(False)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            own.bind((pair.local, self.port, *scope))
            own.connect(pair.remote)
        except OSError:
            own.close()
            return
        alone_from = self._loop.time() + MIXED_S
        tap = self._pairs[pair] = Tap(own, PAIR_BUDGET, pair, alone_from=alone_from)
        self._listen(tap)

    def drop(self, pair: Pair) -> None:
        tap = self._pairs.pop(pair, None)
        if tap is not None:
            self._end(tap)

    def send(self, pair: Pair, datagram: bytes) -> None:
        """To a proved pair. A full buffer or an address that is gone loses the datagram, as networks do."""
        tap = self._pairs.get(pair)
        if tap is None:
            return
        try:
            tap.socket.send(datagram)
        except OSError:
            return

    def _take(self, port: int) -> int:
        self._open.clear()
        errors = []
        for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            try:
                tap = Tap(_open_socket(family, host, port), OPEN_BUDGET)
            except OSError as error:
                errors.append(error)
                if error.errno in (98, 48):  # the port is taken; no family at all is no reason
                    break
                continue
            port = tap.socket.getsockname()[1]
            self._open.append(tap)
        if not self._open or any(error.errno in (98, 48) for error in errors):
            for tap in self._open:
                tap.socket.close()
            raise errors[-1]
        return port

    def _listen(self, tap: Tap) -> None:
        if tap.is_open and not tap.is_heard:
            tap.is_heard = True
            self._taps[tap.socket.fileno()] = tap
            self._epoll.register(tap.socket, select.EPOLLIN)

    def _mute(self, tap: Tap) -> None:
        if tap.is_heard:
            tap.is_heard = False
            del self._taps[tap.socket.fileno()]
            self._epoll.unregister(tap.socket)

    def _end(self, tap: Tap) -> None:
        self._mute(tap)
        tap.is_open = False
        tap.socket.close()

    def _wait(self) -> None:
        """Until one of the sockets has something."""
        self._resting = None
        self._loop.add_reader(self._epoll, self._wake)

    def _wake(self) -> None:
        rest_s = self._looked_at + REST_S - self._loop.time()
        if rest_s > 0:
            self._loop.remove_reader(self._epoll)
            self._resting = self._loop.call_later(rest_s, self._rested)
        else:
            self._look()

    def _rested(self) -> None:
        count = MUCH
        try:
            count = self._look()
        finally:  # whoever was called may fail: the next datagram is heard all the same
            if count >= MUCH:
                self._resting = self._loop.call_at(self._looked_at + REST_S, self._rested)
            else:
                self._wait()

    def _look(self) -> int:
        """Reads what there is; how many datagrams that were."""
        now = self._looked_at = self._loop.time()
        count, taps, received = 0, self._taps, self._received
        # One datagram of each that has some, and again: to ask the epoll costs less than to ask each socket in vain.
        while ready := self._epoll.poll(0):
            count += len(ready)
            for number, _ in ready:
                tap = taps.get(number)
                if tap is None:  # given up while an earlier one was read
                    continue
                if now - tap.since >= TICK_S:
                    tap.since, tap.left = now, tap.budget
                if not tap.left:
                    self._spent(tap)
                    continue
                tap.left -= 1
                pair = tap.pair
                try:
                    if pair is not None and now >= tap.alone_from:
                        datagram = tap.socket.recv(DATAGRAM_MAX)
                    else:
                        datagram, pair = _read(tap.socket, pair)
                except OSError:
                    continue  # ICMP says that nobody is there (udp(7)), and anybody can forge that; or nothing after all
                received(datagram, pair, now)
        return count

    def _spent(self, tap: Tap) -> None:
        """The tick's budget is: the socket waits for the next tick."""
        self._mute(tap)
        self._loop.call_at(tap.since + TICK_S, self._listen, tap)


def _read(own: socket.socket, pair: Pair | None) -> tuple[bytes, Pair]:
    """From an open socket, or from a pair's in which strangers' may still be."""
    if pair is not None:
        datagram, remote = own.recvfrom(DATAGRAM_MAX)
        # What came between bind and connect may be a stranger's, and anything.
        return datagram, pair if remote == pair.remote else Pair(pair.local, remote)
    datagram, notes, _, remote = own.recvmsg(DATAGRAM_MAX, ANCILLARY_BYTES)
    return datagram, Pair(_destination(notes), remote)


def _open_socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, OPEN_BUFFER_BYTES)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            made.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _destination(notes: list[tuple[int, int, bytes]]) -> str:
    """The address of ours that a datagram was sent to (ip(7), ipv6(7)); "" if the kernel did not say."""
    for level, kind, note in notes:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            return str(ipaddress.IPv4Address(note[8:12]))
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            return str(ipaddress.IPv6Address(note[:16]))
    return ""
