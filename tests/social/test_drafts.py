"""What a post may be asked to be."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social import drafts
from hustings.social.drafts import LENGTH_MAX
from hustings.wire.errors import Refused


def read(**fields: Any) -> drafts.Wanted:
    return drafts.read({"status": "Words.", **fields}, "h.example")


def test_what_is_not_said() -> None:
    wanted = read()
    assert (wanted.spoiler, wanted.sensitive, wanted.language) == ("", False, None)
    assert (wanted.visibility, wanted.in_reply_to, wanted.room) == ("public", None, "")
    assert drafts.read({"status": "x"}, "h.example", visibility="private").visibility == "private"


def test_a_warning_makes_it_sensitive_and_is_one_line() -> None:
    wanted = read(spoiler_text=" Mind\nthe gap ")
    assert (wanted.spoiler, wanted.sensitive) == ("Mind the gap", True)


@pytest.mark.parametrize("yes", [True, "true", "on", "1", 1])
@pytest.mark.parametrize("no", [False, "false", "", None, 0, "nonsense"])
def test_truths(yes: object, no: object) -> None:
    assert read(sensitive=yes).sensitive and not read(sensitive=no).sensitive


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("spoiler", ["", "w" * 100])
def test_as_long_as_it_may_be_and_one_more(more: int, spoiler: str) -> None:
    said = "é" * (LENGTH_MAX - len(spoiler) + more)
    if not more:
        assert read(status=said, spoiler_text=spoiler).text == said
        return
    with pytest.raises(Refused, match="post_too_long"):
        read(status=said, spoiler_text=spoiler)


@pytest.mark.parametrize("more", [0, 1])
def test_characters_that_count_for_nothing_have_a_limit_too(more: int) -> None:
    said = "a" + "\u200d" * (LENGTH_MAX * 10 - 1 + more)
    if not more:
        assert read(status=said).text == said
        return
    with pytest.raises(Refused, match="post_too_long"):
        read(status=said)


def test_links_and_mentions_count_as_they_do_elsewhere() -> None:
    link, mention = "https://a.example/" + "x" * 900, "@ada@" + "long-" * 10 + "name.example"
    said = f"{link} {mention} " + "x" * (LENGTH_MAX - 23 - 4 - 2)
    assert read(status=said).text == said


@pytest.mark.parametrize("bad", ["", "   \n ", "\u202e\u200b", "\x00", None])
def test_no_words(bad: object) -> None:
    with pytest.raises(Refused, match="post_empty"):
        read(status=bad)
    assert drafts.read({"status": bad}, "h.example", may_be_empty=True).text == ""


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("status", 5, "bad_request"),
        ("status", ["x"], "bad_request"),
        ("status", "x" * (LENGTH_MAX * 20 + 1), "post_too_long"),
        ("spoiler_text", {}, "bad_request"),
        ("visibility", "everyone", "visibility_unknown"),
        ("visibility", ["public"], "visibility_unknown"),
        ("language", "English", "language_malformed"),
        ("language", "en_GB", "language_malformed"),
        ("language", 7, "language_malformed"),
        ("language", "a" * 60_000, "language_malformed"),
        ("in_reply_to_id", "x", "post_unknown"),
        ("in_reply_to_id", "-1", "post_unknown"),
        ("in_reply_to_id", "9" * 19, "post_unknown"),
        ("in_reply_to_id", "٣", "post_unknown"),
        ("in_reply_to_id", ["1"], "post_unknown"),
        ("room", "a" * 65, "room_unknown"),
        ("room", "a\x00b", "room_unknown"),
        ("room", 5, "room_unknown"),
    ],
)
def test_fields_that_cannot_be(field: str, value: object, code: str) -> None:
    with pytest.raises(Refused, match=code):
        read(**{field: value})


@pytest.mark.parametrize("language", ["en", "deu", "pt-BR", "zh-Hant-TW"])
def test_languages(language: str) -> None:
    assert read(language=language).language == language


@pytest.mark.parametrize("id", ["7", 7])
def test_an_id_is_a_text_or_a_number(id: object) -> None:
    assert read(in_reply_to_id=id).in_reply_to == 7
