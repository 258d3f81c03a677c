"""Keys that are proposed, and keys that are taken as they are."""

from __future__ import annotations

import pytest

from hustings.web import slug
from hustings.wire.errors import Refused


@pytest.mark.parametrize(
    ("title", "proposed"),
    [
        ("The hour", "the-hour"),
        ("  Über den Fluß & zurück! ", "uber-den-fluss-and-zuruck"),
        ("Żółć, Ærø i Łódź", "zolc-aero-i-lodz"),
        ("Ёлки и щука", "elki-i-shchuka"),
        ("Ψυχή και θάλασσα", "psychi-kai-thalassa"),
        ("日本語の話", ""),
        ("A", ""),
        ("🎤", ""),
        ("x" * 100, "x" * 40),
        (
            "one two three four five six seven eight nine ten",
            "one-two-three-four-five-six-seven-eight",
        ),
    ],
)
def test_a_slug_is_proposed(title: str, proposed: str) -> None:
    assert slug.propose(title) == proposed
    if proposed:
        assert slug.check(proposed) == proposed


def test_the_proposals_end_with_a_random_one() -> None:
    assert next(iter(slug.candidates("The hour", "abc234"))) == "the-hour"
    assert list(slug.candidates("The hour", "abc234"))[-1] == "the-hour-abc234"
    assert list(slug.candidates("🎤", "abc234")) == ["room-abc234"]
    assert "live" not in list(slug.candidates("Live", "abc234"))


@pytest.mark.parametrize("word", sorted(slug.RESERVED))
def test_every_word_the_server_needs_is_reserved(word: str) -> None:
    with pytest.raises(Refused) as refused:
        slug.check(word)
    assert refused.value.code == "key_reserved"


def test_what_can_be_a_key_at_all() -> None:
    assert slug.looks_like_key("a" * 3) and slug.looks_like_key("A_-" + "b" * 19)
    for text in ("", "ab", "A_b", "a" * 65, "a/b", "a.b", "a" * 21 + "Ä"):
        assert not slug.looks_like_key(text)
