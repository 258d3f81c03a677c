from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.audio.clock import RATE, SEGMENT, TICK, Clock, clock_from_unix_ns, iso, unix_ms

ORIGIN = clock_from_unix_ns(1_723_492_800_123_456_789)


def test_a_segment_holds_whole_frames_of_everything() -> None:
    assert SEGMENT % TICK == 0 and SEGMENT % 1_024 == 0 and SEGMENT / RATE == 3.84


def test_the_clock_runs_from_its_origin_and_rounds_down() -> None:
    clock = Clock(ORIGIN, 5_000)
    assert clock.now(5_000) == ORIGIN
    assert clock.now(5_000 + 20_833) == ORIGIN  # one sample is 20,833.3 ns
    assert clock.now(5_000 + 20_834) == ORIGIN + 1
    assert clock.now(4_999) == ORIGIN - 1
    assert clock.now(5_000 + 3_600 * 10**9) == ORIGIN + 3_600 * RATE


def test_ticks_start_on_their_grid() -> None:
    clock = Clock(ORIGIN, 0)
    assert clock.tick_at(19_999_999) == ORIGIN
    assert clock.tick_at(20_000_000) == ORIGIN + TICK
    assert clock.tick_at(-1) == ORIGIN - TICK


def test_an_origin_off_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="not a multiple of 960"):
        Clock(ORIGIN + 1, 0)


@given(st.integers(-(10**12), 10**15), st.integers(0, 2**62))
def test_a_sample_is_due_at_the_first_nanosecond_that_reads_it(offset: int, origin_ns: int) -> None:
    clock = Clock(ORIGIN, origin_ns)
    due = clock.monotonic_ns(ORIGIN + offset)
    assert clock.now(due) == ORIGIN + offset
    assert clock.now(due - 1) == ORIGIN + offset - 1


def test_wall_time_and_back() -> None:
    assert ORIGIN % TICK == 0
    assert unix_ms(ORIGIN) == 1_723_492_800_120
    assert iso(ORIGIN) == "2024-08-12T20:00:00.120Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(47) == "1970-01-01T00:00:00.000Z"
    assert iso(48) == "1970-01-01T00:00:00.001Z"
