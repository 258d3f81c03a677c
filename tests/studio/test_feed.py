"""The feed: snapshot, order, resumption, slow followers, the end."""

from __future__ import annotations

import asyncio

from hustings.studio.feed import QUEUE_MAX, RING_MAX, SEQ_BITS, Feed
from hustings.wire.feed import BEAT, DROP, END, JOURNAL, LIVE, SNAPSHOT, Decoder

HEADERS = {"Content-Type": "audio/mp4"}


class Reader:
    """A follower that reads when it is told to."""

    def __init__(self, feed: Feed, after: int | None = None) -> None:
        self._stream = feed.follow(after)
        self._decoder = Decoder()

    async def next(self):
        return self._decoder.push(await anext(self._stream))

    async def paths(self):
        return [frame.path for frame in await self.next()]

    async def rest(self):
        return [frame async for chunk in self._stream for frame in self._decoder.push(chunk)]

    async def close(self):
        await self._stream.aclose()


async def test_a_newcomer_gets_the_whole_state_then_what_comes():
    feed = Feed(3)
    feed.journal(b'{"n":1}\n')
    feed.put("a", HEADERS, b"1")
    feed.put("b", HEADERS, b"2")
    feed.put("a", HEADERS, b"3")
    reader = Reader(feed)
    frames = await reader.next()
    assert [frame.path for frame in frames] == [SNAPSHOT, JOURNAL, "b", "a", LIVE]
    assert frames[3].body == b"3"
    assert {frame.term for frame in frames} == {3}
    assert frames[-1].seq == feed.seq
    feed.drop("b")
    feed.drop("unknown")
    dropped = await reader.next()
    assert [(frame.path, frame.headers) for frame in dropped] == [(DROP, {"path": "b"})]
    await reader.close()
    assert feed.followers == 0


async def test_numbers_of_two_terms_never_meet():
    old, new = Feed(1), Feed(2)
    for _ in range(5):
        old.put("a", HEADERS, b"")
    assert new.seq == 2 << SEQ_BITS
    new.put("a", HEADERS, b"")
    reader = Reader(new, after=old.seq)
    assert (await reader.paths())[0] == SNAPSHOT
    await reader.close()


async def test_a_follower_that_comes_back_gets_what_it_missed():
    feed = Feed(1)
    for name in "abc":
        feed.put(name, HEADERS, b"")
    known = feed.seq - 1
    reader = Reader(feed, known)
    assert await reader.paths() == ["c"]
    await reader.close()
    reader = Reader(feed, feed.seq)
    assert await reader.paths() == [BEAT]
    await reader.close()


async def test_what_has_left_the_ring_comes_as_a_snapshot():
    feed = Feed(1)
    feed.put("first", HEADERS, b"")
    known = feed.seq
    for _ in range(RING_MAX - 1):
        feed.put("a", HEADERS, b"")
    reader = Reader(feed, known)
    assert (await reader.paths())[0] == "a"
    await reader.close()
    feed.put("a", HEADERS, b"")
    reader = Reader(feed, known)
    assert await reader.paths() == [SNAPSHOT, "first", "a", LIVE]
    await reader.close()


async def test_a_slow_follower_is_cut_at_the_limit_and_no_sooner():
    feed = Feed(1)
    slow = Reader(feed)
    await slow.next()
    for _ in range(QUEUE_MAX):
        feed.put("a", HEADERS, b"")
    assert len(await slow.next()) == QUEUE_MAX
    for _ in range(QUEUE_MAX + 1):
        feed.put("a", HEADERS, b"")
    assert await slow.rest() == []
    assert feed.followers == 0


async def test_a_beat_when_nothing_is_said(monkeypatch):
    monkeypatch.setattr("hustings.studio.feed.BEAT_S", 0.0)
    reader = Reader(Feed(1))
    await reader.next()
    assert await reader.paths() == [BEAT]
    await reader.close()


async def test_the_end_is_told_and_the_feed_is_over():
    feed = Feed(1)
    reader = Reader(feed)
    await reader.next()
    waiting = asyncio.create_task(reader.rest())
    await asyncio.sleep(0)
    feed.end()
    feed.end()
    assert [frame.path for frame in await waiting] == [END]
    assert feed.over


async def test_a_process_that_stops_lets_go_without_an_end():
    feed = Feed(1)
    reader = Reader(feed)
    await reader.next()
    feed.shut()
    assert await reader.rest() == []
