"""All calls of this process: pure peers (`rtc/`) joined to the one UDP port (`udp.py`), to what door brings by TCP
(`relayed.py`), and to the clock.

Calls that are up are written down twice a second (`keeping.py`). The next process takes them up before anything else:
their sockets fill while it starts, and each room claims its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from hustings.rtc import snapshot
from hustings.rtc.answer import CANDIDATES_MAX, Where
from hustings.rtc.demux import Demux, Receiver
from hustings.rtc.dtls import ENTROPY, Certificate
from hustings.rtc.ice import RETURN_S, Credentials, Pair
from hustings.rtc.intake import Counts
from hustings.rtc.peer import Dropped, Peer, Proved, Send, Turned
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import Offer
from hustings.rtc.snapshot import SENT_MAX, Beginnings
from hustings.studio import addresses
from hustings.studio.keeping import Keeper
from hustings.studio.relayed import RelayPort, is_relayed
from hustings.studio.socketed import SocketCall
from hustings.studio.udp import UdpPort

LOG = logging.getLogger("hustings.studio")
POLL_S = 0.01
"""What is due is done at most so often, and all of it at once; where nothing is due, nothing wakes."""
KEEP_S = 1.0
"""Each call is written down so often, and after `SENT_MAX` datagrams."""
KEPT_AT_ONCE = 16
"""Of many calls, so many are written down at a time (1 ms): a hundred on end would make a tick late."""
NEVER = float("inf")
RENEWAL = "renewal"
"""What is kept besides what a room wants kept: `Call.renewal`."""
CALLS_MAX = 1_000
"""Fifty rooms of thirteen, and as many again on their way in or out."""

OnPacket = Callable[[RtpPacket], None]
OnState = Callable[[bool], None]


class CallsFull(Exception):
    """There are `CALLS_MAX` already."""


class Call:
    """One session: `answer` is the SDP for its offer. `send` takes one 20 ms Opus packet for the far ear.

    `renewal` is the answer to its last ICE restart. `about` is what its room needs to know it again after a restart; its
    `session` is the session's id.
    """

    def __init__(
        self,
        board: Switchboard,
        peer: Peer,
        about: Mapping[str, str],
        on_packet: OnPacket,
        on_state: OnState,
    ) -> None:
        self.answer = ""
        self.renewal = ""
        self.about = about
        self.is_claimed = True
        self.peer = peer
        self._board = board
        self.on_packet = on_packet
        self.on_state = on_state

    @property
    def tag(self) -> str:
        """Names its ICE credentials of now (RFC 9725 §4.3.1)."""
        return self.peer.ufrag

    def send(self, payload: bytes) -> None:
        self._board.do(self, lambda: self.peer.send(payload, self._board.now()))

    def counts(self) -> Counts:
        """What came of the far end's packets, and the round trip."""
        return self.peer.counts

    def restart(self, ufrag: str, password: str) -> str:
        """New ICE credentials from the far end; ours for it (an SDP fragment), "" when there is nothing to say."""
        return self._board.restart(self, Credentials(ufrag, password))

    def claim(self, on_packet: OnPacket, on_state: OnState) -> None:
        """A call that an earlier process began has somebody behind it again."""
        self.is_claimed = True
        self.on_packet, self.on_state = on_packet, on_state

    def close(self) -> None:
        """Ends it; nothing is called back after this."""
        self.on_packet, self.on_state = _nobody, _nobody
        self.peer.close(self._board.now())
        self._board.flush(self)

    def fail(self) -> None:
        """Ends it because something in it went wrong; its room hears that the line is down."""
        told = self.on_state
        self.close()
        with contextlib.suppress(Exception):  # the room may be what went wrong
            told(False)


class Switchboard:
    """`open` before the first call, `shut` at the end."""

    def __init__(
        self, announced: Sequence[str] = (), keeper: Keeper | None = None, tcp_port: int = 0
    ) -> None:
        self._announced = announced
        self._tcp_port = tcp_port
        self._keeper = keeper
        self._certificate = Certificate.make(secrets.token_bytes(ENTROPY), time.time())
        self._demux = Demux()
        self._calls: dict[Receiver, Call] = {}
        self._sockets: dict[str, SocketCall] = {}
        self._udp: UdpPort | None = None
        self._relay: RelayPort | None = None
        self._polling: asyncio.TimerHandle | None = None
        self._polled_at = self._kept_at = 0.0
        self._due_at = NEVER

    def open(self, port: int, relay: Path | None = None) -> int:
        """Takes the UDP port (0: any) and says which; `relay` is where door brings those who call by TCP. Errors: `OSError`."""
        self._udp = UdpPort(self._received)
        taken = self._udp.open(port)
        self._relay = RelayPort(self._received, self._lost)
        if relay is not None:
            self._relay.open(relay)
        self._resume()
        self._plan()
        return taken

    async def shut(self) -> None:
        """The process ends. Calls that are kept go on in the next one; the others are ended."""
        for call in list(self._calls.values()):
            if self._keeper is None or not self.keep(call):
                call.close()
        if self._keeper is not None:
            self._keeper.close()
        self._due_at = -NEVER
        if self._polling is not None:
            self._polling.cancel()
        if self._udp is not None and self._relay is not None:
            self._udp.close()
            self._relay.close()

    def call(
        self, offer: Offer, about: Mapping[str, str], on_packet: OnPacket, on_state: OnState
    ) -> Call:
        """A new call. `about` has its id under `session`. Errors: `CallsFull`."""
        self._count()
        assert self._udp is not None
        peer = Peer(offer, _drawn(), self._certificate, self.now())
        call = Call(self, peer, about, on_packet, on_state)
        call.answer = peer.answer(self._candidates())
        self._calls[peer] = call
        self._demux.add(peer.ufrag, peer)
        self._plan()
        return call

    def socket_call(
        self, about: Mapping[str, str], on_packet: OnPacket, on_state: OnState
    ) -> SocketCall:
        """A new call through a WebSocket at the door. `about` has its id under `session`. Errors: `CallsFull`."""
        self._count()
        if self._keeper is not None:
            self._keeper.save(about["session"], _kept(about))
        return self._socket(about, on_packet, on_state)

    def _socket(
        self, about: Mapping[str, str], on_packet: OnPacket, on_state: OnState
    ) -> SocketCall:
        assert self._relay is not None
        session = about["session"]
        over = partial(self._socket_over, session)
        made = self._sockets[session] = SocketCall(self._relay, about, on_packet, on_state, over)
        return made

    def _socket_over(self, session: str) -> None:
        del self._sockets[session]
        if self._keeper is not None:
            self._keeper.forget(session)

    def _count(self) -> None:
        """Errors: `CallsFull` if there is no room for one more."""
        if len(self._calls) + len(self._sockets) >= CALLS_MAX:
            raise CallsFull

    def restart(self, call: Call, theirs: Credentials) -> str:
        """New ICE credentials for a call. Those that it has already are a restart that was asked for twice, and get the same
        answer, or come with candidates (trickle), of which we contact none."""
        if call.peer.has(theirs):
            return call.renewal
        drawn = _drawn()
        ours = Credentials(drawn.ufrag, drawn.password)
        answer = call.renewal = call.peer.restart(theirs, ours, self._candidates())
        self._demux.add(ours.ufrag, call.peer)
        self.keep(call)
        return answer

    def _candidates(self) -> list[Where]:
        """UDP goes first; ICE-TCP on the same addresses where door has a port for it."""
        assert self._udp is not None
        hosts = self._announced or addresses.own()
        if not self._tcp_port:
            return [(host, self._udp.port) for host in hosts]
        hosts = hosts[: CANDIDATES_MAX // 2]
        by_udp: list[Where] = [(host, self._udp.port) for host in hosts]
        return by_udp + [(host, self._tcp_port, "tcp") for host in hosts]

    def _port(self, pair: Pair) -> UdpPort | RelayPort:
        assert self._udp is not None and self._relay is not None
        return self._relay if is_relayed(pair) else self._udp

    def unclaimed(self, room: str) -> list[Call | SocketCall]:
        """The calls of this room that an earlier process began."""
        return [call for call in self._unclaimed() if call.about.get("room") == room]

    def _unclaimed(self) -> list[Call | SocketCall]:
        calls: list[Call | SocketCall] = [*self._calls.values(), *self._sockets.values()]
        return [call for call in calls if not call.is_claimed]

    def end_unclaimed(self) -> None:
        """Every room is up: calls that none of them wanted end."""
        for call in self._unclaimed():
            call.close()

    def keep(self, call: Call) -> bool:
        """Writes a call down, if there is something to go on with."""
        taken = call.peer.snapshot(self.now()) if self._keeper is not None else None
        if self._keeper is None or taken is None:
            return False
        about = {**call.about, RENEWAL: call.renewal}
        self._keeper.save(call.about["session"], _kept(about) + taken.to_bytes())
        return True

    @staticmethod
    def now() -> float:
        """The monotonic clock in seconds."""
        return time.monotonic()

    def flush(self, call: Call) -> None:
        """Does what a peer wants done."""
        for output in call.peer.take():
            if isinstance(output, RtpPacket):  # nearly always
                call.on_packet(output)
            elif isinstance(output, Send):
                self._port(output.pair).send(output.pair, output.datagram)
            elif isinstance(output, Proved):
                self._port(output.pair).prove(output.pair)
            elif isinstance(output, Dropped):
                self._demux.forget(output.pair, call.peer)
                self._port(output.pair).drop(output.pair)
            elif isinstance(output, Turned):
                if output.state == "over":
                    self._demux.remove(call.peer)
                    self._calls.pop(call.peer, None)
                    if self._keeper is not None:
                        self._keeper.forget(call.about["session"])
                elif output.state == "up":
                    self.keep(call)
                call.on_state(output.state == "up")

    def _received(self, datagram: bytes, pair: Pair, now: float) -> None:
        try:
            peer = self._demux.receive(datagram, pair, now)
        except Exception:
            # None of ours is known to raise. Whoever finds one ends his own session with it, and no other.
            peer = self._demux.owner(pair)
            if peer is not None and peer in self._calls:
                LOG.exception("a call ended")
                self._calls[peer].fail()
            return
        call = self._calls.get(peer) if peer is not None else None
        if call is not None:
            self._follow(call)

    def _lost(self, pair: Pair) -> None:
        """A TCP connection ended. Its call goes on as long as it has another pair, or finds one in time."""
        peer = self._demux.owner(pair)
        if isinstance(peer, Peer):
            peer.lose(pair)
            self._demux.forget(pair, peer)

    def do(self, call: Call, work: Callable[[], None]) -> None:
        """Work of one call and what comes of it. A room may fail over a packet; the other calls are not to notice."""
        try:
            work()
        except Exception:
            LOG.exception("a call ended")
            call.fail()
        self._follow(call)

    def _follow(self, call: Call) -> None:
        try:
            self.flush(call)
        except Exception:
            LOG.exception("a call ended")
            call.fail()
        if call.peer.deadline < self._due_at:
            self._plan()
        if call.peer.unsaved >= SENT_MAX:
            self.keep(call)

    def _resume(self) -> None:
        """Takes up what an earlier process left, if it is not too old."""
        for name, raw in list(self._keeper.load()) if self._keeper is not None else []:
            about, _, rest = raw.partition(b"\n")
            try:
                self._take_up(json.loads(about), rest)
            except ValueError:
                assert self._keeper is not None
                self._keeper.forget(name)

    def _take_up(self, about: dict[str, str], raw: bytes) -> None:
        """A call, or a page's WebSocket, which has no more than its words. Errors: `ValueError`."""
        if not raw:
            self._socket(about, _nobody, _nobody).is_claimed = False
            return
        past = snapshot.from_bytes(raw)
        if not 0 <= self.now() - past.at < RETURN_S:
            raise ValueError("a call of long ago")
        peer = Peer.resume(past, self._certificate, self.now())
        renewal = about.pop(RENEWAL, "")
        call = Call(self, peer, about, _nobody, _nobody)
        call.is_claimed, call.renewal = False, renewal
        self._calls[peer] = call
        self._demux.add(peer.ufrag, peer)
        for pair in past.pairs:
            self._demux.prove(pair, peer)
        self.flush(call)

    def _plan(self) -> None:
        """The next poll: when a call needs it, or all are to be written down."""
        due = min((one.peer.deadline for one in self._calls.values()), default=NEVER)
        if self._keeper is not None and self._calls:
            due = min(due, self._kept_at + self._turn_s)
        if self._polling is not None:
            self._polling.cancel()
        self._due_at, self._polling = due, None
        if due < NEVER:
            wait_s = max(due, self._polled_at + POLL_S) - self.now()
            self._polling = asyncio.get_running_loop().call_later(wait_s, self._poll)

    @property
    def _turn_s(self) -> float:
        """How long after some calls the next are written down."""
        return KEEP_S / max(1, -(-len(self._calls) // KEPT_AT_ONCE))

    def _poll(self) -> None:
        now = self._polled_at = self.now()
        self._due_at = -NEVER  # what is done here is planned for at the end
        try:
            if self._keeper is not None and now >= self._kept_at + self._turn_s:
                self._kept_at = now
                for peer in list(islice(self._calls, KEPT_AT_ONCE)):
                    call = self._calls[peer] = self._calls.pop(peer)  # the next turn is the others'
                    self.keep(call)
            for call in [one for one in self._calls.values() if one.peer.deadline <= now]:
                self.do(call, partial(call.peer.poll, now))
        finally:
            self._plan()


def _kept(about: Mapping[str, str]) -> bytes:
    """The first line of what is kept of a call."""
    return json.dumps(dict(about)).encode() + b"\n"


def _drawn() -> Beginnings:
    """What is drawn by lot: 48 bits of ufrag, 192 of password (RFC 8445 §5.3 asks for 24 and 128)."""
    return Beginnings(
        session=secrets.randbits(62),
        ufrag=secrets.token_hex(6),
        password=secrets.token_hex(24),
        ssrc=secrets.randbits(32),
        sequence=secrets.randbelow(1 << 15),
        timestamp=secrets.randbits(32),
        cname=secrets.token_hex(8),
    )


def _nobody(_: object) -> None:
    """A call that was closed has nobody behind it."""
