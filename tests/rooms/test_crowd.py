"""The count and its error against crowds that are known, in virtual time; the beacons that it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from hustings.rooms import crowd as crowds
from hustings.rooms.crowd import (
    BEACONS_PER_S,
    COUNTED_S,
    EVERY_S,
    P_MIN,
    Crowd,
    Estimate,
    Report,
    is_news,
    next_s,
)

LIMIT_PER_S = 200


@dataclass
class Group:
    """Players that hold the same pulse: when they read the next, and how many send in each of the ten seconds."""

    due_s: int
    p: float | None  # None: they have read one pulse so far, and keep still
    phases: np.ndarray


class Evening:
    """A crowd whose size a test sets: pages keep to the protocol, edges report every second, studio listens."""

    def __init__(self, seed: int, edges: int = 2) -> None:
        self.crowd = Crowd()
        self.edges = edges
        self.now = 0
        self.sent: list[int] = []
        self._random = np.random.default_rng(seed)
        self._groups: list[Group] = []

    def second(self, listeners: int) -> None:
        """One second: people come or go, some read a new pulse, some send, edges report."""
        self.now += 1
        asked = self._read() + self._move(listeners)
        sent: dict[float, int] = {}
        for group in self._groups:
            if group.p is not None:
                many = int(self._random.binomial(group.phases[self.now % EVERY_S], group.p))
                sent[group.p] = sent.get(group.p, 0) + many
        self.sent.append(sum(sent.values()))
        for edge in range(self.edges):
            share = {p: (n + edge) // self.edges for p, n in sent.items()}
            self.crowd.note(f"e{edge}", Report(self.now, 1.0, share, asked // self.edges))
        self.crowd.adapt(self.now)

    def _read(self) -> int:
        due = [group for group in self._groups if group.due_s <= self.now]
        if not due:
            return 0
        estimate = self.crowd.estimate(self.now)
        again = self.now + next_s(estimate.count if estimate else 0)
        phases = sum((group.phases for group in due), np.zeros(EVERY_S, int))
        self._groups = [group for group in self._groups if group.due_s > self.now]
        # Jitter: half of them a second earlier or later.
        for wait, part in ((-1, phases // 4), (1, phases // 4), (0, phases - 2 * (phases // 4))):
            self._groups.append(Group(again + wait, self.crowd.p, part))
        return int(phases.sum())

    def _move(self, listeners: int) -> int:
        here = int(sum(group.phases.sum() for group in self._groups))
        if listeners < here:
            for group in self._groups:
                group.phases = group.phases * listeners // here
            return 0
        fresh = self._random.multinomial(listeners - here, [1 / EVERY_S] * EVERY_S)
        self._groups.append(Group(self.now + 2, None, fresh))
        return listeners - here


@pytest.mark.parametrize("listeners", [1, 40, 900, 5_000, 70_000, 1_300_000])
def test_the_truth_lies_within_the_error_nineteen_times_of_twenty(listeners: int) -> None:
    inside = total = 0
    for seed in range(5):
        evening = Evening(seed)
        for _ in range(45):
            evening.second(listeners)
        for _ in range(40):
            evening.second(listeners)
            estimate = evening.crowd.estimate(evening.now)
            assert estimate is not None
            inside += abs(estimate.count - listeners) <= estimate.error + 1
            total += 1
    assert inside / total >= 0.9


def test_the_error_is_small_where_people_look_at_it() -> None:
    evening = Evening(1)
    for _ in range(90):
        evening.second(1_300_000)
    estimate = evening.crowd.estimate(evening.now)
    assert estimate is not None and estimate.error < 0.1 * estimate.count


@pytest.mark.parametrize("listeners", [1_000, 50_000, 1_300_000, 200_000_000])
def test_a_crowd_costs_two_hundred_beacons_a_second_at_the_most(listeners: int) -> None:
    evening = Evening(2)
    for _ in range(60):
        evening.second(listeners)
    assert max(evening.sent[30:]) <= LIMIT_PER_S
    assert evening.crowd.p <= max(P_MIN, BEACONS_PER_S * EVERY_S / listeners) * 1.5


@pytest.mark.parametrize("ramp_s", [1, 10, 60])
def test_a_rush_to_a_million_is_seen_by_its_pulses_before_it_can_send(ramp_s: int) -> None:
    evening = Evening(4)
    for _ in range(30):
        evening.second(100)
    for second in range(ramp_s + 30):
        evening.second(100 + min(1_300_000, 1_300_000 * (second + 1) // ramp_s))
    assert max(evening.sent) <= 5 * LIMIT_PER_S  # for the two seconds that a pulse is old
    assert sum(sent > LIMIT_PER_S for sent in evening.sent) <= 5


def test_p_rises_slowly_when_people_leave() -> None:
    evening = Evening(3)
    for _ in range(40):
        evening.second(100_000)
    low = evening.crowd.p
    steps = []
    for _ in range(120):
        evening.second(100)
        steps.append(evening.crowd.p)
    assert all(after <= 2 * before for before, after in zip([low, *steps], steps, strict=False))
    assert steps[-1] == 1.0


def test_a_whole_crowd_at_p_1_is_counted_exactly() -> None:
    crowd = Crowd()
    for second in range(20):
        crowd.note("e", Report(float(second), 1.0, {1.0: 7}))
    estimate = crowd.estimate(19.5)
    assert estimate is not None and (estimate.count, estimate.error) == (70, 0)


def test_nobody_heard_of_yet_is_not_nobody() -> None:
    """A page keeps still until its second pulse, and then for a part of a period: fifteen seconds of silence say nothing."""
    crowd = Crowd()
    for second in range(2, 40, 2):
        crowd.note("e", Report(float(second), 2.0, {}))
        told = crowd.estimate(float(second))
        assert (told is None) == (second < COUNTED_S), second
        if told is not None:
            assert (told.count, told.error) == (0, 0)
    crowd.note("e", Report(60.0, 2.0, {}))  # the edges were away: it begins anew
    assert crowd.estimate(60.0) is None
    crowd.note("e", Report(62.0, 2.0, {1.0: 3}))
    told = crowd.estimate(62.0)
    assert told is not None and told.count > 0, "whoever is heard of is told at once"


def test_an_edge_that_is_gone_counts_no_more() -> None:
    crowd = Crowd()
    crowd.note("dead", Report(0.0, 2.0, {1.0: 10}))
    crowd.note("alive", Report(9.0, 2.0, {1.0: 10}))
    both, one = crowd.estimate(9.5), crowd.estimate(10.0)
    assert both is not None and one is not None and both.count == 100 and one.count == 50
    assert crowd.estimate(20.0) is None


def test_edges_at_the_limit_and_one_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "EDGES_MAX", 2)
    crowd = Crowd()
    for edge in ("a", "b", "c"):
        crowd.note(edge, Report(0.0, 10.0, {1.0: 1}))
    estimate = crowd.estimate(1.0)
    assert estimate is not None and estimate.count == 2
    crowd.note("c", Report(30.0, 10.0, {1.0: 5}))
    estimate = crowd.estimate(30.0)
    assert estimate is not None and estimate.count == 5


@pytest.mark.parametrize(
    ("listeners", "seconds"),
    [(0, 2), (999, 2), (1_000, 3), (28_000, 30), (27_999, 29), (1_300_000, 30)],
)
def test_when_to_ask_again(listeners: int, seconds: int) -> None:
    assert next_s(listeners) == seconds


@pytest.mark.parametrize(
    ("told", "now", "news"),
    [
        (None, None, False),
        (None, (3, 0), True),
        ((3, 0), None, True),
        ((3, 0), (3, 0), False),
        ((3, 0), (4, 0), True),
        ((3, 2), (4, 2), False),
        ((3, 2), (5, 0), True),
        ((8_000, 300), (8_300, 310), False),
        ((8_000, 300), (7_699, 290), True),
    ],
)
def test_whether_an_estimate_is_worth_a_word(
    told: tuple[int, int] | None, now: tuple[int, int] | None, news: bool
) -> None:
    before, after = (Estimate(*one) if one else None for one in (told, now))
    assert is_news(before, after) is news


def test_p_is_a_power_of_two() -> None:
    crowd = Crowd()
    for listeners in (3_000, 70_000, 10**12):
        crowd.note("e", Report(1.0, 10.0, {1.0: listeners}))
        assert math.log2(crowd.adapt(1.0)).is_integer()
    assert crowd.p == P_MIN
