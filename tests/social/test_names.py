"""What a handle, a name and an address may look like."""

from __future__ import annotations

import pytest

from hustings.social import names
from hustings.wire.errors import Refused


@pytest.mark.parametrize("good", ["ab", "a" * 30, "Ada_Lovelace", "x86_64", " @ada "])
def test_handles(good: str) -> None:
    assert names.handle(good) == good.strip().removeprefix("@")


@pytest.mark.parametrize(
    "bad",
    ["", "a", "a" * 31, "a b", "a-b", "adа", "a\nda", "a.b", "@@ada", None, 5, "é" * 5, "x\x00y"],
)
def test_handles_that_are_none(bad: object) -> None:
    with pytest.raises(Refused, match="handle_malformed"):
        names.handle(bad)


@pytest.mark.parametrize("taken", ["admin", "ROOT", "Moderator"])
def test_handles_that_would_mislead(taken: str) -> None:
    with pytest.raises(Refused, match="handle_reserved"):
        names.handle(taken)


@pytest.mark.parametrize(
    "good", ["a@example.org", "a.b+c@sub.example.co", f"{'a' * 64}@example.org"]
)
def test_addresses(good: str) -> None:
    assert names.email(good) == good


@pytest.mark.parametrize(
    "bad",
    ["", "a", "a@b", "a@b.c", f"{'a' * 65}@example.org", "a@-b.org", "a..b@example.org", "a.@x.org",
     ".a@x.org", "a@b.org\nBcc: x@y.org", "a b@example.org", f"a@{'b' * 64}.org",
     f"a@{'b.' * 130}org", None, ["a@example.org"]],
)  # fmt: skip
def test_addresses_that_are_none(bad: object) -> None:
    with pytest.raises(Refused, match="email_malformed"):
        names.email(bad)


def line(text: object, longest: int = 60) -> str:
    return names.line(text, longest, "name_malformed", "name")


def test_a_name_is_one_clean_line() -> None:
    assert line("  Ada\n\tLovelace \x00\x07") == "Ada Lovelace"
    assert line(None) == ""
    assert line("\u202eevil\u202c \u200bAda\ufeff") == "evil Ada"
    assert line("👩\u200d🚀") == "👩\u200d🚀"  # what joins a picture stays
    assert line("e\u0301") == "é"


def test_a_name_at_its_limit_and_one_past() -> None:
    assert line("x" * 60) == "x" * 60
    with pytest.raises(Refused, match="name_malformed"):
        line("x" * 61)
    with pytest.raises(Refused, match="name_malformed"):
        line("x" * 2_000_000)
    with pytest.raises(Refused, match="bad_request"):
        line({"a": 1})


def test_marks_do_not_pile_up() -> None:
    assert line("a" + "\u0315" * names.MARKS_MAX) == "a" + "\u0315" * names.MARKS_MAX
    assert line("a" + "\u0315" * (names.MARKS_MAX + 9)) == "a" + "\u0315" * names.MARKS_MAX


def test_lines_keep_their_breaks() -> None:
    assert names.lines("a\r\nb\n\nc\x0b", 500, "note_too_long", "note") == "a\nb\n\nc"
