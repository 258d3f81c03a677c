"""The bad roads: as bad as they say, and the same for the same seed."""

from __future__ import annotations

import pytest

from bench.voice.profiles import HELD_BACK_S, IP_UDP, PROFILES, Road

MANY = 20_000


def fates(name: str, seed: str = "1", count: int = MANY, size: int = 150) -> list[float | None]:
    """When each of `count` datagrams, one every 20 ms, comes out."""
    road = Road(PROFILES[name], seed)
    return [road.takes(n / 50, size) for n in range(count)]


@pytest.mark.parametrize(
    ("name", "share"), [("P0", 0.0), ("P1", 0.01), ("P2", 0.05), ("P3", 0.1), ("P4", 0.05)]
)
def test_so_many_are_lost(name: str, share: float) -> None:
    lost = sum(out is None for out in fates(name))
    assert lost == pytest.approx(share * MANY, rel=0.15)


def test_bursts_are_three_long_and_never_seven() -> None:
    found, run = [], 0
    for out in fates("P4"):
        if out is None:
            run += 1
        elif run:
            found.append(run)
            run = 0
    assert max(found) <= 6
    assert sum(found) / len(found) == pytest.approx(2.7, abs=0.3)  # three, less what is cut at six


def test_the_same_seed_is_the_same_road_and_another_is_not() -> None:
    assert fates("P3") == fates("P3")
    assert fates("P3") != fates("P3", "2")


def test_jitter_keeps_the_order() -> None:
    came = [out for out in fates("P1") if out is not None]
    assert came == sorted(came)
    late = [out - n / 50 for n, out in enumerate(fates("P1")) if out is not None]
    assert min(late) >= 0 and max(late) <= 0.02 + 1e-9


def test_some_are_overtaken() -> None:
    held = [n for n, out in enumerate(fates("P6")) if out == pytest.approx(n / 50 + HELD_BACK_S)]
    assert len(held) == pytest.approx(0.05 * MANY, rel=0.15)


@pytest.mark.parametrize(("second", "delay"), [(1, 0.1), (7, 0.4), (12.98, 0.4), (13, 0.1)])
def test_delays_step(second: float, delay: float) -> None:
    road = Road(PROFILES["P7"], "1")
    assert road.takes(second, 150) == pytest.approx(second + delay)


def test_a_cap_holds_back_and_then_drops() -> None:
    fits = 64_000 // 8 // 50 - IP_UDP
    assert fates("P8", count=500, size=fits)[-1] == pytest.approx(499 / 50 + 0.02)
    full = fates("P8", count=500, size=2 * fits + IP_UDP)
    assert sum(out is None for out in full) == pytest.approx(250, abs=25)
    assert max(out - n / 50 for n, out in enumerate(full) if out is not None) <= 0.4 + 0.05


@pytest.mark.parametrize(
    ("second", "passes"), [(6.99, True), (7.0, False), (9.99, False), (10.0, True)]
)
def test_dead_is_dead(second: float, passes: bool) -> None:
    assert (Road(PROFILES["P9"], "1").takes(second, 150) is not None) is passes
