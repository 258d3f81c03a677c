"""A session through a WebSocket at the door: the wire for networks that let nothing but the page through.

What crosses is RTP packets in the clear, both ways, since the page's own TLS is around them: 20 ms of Opus each, payload type
111, the level of RFC 6464 as extension 1. They are taken and sent as any call's are (`rtc/intake.py`, `rtc/sending.py`). A
session ends with its connection; the page joins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from hustings.rtc.intake import Counts, Intake
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import Offer, OfferError
from hustings.rtc.sending import Sending

LOG = logging.getLogger("hustings.studio")
ARRIVE_S = 10.0
"""A session that door never brings is over after this long."""
OPUS, LEVEL_ID = 111, 1
TERMS = Offer(
    direction="sendrecv",
    protocol="",
    mid="",
    opus=OPUS,
    red=0,
    level_id=LEVEL_ID,
    sequence_id=0,
    ufrag="",
    password="",
    fingerprints=(),
    has_bundle=False,
    has_congestion_feedback=False,
    has_reduced_size=False,
)
"""What an offer would have said: it is the same for every page."""

OnPacket = Callable[[RtpPacket], None]
OnState = Callable[[bool], None]


class Relay(Protocol):
    """Door's connections, by the id of their session (`studio/relayed.py`)."""

    def expect(self, caller: str, line: SocketCall) -> None: ...
    def forget(self, caller: str) -> None: ...
    def send_to(self, caller: str, datagram: bytes) -> None: ...


class SocketCall:
    """One session. `about` is what its room needs to know it again after a restart, its id under `session`; `on_over` is called
    once, at its end, whoever ends it."""

    answer = ""

    def __init__(
        self,
        relay: Relay,
        about: Mapping[str, str],
        on_packet: OnPacket,
        on_state: OnState,
        on_over: Callable[[], None],
    ) -> None:
        self.about = about
        self.is_claimed = True
        self._relay = relay
        self._session = about["session"]
        self._on_packet = on_packet
        self._on_state = on_state
        self._on_over = on_over
        self._intake = Intake(TERMS)
        self._sending = Sending(
            secrets.randbits(32), OPUS, secrets.randbelow(1 << 15), secrets.randbits(32)
        )
        self._is_here = self._is_over = False
        self._loop = asyncio.get_running_loop()
        self._waiting = self._loop.call_later(ARRIVE_S, self.went)
        relay.expect(self._session, self)

    def send(self, payload: bytes) -> None:
        """One 20 ms Opus packet for the far ear."""
        if self._is_here:
            self._relay.send_to(self._session, self._sending.step(payload))
        else:
            self._sending.skip()

    def counts(self) -> Counts:
        """What came of the far end's packets. By TCP none is lost, and nothing measures the round trip."""
        return self._intake.counts(0.0)

    @property
    def tag(self) -> str:
        return ""

    def restart(self, ufrag: str, password: str) -> str:
        """There is no ICE here. Errors: `OfferError`."""
        raise OfferError("offer_malformed")

    def claim(self, on_packet: OnPacket, on_state: OnState) -> None:
        """A call that an earlier process began has somebody behind it again."""
        self.is_claimed = True
        self._on_packet, self._on_state = on_packet, on_state

    def close(self) -> None:
        """Ends it; nothing is called back after this."""
        if self._is_over:
            return
        self._is_over, self._is_here = True, False
        self._waiting.cancel()
        self._relay.forget(self._session)
        self._on_over()

    # --- from the relay

    def came(self) -> None:
        """Door has brought the page's connection."""
        self._is_here = True
        self._waiting.cancel()
        self._heed(lambda: self._on_state(True))

    def take(self, message: bytes) -> None:
        """One message of the page's. What is no packet is passed over."""
        try:
            packets = self._intake.receive(message, self._loop.time())
        except ValueError:
            return
        for packet in packets:
            self._heed(partial(self._on_packet, packet))

    def went(self) -> None:
        """The connection is gone, or never came."""
        if self._is_over:
            return
        self.close()
        with contextlib.suppress(Exception):
            self._on_state(False)

    def _heed(self, told: Callable[[], None]) -> None:
        """A room may fail over what it is told; the other calls are not to notice."""
        if self._is_over:
            return
        try:
            told()
        except Exception:
            LOG.exception("a call ended")
            self.went()
