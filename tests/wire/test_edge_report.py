"""A report there and back, and whatever is none."""

from __future__ import annotations

import json

import pytest

from hustings.wire.edge_report import (
    PROBABILITIES_MAX,
    ROOMS_MAX,
    EdgeReport,
    RoomCount,
    read_report,
)

PRESSURE = {"cpu": 0.5, "lag": 0.0, "bytes": 0.0, "parked": 0.1}


def test_there_and_back():
    report = EdgeReport(2.0, {"talk": RoomCount({1.0: 3, 0.5: 1}, 7)}, PRESSURE)
    assert read_report(json.loads(json.dumps(report.tree()))) == report


def tree(**changes):
    return {
        "over_s": 2,
        "rooms": {"talk": {"beacons": [[1, 1]], "pulses": 0}},
        "pressure": {},
    } | changes


@pytest.mark.parametrize(
    "odd",
    [
        None, [], "x", {}, tree(over_s=0), tree(over_s=-1), tree(over_s="2"), tree(over_s=3601), tree(rooms=[1]),
        tree(rooms={"talk": {}}), tree(rooms={"talk": {"beacons": [[0, 1]], "pulses": 0}}),
        tree(rooms={"talk": {"beacons": [[2, 1]], "pulses": 0}}), tree(rooms={"talk": {"beacons": [[1, -1]], "pulses": 0}}),
        tree(rooms={"talk": {"beacons": [[1, 2**40]], "pulses": 0}}), tree(rooms={"talk": {"beacons": [], "pulses": -1}}),
        tree(pressure={"cpu": -1}), tree(pressure={"cpu": float("nan")}), tree(pressure=[]), tree(over_s=float("nan")),
    ],
)  # fmt: skip
def test_what_is_none(odd):
    with pytest.raises(ValueError):
        read_report(odd)


def test_rooms_and_probabilities_at_the_limit_and_one_past_it():
    row = {"beacons": [], "pulses": 0}
    assert len(read_report(tree(rooms={str(n): row for n in range(ROOMS_MAX)})).rooms) == ROOMS_MAX
    with pytest.raises(ValueError):
        read_report(tree(rooms={str(n): row for n in range(ROOMS_MAX + 1)}))
    many = [[1 / (n + 1), 1] for n in range(PROBABILITIES_MAX + 1)]
    assert read_report(tree(rooms={"talk": {"beacons": many[:-1], "pulses": 0}}))
    with pytest.raises(ValueError):
        read_report(tree(rooms={"talk": {"beacons": many, "pulses": 0}}))
