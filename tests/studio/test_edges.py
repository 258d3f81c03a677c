"""The pressure of many edges, one step."""

from __future__ import annotations

import pytest

from hustings.rooms.crowd import STALE_S
from hustings.studio import edges as module
from hustings.studio.edges import Edges


def press(edges: Edges, start: int, seconds: int, **pressures: float) -> None:
    for second in range(start, start + seconds):
        for name, pressure in pressures.items():
            edges.note(name, {"cpu": pressure, "lag": 0.0}, float(second))
        edges.look(float(second))


def test_the_fullest_edge_counts():
    edges = Edges()
    press(edges, 0, 6, idle=0.1, full=1.0)
    assert edges.step == 1


def test_an_edge_that_is_silent_presses_no_more():
    edges = Edges()
    press(edges, 0, 6, full=1.0)
    later = 5.0 + STALE_S
    edges.look(later)
    for second in range(22):
        edges.look(later + second)
    assert edges.step == 0


def test_when_the_host_alone_decides_pressure_changes_nothing():
    edges = Edges(auto=False)
    press(edges, 0, 60, full=1.0)
    assert edges.step == 0


def test_at_the_limit_and_one_past_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EDGES_MAX", 2)
    edges = Edges()
    assert edges.note("a", {"cpu": 0.1}, 0.0) and edges.note("b", {}, 0.0)
    assert not edges.note("c", {"cpu": 5.0}, 0.0)
    assert edges.note("a", {"cpu": 0.2}, 0.0)
