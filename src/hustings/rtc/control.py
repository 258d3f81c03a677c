"""RTCP of one session: reports each second (RFC 3550 §6.4), NACKs for what is missing (RFC 4585 §6.2.1), transport-cc
feedback, and what the other side's compounds ask of us. Compounds are in the clear here; `peer` encrypts.
"""

from __future__ import annotations

from hustings.rtc import rtcp
from hustings.rtc.arrivals import Arrivals, together
from hustings.rtc.intake import Intake
from hustings.rtc.rtcp import Nack, Packet, ReceiverReport, Report, SenderReport, SourceNames
from hustings.rtc.sending import Sending, ntp
from hustings.rtc.transport_cc import TICKS_PER_REFERENCE, TransportFeedback

REPORT_EVERY_S = 1.0
COMPOUNDS_MAX = 50
"""Compounds read in a second: a speaker who sends more is not listened to."""
REFERENCE_S = 0.064
TICK_S = REFERENCE_S / TICKS_PER_REFERENCE


class Control:
    """What is due, and what comes."""

    def __init__(
        self, cname: str, sending: Sending, intake: Intake, has_reduced_size: bool
    ) -> None:
        self._cname = cname
        self._sending = sending
        self._intake = intake
        self._has_reduced_size = has_reduced_size
        self._report_at = 0.0
        self._sender_reports: dict[int, tuple[int, float]] = {}
        self._read = 0
        self._read_since = 0.0

    @property
    def deadline(self) -> float:
        """When `due` has something."""
        return min(self._report_at, self._intake.deadline)

    def due(self, now: float) -> list[bytes]:
        """The compounds to be sent now."""
        feedback: list[Packet] = self._nacks(now)
        if self._intake.arrivals.deadline <= now:
            feedback.append(self._feedback(self._intake.arrivals))
        if now >= self._report_at:
            self._report_at = together(now + REPORT_EVERY_S)
            return [rtcp.build([self._report(now), self._names(), *feedback])]
        if not feedback:
            return []
        if not self._has_reduced_size:
            # RFC 3550 §6.1: a compound begins with a report and has a name in it.
            feedback = [ReceiverReport(self._sending.ssrc), self._names(), *feedback]
        return [rtcp.build(feedback)]

    def receive(self, raw: bytes, now: float) -> list[bytes]:
        """A compound of the other side's; the encrypted packets that it asks for again. Errors: `ValueError`."""
        if now - self._read_since >= 1:
            self._read, self._read_since = 0, now
        self._read += 1
        if self._read > COMPOUNDS_MAX:
            return []
        again: list[bytes] = []
        for packet in rtcp.parse(raw):
            if isinstance(packet, SenderReport | ReceiverReport):
                self._take_report(packet, now)
            elif isinstance(packet, Nack) and packet.media == self._sending.ssrc:
                again += self._sending.again(list(packet.sequences), now)
        return again

    def _take_report(self, packet: SenderReport | ReceiverReport, now: float) -> None:
        if isinstance(packet, SenderReport) and packet.ssrc in self._intake.streams:
            self._sender_reports[packet.ssrc] = (packet.ntp >> 16 & 0xFFFFFFFF, now)
        for report in packet.reports:
            if report.ssrc == self._sending.ssrc:
                self._sending.reported(report.last_sr, report.delay, now)

    def _nacks(self, now: float) -> list[Packet]:
        found: list[Packet] = []
        for stream in self._intake.streams.values():
            if stream.deadline <= now:
                asked = stream.to_ask(now, self._sending.round_trip_s)
                if asked:
                    found.append(Nack(self._sending.ssrc, stream.ssrc, tuple(asked)))
        return found

    def _feedback(self, arrivals: Arrivals) -> Packet:
        base, count, times = arrivals.report()
        first = min(time for time in times if time is not None)
        reference = int(first / REFERENCE_S)
        ticks = tuple(
            None if time is None else round((time - reference * REFERENCE_S) / TICK_S)
            for time in times
        )
        media = next(iter(self._intake.streams), 0)
        # 24 bits, signed, that wrap (§3.1)
        wrapped = (reference + 0x800000) % 0x1000000 - 0x800000
        return TransportFeedback(self._sending.ssrc, media, base, wrapped, count, ticks)

    def _report(self, now: float) -> Packet:
        sending = self._sending
        streams = self._intake.streams
        self._sender_reports = {k: v for k, v in self._sender_reports.items() if k in streams}
        blocks = tuple(self._block(ssrc, now) for ssrc in streams)
        if not sending.packets:
            return ReceiverReport(sending.ssrc, blocks)
        return SenderReport(
            ssrc=sending.ssrc,
            ntp=ntp(now),
            timestamp=sending.timestamp_at(now),
            packets=sending.packets & 0xFFFFFFFF,
            octets=sending.octets & 0xFFFFFFFF,
            reports=blocks,
        )

    def _block(self, ssrc: int, now: float) -> Report:
        figures = self._intake.streams[ssrc].figures()
        last, came_at = self._sender_reports.get(ssrc, (0, now))
        return Report(
            ssrc=ssrc,
            lost_fraction=figures.fraction_lost,
            lost_total=figures.lost,
            highest=figures.highest,
            jitter=figures.jitter,
            last_sr=last,
            delay=min(int((now - came_at) * 65_536), 0xFFFFFFFF) if last else 0,
        )

    def _names(self) -> Packet:
        return SourceNames(((self._sending.ssrc, self._cname),))
