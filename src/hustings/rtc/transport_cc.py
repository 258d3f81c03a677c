"""Transport-wide congestion feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): which packets came when.

This is the part after the two SSRCs; `rtcp.py` puts the head before it. Times are ticks of 250 µs; the reference time
counts 64 ms, which are 256 ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

HEAD = Struct("!HH3sB")
TICKS_PER_REFERENCE = 256
STATUSES_MAX = 2_000  # 40 s of 20 ms packets in one feedback
RUN_MAX = 0x1FFF  # §3.1.3
MISSING, SMALL, LARGE, RESERVED = range(4)  # §3.1.1


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """What came of the packets from `base` on. `reference` counts 64 ms (24 bits, signed), `count` the feedbacks (8 bits).

    `arrivals` has for each packet its ticks after the reference time, None where it did not come.
    """

    sender: int
    media: int
    base: int
    reference: int
    count: int
    arrivals: tuple[int | None, ...]


def parse(sender: int, media: int, body: bytes) -> TransportFeedback:
    """A feedback from what follows its SSRCs. Errors: `ValueError`."""
    if len(body) < HEAD.size:
        raise ValueError("a transport feedback that is cut off")
    base, statuses, reference, count = HEAD.unpack_from(body)
    if not 0 < statuses <= STATUSES_MAX:
        raise ValueError(f"a transport feedback of {statuses} packets")
    symbols, at = _read_symbols(body, statuses)
    arrivals: list[int | None] = []
    ticks = 0
    for symbol in symbols:
        if symbol == MISSING:
            arrivals.append(None)
            continue
        if symbol == RESERVED or at + symbol > len(body):
            raise ValueError("a transport feedback with a delta that is none")
        # §3.1.5: one byte is unsigned, two are signed. The symbol is the number of bytes.
        ticks += int.from_bytes(body[at : at + symbol], "big", signed=symbol == LARGE)
        at += symbol
        arrivals.append(ticks)
    return TransportFeedback(
        sender, media, base, int.from_bytes(reference, "big", signed=True), count, tuple(arrivals)
    )


def build(feedback: TransportFeedback) -> bytes:
    """What follows the SSRCs, padded to 32 bits. Errors: `ValueError` for what the format cannot say."""
    if not 0 < len(feedback.arrivals) <= STATUSES_MAX:
        raise ValueError(f"a transport feedback of {len(feedback.arrivals)} packets")
    symbols: list[int] = []
    deltas = bytearray()
    ticks = 0
    for arrival in feedback.arrivals:
        if arrival is None:
            symbols.append(MISSING)
            continue
        delta, ticks = arrival - ticks, arrival
        if not -(1 << 15) <= delta < 1 << 15:
            raise ValueError("a transport feedback with more than 8 s between two packets")
        symbol = SMALL if 0 <= delta < 256 else LARGE
        symbols.append(symbol)
        deltas += delta.to_bytes(symbol, "big", signed=symbol == LARGE)
    head = HEAD.pack(
        feedback.base & 0xFFFF,
        len(symbols),
        (feedback.reference & 0xFFFFFF).to_bytes(3, "big"),
        feedback.count & 0xFF,
    )
    body = head + _write_symbols(symbols) + bytes(deltas)
    return body + bytes(-len(body) % 4)


def _read_symbols(body: bytes, statuses: int) -> tuple[list[int], int]:
    """A symbol for each packet (§3.1.2 to §3.1.4), and where the deltas begin."""
    symbols: list[int] = []
    at = HEAD.size
    while len(symbols) < statuses:
        if at + 2 > len(body):
            raise ValueError("a transport feedback that is cut off")
        chunk = int.from_bytes(body[at : at + 2], "big")
        at += 2
        if not chunk & 0x8000:
            run = chunk & RUN_MAX
            if not 0 < run <= statuses - len(symbols):
                raise ValueError("a transport feedback with a run that is none")
            symbols += [chunk >> 13] * run
        elif not chunk & 0x4000:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
        else:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
    return symbols[:statuses], at


def _write_symbols(symbols: Sequence[int]) -> bytes:
    """Chunks, greedily: a run where it says at least as much as a vector would."""
    chunks = bytearray()
    at = 0
    while at < len(symbols):
        rest = symbols[at : at + RUN_MAX]
        run = next((n for n, symbol in enumerate(rest) if symbol != rest[0]), len(rest))
        one_bit, two_bit = rest[:14], rest[:7]
        if run >= len(one_bit) or (run >= len(two_bit) and max(one_bit) == LARGE):
            chunk, taken = rest[0] << 13 | run, run
        elif max(one_bit) <= SMALL:
            chunk, taken = 0x8000, len(one_bit)
            for n, symbol in enumerate(one_bit):
                chunk |= symbol << (13 - n)
        else:
            chunk, taken = 0xC000, len(two_bit)
            for n, symbol in enumerate(two_bit):
                chunk |= symbol << (12 - 2 * n)
        chunks += chunk.to_bytes(2, "big")
        at += taken
    return bytes(chunks)
