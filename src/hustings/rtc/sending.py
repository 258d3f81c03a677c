"""What goes out on our one SSRC: numbers and timestamps (RFC 3550 §5.1), a short history to answer NACKs from
(RFC 4585 §6.2.1), figures for sender reports, the round trip from what comes back (RFC 3550 §6.4.1).

History keeps packets as they were encrypted: sent again they are the same bytes, so no SRTP index is ever used twice.
"""

from __future__ import annotations

from collections import OrderedDict

from hustings.rtc import rtp

SAMPLES = 960
TICK_S = 0.02
HISTORY_MAX = 64
"""1.3 s of 20 ms packets."""
AGAIN_S = 1.0
AGAIN_MAX = 25
"""Packets sent again in `AGAIN_S` at the most: half of what is sent anyway."""
ROUND_TRIP_S = 0.1
"""Assumed before anything is measured."""
NTP_BACK = 1 << 16


class Sending:
    """Our stream to one ear. `sequence` and `timestamp` are those of the last packet; `is_measured`: the round trip is known."""

    def __init__(self, ssrc: int, payload_type: int, sequence: int, timestamp: int) -> None:
        self.ssrc = ssrc
        self.sequence = sequence
        self.timestamp = timestamp
        self.packets = 0
        self.octets = 0
        self.round_trip_s = ROUND_TRIP_S
        self.is_measured = False
        self._payload_type = payload_type
        self._history: OrderedDict[int, bytes] = OrderedDict()
        self._again: list[float] = []
        self._packet_at = 0.0

    def resume(self, sequence: int, ticks: int, packets: int, octets: int) -> None:
        """Goes on where another process stopped: the next packet is `sequence`, and so many ticks have passed."""
        self.sequence = (sequence - 1) & 0xFFFF
        self.timestamp = (self.timestamp + ticks * SAMPLES) & 0xFFFFFFFF
        self.packets, self.octets = packets, octets

    def step(self, payload: bytes) -> bytes:
        """The next 20 ms as an RTP packet, still in the clear."""
        self.skip()
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        return rtp.build(self._payload_type, self.sequence, self.timestamp, self.ssrc, payload)

    def skip(self) -> None:
        """20 ms that nobody is sent: time goes on, numbers do not."""
        self.timestamp = (self.timestamp + SAMPLES) & 0xFFFFFFFF

    def sent(self, sequence: int, encrypted: bytes, now: float) -> None:
        """What became of a step."""
        self._packet_at = now
        self._history[sequence] = encrypted
        if len(self._history) > HISTORY_MAX:
            self._history.popitem(last=False)

    def again(self, sequences: list[int], now: float) -> list[bytes]:
        """The packets that a NACK asks for, as far as they are there and the budget reaches."""
        self._again = [at for at in self._again if now - at < AGAIN_S]
        found = [self._history[one] for one in sequences if one in self._history]
        found = found[: AGAIN_MAX - len(self._again)]
        self._again += [now] * len(found)
        return found

    def timestamp_at(self, now: float) -> int:
        """The timestamp that belongs to this moment, for a sender report."""
        return (self.timestamp + int((now - self._packet_at) * 48_000)) & 0xFFFFFFFF

    def reported(self, last_report: int, delay: int, now: float) -> None:
        """A report block of the other side about us: `last_report` and `delay` as RFC 3550 §6.4.1 has them."""
        if not last_report:
            return
        passed = ((ntp(now) >> 16) - last_report - delay) & 0xFFFFFFFF
        if passed < 5 * NTP_BACK:
            measured_s = passed / NTP_BACK
            if not self.is_measured:
                self.is_measured, self.round_trip_s = True, measured_s
            self.round_trip_s += (measured_s - self.round_trip_s) / 4


def ntp(now: float) -> int:
    """A 64-bit NTP timestamp (RFC 3550 §4) of the monotonic clock: only differences are read, both of them here."""
    return int(now * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
