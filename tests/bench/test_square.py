"""The filled square is one that the product might have made: small, on SQLite, read by the product itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from bench.square import kept, questions, town
from bench.square.kept import Filled
from bench.square.rows import split, token
from bench.square.speech import Speech
from bench.square.town import FAMOUS, LOUD, Sizes
from hustings.social import feeds, follows, search, timelines, tokens
from hustings.social.paging import Page
from hustings.store import words
from hustings.store.engine import Database

SIZES = Sizes(members=800, readers=120, tokens=20, loud=60, elsewhere=900, posts=6_000)
NOW_MS = int(time.time() * 1000)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filled, Database]]:
    place = tmp_path_factory.mktemp("kept")
    with kept.opened("sqlite", place, lambda _: None, SIZES) as made:
        database = Database(made.url)
        yield made, database
        database.close()


def test_a_town_is_the_same_again_and_as_large_as_it_should_be() -> None:
    one, other = town.build(SIZES), town.build(SIZES)
    assert np.array_equal(one.follows, other.follows) and np.array_equal(one.author, other.author)
    assert one.followers()[FAMOUS] == SIZES.members - 1 and one.followers()[LOUD] == SIZES.loud
    assert 0.2 < (one.original >= 0).mean() < 0.26
    taken = one.original[one.original >= 0]
    assert np.all(one.original[taken] < 0), "a repost is of an original"
    assert np.all(taken < np.flatnonzero(one.original >= 0)), "and comes after it"


def test_home_reads_the_same_with_the_feed_and_without(filled: tuple[Filled, Database]) -> None:
    made, database = filled
    with database.reading() as connection:
        for reader in made.rows.town.readers:
            account = int(made.rows.people[reader])
            with_feed = [post.id for post in timelines.home(connection, account, Page(), NOW_MS)]
            asked = {"reader": account, "now_ms": NOW_MS}
            assert with_feed == feeds.tops(connection, asked, Page(), timelines.at_home)
            assert len(with_feed) == Page().limit


def test_counts_and_tokens_are_right(filled: tuple[Filled, Database]) -> None:
    made, database = filled
    famous = int(made.rows.people[FAMOUS])
    with database.reading() as connection:
        counted = follows.counts(connection, [famous])[famous]
        assert counted.followers == SIZES.members - 1 + SIZES.elsewhere
        for number in range(SIZES.tokens + 2):
            assert tokens.bearer(connection, token(number)).approved


def test_what_is_asked_is_found(filled: tuple[Filled, Database]) -> None:
    _, database = filled
    found = {}
    with database.reading() as connection:
        for name, _, asked in questions.kinds(SIZES):
            parsed = [search.parse(words, None, lambda _: None) for words in asked]
            pages = [
                search.find_posts(connection, None, one, search.Window(), NOW_MS) for one in parsed
            ]
            found[name] = sum(map(len, pages))
    assert found["common"] > 1_000 and found["two"] and found["begin"] and found["dated"]
    assert found["none"] == 0


def test_words_are_split_as_the_product_splits_them() -> None:
    for text in Speech(np.random.default_rng(3)).posts(200):
        assert split(f"@member_7 {text}") == words.split(f"@member_7 {text}")


def test_another_size_is_another_square(tmp_path: Path) -> None:
    (tmp_path / "sqlite").mkdir()
    (tmp_path / "sqlite/filled.json").write_text(json.dumps({"sizes": {}, "end_ms": 1}))
    with (
        pytest.raises(RuntimeError, match="another square"),
        kept.opened("sqlite", tmp_path, print),
    ):
        pass


def test_questions_are_those_of_before() -> None:
    assert questions.kinds(SIZES) == questions.kinds(SIZES)
    assert unquote(questions.path('"a b" has:link').partition("q=")[2]) == '"a b" has:link'
