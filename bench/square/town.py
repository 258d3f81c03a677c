"""Who follows whom, and who wrote, reposted or answered what, as arrays: seeded. Pure.

Accounts and posts are numbers from 0; a post's number says its place in time. How many follow somebody, and how much he writes,
falls by Zipf's law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
FAMOUS, LOUD = 0, 1
"""Accounts: whom a million follow, and whom ten thousand do who have feeds."""
REPOSTS, REPLIES = 0.25, 0.18
PRIVATE, UNLISTED = 0.05, 0.10
FOLLOWS_MEDIAN, READERS_FOLLOW_MEDIAN = 9, 45
FOLLOWS_MAX = 1_500
BACK = 4_000
"""Posts that lie between a repost or an answer and its original, on average."""
OF_FAMOUS = 600


@dataclass(frozen=True)
class Sizes:
    """`members` of here, of whom `readers` read home in these weeks and `tokens` have an app; `elsewhere`: accounts of other
    servers, who all follow the famous one."""

    members: int = 100_000
    readers: int = 12_000
    tokens: int = 2_000
    loud: int = 10_000
    elsewhere: int = 900_001
    posts: int = 1_000_000
    seed: int = 1


@dataclass(frozen=True)
class Town:
    """`follows`: pairs, sorted; `author`, `original` (-1: none, of a repost), `parent` (-1: none, of an answer),
    `visibility` (0 public, 1 unlisted, 2 private), of each post."""

    sizes: Sizes
    follows: Numbers
    author: Numbers
    original: Numbers
    parent: Numbers
    visibility: Numbers

    @property
    def readers(self) -> range:
        """The first ones have apps."""
        return range(2, 2 + self.sizes.readers)

    def followers(self) -> Numbers:
        """How many follow each account of here."""
        return np.bincount(self.follows[:, 1], minlength=self.sizes.members)


def build(sizes: Sizes) -> Town:
    chance = np.random.default_rng(sizes.seed)
    author = _authors(sizes, chance)
    visibility = np.zeros(sizes.posts, np.int64)
    roll = chance.random(sizes.posts)
    visibility[roll < PRIVATE + UNLISTED] = 1
    visibility[roll < PRIVATE] = 2
    original, parent = _taken_up(sizes, chance, author, visibility)
    visibility[(original >= 0) | (parent >= 0)] = 0
    return Town(sizes, _follows(sizes, chance), author, original, parent, visibility)


def _authors(sizes: Sizes, chance: np.random.Generator) -> Numbers:
    author = _by_zipf(sizes, chance, sizes.posts, 50, 0.8)
    for one in (FAMOUS, LOUD):
        often = min(OF_FAMOUS, sizes.posts // 20)
        author[chance.integers(0, sizes.posts, often)] = one
    return author


def _by_zipf(
    sizes: Sizes, chance: np.random.Generator, count: int, flat: int, slope: float
) -> Numbers:
    """So many members, the first ones most often; each use of it shuffles who the first ones are."""
    weights = np.cumsum(1 / (np.arange(sizes.members) + flat) ** slope)
    at = np.searchsorted(weights / weights[-1], chance.random(count))
    return chance.permutation(sizes.members)[np.minimum(at, sizes.members - 1)]


def _taken_up(
    sizes: Sizes, chance: np.random.Generator, author: Numbers, visibility: Numbers
) -> tuple[Numbers, Numbers]:
    """What each repost reposts, and each answer answers: something public that stands a while before it."""
    roll = chance.random(sizes.posts)
    taken = roll < REPOSTS + REPLIES
    here = np.flatnonzero(~taken & (visibility == 0))
    back = chance.exponential(min(BACK, sizes.posts / 10), sizes.posts).astype(np.int64)
    at = np.searchsorted(here, np.arange(sizes.posts)) - 1 - back
    to = np.where(taken & (at >= 0), here[np.maximum(at, 0)], -1)
    original = np.where(roll < REPOSTS, to, -1)
    parent = np.where(roll >= REPOSTS, to, -1)
    # nobody reposts a post twice
    pair = original * sizes.members + author
    _, first = np.unique(pair, return_index=True)
    again = np.ones(sizes.posts, bool)
    again[first] = False
    original[again] = -1
    return original, parent


def _follows(sizes: Sizes, chance: np.random.Generator) -> Numbers:
    """Without those from elsewhere. Everybody of here follows the famous one, the first readers the loud one."""
    median = np.full(sizes.members, float(FOLLOWS_MEDIAN))
    median[2 : 2 + sizes.readers] = READERS_FOLLOW_MEDIAN
    most = min(FOLLOWS_MAX, sizes.members // 4)
    many = np.clip(chance.lognormal(np.log(median), 0.9), 1, most).astype(np.int64)
    account = np.repeat(np.arange(sizes.members), many)
    target = _by_zipf(sizes, chance, len(account), 3, 0.9)
    target = np.where(target < 2, target + 2, target)  # those two have theirs
    everybody = np.arange(1, sizes.members)
    fans = np.arange(2, 2 + sizes.loud)
    account = np.concatenate([account, everybody, fans])
    target = np.concatenate([target, np.full_like(everybody, FAMOUS), np.full_like(fans, LOUD)])
    pair = np.unique((account * sizes.members + target)[account != target])
    return np.stack([pair // sizes.members, pair % sizes.members], axis=1)
