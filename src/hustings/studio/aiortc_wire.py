"""The speakers' wire, carried by aiortc: ICE, DTLS and SRTP. The only file that knows it (pinned in `pyproject.toml`).

What comes out are RTP packets as they arrive: a hook ahead of aiortc's own jitter buffer and decoder. What goes in are
ready Opus packets: they pass its encoder by. An offer's candidates never reach it, so nothing is ever sent to an address
that a stranger names: the browser's own checks show where it is (peer-reflexive, RFC 8445 §7.3.1.3).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc import clock as ntp
from aiortc.codecs import CODECS
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpreceiver import StreamStatistics

from hustings.rtc import rtp
from hustings.rtc.sdp import Offer, OfferError

SAMPLES = 960
ICE_WAIT_S = 20.0
OPUS = {"minptime": 10, "useinbandfec": 1, "maxaveragebitrate": 64_000, "stereo": 0}
# An answer copies the local codec's parameters; RFC 7587 §6.1 has them say what we like to receive.
CODECS["audio"][1:] = []  # voices are Opus here
CODECS["audio"][0].parameters = OPUS  # type: ignore[assignment]
for _name in ("aiortc", "aioice"):
    logging.getLogger(_name).setLevel(
        logging.CRITICAL
    )  # nothing that a stranger sends costs a log line


class _Quiet(MediaStreamTrack):
    """A track that never has a frame: the sender starts (for its reports), and its encoder sleeps."""

    kind = "audio"

    async def recv(self) -> Any:
        await asyncio.get_running_loop().create_future()


class WireSession:
    """One peer. `send` takes one 20 ms Opus packet for the far ear; packets from it go to `on_packet` at once."""

    def __init__(
        self, on_packet: Callable[[rtp.RtpPacket], None], on_state: Callable[[bool], None]
    ) -> None:
        self._on_packet = on_packet
        self._on_state = on_state
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._level_id = 0
        self._payload_type = 0
        self._sequence = secrets.randbelow(1 << 15)
        self._timestamp = secrets.randbits(32)
        self._statistics: dict[int, StreamStatistics] = {}
        self._connected = False
        self._waiting: asyncio.TimerHandle | None = None

    async def answer(self, offer: Offer, announced: Sequence[str]) -> str:
        """The SDP answer, with every candidate in it. Errors: `OfferError("offer_malformed")`."""
        peer = self._peer
        self._level_id, self._payload_type = offer.level_id, offer.opus
        peer.on("connectionstatechange", self._state_changed)
        try:
            await peer.setRemoteDescription(RTCSessionDescription(offer.text, "offer"))
            if offer.direction != "sendonly":
                peer.addTrack(_Quiet())
            await peer.setLocalDescription(await peer.createAnswer())
        except (
            Exception
        ) as error:  # aiortc has no error type of its own for an offer that it cannot read
            await self.close()
            raise OfferError("offer_malformed") from error
        self._take_over()
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(ICE_WAIT_S, self._never_came)
        return _announce(peer.localDescription.sdp, announced)

    def send(self, payload: bytes) -> None:
        """One packet of 20 ms. Before the handshake and after the end it is dropped; time goes on all the same."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + SAMPLES) & 0xFFFFFFFF
        if not self._connected:
            return
        packet = rtp.build(
            self._payload_type, self._sequence, self._timestamp, self._sender._ssrc, payload
        )
        dtls = self._sender.transport
        try:
            pair = dtls.transport._connection._nominated[1]
            pair.protocol.transport.sendto(dtls._tx_srtp.protect(packet), pair.remote_addr)
        except (KeyError, AttributeError, OSError):
            return  # the pair went away a moment ago; the state change is on its way
        self._count_sent(len(payload))

    async def close(self) -> None:
        self._connected = False
        if self._waiting:
            self._waiting.cancel()
        with contextlib.suppress(Exception):
            await self._peer.close()

    def _take_over(self) -> None:
        """Puts our hook ahead of aiortc's receiver, and finds the sender whose reports go on."""
        transceiver = self._peer.getTransceivers()[0]
        self._sender: Any = transceiver.sender
        receiver: Any = transceiver.receiver
        self._statistics = receiver._RTCRtpReceiver__remote_streams
        dtls: Any = self._sender.transport
        dtls._handle_rtp_data = self._received

    async def _received(self, raw: bytes, arrival_time_ms: int) -> None:
        """A packet behind SRTP. Whatever is no Opus packet is dropped without a word."""
        try:
            packet = rtp.parse(raw, self._level_id)
        except ValueError:
            return
        if packet.payload_type != self._payload_type or not packet.payload:
            return
        statistics = self._statistics.get(packet.ssrc)
        if statistics is None:
            if len(self._statistics) >= 4:
                return  # a hostile speaker with ten thousand SSRCs
            statistics = self._statistics[packet.ssrc] = StreamStatistics(48_000)
        statistics.add(SimpleNamespace(sequence_number=packet.sequence, timestamp=packet.timestamp))  # type: ignore[arg-type]
        self._on_packet(packet)

    def _count_sent(self, size: int) -> None:
        """The figures of aiortc's sender reports (RFC 3550 §6.4.1), which our own sending passes by."""
        sender = self._sender
        sender._RTCRtpSender__ntp_timestamp = ntp.current_ntp_time()
        sender._RTCRtpSender__rtp_timestamp = self._timestamp
        sender._RTCRtpSender__octet_count += size
        sender._RTCRtpSender__packet_count += 1

    def _state_changed(self) -> None:
        state = self._peer.connectionState
        if state == "connected":
            self._connected = True
            if self._waiting:
                self._waiting.cancel()
            self._on_state(True)
        elif state in ("failed", "closed", "disconnected"):
            self._connected = False
            self._on_state(False)

    def _never_came(self) -> None:
        if not self._connected:
            self._on_state(False)


def _announce(answer: str, announced: Sequence[str]) -> str:
    """The answer with the announced addresses in place of this machine's (NAT, containers)."""
    if not announced:
        return answer
    lines: list[str] = []
    seen: set[tuple[str, str]] = set()
    for line in answer.split("\r\n"):
        pieces = line.split(" ")
        if not line.startswith("a=candidate:") or len(pieces) < 8:
            lines.append(line)
            continue
        for address in announced:
            if (":" in address) == (":" in pieces[4]) and (address, pieces[5]) not in seen:
                seen.add((address, pieces[5]))
                lines.append(" ".join([*pieces[:4], address, *pieces[5:]]))
    return "\r\n".join(lines)
