"""Posts as apps read them (https://docs.joinmastodon.org/entities/Status/): one place makes every one of them.

A repost is a post that holds the original: outside the date of the repost, inside the date when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from hustings.social import markup, text
from hustings.social.accounts import Account
from hustings.social.posts import Revision
from hustings.social.shown import Claim, Post, Room
from hustings.web.mastodon import entities, poll_entities, quote_entities, shapes
from hustings.web.mastodon.answers import moment
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.media_entities import attachment
from hustings.web.mastodon.paged import listed
from hustings.web.parts import Parts

HTML_KEPT = 2_000
FRAME = (480, 320)
"""A player's width and height where an app shows it."""


@dataclass(frozen=True, slots=True)
class Around:
    """Some posts, and the people who wrote them."""

    posts: list[Post]
    people: dict[int, Person]


def around(connection: Connection, posts: Collection[Post]) -> Around:
    every = [one for post in posts for one in (post, post.original, post.original.quoted) if one]
    authors = {one.author.id: one.author for one in every}
    return Around(list(posts), entities.people(connection, list(authors.values())))


class Statuses:
    def __init__(self, parts: Parts, shown: Entities) -> None:
        self._shown = shown
        self._web = parts.settings.public.web
        self._live = parts.live_link
        self._files = parts.settings.public.live
        self._domain = parts.settings.handle_domain
        self._now_ms = parts.now_ms

    def all(self, found: Around) -> list[shapes.Status]:
        return [self.one(post, found) for post in found.posts]

    def page(self, request: Request, found: Around) -> Response:
        """Where the order is that of the posts themselves."""
        return listed(request, self._web, self.all(found), [one.id for one in found.posts])

    def one(self, post: Post, found: Around) -> shapes.Status:
        if post.reblog is None:
            return {**self._written(post, found), "reblog": None}
        whole: shapes.Status = {**self._written(post.reblog, found), "reblog": None}
        return {
            **whole,
            "id": str(post.id),
            "uri": post.uri,
            "url": self._page(post),
            "created_at": moment(post.at_ms),
            "account": self._shown.account(found.people[post.author.id]),
            "visibility": post.visibility,
            "edited_at": None,
            "pinned": False,
            "hustings": _ours(None, post, self._live),
            "reblog": whole,
        }

    def revision(self, said: Revision, post: Post, found: Around) -> shapes.StatusEdit:
        """What a post said from a moment on."""
        tree: shapes.StatusEdit = {
            "content": self._html(said.text, post.mentions),
            "spoiler_text": said.spoiler,
            "sensitive": said.sensitive,
            "created_at": moment(said.at_ms),
            "account": self._shown.account(found.people[post.author.id]),
            "media_attachments": [attachment(one, self._files) for one in said.media],
            "emojis": [],
            "quote": self._quote(post, found),
        }
        if said.poll:
            tree["poll"] = poll_entities.asked(said.poll)
        return tree

    def tag(self, name: str) -> shapes.Tag:
        return {"id": name, "name": name, "url": f"{self._web}/tags/{quote(name)}"}

    def _page(self, post: Post) -> str:
        ours = post.author.domain is None
        return f"{self._web}/@{post.author.handle}/{post.id}" if ours else post.uri

    def _quote(self, post: Post, found: Around) -> shapes.Quote | None:
        return quote_entities.quote(
            post, self._now_ms(), lambda inner: self._written(inner, found, True)
        )

    def _written(self, post: Post, found: Around, inside: bool = False) -> shapes.Written:
        """`inside`: as what another one quotes."""
        now_ms = self._now_ms()
        return {
            "id": str(post.id),
            "uri": post.uri,
            "url": self._page(post),
            "created_at": moment(post.at_ms),
            "edited_at": moment(post.edited_at_ms) if post.edited_at_ms is not None else None,
            "account": self._shown.account(found.people[post.author.id]),
            "content": quote_entities.fallback(post, now_ms, self._page)
            + self._html(post.text, post.mentions),
            "spoiler_text": post.spoiler,
            "sensitive": post.sensitive,
            "language": post.language,
            "visibility": post.visibility,
            "in_reply_to_id": _id(post.in_reply_to),
            "in_reply_to_account_id": _id(post.in_reply_to_account),
            "replies_count": post.replies,
            "reblogs_count": post.reblogs,
            "favourites_count": post.favourites,
            "quotes_count": post.quotes,
            "quote": quote_entities.shallow(post, now_ms) if inside else self._quote(post, found),
            "quote_approval": quote_entities.approval(post),
            "favourited": post.mine.favourited,
            "reblogged": post.mine.reblogged,
            "bookmarked": post.mine.bookmarked,
            "pinned": post.mine.pinned,
            "muted": False,
            "mentions": [self._mention(account) for account in post.mentions],
            "tags": [self.tag(name) for name in post.tags],
            "media_attachments": [attachment(one, self._files) for one in post.media],
            "emojis": [],
            "filtered": [],
            "card": self._card(post),
            "poll": poll_entities.poll(post.poll, now_ms) if post.poll else None,
            "hustings": _ours(post.claim, post, self._live),
        }

    def _card(self, post: Post) -> shapes.PreviewCard | None:
        """The room that it stands beside, as Mastodon's PreviewCard: a player, once there is something to hear."""
        room = post.room
        return None if room is None else card(room, self._live(room.key), self._web)

    def _mention(self, account: Account) -> shapes.Mention:
        return {
            "id": str(account.id),
            "username": account.handle,
            "acct": account.address,
            "url": self._shown.page(account),
        }

    def _html(self, said: str, mentions: Collection[Account]) -> str:
        pages = tuple(
            (one.handle.lower(), (one.domain or "").lower(), self._shown.page(one))
            for one in mentions
        )
        return _html(said, self._domain, self._web, pages)


@lru_cache(HTML_KEPT)
def _html(said: str, domain: str, web: str, pages: tuple[tuple[str, str, str], ...]) -> str:
    """Kept for a while, since the same few posts stand in many homes."""
    profiles = {(handle, theirs): page for handle, theirs, page in pages}
    return markup.html(text.parse(said, domain), web, profiles)


def card(room: Room, live: str, web: str) -> shapes.PreviewCard:
    """`live`: the address of its player, which is shown in a frame once there is something to hear."""
    width, height = FRAME if room.plays else (0, 0)
    frame = (
        f'<iframe src="{escape(live)}" width="{width}" height="{height}" allow="autoplay"></iframe>'
    )
    return {
        "url": live,
        "title": room.title,
        "description": "",
        "language": None,
        "type": "video" if room.plays else "link",
        "author_name": room.host_name,
        "author_url": "",
        "authors": [],
        "provider_name": urlsplit(web).hostname or "",
        "provider_url": web,
        "html": frame if room.plays else "",
        "width": width,
        "height": height,
        "image": room.picture or None,
        "image_description": room.picture_alt,
        "embed_url": "",
        "blurhash": None,
        "published_at": None if room.on_air_since_ms is None else moment(room.on_air_since_ms),
    }


def _id(id: int | None) -> str | None:
    return None if id is None else str(id)


def _ours(claim: Claim | None, post: Post, live: Callable[[str], str]) -> shapes.Ours:
    """What Mastodon has no word for: that a date is a claim, and the room that a post stands beside."""
    room = post.room
    return {
        "claim": None
        if claim is None
        else {
            "claimed_at": moment(claim.claimed_at_ms),
            "imported_at": moment(claim.imported_at_ms),
            "imported_by": None if claim.by is None else str(claim.by.id),
            "origin": claim.origin or None,
        },
        "room": None
        if room is None
        else {
            "key": room.key,
            "title": room.title,
            "state": room.state,
            "url": live(room.key),
            "by_host": post.by_host,
        },
    }
