"""Notes for oneself, and who of those that one follows follows somebody, on both databases."""

from __future__ import annotations

import pytest

from hustings.social import follows, notes
from hustings.social.notes import FAMILIAR_MAX, NOTE_MAX
from hustings.store.engine import Database
from hustings.wire.errors import Refused
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square


@pytest.fixture
def square(database: Database, joins: Joins) -> Square:
    return Square(database, joins)


def noted(square: Square, account: int, target: int) -> str:
    (one,) = square.read(follows.relationships, account, [target], square.now_ms)
    return one.note


def test_it_is_ones_own(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.write(notes.write, ada, bob, "Met in Kyoto.\nOwes me a book.")
    square.write(notes.write, eve, bob, "Loud")
    square.write(notes.write, bob, bob, "Me")
    assert noted(square, ada, bob) == "Met in Kyoto.\nOwes me a book."
    assert (noted(square, bob, ada), noted(square, ada, eve)) == ("", "")
    square.write(notes.write, ada, bob, "Gave it back.")
    assert noted(square, ada, bob) == "Gave it back."
    square.write(notes.write, ada, bob, "  ")
    assert (noted(square, ada, bob), noted(square, eve, bob)) == ("", "Loud")
    square.write(notes.write, eve, bob, None)
    assert noted(square, eve, bob) == ""


def test_at_the_longest_and_past_it(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.write(notes.write, ada, bob, "é" * NOTE_MAX)
    with pytest.raises(Refused, match="comment_too_long"):
        square.write(notes.write, ada, bob, "é" * (NOTE_MAX + 1))
    assert noted(square, ada, bob) == "é" * NOTE_MAX
    with pytest.raises(Refused, match="bad_request"):
        square.write(notes.write, ada, bob, ["x"])
    with pytest.raises(Refused, match="account_unknown"):
        square.write(notes.write, ada, bob + 1, "x")


def test_who_of_mine_follows_somebody(square: Square) -> None:
    ada, bob, eve, kai, lou = square.people("ada", "bob", "eve", "kai", "lou")
    square.follow(ada, eve, kai, lou)
    for follower in (bob, eve, kai):
        square.follow(follower, lou)
    assert square.read(notes.familiar, ada, lou) == [kai, eve], "the last first, and not bob"
    assert square.read(notes.familiar, bob, ada) == []
    square.suspend(kai)
    assert square.read(notes.familiar, ada, lou) == [eve]


def test_as_many_as_are_named_and_one_more(square: Square) -> None:
    ada, star, *many = square.people("ada", "star", *(f"p{n}" for n in range(FAMILIAR_MAX + 1)))
    for one in many:
        square.follow(ada, one)
        square.follow(one, star)
    found = square.read(notes.familiar, ada, star)
    assert len(found) == FAMILIAR_MAX and many[0] not in found
