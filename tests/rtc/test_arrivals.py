"""Transport-wide sequence numbers: what a report covers, and what it cannot be made to hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import arrivals
from hustings.rtc.arrivals import Arrivals

INF = float("inf")


@pytest.fixture
def some() -> Arrivals:
    return Arrivals()


def test_a_report(some: Arrivals) -> None:
    assert some.deadline == INF
    for number, at in ((5, 1.0), (8, 1.02), (6, 1.03), (6, 1.9)):
        some.add(number, at)
    assert some.deadline == pytest.approx(1.0 + arrivals.REPORT_EVERY_S)
    assert some.report() == (5, 0, [1.0, 1.03, None, 1.02])
    assert some.deadline == INF
    some.add(7, 2.0)
    assert some.deadline == INF, "it was reported as lost"
    some.add(10, 2.0)
    assert some.report() == (9, 1, [None, 2.0])


def test_numbers_wrap(some: Arrivals) -> None:
    some.add(65_535, 1.0)
    some.add(0, 1.01)
    assert some.report() == (65_535, 0, [1.0, 1.01])


def test_reports_are_counted_in_a_byte(some: Arrivals) -> None:
    for n in range(257):
        some.add(n, n * 0.1)
        assert some.report()[1] == n % 256


@pytest.mark.parametrize("came", [1.0, 1.013, 1.0499, 700.03])
def test_reports_of_all_are_due_together(came: float) -> None:
    """Never later than it would be alone, and sooner by less than the step."""
    some = Arrivals()
    some.add(1, came)
    alone = came + arrivals.REPORT_EVERY_S
    assert alone - arrivals.TOGETHER_S < some.deadline <= alone
    steps = some.deadline / arrivals.TOGETHER_S
    assert steps == pytest.approx(round(steps))


class TestLimits:
    def test_a_full_report_is_due_at_once(self, some: Arrivals) -> None:
        for n in range(arrivals.ARRIVALS_MAX - 1):
            some.add(n, 1.0)
        assert some.deadline > 1.0
        for n in (98, 99, 100):
            some.add(n, 1.0)
        assert some.deadline == 1.0
        assert len(some.report()[2]) == arrivals.ARRIVALS_MAX

    @pytest.mark.parametrize("jump", [arrivals.SPAN_MAX + 1, -arrivals.SPAN_MAX - 1])
    def test_a_jump_begins_anew(self, some: Arrivals, jump: int) -> None:
        some.add(1_000, 1.0)
        some.add(1_000 + jump, 1.1)
        assert some.report() == (1_000 + jump, 0, [1.1])

    def test_the_widest_report(self, some: Arrivals) -> None:
        some.add(0, 1.0)
        some.add(arrivals.SPAN_MAX, 1.1)
        assert len(some.report()[2]) == arrivals.SPAN_MAX + 1


@given(st.lists(st.integers(0, 65_535), max_size=200))
def test_any_numbers(numbers: list[int]) -> None:
    some = Arrivals()
    for n, number in enumerate(numbers):
        some.add(number, n * 0.01)
        if some.deadline <= n * 0.01:
            first, _, times = some.report()
            assert 0 <= first < 65_536
            assert 0 < len(times) <= arrivals.SPAN_MAX + 1
