"""A recording with a hole is told; one without is not. Sequence numbers wrap, and come in any order."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import kept
from hustings.hls.fmp4 import fragment
from hustings.hls.profile import SEGMENT_SAMPLES
from hustings.rtc.rtp import build
from hustings.wire.track import Piece, to_record

PART = SEGMENT_SAMPLES // 4
UNITS = [b"x"] * (PART // 960)


def segment(msn: int, *parts: int) -> bytes:
    return b"".join(
        fragment(part, msn * SEGMENT_SAMPLES + part * PART, 960, UNITS) for part in parts
    )


@pytest.mark.parametrize(
    ("parts", "whole"),
    [((0, 1, 2, 3), True), ((0, 1, 2), False), ((0, 2, 3), False), ((1, 2, 3), False), ((), False)],
)
def test_a_segment_that_lacks_a_part(parts: tuple[int, ...], whole: bool) -> None:
    assert kept.whole(7, segment(7, *parts)) is whole


def test_a_segment_that_is_torn_off() -> None:
    assert not kept.whole(7, segment(7, 0, 1, 2, 3)[:-1])


def test_gaps_of_a_mix_between_two_clocks(tmp_path: Path) -> None:
    for variant in ("aac", "opus"):
        (tmp_path / variant).mkdir()
        for msn in (5, 6, 7, 9):
            (tmp_path / variant / f"s{msn}.m4s").write_bytes(segment(msn, 0, 1, 2, 3))
    (tmp_path / "opus" / "s6.m4s").write_bytes(segment(6, 0, 1, 3))
    upto = 8 * SEGMENT_SAMPLES
    assert kept.mix_gaps(tmp_path, 5 * SEGMENT_SAMPLES, upto) == ["opus: a hole in segment 6"]
    # from the first segment that begins after the first clock
    assert kept.mix_gaps(tmp_path, 6 * SEGMENT_SAMPLES + 1, upto) == []
    assert kept.mix_gaps(tmp_path, 7 * SEGMENT_SAMPLES, 9 * SEGMENT_SAMPLES) == [
        "aac: no segment 8",
        "opus: no segment 8",
    ]


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ([], 0),
        ([7], 0),
        ([1, 2, 3], 0),
        ([1, 3], 1),
        ([1, 3, 2], 0),
        ([1, 2, 2, 3], 0),
        ([65_534, 65_535, 0, 1], 0),
        ([65_534, 1], 2),
        ([0, 65_535, 1], 0),
    ],
)
def test_missing_numbers(numbers: list[int], missing: int) -> None:
    assert kept.missing(numbers) == missing


def test_packets_missing_in_a_track(tmp_path: Path) -> None:
    (tmp_path / "tracks").mkdir()
    piece = Piece(1, "ana", "tracks/ana-0.rtp", True, 0)
    (tmp_path / "pieces.jsonl").write_bytes(piece.to_line())
    raw = b"".join(
        to_record(number * 960, build(111, number, number * 960, 1, b"voice"))
        for number in (10, 11, 13, 14, 17)
    )
    (tmp_path / "tracks/ana-0.rtp").write_bytes(raw)
    assert kept.track_gaps(tmp_path, 0, 15 * 960) == {"ana": 1}
    assert kept.track_gaps(tmp_path, 0, 18 * 960) == {"ana": 3}
    assert kept.track_gaps(tmp_path, 20 * 960, 30 * 960) == {}
