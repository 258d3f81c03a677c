"""Timelines and home feeds, on both databases: a feed never says anything but what the posts say."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from hustings.social import feeds, follows, jobs, lists, timelines
from hustings.social import posts as writing
from hustings.social.lanes import FAN_OUT
from hustings.social.paging import Page
from hustings.store.follows import account_counts, feed_entries
from hustings.store.follows import feeds as feeds_table
from hustings.store.posts import posts
from hustings.wire.errors import Refused
from tests.questions import noted
from tests.social.square import Square, ids

DAY_MS = 86_400_000


def work_off(square: Square) -> int:
    """What the lane does: how many jobs there were."""
    done = 0
    while taken := square.database.claim(lambda c: jobs.take(c, FAN_OUT, "h", 1, square.now_ms)):
        after: int | None = 0
        while after is not None:
            after = square.write(
                feeds.spread, taken[0].body["post"], taken[0].body["author"], after
            )
        square.database.claim(lambda c: jobs.done(c, taken[0], square.now_ms))
        done += 1
    return done


def entries(square: Square, reader: int) -> list[int]:
    asked = sa.select(feed_entries.c.post).where(feed_entries.c.account == reader)
    return square.read(lambda c: sorted(c.execute(asked).scalars()))


def walk(ask: Callable[[Page], list[int]], limit: int) -> list[int]:
    """All pages, downwards, as programs go: by the last id."""
    found: list[int] = []
    page = Page(limit=limit)
    while some := ask(page):
        found += some
        page = Page(max_id=some[-1], limit=limit)
    return found


def climb(ask: Callable[[Page], list[int]], limit: int) -> list[int]:
    """All pages, upwards, by the first id."""
    found: list[int] = []
    page = Page(min_id=0, limit=limit)
    while some := ask(page):
        found = some + found
        page = Page(min_id=some[0], limit=limit)
    return found


def test_home_is_what_those_one_follows_say_and_oneself(square: Square) -> None:
    ada, bob, eve, mia = square.people("ada", "bob", "eve", "mia")
    square.follow(ada, bob)
    mine, his, hers = square.say(ada), square.say(bob), square.say(eve)
    to_eve = square.say(bob, "To eve.", in_reply_to_id=str(hers))
    to_ada = square.say(bob, "To ada.", in_reply_to_id=str(mine))
    to_self = square.say(bob, "And.", in_reply_to_id=str(his))
    repost = square.repost(bob, hers)
    assert square.home(ada) == [repost, to_self, to_ada, his, mine]
    assert square.home(mia) == []
    square.follow(ada, eve)  # now the answer to her is of interest too
    assert square.home(ada) == [repost, to_self, to_ada, to_eve, hers, his, mine]
    square.follow(ada, bob, reblogs=False)
    assert square.home(ada) == [to_self, to_ada, to_eve, hers, his, mine]
    square.write(follows.unfollow, ada, bob)
    assert square.home(ada) == [hers, mine]


def test_the_square_is_what_is_public_here_and_no_answer(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    first = square.say(ada)
    square.say(bob, "Answer.", in_reply_to_id=str(first))
    more = square.say(ada, "And.", in_reply_to_id=str(first))
    square.repost(bob, first)
    square.say(ada, visibility="unlisted")
    assert square.square() == square.square(bob) == [more, first]


def test_pages_of_every_way(square: Square) -> None:
    (ada,) = square.people("ada")
    every = [square.say(ada, f"{n}") for n in range(7)][::-1]
    assert square.square(None, Page(limit=3)) == every[:3]
    assert square.square(None, Page(max_id=every[2], limit=3)) == every[3:6]
    assert square.square(None, Page(since_id=every[5], limit=3)) == every[:3]
    assert square.square(None, Page(min_id=every[5], limit=3)) == every[2:5]
    assert square.square(None, Page(max_id=every[1], min_id=every[5])) == every[2:5]
    assert square.square(None, Page(max_id=every[1], since_id=every[5])) == every[2:5]
    assert square.square(None, Page(max_id=0)) == square.square(None, Page(since_id=1 << 62)) == []


def test_a_room_has_all_that_was_posted_around_it(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    plan = square.room("hour")
    square.room("other")
    first = square.say(ada, room="hour")
    square.say(ada, room="other")
    repost = square.repost(bob, square.say(ada), room="hour")
    found = square.read(timelines.room, None, plan, Page(), square.now_ms)
    assert ids(found) == [repost, first]


def test_a_tag_is_one_however_it_is_written(square: Square) -> None:
    (ada,) = square.people("ada")
    found = [square.say(ada, f"On #{tag}.") for tag in ("Öffentlich", "öffentlich", "ÖFFENTLICH")]
    square.say(ada, "On #offentlich.")
    read = square.read(timelines.tag, None, "öffentLICH", Page(), square.now_ms)
    assert ids(read) == found[::-1]


@pytest.mark.parametrize("seed", range(3))
def test_home_reads_the_same_with_a_feed_as_without(
    square: Square, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whatever people do meanwhile, in pages of every size and either way; among them a whale, and feeds that are cut."""
    for name, value in (
        ("FEED_MAX", 8),
        ("FEED_SLACK", 2),
        ("AT_ONCE_MAX", 1),
        ("BATCH", 2),
        ("CUT_EVERY", 1),
    ):
        monkeypatch.setattr(feeds, name, value)
    monkeypatch.setattr(follows, "WHALE_FOLLOWERS", 5)
    monkeypatch.setattr(writing, "MANY", 10_000)
    dice = random.Random(seed)
    people = square.people("ada", "bob", "eve", "mia", "ned", "zoe")
    said: list[int] = []
    for reader in people[1:]:
        square.follow(reader, people[0])  # a whale soon
        square.care(reader)
    for _ in range(90):
        who, other = dice.sample(people, 2)
        act = dice.choice([0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]) if dice.random() < 0.8 else 0
        if act < 5 or not said:
            reply = {"in_reply_to_id": str(dice.choice(said))} if said and act == 4 else {}
            seen_by = dice.choice(["public", "private", "unlisted", "direct"])
            try_to(
                square.say, who, f"To @{dice.choice(['ada', 'mia'])}", visibility=seen_by, **reply
            )
            said = square.read(lambda c: list(c.execute(sa.select(posts.c.id)).scalars()))
        elif act == 5:
            try_to(square.repost, who, dice.choice(said))
        elif act in (6, 7):
            try_to(square.follow, who, other, reblogs=dice.random() < 0.7)
        elif act == 8:
            try_to(dice.choice([square.block, square.mute]), who, other)
        elif act == 9:
            try_to(square.delete, who, dice.choice(said))
        elif act == 10:
            square.write(follows.unfollow, who, other)
            square.write(follows.unblock, who, other)
        else:
            square.care(who)
        if dice.random() < 0.2:
            try_to(set_apart, square, who, other, dice.random() < 0.7)
        if dice.random() < 0.5:
            work_off(square)
    work_off(square)
    for reader in people:
        square.care(reader)
        with_feed = [read(square, reader, limit) for limit in (2, 40)]
        square.write(feeds.forget, reader)
        assert with_feed == [read(square, reader, limit) for limit in (2, 40)], reader
        assert with_feed[0] == with_feed[1]
    whales = sa.select(account_counts.c.account).where(account_counts.c.whale)
    assert square.read(lambda c: c.execute(whales).scalars().all())


def set_apart(square: Square, account: int, other: int, exclusive: bool) -> None:
    """A list with somebody in it, who then may not be in home any more."""
    id = square.id()
    square.write(lists.make, id, account, lists.Draft("Apart", exclusive=exclusive))
    square.write(lists.add, square.id(), account, id, [other])


def try_to(act: Callable[..., Any], *args: Any, **more: Any) -> None:
    try:
        act(*args, **more)
    except Refused as refused:
        assert refused.status < 500


def read(square: Square, reader: int, limit: int) -> tuple[list[int], list[int]]:
    down = walk(lambda page: square.home(reader, page), limit)
    up = climb(lambda page: square.home(reader, page), limit)
    assert up == down
    return down, up


def test_few_followers_have_a_post_at_once_and_many_by_a_job(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "AT_ONCE_MAX", 2)
    monkeypatch.setattr(feeds, "BATCH", 2)
    ada, *readers = square.people("ada", "bob", "eve", "mia", "ned", "zoe")
    for reader in readers[:2]:
        square.follow(reader, ada)
    for reader in readers[:-1]:
        square.care(reader)
    first = square.say(ada)
    assert [entries(square, reader) for reader in readers[:3]] == [[first], [first], []]
    assert work_off(square) == 0
    for reader in readers[2:]:
        square.follow(reader, ada)
        if reader != readers[-1]:
            square.care(reader)
    second = square.say(ada)
    assert entries(square, readers[0]) == [first]
    assert work_off(square) == 1
    assert [second in entries(square, reader) for reader in readers] == [True] * 4 + [False]
    assert square.home(readers[-1]) == [
        second,
        first,
    ]  # who never came has no feed, and reads the posts


def test_a_batch_is_a_batch_and_may_come_twice(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "BATCH", 2)
    ada, *readers = square.people("ada", "bob", "eve", "mia", "ned")
    for reader in readers:
        square.follow(reader, ada)
        square.care(reader)
    readers.sort()
    first = square.write(feeds.spread, 160, ada)
    assert first == readers[1]
    assert square.write(feeds.spread, 160, ada, first) == readers[3]
    assert square.write(feeds.spread, 160, ada, readers[3]) is None
    assert square.write(feeds.spread, 160, ada) == readers[1]
    assert [entries(square, reader) for reader in readers] == [[160]] * 4


@pytest.mark.parametrize("more", [0, 1])
def test_a_feed_is_cut_when_it_is_too_long(square: Square, more: int) -> None:
    (ada,) = square.people("ada")
    square.care(ada)
    size = feeds.FEED_MAX + feeds.FEED_SLACK + more
    rows = [{"account": ada, "post": n + 1} for n in range(size)]
    square.write(lambda c: c.execute(feed_entries.insert(), rows))
    square.write(feeds.cut, [ada])
    kept = entries(square, ada)
    assert len(kept) == (feeds.FEED_MAX if more else size)
    assert kept[-1] == size
    assert square.read(feeds.floor_of, ada) == (kept[0] if more else 0)


def test_a_feed_begins_with_the_newest_and_knows_where_it_ends(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FEED_MAX", 3)
    ada, bob = square.people("ada", "bob")
    said = [square.say(ada, f"{n}") for n in range(3)]
    square.follow(bob, ada)
    square.care(bob)
    assert (entries(square, bob), square.read(feeds.floor_of, bob)) == (said, said[0])
    square.write(feeds.forget, bob)
    fourth = square.say(ada)
    square.care(bob)
    assert (entries(square, bob), square.read(feeds.floor_of, bob)) == (
        [*said[1:], fourth],
        said[1],
    )
    assert square.home(bob) == [fourth, *said[::-1]]


def test_a_feed_is_kept_while_it_is_read(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    assert square.read(feeds.wants_care, ada, square.now_ms)
    square.care(ada)
    square.care(bob)
    began_ms = square.now_ms
    assert not square.read(feeds.wants_care, ada, began_ms + DAY_MS - 1)
    assert square.read(feeds.wants_care, ada, began_ms + DAY_MS)
    square.now_ms += DAY_MS
    square.care(ada)
    for at_ms, left in (
        (began_ms + feeds.UNREAD_KEPT_MS - 1, 2),
        (began_ms + feeds.UNREAD_KEPT_MS, 1),
    ):
        square.write(feeds.sweep, at_ms)
        assert square.count(feeds_table) == left
    assert square.read(feeds.floor_of, bob) is None


def test_a_whale_is_written_into_no_feed_but_his_own(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "WHALE_FOLLOWERS", 2)
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(bob, ada)
    for one in (ada, bob, eve):
        square.care(one)
    first = square.say(ada)
    assert first in entries(square, bob)
    square.follow(eve, ada)
    square.care(eve)
    second = square.say(ada)
    assert (entries(square, ada), entries(square, bob)) == ([first, second], [first])
    assert square.home(bob) == square.home(eve) == [second, first]
    square.write(follows.unfollow, eve, ada)  # once a whale, always a whale: no feed misses a post
    third = square.say(ada)
    assert square.home(bob) == [third, second, first]


def test_of_a_whale_only_what_lies_within_a_page_is_merged_into_it(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "WHALE_FOLLOWERS", 2)
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.care(bob)
    square.follow(bob, ada)
    square.follow(eve, ada)
    square.follow(bob, eve)
    square.care(bob)
    said = [square.say(ada if number % 3 else eve) for number in range(18)][::-1]
    assert square.home(bob) == said, "with his feed, where there is nothing of the whale"
    for limit in (1, 2, 4, 5, 17, 18, 40):
        for near, after in enumerate(said):
            older = square.home(bob, Page(max_id=after, limit=limit))
            assert older == said[near + 1 :][:limit]
            newer = square.home(bob, Page(min_id=after, limit=limit))
            assert newer == said[:near][-limit:]
            newest = square.home(bob, Page(since_id=after, limit=limit))
            assert newest == said[:near][:limit]


def test_the_way_of_each_timeline_is_along_an_index(square: Square) -> None:
    """On SQLite, where the plan can be read; a million posts are walked as few are."""
    if square.database.kind != "sqlite":
        pytest.skip("SQLite says how it walks")
    (ada,) = square.people("ada")
    with square.database.reading() as connection:
        with noted() as seen:
            timelines.square(connection, ada, Page(), square.now_ms)
            timelines.account(connection, ada, ada, Page())
            timelines.room(connection, ada, "x", Page(), square.now_ms)
        plans = []
        for statement in seen:
            holes = statement.count("?")
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN QUERY PLAN {statement}", tuple([1] * holes))
            plans.append(" ".join(row[3] for row in raw.fetchall()))
    for plan, index in zip(plans, ("posts_public", "posts_account", "posts_room"), strict=True):
        assert (
            f"posts USING INDEX {index}" in plan or f"posts USING COVERING INDEX {index}" in plan
        ), plan
        assert "TEMP B-TREE" not in plan, plan
