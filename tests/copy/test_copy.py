"""Catalogues: a missing sentence is an error, never a blank."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hustings.copy import catalogue, direction, languages, plural, read, say


def test_plurals_and_places() -> None:
    sentences = {"n.one": "{n} listener", "n.other": "{n} listeners", "hello": "Hello, {name}"}
    assert say(sentences, "n", 1) == "1 listener"
    assert say(sentences, "n", 0) == "0 listeners"
    assert say(sentences, "hello", name="Ada") == "Hello, Ada"
    for wrong in ("nothing", "hello"):
        with pytest.raises(KeyError):
            say(sentences, wrong)
    assert plural("fr", 0) == "one" and plural("en", 0) == "other"


def test_direction() -> None:
    assert (direction("ar"), direction("he-IL"), direction("en")) == ("rtl", "rtl", "ltr")


def test_a_language_that_is_not_there_is_english() -> None:
    assert catalogue("xx", "event") == catalogue("en", "event")
    assert languages()[0] == "en"
    with pytest.raises(FileNotFoundError):
        catalogue("en", "no-such-page")


def test_a_catalogue_is_flat(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"a": {"b": "c"}}))
    with pytest.raises(ValueError):
        read(tmp_path / "a.json")
