"""Lists, on both databases: who is in them, what is in them, and what is then not in home."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social import feeds, follows, lists
from hustings.social.lists import LISTS_MAX, MEMBERS_MAX, TITLE_MAX, Draft, List
from hustings.social.paging import Page
from hustings.store.follows import follows as follows_table
from hustings.store.people import accounts
from hustings.wire.errors import Refused
from tests.social.square import NOW_MS, Square, ids
from tests.social.test_timelines import climb, walk


def make(square: Square, account: int, *members: int, **wanted: Any) -> int:
    id = square.id()
    square.write(lists.make, id, account, Draft(**{"title": "Some", **wanted}))
    if members:
        square.write(lists.add, square.id(), account, id, members)
    return id


def read(square: Square, account: int, id: int, page: Page | None = None) -> list[int]:
    return ids(square.read(lists.timeline, account, id, page or Page(), square.now_ms))


def who(square: Square, account: int, id: int, page: Page | None = None) -> list[int]:
    found = square.read(lists.members, account, id, page or Page(limit=80))
    return [account for _, account in found]


def test_a_list_is_made_changed_and_dropped(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(ada, bob)
    id = make(square, ada, bob, title="Neighbours")
    assert square.read(lists.all_of, ada) == [List(id, "Neighbours", "list", False)]
    changed = square.write(lists.change, ada, id, Draft("Those next door", "none", True))
    assert changed == square.read(lists.own, ada, id) == List(id, "Those next door", "none", True)
    assert who(square, ada, id) == [bob]
    square.write(lists.drop, ada, id)
    assert square.read(lists.all_of, ada) == [] == square.read(lists.holding, ada, bob)


def test_another_s_list_is_not_there(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(ada, bob)
    square.follow(eve, bob)
    id = make(square, ada, bob)
    for ask in (
        lambda: square.read(lists.own, eve, id),
        lambda: square.write(lists.change, eve, id, Draft("Mine")),
        lambda: square.write(lists.drop, eve, id),
        lambda: square.write(lists.add, square.id(), eve, id, [bob]),
        lambda: square.write(lists.remove, eve, id, [bob]),
        lambda: who(square, eve, id),
        lambda: read(square, eve, id),
    ):
        with pytest.raises(Refused, match="list_unknown"):
            ask()
    assert square.read(lists.holding, eve, bob) == [] and who(square, ada, id) == [bob]


@pytest.mark.parametrize(
    ("title", "replies", "code"),
    [
        ("a" * TITLE_MAX, "list", ""),
        ("a" * (TITLE_MAX + 1), "list", "list_title_malformed"),
        ("", "list", "list_title_malformed"),
        (" \u202e\u200b ", "list", "list_title_malformed"),
        (None, "list", "list_title_malformed"),
        (["a"], "list", "bad_request"),
        ("a" * 1_000_000, "list", "list_title_malformed"),
        ("a", "all", "list_replies_unknown"),
        ("a", None, "list_replies_unknown"),
        ("a", ["list"], "list_replies_unknown"),
    ],
)
def test_titles_and_wishes(title: Any, replies: Any, code: str) -> None:
    if not code:
        assert lists.draft(title, replies, False) == Draft(title, replies, False)
        return
    with pytest.raises(Refused, match=code):
        lists.draft(title, replies, False)


def test_as_many_lists_as_one_may_have_and_one_more(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    made = [make(square, ada) for _ in range(LISTS_MAX)]
    with pytest.raises(Refused, match="lists_full"):
        make(square, ada)
    make(square, bob)
    square.write(lists.drop, ada, made[0])
    make(square, ada)


def test_as_many_members_as_one_list_may_have_and_one_more(square: Square) -> None:
    ada, first = square.people("ada", "bob")
    square.follow(ada, first)
    rows = [
        {
            "id": n,
            "handle": f"p{n}",
            "handle_key": f"p{n}",
            "uri": f"https://h.example/people/{n}",
            "name": "",
            "note": "",
            "created_at_ms": NOW_MS,
        }
        for n in range(1, MEMBERS_MAX + 1)
    ]
    bonds = [
        {"account": ada, "target": row["id"], "id": row["id"], "reblogs": True, "notify": False}
        for row in rows
    ]
    square.write(lambda c: c.execute(accounts.insert(), rows))
    square.write(lambda c: c.execute(follows_table.insert(), bonds))
    many = [int(str(row["id"])) for row in rows]
    id = make(square, ada, *many)
    square.write(lists.add, square.id(), ada, id, [*many, many[0]])  # twice is once
    for more in ([first], [*many, first]):
        with pytest.raises(Refused, match="list_full"):
            square.write(lists.add, square.id(), ada, id, more)
    assert who(square, ada, id, Page(limit=MEMBERS_MAX + 1)) == many[::-1]
    square.write(lists.remove, ada, id, many[:1])
    square.write(lists.add, square.id(), ada, id, [first])
    assert walk(lambda page: who(square, ada, id, page), 80) == [first, *many[:0:-1]]


def test_only_whom_one_follows(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(ada, bob)
    id = make(square, ada)
    for wrong in ([eve], [bob, eve], [ada], [5]):
        with pytest.raises(Refused, match="list_not_followed"):
            square.write(lists.add, square.id(), ada, id, wrong)
    assert who(square, ada, id) == []  # all of them or none
    square.write(lists.add, square.id(), ada, id, [bob])
    square.write(lists.add, square.id(), ada, id, [])
    assert who(square, ada, id) == [bob] and square.read(lists.holding, ada, bob)[0].id == id


@pytest.mark.parametrize("act", ["unfollow", "block", "blocked"])
def test_who_is_no_longer_followed_is_in_no_list(square: Square, act: str) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(ada, bob, eve)
    id, other = make(square, ada, bob, eve), make(square, ada, bob)
    of_bob, of_eve = square.say(bob), square.say(eve)
    assert read(square, ada, id) == [of_eve, of_bob]
    if act == "unfollow":
        square.write(follows.unfollow, ada, bob)
    else:
        square.block(*((ada, bob) if act == "block" else (bob, ada)))
    assert who(square, ada, id) == [eve] and who(square, ada, other) == []
    assert read(square, ada, id) == [of_eve]
    if act == "unfollow":
        square.follow(ada, bob)  # and does not come back by himself
        assert who(square, ada, id) == [eve]


@pytest.mark.parametrize(
    ("replies", "shown"),
    [
        ("none", {"alone", "to self", "to ada"}),
        ("list", {"alone", "to self", "to ada", "to mia"}),
        ("followed", {"alone", "to self", "to ada", "to mia", "to eve"}),
    ],
)
def test_answers_are_in_it_as_its_owner_wishes(
    square: Square, replies: str, shown: set[str]
) -> None:
    ada, bob, mia, eve, ned = square.people("ada", "bob", "mia", "eve", "ned")
    square.follow(ada, bob, mia, eve)
    id = make(square, ada, bob, mia, replies=replies)
    first = {one: square.say(one) for one in (ada, mia, eve, ned)}
    said = {"alone": square.say(bob)}
    said["to self"] = square.say(bob, in_reply_to_id=str(said["alone"]))
    for name, one in (("to ada", ada), ("to mia", mia), ("to eve", eve), ("to ned", ned)):
        said[name] = square.say(bob, in_reply_to_id=str(first[one]))
    found = read(square, ada, id)
    assert {name for name, post in said.items() if post in found} == shown
    assert first[mia] in found and not {first[ada], first[eve], first[ned]} & set(found)
    for post in (*said.values(), *first.values()):
        held = square.read(lists.holding_post, post, [id], square.now_ms)
        assert held == ({id} if post in found else set())


def test_a_list_shows_what_its_owner_may_see_and_wants_to(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(ada, bob)
    id = make(square, ada, bob)
    private, letter = (
        square.say(bob, visibility="private"),
        square.say(bob, "@eve", visibility="direct"),
    )
    repost = square.repost(bob, square.say(eve))
    assert read(square, ada, id) == [repost, private]
    square.follow(ada, bob, reblogs=False)
    assert read(square, ada, id) == [private]
    square.mute(ada, bob)
    assert read(square, ada, id) == []
    square.write(follows.unmute, ada, bob)
    square.suspend(bob)
    assert read(square, ada, id) == [] == who(square, ada, id)
    assert letter not in read(square, ada, id)


def test_a_list_comes_in_pages(square: Square) -> None:
    ada, bob, mia = square.people("ada", "bob", "mia")
    square.follow(ada, bob, mia)
    id = make(square, ada, bob, mia)
    said = [square.say((bob, mia)[n % 2]) for n in range(7)][::-1]
    for limit in (2, 3, 20):
        assert walk(lambda page: read(square, ada, id, page), limit) == said
        assert climb(lambda page: read(square, ada, id, page), limit) == said


def test_members_of_an_exclusive_list_are_not_in_home(square: Square) -> None:
    ada, bob, mia, eve = square.people("ada", "bob", "mia", "eve")
    square.follow(ada, bob, mia)
    square.follow(eve, bob)
    id = make(square, ada, bob)
    other = make(square, ada, mia)
    said = [square.say(ada), square.say(bob), square.say(mia)]
    said.append(square.repost(bob, said[0]))
    said.append(square.repost(mia, said[1]))
    with_feed = [False, True]
    for cares in with_feed:
        if cares:
            square.care(ada)
        assert square.home(ada) == said[::-1]
    square.write(lists.change, ada, id, Draft("Some", exclusive=True))
    for _ in with_feed:
        assert square.home(ada) == [said[4], said[2], said[0]]
        assert square.home(eve) == [said[3], said[1]]  # of others it is none of their business
        square.write(feeds.forget, ada)
    assert read(square, ada, id) == [said[3], said[1]]
    assert read(square, ada, other) == [said[4], said[2]]
    square.write(lists.remove, ada, id, [bob])
    assert square.home(ada) == said[::-1]
