"""The streams of a process by themselves: limits, ends, and that nothing is told twice. No socket, no database."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from hustings.social.happenings import UPDATE, Happening
from hustings.web.mastodon import streams as module
from hustings.web.mastodon.streams import (
    ACCOUNT_MAX,
    POLICY,
    QUEUE_MAX,
    SLOW,
    Message,
    Stream,
    Streams,
)
from hustings.wire.errors import Refused

WORD = Message((("user",),), "update", "{}")


class Table:
    """What a database would say: a list of happenings, and the tokens that are good."""

    def __init__(self) -> None:
        self.rows: list[Happening] = []
        self.good: set[int] = {1, 2}
        self.delivered: list[int] = []

    def add(self, *numbers: int) -> None:
        self.rows += [Happening(number, UPDATE, 1, number, False) for number in numbers]

    async def newest(self) -> int:
        return max((row.number for row in self.rows), default=0)

    async def poll(self, number: int, some: Collection[Stream]) -> tuple[list[Happening], set[int]]:
        return [row for row in self.rows if row.number > number - 200], self.good

    async def deliver(self, some: list[Happening], to: Collection[Stream]) -> None:
        self.delivered += [one.number for one in some]


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def streams(table: Table) -> Streams:
    return Streams(table.newest, table.poll, table.deliver)


async def test_only_what_is_new_is_told_and_once(table: Table, streams: Streams) -> None:
    table.add(5, 6)
    stream = Stream(1, 1, "read")
    await streams.enter(stream)
    await streams.turn()
    assert table.delivered == []
    table.add(8)
    await streams.turn()
    table.add(7)  # written before, committed later
    await streams.turn()
    await streams.turn()
    assert table.delivered == [8, 7]
    streams.leave(stream)
    streams.leave(stream)
    assert len(streams) == 0


async def test_who_takes_nothing_is_let_go(streams: Streams) -> None:
    stream = Stream(1, 1, "read")
    for _ in range(QUEUE_MAX):
        stream.put(WORD)
    assert stream.code is None
    stream.put(WORD)
    assert stream.code == SLOW and await stream.take() is None


async def test_a_token_that_is_no_longer_good_ends_its_streams_only(
    table: Table, streams: Streams
) -> None:
    one, other = Stream(1, 1, "read"), Stream(2, 2, "read")
    await streams.enter(one)
    await streams.enter(other)
    table.good = {2}
    await streams.turn()
    assert one.code == POLICY and other.code is None
    for stream in (one, other):
        streams.leave(stream)


async def test_limits_of_an_account_and_of_all(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = [Stream(1, 1, "read") for _ in range(ACCOUNT_MAX)]
    for stream in mine:
        await streams.enter(stream)
    with pytest.raises(Refused, match="too_many"):
        await streams.enter(Stream(1, 1, "read"))
    monkeypatch.setattr(module, "STREAMS_MAX", ACCOUNT_MAX + 1)
    last = Stream(2, 2, "read")
    await streams.enter(last)
    with pytest.raises(Refused, match="too_many"):
        await streams.enter(Stream(3, 3, "read"))
    streams.leave(mine[0])
    again = Stream(1, 1, "read")
    await streams.enter(again)
    for stream in (*mine[1:], last, again):
        streams.leave(stream)
