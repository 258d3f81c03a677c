"""Buckets by place, on virtual time."""

from __future__ import annotations

import pytest

from hustings.wire import limits
from hustings.wire.limits import Buckets, place


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not an address", "not an address"),
        ("", ""),
    ],
)
def test_place(address: str, expected: str) -> None:
    assert place(address) == expected


def test_a_look_takes_nothing() -> None:
    buckets = Buckets(2)
    assert not buckets.empty("a", 0.0)
    assert buckets.take("a", 0.0) and buckets.take("a", 0.0)
    assert buckets.empty("a", 0.0) and buckets.empty("a", 29.0) and not buckets.empty("a", 31.0)


def test_tokens_come_back_with_time() -> None:
    buckets = Buckets(6)
    assert [buckets.take("a", 0.0) for _ in range(7)] == [True] * 6 + [False]
    assert [buckets.take("a", 10.0) for _ in range(2)] == [True, False]
    assert [buckets.take("a", 1_000.0) for _ in range(7)] == [True] * 6 + [False]


def test_one_place_does_not_cost_another() -> None:
    buckets = Buckets(1)
    assert buckets.take("a", 0.0)
    assert buckets.take("b", 0.0)
    assert not buckets.take("a", 0.0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLACES_MAX", 3)
    buckets = Buckets(1)
    for name in ("a", "b", "c", "d"):
        assert buckets.take(name, 0.0)
    assert not buckets.take("d", 0.0)
    assert buckets.take("a", 0.0), "the oldest was forgotten"
