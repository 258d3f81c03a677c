"""Percentiles, rows and the JSON they make."""

from __future__ import annotations

import pytest

from bench.rows import Figure, Row, percentile, rows_of


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1.0), (25, 2.0), (50, 3.0), (95, 4.8), (100, 5.0)]
)
def test_percentiles_lie_between_their_neighbours(percent: float, value: float) -> None:
    assert percentile([5, 1, 4, 2, 3], percent) == pytest.approx(value)


@pytest.mark.parametrize("percent", [-1, 101])
def test_there_is_no_percentile_outside_of_the_hundred(percent: float) -> None:
    with pytest.raises(ValueError, match="no percentage"):
        percentile([1.0], percent)


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)


def test_stats_by_name() -> None:
    row = Row("a", "A", "ms", (3.0, 1.0, 2.0))
    assert [row.stat(name) for name in ("n", "min", "median", "max", "p50")] == [3, 1, 2, 3, 2]
    with pytest.raises(ValueError, match="there is no `mean`"):
        row.stat("mean")


def test_a_row_survives_its_json() -> None:
    figure = Figure("f", "F")
    figure.add("a", "A", "ms", [1, 2.5], note="n")
    figure.add("b", "B", "ms", [], peer=True)
    assert rows_of({"rows": [row.tree() for row in figure.rows]}) == figure.rows
    assert figure.row("b") == figure.rows[1]
    assert figure.row("c") is None


def test_a_row_without_samples_claims_nothing() -> None:
    assert "median" not in Row("a", "A", "ms", ()).tree()
