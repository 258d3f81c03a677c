"""The table on a profile, on both databases: what it may be, which links are asked about, and what stays proven."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.social import fields, preferences
from hustings.social.fields import FIELD_MAX, FIELDS_MAX, SLOT_MS, Field, Fields
from hustings.social.lanes import LINKS, Lane
from hustings.store.apps import preferences as kept
from hustings.store.engine import Database
from hustings.store.jobs import jobs as waiting
from hustings.wire.errors import Refused
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square

WEB, HOME = "https://ada.example", "https://home.example/~ada"


@pytest.fixture
def square(database: Database, joins: Joins) -> Square:
    return Square(database, joins)


def says(square: Square, account: int, *values: str) -> None:
    """A change of the profile, as the API and our form make it."""
    before = square.read(preferences.of, account)
    rows = [{"name": f"n{n}", "value": value} for n, value in enumerate(values)]
    after = preferences.changed(before, {"fields": rows})
    square.write(preferences.keep, account, after)
    square.write(fields.ask, square.id(), account, after.fields, square.now_ms)


def table(square: Square, account: int) -> Fields:
    return square.read(preferences.of, account).fields


def proven(square: Square, account: int) -> dict[str, int | None]:
    return {one.value: one.verified_at_ms for one in table(square, account)}


def due(square: Square) -> list[int]:
    asked = sa.select(waiting.c.due_at_ms).where(waiting.c.lane == LINKS.name)
    return sorted(square.read(lambda c: list(c.execute(asked).scalars())))


@pytest.mark.parametrize("value", [WEB, HOME, "https://a.example/ä?b=c#d", "https://[::1]/"])
def test_a_link_is_an_https_address_and_nothing_else(value: str) -> None:
    assert Field("a", value).link == value


@pytest.mark.parametrize(
    "value", ["", "a", "http://ada.example", "see https://ada.example", "https://", "https://a b", 'https://a"b', "HTTPS://a"]
)  # fmt: skip
def test_what_is_no_link(value: str) -> None:
    assert Field("a", value).link == ""


def test_as_many_as_there_may_be_and_one_more() -> None:
    row = {"name": "n" * FIELD_MAX, "value": "v" * FIELD_MAX}
    assert len(fields.read([row] * FIELDS_MAX)) == FIELDS_MAX
    for wrong in ([row] * 5, [{**row, "name": "n" * 256}], [{**row, "value": "v" * 256}], "x", [3]):
        with pytest.raises(Refused, match="preference_malformed"):
            fields.read(wrong)
    assert fields.read({"7": row, "9": {"name": "", "value": ""}}) == (Field("n" * 255, "v" * 255),)


def test_what_a_page_said_of_it_stays_until_the_link_is_another(square: Square) -> None:
    (ada,) = square.people("ada")
    says(square, ada, WEB, HOME, "words")
    assert square.read(fields.links, ada) == [WEB, HOME]
    square.write(fields.prove, ada, {WEB: True, HOME: False, "words": True}, 5)
    assert proven(square, ada) == {WEB: 5, HOME: None, "words": None}
    square.write(fields.prove, ada, {WEB: True}, 9)
    assert proven(square, ada)[WEB] == 5, "since when, not when last"
    says(square, ada, "other words", WEB)
    assert proven(square, ada) == {"other words": None, WEB: 5}
    says(square, ada, f"{WEB}/")
    assert proven(square, ada) == {f"{WEB}/": None}
    says(square, ada, WEB)
    assert proven(square, ada) == {WEB: None}, "it was gone"


def test_what_a_page_says_no_more_is_not_proven_and_silence_is_no_answer(square: Square) -> None:
    (ada,) = square.people("ada")
    says(square, ada, WEB, HOME)
    square.write(fields.prove, ada, {WEB: True, HOME: True}, 5)
    square.write(fields.prove, ada, {WEB: False}, 6)
    assert proven(square, ada) == {WEB: None, HOME: 5}


def test_an_answer_that_comes_late_changes_nothing_else(square: Square) -> None:
    (ada,) = square.people("ada")
    says(square, ada, WEB)
    asked = square.read(fields.links, ada)
    says(square, ada, HOME)
    square.write(fields.prove, ada, dict.fromkeys(asked, True), 5)
    assert proven(square, ada) == {HOME: None}
    square.write(fields.prove, ada + 1, {WEB: True}, 5)  # nobody


def test_changes_of_a_moment_are_asked_about_together(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.now_ms = square.now_ms // SLOT_MS * SLOT_MS
    end_ms = square.now_ms + SLOT_MS
    for _ in range(3):
        says(square, ada, WEB)
    says(square, bob, WEB)
    says(square, bob, "no link")
    assert due(square) == [end_ms, end_ms]
    square.now_ms = end_ms
    says(square, ada, WEB)
    assert due(square) == [end_ms, end_ms, end_ms + SLOT_MS]


def test_a_lane_that_is_full_keeps_nobody_from_saying_what_he_likes(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Lane("links", 1, 3, 1, 30.0, 60.0)
    monkeypatch.setattr(fields, "LINKS", full)
    ada, bob = square.people("ada", "bob")
    says(square, ada, WEB)
    says(square, bob, WEB)
    assert len(due(square)) == 1 and proven(square, bob) == {WEB: None}


def test_tables_that_were_kept_before_there_were_proofs(square: Square) -> None:
    (ada,) = square.people("ada")
    says(square, ada, WEB)
    older = kept.update().values(fields=[["Web", WEB]])
    square.write(lambda c: c.execute(older))
    assert table(square, ada) == (Field("Web", WEB),)
    square.write(fields.prove, ada, {WEB: True}, 5)
    assert table(square, ada) == (Field("Web", WEB, 5),)
