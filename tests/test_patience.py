"""Connections: how many may be open, in all and from one place. What a slow head meets is in `door/test_floods.py`."""

from __future__ import annotations

from hustings.patience import Connections


def test_one_place_at_the_limit_and_one_past_it() -> None:
    connections = Connections(3_000, 2)
    assert connections.enter("2001:db8::1") and connections.enter("2001:db8::2")
    assert not connections.enter("2001:db8::3") and connections.enter("2001:db8:0:1::1")
    connections.leave("2001:db8::1")
    assert connections.enter("2001:db8::3")


def test_behind_a_front_all_come_from_one_place() -> None:
    connections = Connections(3, None)
    assert [connections.enter("127.0.0.1") for _ in range(4)] == [True, True, True, False]
