"""A mark is kept at its value and missed one past it; what was not measured is missed."""

from __future__ import annotations

from math import isfinite

import pytest

from bench import marks
from bench.figures import ALL
from bench.marks import Mark, judge, parse
from bench.rows import Figure

FIELDS = {"figure": "f", "row": "r", "stat": "p95", "most": 250, "unit": "ms", "says": "it"}


def figure(*samples: float) -> Figure:
    made = Figure("f", "F")
    made.add("r", "R", "ms", samples)
    return made


@pytest.mark.parametrize(("value", "kept"), [(249.9, True), (250.0, True), (250.1, False)])
def test_at_the_mark_and_past_it(value: float, kept: bool) -> None:
    [verdict] = judge(parse({"marks": {"m": FIELDS}}), figure(value))
    assert verdict.kept is kept
    assert str(verdict).startswith("ok" if kept else "OVER")
    assert "mark 250 ms" in str(verdict)


@pytest.mark.parametrize(("value", "kept"), [(249.9, False), (250.0, True), (250.1, True)])
def test_the_least_and_below_it(value: float, kept: bool) -> None:
    least = {("least" if name == "most" else name): field for name, field in FIELDS.items()}
    [verdict] = judge(parse({"marks": {"m": least}}), figure(value))
    assert verdict.kept is kept
    assert str(verdict).startswith("ok" if kept else "UNDER")


def test_what_was_not_measured_is_missed() -> None:
    budget = parse({"marks": {"m": FIELDS}})
    for empty in (figure(), Figure("f", "F")):
        [verdict] = judge(budget, empty)
        assert not verdict.kept
        assert str(verdict).startswith("missing")


def test_a_mark_of_another_figure_is_not_asked() -> None:
    assert judge(parse({"marks": {"m": {**FIELDS, "figure": "g"}}}), figure(1)) == []


@pytest.mark.parametrize(
    "change",
    [{"most": "250"}, {"most": True}, {"stat": 95}, {"extra": 1}, {"least": 1}, {"says": None}],
)
def test_a_mark_that_is_not_one(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="mark m"):
        parse({"marks": {"m": {**FIELDS, **change}}})


def test_the_budget_reads_and_each_mark_is_of_a_figure_that_exists() -> None:
    budget = marks.load()
    assert {mark.figure for mark in budget} <= set(ALL)
    assert all(isinstance(mark, Mark) and isfinite(mark.limit) for mark in budget)
    assert len({(mark.figure, mark.row, mark.stat) for mark in budget}) == len(budget)
