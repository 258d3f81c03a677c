"""What people search for: seeded, from the words that posts are made of. Pure."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import numpy as np

from bench.square.rows import handle
from bench.square.speech import Speech
from bench.square.town import Sizes

EACH = 60
Kinds = list[tuple[str, str, list[str]]]
"""Id, what it is, questions."""


def path(words: str) -> str:
    """People, tags, rooms and posts at once, as apps ask."""
    return f"/api/v2/search?q={quote(words)}"


def kinds(sizes: Sizes, other: int = 0) -> Kinds:
    """`EACH` of every kind, or so many `other` ones."""
    chance = np.random.default_rng(sizes.seed + (99 if other else 9))
    speech = Speech(np.random.default_rng(sizes.seed + 1))
    common, rare = speech.common, speech.rare

    def pick(first: int, last: int) -> str:
        return common[int(chance.integers(first, min(last, len(common))))]

    def many(make: Callable[[], str]) -> list[str]:
        return [make() for _ in range(other or EACH)]

    def who() -> str:
        return handle(int(chance.integers(2, sizes.members)))

    return [
        ("common", "the commonest words", many(lambda: pick(0, 40))),
        ("word", "a word", many(lambda: pick(40, 3_000))),
        ("two", "two words", many(lambda: f"{pick(0, 300)} {pick(40, 3_000)}")),
        ("rare", "a rare word", many(lambda: rare[int(chance.integers(len(rare)))])),
        ("phrase", "words in a row", many(lambda: f'"{pick(0, 30)} {pick(0, 300)}"')),
        ("begin", "how a word begins", many(lambda: f"{pick(0, 3_000)[:3]}*")),
        ("from", "from: and a word", many(lambda: f"from:{who()} {pick(0, 40)}")),
        ("dated", "a word, a day, has:link", many(lambda: f"{pick(0, 300)} after:2026-06-01 has:link")),
        ("none", "words that nobody wrote", many(lambda: f"{pick(0, 99)} zyzzyva{int(chance.integers(99))}")),
    ]  # fmt: skip
