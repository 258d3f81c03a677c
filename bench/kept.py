"""What is missing in a recording, read from its files: parts of the mix, packets of each speaker."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hustings.hls.profile import RATE, SEGMENT_SAMPLES
from hustings.rtc.rtp import parse
from hustings.wire.track import read_pieces, read_records
from tests.hls.boxes import read_fragments

_WRAP = 1 << 16


def clock_of(wall_s: float) -> int:
    """A room's clock at that moment of the wall's, to the few milliseconds that it may have drifted since its doors opened."""
    return round(wall_s * RATE)


def mix_gaps(mix_dir: Path, from_clock: int, to_clock: int) -> list[str]:
    """Segments between two clocks that are not there, or not whole, in each variant, in words."""
    found = []
    for variant in sorted(path for path in mix_dir.iterdir() if path.is_dir()):
        for msn in range(-(-from_clock // SEGMENT_SAMPLES), to_clock // SEGMENT_SAMPLES):
            path = variant / f"s{msn}.m4s"
            if not path.exists():
                found.append(f"{variant.name}: no segment {msn}")
            elif not whole(msn, path.read_bytes()):
                found.append(f"{variant.name}: a hole in segment {msn}")
    return found


def whole(msn: int, body: bytes) -> bool:
    """Whether a segment's fragments follow one another from its first sample to its last."""
    at = msn * SEGMENT_SAMPLES
    try:
        fragments = read_fragments(body)
    except ValueError:  # none, or torn
        return False
    for fragment in fragments:
        if fragment.time != at:
            return False
        at += fragment.samples
    return at == (msn + 1) * SEGMENT_SAMPLES


def track_gaps(room_dir: Path, from_clock: int, to_clock: int) -> dict[str, int]:
    """Packets that each speaker's wire numbered and the disk has not, of those that came between two clocks."""
    numbers: dict[str, list[int]] = {}
    for piece in read_pieces((room_dir / "pieces.jsonl").read_bytes()):
        for clock, raw in read_records((room_dir / piece.file).read_bytes()):
            if from_clock <= clock < to_clock:
                numbers.setdefault(piece.person, []).append(parse(raw).sequence)
    return {person: missing(seen) for person, seen in numbers.items()}


def missing(numbers: Iterable[int]) -> int:
    """How many of a row of RTP sequence numbers (RFC 3550 §5.1: 16 bits, they wrap) never came, whatever their order."""
    seen: set[int] = set()
    last = None
    for number in numbers:
        if last is None:
            last = number
        else:
            last += (number - last + _WRAP // 2) % _WRAP - _WRAP // 2
        seen.add(last)
    return max(seen) - min(seen) + 1 - len(seen) if seen else 0
