"""Virtual time: the moments at which a dying child is started again."""

from __future__ import annotations

from hustings.serve.restarts import LONGEST_WAIT_S, STEADY_S, Restarts


def _waits(lives: list[float]) -> list[float]:
    restarts, now, waits = Restarts(), 100.0, []
    for life in lives:
        restarts.start(now)
        now += life
        again = restarts.die(now)
        waits.append(round(again - now, 6))
        now = again
    return waits


def test_at_once_then_doubling_up_to_two_seconds() -> None:
    assert _waits([0.5] * 8) == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_never_longer_however_often() -> None:
    assert max(_waits([0.0] * 200)) == LONGEST_WAIT_S


def test_ten_seconds_alive_forgive_everything_and_a_little_less_does_not() -> None:
    assert _waits([0.5, 0.5, 0.5, STEADY_S])[-1] == 0.0
    assert _waits([0.5, 0.5, 0.5, STEADY_S - 0.01])[-1] == 0.4
