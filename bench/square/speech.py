"""What people write: words of real English in their real frequencies, seeded. Pure.

The vocabulary is that of Python's own help texts, which lie on every machine; the rare words of a language, of which each stands
in a few posts only, are made of two of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pydoc_data import topics

import numpy as np
from numpy.typing import NDArray

RARE = 60_000
RARE_SHARE = 0.08
WORDS_MEDIAN, WORDS_MAX = 14, 70
LINK_SHARE, TAG_SHARE, WARNING_SHARE = 0.12, 0.18, 0.01
TAGS, LINKS = 2_000, 5_000


@dataclass(frozen=True)
class Speech:
    """Says things with one stream of chance."""

    chance: np.random.Generator

    @cached_property
    def common(self) -> list[str]:
        return [word for word, _ in _counted()]

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        counts = np.array([count for _, count in _counted()], float)
        return np.cumsum(counts / counts.sum())

    @cached_property
    def rare(self) -> list[str]:
        first, second = self.chance.integers(60, len(self.common), (2, RARE))
        return [self.common[a] + self.common[b] for a, b in zip(first, second, strict=True)]

    @cached_property
    def tags(self) -> list[str]:
        return [word for word in self.common if len(word) > 4][:TAGS]

    def some(self, count: int) -> list[str]:
        """So many words."""
        at = np.searchsorted(self.weights, self.chance.random(count))
        is_rare = self.chance.random(count) < RARE_SHARE
        which = (RARE * self.chance.random(count) ** 3).astype(int)
        common, rare, last = self.common, self.rare, len(self.common) - 1
        return [
            rare[r] if odd else common[min(c, last)]
            for c, r, odd in zip(at.tolist(), which.tolist(), is_rare.tolist(), strict=True)
        ]

    def posts(self, count: int) -> list[str]:
        """So many texts, each of one to three sentences, some with a link or tags."""
        lengths = np.clip(
            self.chance.lognormal(np.log(WORDS_MEDIAN), 0.6, count), 3, WORDS_MAX
        ).astype(int)
        words = self.some(int(lengths.sum()))
        link = self.chance.random(count) < LINK_SHARE
        tag = self.chance.random(count) < TAG_SHARE
        number = (LINKS * self.chance.random(count) ** 2).astype(int).tolist()
        which = (len(self.tags) * self.chance.random(count) ** 3).astype(int).tolist()
        said, at = [], 0
        for n, length in enumerate(lengths.tolist()):
            text = f"{' '.join(words[at : at + length]).capitalize()}."
            at += length
            if link[n]:
                text += f" https://{self.common[number[n] % 400]}.example/{number[n]}"
            if tag[n]:
                text += f" #{self.tags[which[n]]}"
            said.append(text)
        return said


def _counted() -> list[tuple[str, int]]:
    return Counter(re.findall(r"[a-z]{2,}", " ".join(topics.topics.values()).lower())).most_common()
