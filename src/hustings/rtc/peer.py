"""One session whole: ICE, DTLS, SRTP, RTP and RTCP. Datagrams and time in; datagrams, packets and events out.

Nothing but a check (`check`) reaches deeper than ICE before its pair is proved. What comes out is a list of outputs in the
order in which they happened, for whoever owns the sockets; `poll` is due at `deadline`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from hustings.rtc import stun
from hustings.rtc.answer import Identity, Where, answer, fragment
from hustings.rtc.control import Control
from hustings.rtc.demux import Kind
from hustings.rtc.dtls import Certificate, Dtls
from hustings.rtc.ice import Credentials, IceAgent, Pair
from hustings.rtc.intake import Counts, Intake
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import Offer
from hustings.rtc.sending import TICK_S, Sending
from hustings.rtc.snapshot import AHEAD, Beginnings, Snapshot
from hustings.rtc.srtp import SrtpKeys, SrtpSession

State = Literal["waiting", "up", "down", "over"]
TRANSITIONS: dict[tuple[State, str], State] = {
    ("waiting", "connected"): "up",
    ("waiting", "ended"): "over",
    ("waiting", "resumed"): "down",
    ("up", "gone"): "down",
    ("up", "ended"): "over",
    ("down", "back"): "up",
    ("down", "ended"): "over",
}
"""(state, event) -> state; events that have no row are passed over."""


class Send(NamedTuple):
    pair: Pair
    datagram: bytes


@dataclass(frozen=True, slots=True)
class Proved:
    """From now on datagrams may be sent to this pair."""

    pair: Pair


@dataclass(frozen=True, slots=True)
class Dropped:
    pair: Pair


@dataclass(frozen=True, slots=True)
class Turned:
    state: State


Output = Send | Proved | Dropped | RtpPacket | Turned
"""An `RtpPacket` is one of the speaker's, each once; late ones in the order of their arrival."""


class Peer:
    """One session. `unsaved` counts the datagrams that were encrypted since the last snapshot; `deadline` is when `poll` is due,
    or somewhat before."""

    def __init__(
        self, offer: Offer, ours: Beginnings, certificate: Certificate, now: float
    ) -> None:
        self.state: State = "waiting"
        self.ufrag = ours.ufrag
        self._offer = offer
        self._ours = ours
        self._certificate = certificate
        self._ice = IceAgent(
            Credentials(ours.ufrag, ours.password), Credentials(offer.ufrag, offer.password), now
        )
        self._dtls = Dtls(certificate, offer.fingerprints)
        self._keys: SrtpKeys | None = None
        self._srtp: SrtpSession | None = None
        self._intake = Intake(offer)
        self._sending = Sending(ours.ssrc, offer.opus, ours.sequence, ours.timestamp)
        self._control = Control(ours.cname, self._sending, self._intake, offer.has_reduced_size)
        self._outputs: list[Output] = []
        self.unsaved = 0
        self.deadline = 0.0
        self._plan()

    @classmethod
    def resume(cls, past: Snapshot, certificate: Certificate, now: float) -> Peer:
        """The session goes on: *down* until its first sign of life. Errors: `ValueError`."""
        peer = cls(past.offer, past.ours, certificate, now)
        peer._keys = past.keys
        peer._srtp = SrtpSession.from_state(past.keys, past.counters, AHEAD)
        peer._sending.resume(
            peer._srtp.next_sequence(past.ours.ssrc) if past.packets else past.ours.sequence + 1,
            round((now - past.at) / TICK_S),
            past.packets,
            past.octets,
        )
        peer._ice.resume(past.pairs, now)
        peer._turn("resumed")
        peer._follow_ice(now)
        peer._plan()
        return peer

    def snapshot(self, now: float) -> Snapshot | None:
        """What `resume` takes; None before there are keys and after the end."""
        if self._srtp is None or self._keys is None or self.state == "over":
            return None
        self.unsaved = 0
        sending, pairs = self._sending, self._ice.pairs
        pairs.sort(key=lambda pair: pair != self._ice.selected)
        return Snapshot(
            at=now,
            offer=self._offer,
            ours=replace(self._ours, timestamp=sending.timestamp),
            keys=self._keys,
            counters=self._srtp.state(),
            pairs=tuple(pairs),
            packets=sending.packets,
            octets=sending.octets,
        )

    @property
    def counts(self) -> Counts:
        """What came of the far end's packets, and the round trip, once it was measured."""
        sending = self._sending
        return self._intake.counts(sending.round_trip_s if sending.is_measured else 0.0)

    def answer(self, candidates: Sequence[Where]) -> str:
        """The SDP answer, with every candidate in it."""
        ours = self._ours
        identity = Identity(
            session=ours.session,
            ufrag=ours.ufrag,
            password=ours.password,
            fingerprint=self._certificate.fingerprint,
            ssrc=ours.ssrc,
            cname=ours.cname,
        )
        return answer(self._offer, identity, candidates)

    def has(self, theirs: Credentials) -> bool:
        """Whether the far end's credentials are these now."""
        return theirs == Credentials(self._offer.ufrag, self._offer.password)

    def restart(self, theirs: Credentials, ours: Credentials, candidates: Sequence[Where]) -> str:
        """New ICE credentials (RFC 8445 §9), keys and streams stay; the answer to whoever asked for it."""
        self._ice.restart(ours, theirs)
        self.ufrag = ours.ufrag
        self._ours = replace(self._ours, ufrag=ours.ufrag, password=ours.password)
        self._offer = replace(self._offer, ufrag=theirs.ufrag, password=theirs.password)
        return fragment(self._offer.mid, ours.ufrag, ours.password, candidates)

    def take(self) -> list[Output]:
        """What happened since the last call."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # --- in

    def check(self, message: stun.Message, pair: Pair, now: float) -> bool:
        """A STUN message that names our ufrag; whether its sender has the password."""
        reply = self._ice.receive(message, pair, now)
        if reply is None:
            return False
        self._follow_ice(now)
        self._outputs.append(Send(pair, reply))
        self._plan()
        return True

    def receive(self, kind: Kind, datagram: bytes, pair: Pair, now: float) -> None:
        """A datagram from a proved pair."""
        ice = self._ice
        if self.state == "over" or not (pair is ice.selected or ice.has_proved(pair)):
            return
        if self._srtp is not None and kind == "rtp":
            self._receive_rtp(self._srtp, datagram, pair, now)
            return
        if kind == "dtls":
            self._dtls.receive(datagram, now)
            self._follow_dtls()
        elif self._srtp is not None:
            self._receive_rtcp(self._srtp, datagram, pair, now)
        self._plan()

    def lose(self, pair: Pair) -> None:
        """Another session proved this pair: it is no longer ours."""
        self._ice.lose(pair)

    def poll(self, now: float) -> None:
        """What time alone brings."""
        if self.state == "over":
            return
        self._ice.poll(now)
        self._follow_ice(now)
        self._dtls.poll(now)
        self._follow_dtls()
        if self._srtp is not None:
            for compound in self._control.due(now):
                self.unsaved += 1
                self._send(self._srtp.protect_rtcp(compound))
        self._plan()

    # --- out

    def send(self, payload: bytes, now: float) -> None:
        """One Opus packet of 20 ms. While nobody is there it is dropped; time goes on all the same."""
        if self.state != "up" or self._srtp is None:
            self._sending.skip()
            return
        self.unsaved += 1
        encrypted = self._srtp.protect(self._sending.step(payload))
        self._sending.sent(self._sending.sequence, encrypted, now)
        self._send(encrypted)

    def close(self, now: float) -> None:
        """Says goodbye (RFC 5246 §7.2.1) and gives up every pair."""
        if self.state != "over":
            self._dtls.close()
            self._follow_dtls()
            self._ice.close()
            self._follow_ice(now)
            self._plan()

    # --- inside

    def _receive_rtp(self, srtp: SrtpSession, datagram: bytes, pair: Pair, now: float) -> None:
        try:
            raw = srtp.unprotect(datagram)
            packets = self._intake.receive(raw, now)
        except ValueError:
            return
        self._ice.heard(pair, now)
        if self.state != "up":
            self._follow_ice(now)
            self._plan()
        # Fifty times a second for each speaker: the whole plan is made by `poll`, here only what may be due before it.
        if self._intake.due < self.deadline:
            self.deadline = self._intake.due
        self._outputs += packets

    def _receive_rtcp(self, srtp: SrtpSession, datagram: bytes, pair: Pair, now: float) -> None:
        try:
            raw = srtp.unprotect_rtcp(datagram)
            again = self._control.receive(raw, now)
        except ValueError:
            return
        self._ice.heard(pair, now)
        self._follow_ice(now)
        for encrypted in again:
            self._send(encrypted)

    def _plan(self) -> None:
        if self.state == "over":
            self.deadline = float("inf")
        elif self._srtp is not None:
            self.deadline = min(self._ice.deadline, self._control.deadline)
        else:
            handshake = self._dtls.timeout()
            self.deadline = min(
                self._ice.deadline, handshake if handshake is not None else float("inf")
            )

    def _follow_ice(self, now: float) -> None:
        ice = self._ice
        if ice.proved or ice.dropped:
            self._outputs += [Proved(pair) for pair in ice.proved]
            self._outputs += [Dropped(pair) for pair in ice.dropped]
            ice.proved.clear()
            ice.dropped.clear()
        if ice.state == "gone":
            self._turn("gone")
        elif ice.state == "open":
            self._turn("back")
        elif ice.state == "over":
            self._turn("ended")

    def _follow_dtls(self) -> None:
        dtls = self._dtls
        for datagram in dtls.take():
            self._send(datagram)
        if dtls.state == "connected" and self._srtp is None:
            self._keys = dtls.keys()
            self._srtp = SrtpSession(self._keys)
            self._turn("connected")
        elif dtls.state in ("failed", "closed") and self.state != "over":
            self._ice.close()
            self._outputs += [Dropped(pair) for pair in self._ice.dropped]
            self._ice.dropped.clear()
            self._turn("ended")

    def _send(self, datagram: bytes) -> None:
        if self._ice.selected is not None:
            self._outputs.append(Send(self._ice.selected, datagram))

    def _turn(self, event: str) -> None:
        after = TRANSITIONS.get((self.state, event))
        if after is not None:
            self.state = after
            self._outputs.append(Turned(after))
