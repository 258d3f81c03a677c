"""One port with real sockets on loopback: who hears what, on which socket, within which budget."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator

import pytest

from hustings.rtc.ice import Pair
from hustings.studio import udp
from hustings.studio.udp import UdpPort


class Port:
    """The port under test, and what it received."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, Pair]] = []
        self.udp = UdpPort(lambda datagram, pair, _now: self.heard.append((datagram, pair)))
        self.number = self.udp.open(0)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.001)

    async def hears(self, *datagrams: bytes) -> list[Pair]:
        await self.until(lambda: len(self.heard) >= len(datagrams))
        assert [one for one, _ in self.heard] == list(datagrams)
        pairs = [pair for _, pair in self.heard]
        self.heard.clear()
        return pairs


@pytest.fixture
async def port() -> Iterator[Port]:
    made = Port()
    yield made
    made.udp.close()


@pytest.fixture
def peers() -> Iterator[Callable[[str], socket.socket]]:
    made: list[socket.socket] = []

    def make(host: str) -> socket.socket:
        one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((host, 0))
        one.settimeout(2)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1"])
async def test_a_pair_gets_a_socket_of_its_own(
    port: Port, peers: Callable[[str], socket.socket], host: str
) -> None:
    """Whichever of our addresses it came to is the one that answers."""
    peer = peers("::1" if ":" in host else "127.0.0.1")
    peer.sendto(b"one", (host, port.number))
    [pair] = await port.hears(b"one")
    assert pair == Pair(host, peer.getsockname())
    port.udp.send(pair, b"to nobody: nothing is proved")
    port.udp.prove(pair)
    port.udp.prove(pair)
    port.udp.send(pair, b"answer")
    answer, source = peer.recvfrom(100)
    assert (answer, source[:2]) == (b"answer", (host, port.number))
    peer.sendto(b"two", (host, port.number))
    assert await port.hears(b"two") == [pair]
    port.udp.drop(pair)
    port.udp.drop(pair)
    port.udp.send(pair, b"no more")
    peer.sendto(b"three", (host, port.number))
    assert await port.hears(b"three") == [pair]


async def test_strangers_come_to_the_open_socket_only(
    port: Port, peers: Callable[[str], socket.socket]
) -> None:
    peer, stranger = peers("127.0.0.1"), peers("127.0.0.1")
    pair = Pair("127.0.0.1", peer.getsockname())
    port.udp.prove(pair)
    [tap] = port.udp._pairs.values()
    port.udp._mute(tap)
    for n in range(20):
        stranger.sendto(b"%d" % n, ("127.0.0.1", port.number))
    await port.hears(*[b"%d" % n for n in range(20)])
    with pytest.raises(BlockingIOError):
        tap.socket.recv(100)


async def test_what_came_between_bind_and_connect_is_a_strangers(
    port: Port, peers: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket is there before it is connected; what lies in it then is heard under its own name."""
    peer, stranger = peers("127.0.0.1"), peers("127.0.0.1")
    connect = socket.socket.connect

    def late(self: socket.socket, address: object) -> None:
        stranger.sendto(b"stranger", ("127.0.0.1", port.number))
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", late)
    port.udp.prove(Pair("127.0.0.1", peer.getsockname()))
    assert await port.hears(b"stranger") == [Pair("127.0.0.1", stranger.getsockname())]


async def test_a_budget_for_each_tick(
    port: Port, peers: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood is read at 64 datagrams a tick, whoever sends it; a pair's voice is not behind it."""
    monkeypatch.setattr(udp, "TICK_S", 0.1)
    peer, stranger = peers("127.0.0.1"), peers("127.0.0.1")
    port.udp.prove(Pair("127.0.0.1", peer.getsockname()))
    [tap] = port.udp._open[:1]
    for _ in range(udp.OPEN_BUDGET + 1):
        stranger.sendto(b"x", ("127.0.0.1", port.number))
    peer.sendto(b"voice", ("127.0.0.1", port.number))
    await port.until(lambda: tap.left == 0 and (b"voice") in dict(port.heard))
    assert len(port.heard) == udp.OPEN_BUDGET + 1
    await port.until(lambda: len(port.heard) == udp.OPEN_BUDGET + 2)
    for _ in range(udp.PAIR_BUDGET * 2):
        peer.sendto(b"y", ("127.0.0.1", port.number))
    port.heard.clear()
    await port.until(lambda: len(port.heard) == udp.PAIR_BUDGET * 2)


async def test_where_little_comes_each_datagram_wakes_and_where_much_comes_a_timer_does(
    port: Port, peers: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "REST_S", 0.1)
    peer = peers("127.0.0.1")
    peer.sendto(b"one", ("127.0.0.1", port.number))
    await port.hears(b"one")
    assert port.udp._resting is None, "a look that found one waits for the next"
    many = [b"%d" % n for n in range(udp.MUCH)]
    for one in many:
        peer.sendto(one, ("127.0.0.1", port.number))
    await port.until(lambda: port.udp._resting is not None)
    assert port.heard == [], "too soon after the look before"
    await port.hears(*many)
    assert port.udp._resting is not None, "more are awaited without being woken"
    await port.until(lambda: port.udp._resting is None)
    peer.sendto(b"last", ("127.0.0.1", port.number))
    await port.hears(b"last")


async def test_who_is_called_may_fail_and_the_next_datagram_is_heard(
    peers: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "REST_S", 0.01)
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: None)
    peer, heard = peers("127.0.0.1"), list[bytes]()

    def received(datagram: bytes, pair: Pair, now: float) -> None:
        heard.append(datagram)
        raise OSError(28, "the disk is full")

    port = UdpPort(received)
    number = port.open(0)
    async with asyncio.timeout(5):
        for n in range(6):
            peer.sendto(b"%d" % n, ("127.0.0.1", number))
            while len(heard) <= n:
                await asyncio.sleep(0.001)
    port.close()
    assert heard == [b"%d" % n for n in range(6)]


async def test_a_socket_that_is_dropped_while_it_is_read(
    peers: Callable[[str], socket.socket],
) -> None:
    peer, heard = peers("127.0.0.1"), list[bytes]()

    def received(datagram: bytes, pair: Pair, now: float) -> None:
        heard.append(datagram)
        port.drop(pair)

    port = UdpPort(received)
    number = port.open(0)
    port.prove(Pair("127.0.0.1", peer.getsockname()))
    for n in range(3):
        peer.sendto(b"%d" % n, ("127.0.0.1", number))
    async with asyncio.timeout(5):
        while not heard:
            await asyncio.sleep(0.001)
    port.close()
    assert heard == [b"0"]


async def test_an_error_of_the_network_ends_nothing(
    port: Port, peers: Callable[[str], socket.socket]
) -> None:
    """ICMP "nobody is there" comes to a connected socket as an error; it can be forged."""
    peer = peers("127.0.0.1")
    name = peer.getsockname()
    pair = Pair("127.0.0.1", name)
    port.udp.prove(pair)
    peer.close()
    port.udp.send(pair, b"into nothing")
    await asyncio.sleep(0.02)
    port.udp.send(pair, b"again")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
        back.bind(name)
        back.settimeout(2)
        back.sendto(b"back", ("127.0.0.1", port.number))
        assert await port.hears(b"back") == [pair]
        port.udp.send(pair, b"hello")
        assert back.recv(100) == b"hello"


async def test_pairs_that_can_have_no_socket(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    port.udp.prove(Pair("203.0.113.1", ("127.0.0.1", 9)))
    assert port.udp._pairs == {}

    def none(*_: object) -> None:
        raise OSError(24, "too many open files")

    monkeypatch.setattr(socket, "socket", none)
    port.udp.prove(Pair("127.0.0.1", ("127.0.0.1", 9)))
    assert port.udp._pairs == {}


async def test_a_second_studio_gets_its_error(port: Port) -> None:
    with pytest.raises(OSError, match="in use"):
        UdpPort(lambda *_: None).open(port.number)


async def test_a_machine_with_one_family(monkeypatch: pytest.MonkeyPatch) -> None:
    real = udp._open_socket

    def only_4(family: socket.AddressFamily, host: str, number: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "no IPv6 here")
        return real(family, host, number)

    def none(*_: object) -> socket.socket:
        raise OSError(97, "nothing here")

    monkeypatch.setattr(udp, "_open_socket", only_4)
    port = UdpPort(lambda *_: None)
    assert port.open(0) > 0
    assert len(port._open) == 1
    port.close()
    monkeypatch.setattr(udp, "_open_socket", none)
    with pytest.raises(OSError, match="nothing here"):
        UdpPort(lambda *_: None).open(0)


async def test_a_free_port_must_be_free_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    real, tries = udp._open_socket, list[int]()

    def taken_once(family: socket.AddressFamily, host: str, number: int) -> socket.socket:
        if family == socket.AF_INET6:
            tries.append(number)
            if len(tries) == 1:
                raise OSError(98, "taken")
        return real(family, host, number)

    monkeypatch.setattr(udp, "_open_socket", taken_once)
    port = UdpPort(lambda *_: None)
    assert port.open(0) == tries[1]
    port.close()


def test_where_a_datagram_went() -> None:
    note = bytes(4) + bytes((10, 0, 0, 1)) + bytes((192, 0, 2, 2))
    assert udp._destination([(0, udp.IP_PKTINFO, note)]) == "192.0.2.2"
    assert udp._destination([(1, 1, b"")]) == ""
