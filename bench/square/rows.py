"""A town as rows of the product's own tables, in an order in which they may be written. Words are indexed as by `social`."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from bench.square.speech import Speech
from bench.square.town import FAMOUS, LOUD, Numbers, Town
from hustings.social import indexing
from hustings.social.feeds import FEED_MAX
from hustings.social.follows import WHALE_FOLLOWERS
from hustings.social.ids import TAIL_BITS
from hustings.social.sessions import hash_of
from hustings.store import words

SPAN_MS = 2 * 365 * 86_400_000
CHUNK = 20_000
WEB = "https://square.example"
VISIBILITY = ("public", "unlisted", "private")
SCOPES = "read write follow push"
Table = tuple[str, tuple[str, ...], Iterable[tuple[Any, ...]]]
"""A table's name, the columns that are written, the rows."""


def token(number: int) -> str:
    """The token of the `number`th reader, then of the loud and of the famous one: whoever measures knows them."""
    return urlsafe_b64encode(hashlib.sha256(f"square {number}".encode()).digest()).decode()[:43]


def handle(number: int) -> str:
    return {FAMOUS: "famous", LOUD: "loud"}.get(number, f"member_{number}")


@dataclass
class Rows:
    """`end_ms`: when the newest post was written."""

    town: Town
    end_ms: int

    def __post_init__(self) -> None:
        sizes = self.town.sizes
        self._speech = Speech(np.random.default_rng(sizes.seed + 1))
        chance = np.random.default_rng(sizes.seed + 2)
        at_ms = np.sort(chance.integers(self.end_ms - SPAN_MS, self.end_ms, sizes.posts))
        self.ids: Numbers = (at_ms << TAIL_BITS) | (np.arange(sizes.posts) % (1 << TAIL_BITS))
        many = sizes.members + sizes.elsewhere
        self.people: Numbers = ((self.end_ms - SPAN_MS - many + np.arange(many)) << TAIL_BITS) + 1
        self._followers = self.town.followers()

    def tables(self) -> Iterator[Table]:
        yield from self._accounts()
        yield from self._follows()
        yield from self._posts()
        yield from self._feeds()

    def _accounts(self) -> Iterator[Table]:
        sizes, ids = self.town.sizes, self.people.tolist()
        names = self._speech.some(2 * sizes.members)
        called = [" ".join(names[n * 2 : n * 2 + 2]).title() for n in range(sizes.members)]
        made_ms = self.end_ms - SPAN_MS
        columns = ("id", "handle", "handle_key", "domain", "uri", "name", "note", "created_at_ms")
        ours = (
            (ids[n], handle(n), handle(n), None, f"{WEB}/people/{ids[n]}", called[n], "", made_ms)
            for n in range(sizes.members)
        )
        theirs = (
            (
                ids[n],
                f"far_{n}",
                f"far_{n}",
                "far.example",
                f"https://far.example/{n}",
                "",
                "",
                made_ms,
            )
            for n in range(sizes.members, len(ids))
        )
        yield "accounts", columns, ours
        yield "accounts", columns, theirs
        columns = (
            "account",
            "role",
            "password",
            "email_confirmed_at_ms",
            "approved_at_ms",
            "reason",
            "totp_step",
        )
        yield (
            "members",
            columns,
            ((ids[n], "member", "!", made_ms, made_ms, "", 0) for n in range(sizes.members)),
        )
        yield (
            words.ACCOUNTS,
            ("id", "words"),
            ((ids[n], [*_split(handle(n)), *_split(called[n])]) for n in range(sizes.members)),
        )
        columns = (
            "id",
            "client_id",
            "secret",
            "name",
            "redirect_uris",
            "scopes",
            "made_at_ms",
            "used_at_ms",
        )
        app = (1, "square", b"", "Bench", "[]", SCOPES, made_ms, made_ms)
        yield "apps", columns, [app]
        columns = ("id", "token", "app", "account", "scopes", "made_at_ms", "used_at_ms")
        yield (
            "app_tokens",
            columns,
            (
                (n + 1, hash_of(token(n)), 1, ids[reader], SCOPES, made_ms, self.end_ms)
                for n, reader in enumerate((*self.town.readers[: sizes.tokens], LOUD, FAMOUS))
            ),
        )

    def _follows(self) -> Iterator[Table]:
        sizes, ids = self.town.sizes, self.people.tolist()
        columns = ("account", "target", "id", "reblogs", "notify")
        base = (self.end_ms - SPAN_MS) << TAIL_BITS
        ours = self.town.follows.tolist()
        yield (
            "follows",
            columns,
            ((ids[a], ids[t], base + n, True, False) for n, (a, t) in enumerate(ours)),
        )
        yield (
            "follows",
            columns,
            (
                (ids[sizes.members + n], ids[FAMOUS], base + len(ours) + n, True, False)
                for n in range(sizes.elsewhere)
            ),
        )
        wrote = np.bincount(self.town.author, minlength=sizes.members).tolist()
        following = np.bincount(self.town.follows[:, 0], minlength=sizes.members).tolist()
        last = np.full(sizes.members, -1)
        last[self.town.author] = self.ids  # the last one stays
        followers = self._followers.tolist()
        followers[FAMOUS] += sizes.elsewhere
        columns = ("account", "posts", "followers", "following", "last_post", "whale")
        yield (
            "account_counts",
            columns,
            (
                (
                    ids[n],
                    wrote[n],
                    followers[n],
                    following[n],
                    newest if newest >= 0 else None,
                    followers[n] >= WHALE_FOLLOWERS,
                )
                for n, newest in enumerate(last.tolist())
            ),
        )

    def _posts(self) -> Iterator[Table]:
        """In pieces: a table comes again and again."""
        town, ids, people = self.town, self.ids.tolist(), self.people.tolist()
        original, parent = town.original.tolist(), town.parent.tolist()
        author, visibility = town.author.tolist(), town.visibility.tolist()
        thread = list(range(town.sizes.posts))
        for n, up in enumerate(parent):
            if up >= 0:
                thread[n] = thread[up]
        columns = (
            "id", "account", "uri", "text", "spoiler", "sensitive", "language", "visibility",
            "in_reply_to", "in_reply_to_account", "thread", "reblog_of",
        )  # fmt: skip
        for first in range(0, town.sizes.posts, CHUNK):
            some = range(first, min(first + CHUNK, town.sizes.posts))
            said = self._speech.posts(len(some))
            wrote, tagged, mentioned, indexed = [], [], [], []
            for n, text in zip(some, said, strict=True):
                id, by, up, of = ids[n], people[author[n]], parent[n], original[n]
                head = (id, by, f"{WEB}/posts/{id}")
                if of >= 0:
                    wrote.append((*head, "", "", False, None, "public", None, None, id, ids[of]))
                    continue
                marks = [indexing.by(by)]
                if up >= 0:
                    text = f"@{handle(author[up])} {text}"
                    mentioned.append((id, people[author[up]]))
                if "https://" in text:
                    marks.append(indexing.has("link"))
                if up >= 0:
                    marks.append(indexing.has("mention"))
                if " #" in text:
                    marks.append(indexing.has("tag"))
                    tagged.append((text.rpartition("#")[2], id))
                marks += [indexing.has(indexing.REPLY)] if up >= 0 else []
                wrote.append(
                    (*head, text, "", False, "en", VISIBILITY[visibility[n]],
                     ids[up] if up >= 0 else None, people[author[up]] if up >= 0 else None, ids[thread[n]], None)
                )  # fmt: skip
                indexed.append((id, [*marks, *split(text)]))
            yield "posts", columns, wrote
            yield "post_tags", ("tag", "post"), tagged
            yield "post_mentions", ("post", "account"), mentioned
            yield words.POSTS, ("id", "words"), indexed
        yield from self._counts()

    def _counts(self) -> Iterator[Table]:
        town, ids = self.town, self.ids.tolist()
        reposts = Counter(town.original[town.original >= 0].tolist())
        answers = Counter(town.parent[town.parent >= 0].tolist())
        yield (
            "post_counts",
            ("post", "replies", "reblogs", "favourites"),
            ((ids[n], answers[n], reposts[n], 0) for n in sorted({*reposts, *answers})),
        )

    def _feeds(self) -> Iterator[Table]:
        """What `feeds.care_for` builds for each reader."""
        town = self.town
        by_author = np.argsort(town.author, kind="stable")
        begins = np.searchsorted(town.author[by_author], np.arange(town.sizes.members + 1))
        follows = np.searchsorted(town.follows[:, 0], np.arange(town.sizes.members + 1))
        feeds, entries = [], []
        for reader in town.readers:
            whom = town.follows[follows[reader] : follows[reader + 1], 1].tolist()
            tails = [
                by_author[max(begins[a], begins[a + 1] - FEED_MAX) : begins[a + 1]]
                for a in (reader, *whom)
            ]
            newest = np.sort(np.concatenate(tails))[-FEED_MAX:]
            account, posts = int(self.people[reader]), self.ids[newest].tolist()
            floor = posts[0] if len(posts) == FEED_MAX else 0
            feeds.append((account, floor, self.end_ms))
            entries.append((account, posts))
        yield "feeds", ("account", "floor", "read_at_ms"), feeds
        yield (
            "feed_entries",
            ("account", "post"),
            ((account, post) for account, posts in entries for post in posts),
        )


def split(text: str) -> list[str]:
    """As `words.split`, piece by piece: what stands between two spaces is split once."""
    return [word for piece in text.split(" ") for word in _split(piece)]


@lru_cache(300_000)
def _split(piece: str) -> tuple[str, ...]:
    return tuple(words.split(piece))
