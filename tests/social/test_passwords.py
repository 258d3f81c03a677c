"""Passwords: what is refused, and that what is kept opens for the right one alone."""

from __future__ import annotations

import pytest

from hustings.social import passwords
from hustings.wire.errors import Refused


def test_the_shortest_and_the_longest_and_one_past_each() -> None:
    for good in ("xk4 w9zq", "wörter aus sätzen " * 14 + "four"):
        assert passwords.check(good) == good
    assert len("wörter aus sätzen " * 14 + "four") == passwords.LONGEST
    with pytest.raises(Refused, match="password_short"):
        passwords.check("xk4 w9z")
    with pytest.raises(Refused, match="password_long"):
        passwords.check("wörter aus sätzen " * 14 + "four5")
    with pytest.raises(Refused, match="bad_request"):
        passwords.check(None)


@pytest.mark.parametrize(
    "known",
    ["password", "PassWord", "12345678", "87654321", "abcdefgh", "aaaaaaaaaaaa", "ababababab", "iloveyou",
     "ada_lovelace", "Ada_Lovelace1", "hustings12", "countess99", "trustno1"],
)  # fmt: skip
def test_what_anybody_would_try_first(known: str) -> None:
    with pytest.raises(Refused, match="password_known"):
        passwords.check(known, "Ada_Lovelace", "countess@example.org", "Hustings")


def test_the_list_is_whole() -> None:
    assert len(passwords.known()) == 3_000
    assert all(len(word) >= passwords.SHORTEST for word in passwords.known())


def test_what_is_kept_opens_for_the_right_one_alone() -> None:
    kept = passwords.keep("a bridge in Kyoto")
    assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$") and len(kept) < 200
    assert passwords.is_right("a bridge in Kyoto", kept)
    assert not passwords.is_right("a bridge in Kyotо", kept)  # a Cyrillic o
    assert not passwords.is_right("", kept)
    assert not passwords.is_right("x" * (passwords.LONGEST + 1), kept)
    assert passwords.keep("a bridge in Kyoto") != kept


def test_two_keyboards_write_one_password() -> None:
    assert passwords.is_right("cafe\u0301 au lait", passwords.keep("caf\u00e9 au lait"))


def test_lone_surrogates_are_bytes_like_any_other() -> None:
    assert passwords.is_right("\ud800 and more", passwords.keep("\ud800 and more"))


def test_an_older_setting_is_known_and_renewed() -> None:
    old = "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43
    assert passwords.is_outdated(old) and not passwords.is_right("anything else", old)
    assert not passwords.is_outdated(passwords.keep("a bridge in Kyoto"))
