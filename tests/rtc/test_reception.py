"""One SSRC's packets: numbers, holes and when they are asked for, RED's restoring, the figures of RFC 3550."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import reception
from hustings.rtc.recent import KEPT
from hustings.rtc.reception import Reception

INF = float("inf")


def stream(*sequences: int) -> Reception:
    """20 ms packets at their own time."""
    made = Reception(7)
    for sequence in sequences:
        made.add(sequence, 960 * sequence, 0.02 * sequence)
    return made


def test_in_order() -> None:
    made = Reception(7)
    assert [made.add(n, 960 * n, 0.02 * n) for n in range(5)] == ["new"] * 5
    assert made.deadline == INF
    assert made.to_ask(9.0, 0.1) == []


def test_a_hole_is_asked_for_three_times() -> None:
    made = stream(1, 2, 5)
    assert made.deadline == pytest.approx(0.1 + reception.ORDER_S)
    assert made.to_ask(0.1, 0.05) == []
    assert made.to_ask(0.106, 0.05) == [3, 4]
    assert made.to_ask(0.150, 0.05) == []
    assert made.deadline == pytest.approx(0.106 + 0.075)
    assert made.to_ask(0.182, 0.001) == [3, 4]
    assert made.deadline == pytest.approx(0.182 + 0.03)
    assert made.to_ask(0.22, 0.05) == [3, 4]
    assert made.deadline == INF
    assert made.to_ask(0.9, 0.05) == []


def test_a_packet_that_was_only_overtaken_is_not_asked_for() -> None:
    made = stream(1, 3)
    assert made.add(2, 1920, 0.062) == "repaired"
    assert made.to_ask(0.1, 0.05) == []
    assert made.add(4, 3840, 0.08) == "new"


def test_what_came_only_because_it_was_asked_for_counts_as_lost() -> None:
    made = stream(1, 3, 6)
    assert (made.expected, made.lost) == (6, 3)
    assert made.add(2, 1920, 0.122) == "repaired", "it was only overtaken"
    assert made.lost == 2
    assert made.to_ask(0.13, 0.05) == [4, 5]
    assert made.add(4, 3840, 0.17) == "repaired"
    assert (made.expected, made.lost) == (6, 2)
    assert made.add(4, 3840, 0.18) == "double"
    assert made.lost == 2


def test_nothing_was_expected_before_anything_came() -> None:
    assert (Reception(7).expected, Reception(7).lost) == (0, 0)


def test_a_hole_is_forgotten_when_it_is_too_old() -> None:
    made = stream(1, 3)
    assert made.to_ask(0.06 + reception.HOLE_S, 0.05) == []
    assert made.deadline == INF
    assert made.add(2, 1920, 2.0) == "repaired", "it is late, and somebody may still want it"


def test_jitter_where_the_timestamp_wraps() -> None:
    made = Reception(7)
    for n, timestamp in enumerate((2**32 - 960, 0, 960)):
        made.add(n, timestamp, 1.0 + 0.02 * n)
    assert made.figures().jitter == 0


def test_numbers_wrap() -> None:
    made = stream(65_534)
    assert made.add(1, 960 * 65_537, 0.06) == "new"
    assert made.to_ask(0.1, 0.1) == [65_535, 0]
    assert made.figures().highest == 0x1_0001


class TestLimits:
    def test_of_a_gap_the_newest_is_asked_for(self) -> None:
        made = stream(0, reception.ASK_BURST_MAX + 1)
        assert len(made.to_ask(0.6, 0.1)) == reception.ASK_BURST_MAX
        made = stream(0, reception.ASK_BURST_MAX + 2)
        asked = made.to_ask(0.6, 0.1)
        assert (asked[0], len(asked)) == (2, reception.ASK_BURST_MAX)

    def test_holes(self) -> None:
        made = stream(0, reception.MISSING_MAX + 1)
        assert made.add(1, 960, 2.0) == "repaired"
        made = stream(0, 2)
        made.add(3 + reception.MISSING_MAX, 96_000, 0.05)
        assert len(made.holes) == reception.MISSING_MAX
        assert 1 not in made.holes

    @pytest.mark.parametrize("jump", [reception.JUMP_MAX + 1, -reception.JUMP_MAX - 1])
    def test_a_jump_is_a_new_start(self, jump: int) -> None:
        made = stream(9_998, 10_000)
        made.add(10_000 + jump, 5, 201.0)
        assert made.to_ask(201.1, 0.1) == []
        figures = made.figures()
        assert (figures.lost, figures.highest) == (0, 10_000 + jump)

    def test_the_furthest_that_is_loss(self) -> None:
        made = stream(10_000)
        made.add(10_000 + reception.JUMP_MAX, 5, 201.0)
        assert made.figures().lost == reception.JUMP_MAX - 1


class TestRestoring:
    """RED: the block `offset` samples before the newest packet is a hole's packet, or it is nothing."""

    def test_the_packet_before(self) -> None:
        made = stream(1, 2, 4)
        assert made.restore(960) == 3
        assert made.restore(960) is None
        assert made.to_ask(9.0, 0.1) == []
        assert made.add(3, 2880, 0.1) == "double"

    def test_two_before(self) -> None:
        made = stream(1, 4)
        assert (made.restore(1920), made.restore(960)) == (2, 3)

    @pytest.mark.parametrize("offset", [1, 961, 2880, 3840])
    def test_where_nothing_is_missing(self, offset: int) -> None:
        assert stream(1, 2, 4).restore(offset) is None

    def test_without_a_gap(self) -> None:
        assert stream(1, 2).restore(960) is None
        assert stream(1).restore(960) is None

    def test_timestamps_that_go_back(self) -> None:
        made = stream(1)
        made.add(3, 960, 0.06)
        assert made.restore(960) is None

    @pytest.mark.parametrize(
        ("numbers", "probes", "lost"),
        [
            ((1, 2, 4), {2}, 3),  # 1, its probe, sound that is lost, sound
            ((1, 3, 4), {3}, 2),  # 1, sound that is lost, its probe, sound
            ((1, 2, 4, 5), {2, 4}, 3),
            ((1, 4), set(), 3),  # a probe is lost too; which of the two it was nobody can tell
            ((1, 2, 4, 5, 6), {2, 4, 5}, 3),
        ],
    )
    def test_probes_between_the_numbers_of_sound(
        self, numbers: tuple[int, ...], probes: set[int], lost: int
    ) -> None:
        """Chromium's probes have the timestamp of the packet before them; one packet of sound is missing in each case."""
        made = Reception(7)
        for number in numbers:
            timestamp = 960 if number < lost else 1_920
            timestamp = 2_880 if number == numbers[-1] else timestamp
            made.add(number, timestamp, number / 50, number not in probes)
        assert made.restore(960) == lost
        assert made.restore(960) is None
        assert made.add(2 if lost == 3 and not probes else lost, 1_920, 0.2) == "double"

    def test_sound_that_came_is_not_restored_though_a_probe_is_missing(self) -> None:
        made = stream(1, 2)
        made.add(4, 2_880, 0.08)  # 3 was a probe
        assert made.restore(960) is None

    def test_it_wraps(self) -> None:
        made = Reception(7)
        made.add(65_535, 0xFFFFFFFF - 959, 0.0)
        made.add(1, 960, 0.04)
        assert made.restore(960) == 0


class TestFigures:
    def test_nothing_lost(self) -> None:
        figures = stream(*range(10, 60)).figures()
        assert (figures.ssrc, figures.fraction_lost, figures.lost, figures.jitter) == (7, 0, 0, 0)
        assert figures.highest == 59

    def test_a_fraction_is_of_what_came_since(self) -> None:
        made = stream(0, 1, 2, 3)
        made.figures()
        made.add(7, 6_720, 0.0)
        figures = made.figures()
        assert (figures.fraction_lost, figures.lost) == (3 * 256 // 4, 3)
        assert made.figures().fraction_lost == 0

    def test_what_is_repaired_counts_as_come(self) -> None:
        made = stream(0, 1, 3)
        made.figures()
        made.add(2, 1920, 0.1)
        figures = made.figures()
        assert (figures.fraction_lost, figures.lost) == (0, 0)

    def test_all_but_one_lost(self) -> None:
        made = stream(0)
        made.figures()
        made.add(3000, 2_880_000, 1.0)
        assert made.figures().fraction_lost == 255

    def test_jitter(self) -> None:
        """RFC 3550 A.8: a sixteenth of each change."""
        made = Reception(7)
        made.add(0, 0, 1.0)
        made.add(1, 960, 1.03)
        assert made.figures().jitter == 480 // 16


@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1)), max_size=60))
def test_any_numbers(packets: list[tuple[int, int]]) -> None:
    made = Reception(7)
    for n, (sequence, timestamp) in enumerate(packets):
        made.add(sequence, timestamp, n * 0.01)
        made.restore(960)
        assert len(made.to_ask(n * 0.01, 0.05)) <= reception.MISSING_MAX
        figures = made.figures()
        assert 0 <= figures.fraction_lost <= 255
        assert figures.jitter >= 0


def test_a_block_whose_sound_is_here_fills_no_hole_beside_it():
    made = Reception(7)
    made.add(1, 960, 0.0)
    made.add(3, 2_880, 0.04)
    assert made.restore(1_920) is None
    assert made.restore(960) == 2


def test_a_hole_whose_neighbour_is_forgotten_is_nobodys():
    made = Reception(7)
    made.add(1, 960, 0.0)
    for number in range(3, 3 + KEPT):
        made.add(number, 960 * number, 0.02 * number)
    assert made.holes
    assert made.restore(480) is None
