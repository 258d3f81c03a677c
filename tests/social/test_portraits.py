"""Avatars and headers, on both databases: who wants which, what is shown meanwhile, and what goes after a day."""

from __future__ import annotations

import pytest

from hustings.social import accounts, media, objects, portraits
from hustings.social.accounts import Account
from hustings.social.media import LOOSE_MS, STUCK_MS, Made, Said
from hustings.social.portraits import AVATAR, HEADER
from hustings.store.engine import Database
from hustings.wire.errors import Refused
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square


@pytest.fixture
def square(database: Database, joins: Joins) -> Square:
    return Square(database, joins)


def sent(square: Square, account: int, kind: str = AVATAR) -> int:
    id = square.id()
    square.write(portraits.begin, id, account, kind, square.now_ms)
    return id


def made(square: Square, id: int, name: str) -> int:
    square.write(portraits.finish, id, Made(f"{name}.webp", f"{name}.jpg"))
    return id


def wants(square: Square, account: int, id: int) -> None:
    square.write(portraits.want, account, id, square.tick())


def seen(square: Square, account: int) -> Account:
    found = square.read(accounts.of_id, account)
    assert found is not None
    return found


def names(square: Square, account: int) -> tuple[str, str, str]:
    one = seen(square, account)
    return one.avatar, one.avatar_still, one.header


def test_one_that_is_made_is_shown_once_it_is_wanted(square: Square) -> None:
    (ada,) = square.people("ada")
    face = made(square, sent(square, ada), "face")
    wide = made(square, sent(square, ada, HEADER), "wide")
    assert names(square, ada) == ("", "", "")
    wants(square, ada, face)
    wants(square, ada, wide)
    assert names(square, ada) == ("face.webp", "face.jpg", "wide.webp")
    (post,) = [square.see(None, square.say(ada))]
    assert post is not None and post.author.avatar_still == "face.jpg"


def test_one_that_is_wanted_first_is_shown_once_it_is_made(square: Square) -> None:
    (ada,) = square.people("ada")
    wants(square, ada, made(square, sent(square, ada), "old"))
    slow, quick = sent(square, ada), sent(square, ada)
    wants(square, ada, slow)
    assert names(square, ada)[0] == "old.webp", "until then the one before"
    wants(square, ada, quick)
    made(square, quick, "quick")
    made(square, slow, "slow")
    assert names(square, ada)[0] == "quick.webp", "the last that was wanted"


def test_one_that_fails_leaves_what_was(square: Square) -> None:
    (ada,) = square.people("ada")
    wants(square, ada, made(square, sent(square, ada), "old"))
    id = sent(square, ada)
    wants(square, ada, id)
    square.write(portraits.fail, id, "media_malformed")
    assert names(square, ada)[0] == "old.webp"
    with pytest.raises(Refused, match="media_malformed"):
        wants(square, ada, id)
    square.write(portraits.sweep, square.tick(LOOSE_MS + 1))
    with pytest.raises(Refused, match="media_unknown"):
        square.read(portraits.busy, ada, id)
    assert names(square, ada)[0] == "old.webp"


def test_nobody_wants_what_is_anothers(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = made(square, sent(square, ada), "face")
    with pytest.raises(Refused, match="media_unknown"):
        wants(square, bob, id)


def test_who_may_not_speak_sends_none(square: Square) -> None:
    (ada,) = square.people("ada")
    square.suspend(ada)
    with pytest.raises(Refused, match="account_suspended"):
        sent(square, ada)


def test_what_is_said_of_one_goes_with_it(square: Square) -> None:
    (ada,) = square.people("ada")
    first = made(square, sent(square, ada), "first")
    wants(square, ada, first)
    square.write(portraits.describe, ada, AVATAR, "A hat")
    square.write(portraits.describe, ada, HEADER, "A river")
    wants(square, ada, made(square, sent(square, ada), "second"))
    assert (seen(square, ada).avatar_alt, seen(square, ada).header_alt) == ("", "A river")
    square.write(portraits.drop, ada, HEADER, square.tick())
    assert seen(square, ada).header_alt == "" and names(square, ada)[0] == "second.webp"


def test_alt_at_the_longest_and_past_it() -> None:
    assert portraits.alt("é" * 1_500, AVATAR) == "é" * 1_500
    assert portraits.alt(" a\u202eb ", AVATAR) == "ab"
    for much in ("é" * 1_501, "e" * 1_000_000):
        with pytest.raises(Refused, match="media_alt_too_long"):
            portraits.alt(much, AVATAR)
    with pytest.raises(Refused, match="bad_request"):
        portraits.alt(["x"], HEADER)


def test_what_was_replaced_goes_after_a_day_and_no_file_that_another_has(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    for account in (ada, bob):
        wants(square, account, made(square, sent(square, account), "same"))
    wants(square, ada, made(square, sent(square, ada), "new"))
    at = square.now_ms
    assert square.write(portraits.sweep, at + LOOSE_MS) == []
    assert square.write(portraits.sweep, at + LOOSE_MS + 1) == [], "bob has it"
    square.write(portraits.drop, bob, AVATAR, at)
    assert names(square, bob) == ("", "", "")
    assert square.write(portraits.sweep, at + LOOSE_MS + 1) == ["same.jpg", "same.webp"]
    assert names(square, ada) == ("new.webp", "new.jpg", "")


def test_a_post_and_an_account_may_have_the_same_file(square: Square) -> None:
    (ada,) = square.people("ada")
    id = square.id()
    square.write(media.begin, id, ada, media.IMAGE, Said(), square.now_ms)
    square.write(media.finish, id, Made("same.jpg", "small.jpg"))
    asked = ["same.jpg", "small.jpg", "other.jpg", ""]
    assert square.read(objects.unheld, asked) == ["other.jpg"]


def test_one_that_work_never_came_to_has_failed(square: Square) -> None:
    (ada,) = square.people("ada")
    id = sent(square, ada)
    square.write(portraits.sweep, square.now_ms + STUCK_MS)
    assert square.read(portraits.busy, ada, id)
    square.write(portraits.sweep, square.now_ms + STUCK_MS + 1)
    with pytest.raises(Refused, match="media_failed"):
        square.read(portraits.busy, ada, id)
