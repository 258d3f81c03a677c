"""RTCP compounds (RFC 3550 §6, reduced-size ones of RFC 5506 too), typed: reports, names, goodbyes and feedback.

Feedback is generic NACK (RFC 4585 §6.2.1) and transport-wide congestion control (`transport_cc.py`). What is of another
type is skipped; what is malformed fails the whole compound, since nothing after it can be trusted to begin where it seems to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError

from hustings.rtc import transport_cc
from hustings.rtc.transport_cc import TransportFeedback

COMPOUND_MAX = 1_500
REPORTS_MAX = 31  # five bits of a head
NACKS_MAX = 1_000
CNAME = 1  # RFC 3550 §6.5.1
SR, RR, SDES, BYE, RTPFB = 200, 201, 202, 203, 205
NACK_FORMAT, TRANSPORT_CC_FORMAT = 1, 15
TYPES = range(192, 224)  # RFC 5761 §4: a second byte outside of these is no RTCP

HEAD = Struct("!BBH")
SENDER = Struct("!LQLLL")
REPORT = Struct("!LB3sLLLL")
TWO = Struct("!LL")
LOST = Struct("!HH")


@dataclass(frozen=True, slots=True)
class Report:
    """How one source arrives (RFC 3550 §6.4.1). `lost_fraction` is of 256, `jitter` in 48 kHz samples.

    `last_sr` is the middle 32 bits of the sender report's time, `delay` counts 1/65,536 s since it.
    """

    ssrc: int
    lost_fraction: int
    lost_total: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` is 64-bit NTP time, `timestamp` the RTP time of the same moment (RFC 3550 §6.4.1)."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceNames:
    """SDES: each source's CNAME (RFC 3550 §6.5.1), "" where it gives none. Other items are skipped."""

    names: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers of `media` that did not come, to be sent again (RFC 4585 §6.2.1)."""

    sender: int
    media: int
    sequences: tuple[int, ...]


Packet = SenderReport | ReceiverReport | SourceNames | Bye | Nack | TransportFeedback


def parse(raw: bytes) -> tuple[Packet, ...]:
    """The packets of a compound that are of a known type. Errors: `ValueError` for anything that is not RTCP."""
    if not HEAD.size <= len(raw) <= COMPOUND_MAX:
        raise ValueError(f"an RTCP compound of {len(raw)} bytes")
    packets: list[Packet] = []
    at = 0
    while at < len(raw):
        if at + HEAD.size > len(raw):
            raise ValueError("an RTCP packet that is cut off")
        first, kind, words = HEAD.unpack_from(raw, at)
        end = at + HEAD.size + 4 * words
        if first >> 6 != 2 or kind not in TYPES or end > len(raw):
            raise ValueError("an RTCP packet of another version or type, or that is cut off")
        body = raw[at + HEAD.size : end]
        if first & 0x20:
            body = _without_padding(body, last=end == len(raw))
        reader = READERS.get(kind)
        packet = reader(first & 0x1F, body) if reader else None
        if packet is not None:
            packets.append(packet)
        at = end
    return tuple(packets)


def build(packets: Sequence[Packet]) -> bytes:
    """A compound. Errors: `ValueError` for a number that its field cannot hold, and for more than fits a datagram."""
    try:
        raw = b"".join(_written(packet) for packet in packets)
    except (StructError, OverflowError):
        raise ValueError("an RTCP field that cannot hold its number") from None
    if len(raw) > COMPOUND_MAX:
        raise ValueError(f"an RTCP compound of {len(raw)} bytes")
    return raw


def _without_padding(body: bytes, last: bool) -> bytes:
    """RFC 3550 §6.4.1: padding only at the end of a compound, its length in its last byte, a multiple of four."""
    padding = body[-1] if body else 0
    if not last or padding == 0 or padding % 4 or padding > len(body):
        raise ValueError("RTCP padding that is none")
    return body[:-padding]


def _read_reports(count: int, body: bytes) -> tuple[Report, ...]:
    """What follows them is a profile's own (RFC 3550 §6.4.3), and skipped."""
    if len(body) < count * REPORT.size:
        raise ValueError("an RTCP report that is cut off")
    return tuple(
        Report(ssrc, fraction, int.from_bytes(lost, "big", signed=True), highest, jitter, sr, delay)
        for ssrc, fraction, lost, highest, jitter, sr, delay in REPORT.iter_unpack(
            body[: count * REPORT.size]
        )
    )


def _read_sender_report(count: int, body: bytes) -> Packet:
    if len(body) < SENDER.size:
        raise ValueError("an RTCP sender report that is cut off")
    ssrc, ntp, timestamp, packets, octets = SENDER.unpack_from(body)
    reports = _read_reports(count, body[SENDER.size :])
    return SenderReport(ssrc, ntp, timestamp, packets, octets, reports)


def _read_receiver_report(count: int, body: bytes) -> Packet:
    if len(body) < 4:
        raise ValueError("an RTCP receiver report that is cut off")
    return ReceiverReport(int.from_bytes(body[:4], "big"), _read_reports(count, body[4:]))


def _read_names(count: int, body: bytes) -> Packet:
    """RFC 3550 §6.5: chunks of an SSRC and items, each ended by a zero byte and filled up to 32 bits."""
    names: list[tuple[int, str]] = []
    at = 0
    for _ in range(count):
        ssrc, name = body[at : at + 4], ""
        at += 4
        while at < len(body) and body[at]:
            end = at + 2 + (body[at + 1] if at + 1 < len(body) else len(body))
            if body[at] == CNAME:
                name = body[at + 2 : end].decode()
            at = end
        at += 4 - at % 4
        if at > len(body):
            raise ValueError("an RTCP source description that is cut off")
        names.append((int.from_bytes(ssrc, "big"), name))
    return SourceNames(tuple(names))


def _read_bye(count: int, body: bytes) -> Packet:
    """RFC 3550 §6.6."""
    rest = body[4 * count :]
    if len(body) < 4 * count or (rest and 1 + rest[0] > len(rest)):
        raise ValueError("an RTCP goodbye that is cut off")
    ssrcs = tuple(int.from_bytes(body[4 * n : 4 * n + 4], "big") for n in range(count))
    return Bye(ssrcs, rest[1 : 1 + rest[0]].decode() if rest else "")


def _read_feedback(form: int, body: bytes) -> Packet | None:
    """RFC 4585 §6.1: the two SSRCs, then what the format says."""
    if len(body) < TWO.size:
        raise ValueError("RTCP feedback that is cut off")
    sender, media = TWO.unpack_from(body)
    if form == TRANSPORT_CC_FORMAT:
        return transport_cc.parse(sender, media, body[TWO.size :])
    if form != NACK_FORMAT:
        return None
    sequences: dict[
        int, None
    ] = {}  # each once, however often it was asked for: an answer is a packet
    for first, mask in LOST.iter_unpack(body[TWO.size :]):
        sequences[first] = None
        sequences |= {first + 1 + bit & 0xFFFF: None for bit in range(16) if mask >> bit & 1}
    if not 0 < len(sequences) <= NACKS_MAX:
        raise ValueError(f"an RTCP NACK of {len(sequences)} packets")
    return Nack(sender, media, tuple(sequences))


READERS: dict[int, Callable[[int, bytes], Packet | None]] = {
    SR: _read_sender_report,
    RR: _read_receiver_report,
    SDES: _read_names,
    BYE: _read_bye,
    RTPFB: _read_feedback,
}


def _written(packet: Packet) -> bytes:
    match packet:
        case SenderReport():
            head = SENDER.pack(
                packet.ssrc, packet.ntp, packet.timestamp, packet.packets, packet.octets
            )
            return _whole(SR, len(packet.reports), head + _write_reports(packet.reports))
        case ReceiverReport():
            head = packet.ssrc.to_bytes(4, "big")
            return _whole(RR, len(packet.reports), head + _write_reports(packet.reports))
        case SourceNames():
            return _whole(SDES, len(packet.names), b"".join(map(_write_name, packet.names)))
        case Bye():
            reason = packet.reason.encode()
            body = b"".join(ssrc.to_bytes(4, "big") for ssrc in packet.ssrcs)
            if reason:
                body += len(reason).to_bytes(1, "big") + reason
            return _whole(BYE, len(packet.ssrcs), body + bytes(-len(body) % 4))
        case Nack():
            body = TWO.pack(packet.sender, packet.media) + _write_sequences(packet.sequences)
            return _whole(RTPFB, NACK_FORMAT, body)
        case _:
            body = TWO.pack(packet.sender, packet.media) + transport_cc.build(packet)
            return _whole(RTPFB, TRANSPORT_CC_FORMAT, body)


def _whole(kind: int, count: int, body: bytes) -> bytes:
    if count > REPORTS_MAX:
        raise ValueError(f"an RTCP packet with {count} parts")
    return HEAD.pack(0x80 | count, kind, len(body) // 4) + body


def _write_reports(reports: tuple[Report, ...]) -> bytes:
    return b"".join(
        REPORT.pack(
            report.ssrc,
            report.lost_fraction,
            report.lost_total.to_bytes(3, "big", signed=True),
            report.highest,
            report.jitter,
            report.last_sr,
            report.delay,
        )
        for report in reports
    )


def _write_name(named: tuple[int, str]) -> bytes:
    ssrc, name = named
    text = name.encode()
    chunk = ssrc.to_bytes(4, "big") + bytes([CNAME]) + len(text).to_bytes(1, "big") + text
    return chunk + bytes(4 - len(chunk) % 4)


def _write_sequences(sequences: tuple[int, ...]) -> bytes:
    """Pairs of a number and a mask of the 16 after it. Numbers rise, and may wrap; others cost a pair each."""
    if not 0 < len(sequences) <= NACKS_MAX:
        raise ValueError(f"an RTCP NACK of {len(sequences)} packets")
    pairs: list[tuple[int, int]] = []
    for sequence in sequences:
        after = (sequence - pairs[-1][0] & 0xFFFF) if pairs else 0
        if 0 < after <= 16:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] | 1 << (after - 1))
        else:
            pairs.append((sequence, 0))
    return b"".join(LOST.pack(first, mask) for first, mask in pairs)
