"""What a speaker sends, taken apart: which stream, which packets of it are new, what RED holds of those that were lost.

Payloads of RFC 7587 §4 (Opus) and RFC 2198 §3 (RED), which come here decrypted. A hostile speaker is cut to `RATE_MAX`
packets a second and `STREAMS_MAX` streams.
"""

from __future__ import annotations

from dataclasses import dataclass

from hustings.rtc import red, rtp
from hustings.rtc.arrivals import NEVER, Arrivals
from hustings.rtc.reception import Reception
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import Offer

RATE_MAX = 200
"""Packets a second; browsers send 50, Opus frames of 5 ms are the most that anybody needs."""
BURST = 100.0
STREAMS_MAX = 4
IDLE_S = 5.0
"""A stream that was silent for this long makes room for another."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Packets since the beginning: those that were sent, by their numbers, and those of them that did not come, or only when
    they were asked for. `round_trip_s`: 0 where it is not known."""

    expected: int = 0
    lost: int = 0
    round_trip_s: float = 0.0


class Intake:
    """The streams of one speaker. `restored` counts packets that RED brought back; `due` is `deadline` as far as the last packet
    could have changed it."""

    def __init__(self, offer: Offer) -> None:
        self._opus, self._red, self._level_id = offer.opus, offer.red, offer.level_id
        self._number_id = offer.sequence_id if offer.has_congestion_feedback else 0
        self.streams: dict[int, Reception] = {}
        self.arrivals = Arrivals()
        self.restored = 0
        self.due = NEVER
        self._tokens = BURST
        self._filled_at = 0.0

    def receive(self, raw: bytes, now: float) -> list[RtpPacket]:
        """The Opus packets that came with this RTP packet: none, it, or lost ones and it. Errors: `ValueError`."""
        self.due = NEVER
        packet = rtp.parse(raw, self._level_id, self._number_id)
        is_red = packet.payload_type == self._red != 0
        if not (is_red or packet.payload_type == self._opus) or not self._has_token(now):
            return []
        stream = self.streams.get(packet.ssrc) or self._stream(packet.ssrc, now)
        if stream is None:
            return []
        if packet.number is not None:
            self.arrivals.add(packet.number, now)
        verdict = stream.add(packet.sequence, packet.timestamp, now, bool(packet.payload))
        self.due = self.arrivals.deadline
        if stream.holes:
            self.due = min(self.due, stream.deadline)
        if verdict == "double" or not packet.payload:
            return []
        if not is_red:
            return [packet]
        found: list[RtpPacket] = []
        if not stream.holes or verdict != "new":
            newest = red.newest(packet.payload)
        else:
            *older, newest = red.parse(packet.payload)
            # The nearest predecessor first: `restore` gives each the last hole that it fits.
            found += [one for block in older[::-1] for one in self._restored(stream, packet, block)]
            found.reverse()
        if newest.payload_type == self._opus and newest.payload:
            found.append(self._plain(packet, packet.sequence, packet.timestamp, newest.payload))
        return found

    def counts(self, round_trip_s: float) -> Counts:
        """Of all streams that are remembered."""
        streams = self.streams.values()
        expected, lost = sum(one.expected for one in streams), sum(one.lost for one in streams)
        return Counts(expected, lost, round_trip_s)

    @property
    def deadline(self) -> float:
        """When something is to be asked for, or reported."""
        due = self.arrivals.deadline
        for stream in self.streams.values():
            if stream.holes:
                due = min(due, stream.deadline)
        return due

    def _restored(self, stream: Reception, packet: RtpPacket, block: red.Block) -> list[RtpPacket]:
        if block.payload_type != self._opus or not block.payload:
            return []
        sequence = stream.restore(block.age)
        if sequence is None:
            return []
        self.restored += 1
        timestamp = (packet.timestamp - block.age) & 0xFFFFFFFF
        return [self._plain(packet, sequence, timestamp, block.payload)]

    def _plain(self, packet: RtpPacket, sequence: int, timestamp: int, payload: bytes) -> RtpPacket:
        """A block as the packet that it would have been without RED: what is recorded needs no RED to be read."""
        opus = self._opus
        raw = rtp.build(opus, sequence, timestamp, packet.ssrc, payload, packet.marker)
        return RtpPacket(
            opus, sequence, timestamp, packet.ssrc, packet.marker, payload, packet.level, raw
        )

    def _stream(self, ssrc: int, now: float) -> Reception | None:
        """A new one, if there is room."""
        if len(self.streams) >= STREAMS_MAX:
            oldest = min(self.streams.values(), key=lambda one: one.last_at)
            if now - oldest.last_at < IDLE_S:
                return None
            del self.streams[oldest.ssrc]
        stream = self.streams[ssrc] = Reception(ssrc)
        return stream

    def _has_token(self, now: float) -> bool:
        tokens = self._tokens + (now - self._filled_at) * RATE_MAX
        self._filled_at = now
        if tokens >= BURST:  # nearly always
            self._tokens = BURST - 1
            return True
        has_one = tokens >= 1
        self._tokens = tokens - has_one
        return has_one
