"""Posts as templates show them: both dates of a repost, whose claim an imported date is, what was edited or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from hustings.social import markup, text
from hustings.social.accounts import Account
from hustings.social.shown import Post, Room
from hustings.social.visibility import DIRECT, OPEN, PRIVATE
from hustings.web import poll_views
from hustings.web.media_views import view
from hustings.web.moments import Moment
from hustings.web.parts import Parts

RELATED_S = 60


def entries(parts: Parts, posts: Sequence[Post], viewer: int | None) -> list[dict[str, Any]]:
    return [entry(parts, post, viewer) for post in posts]


def entry(parts: Parts, post: Post, viewer: int | None) -> dict[str, Any]:
    """One post, or a repost with the original in it."""
    whole = post.original
    own = viewer == whole.author.id
    return {
        "id": whole.id,
        "anchor": f"p{post.id}",
        "href": address(whole),
        "by": person(parts, whole.author),
        "at": Moment(whole.at_ms),
        "repost": _repost(parts, post),
        "html": html(parts, whole.text, whole.mentions),
        "empty": not whole.text,
        "media": [view(parts, one) for one in whole.media],
        "poll": poll_views.view(whole.poll, parts.now_ms()),
        "spoiler": whole.spoiler,
        "sensitive": whole.sensitive,
        "language": whole.language,
        "visibility": whole.visibility,
        "claim": _claim(parts, whole),
        "edited": None if whole.edited_at_ms is None else Moment(whole.edited_at_ms),
        "deleted": None if whole.deleted_at_ms is None else Moment(whole.deleted_at_ms),
        "removed": whole.removed,
        "around": _around(parts, post),
        "by_host": whole.by_host,
        "answers": None if whole.in_reply_to is None else f"/posts/{whole.in_reply_to}",
        "counts": {
            "replies": whole.replies,
            "reblogs": whole.reblogs,
            "favourites": whole.favourites,
            "quotes": whole.quotes,
        },
        "quote": _quote(parts, whole, viewer),
        "may_quote": whole.quotable,
        "mine": whole.mine,
        "own": own,
        "may_repost": whole.visibility in OPEN or (own and whole.visibility == PRIVATE),
        "may_pin": own and whole.visibility != DIRECT,
    }


def person(parts: Parts, account: Account) -> dict[str, str]:
    """`picture` stands still."""
    return {
        "id": str(account.id),
        "picture": parts.portraits.still(account),
        "name": account.shown,
        "address": f"@{account.address}",
        "href": f"/@{account.address}",
    }


def address(post: Post) -> str:
    """The page of a post."""
    return f"/@{post.author.address}/{post.id}"


def clock(at_ms: int, room: Room) -> tuple[str, str] | None:
    """How far from the talk's beginning: `before`, `into` or `after` it, and a clock; None while it has not begun."""
    if room.on_air_since_ms is None:
        return None
    if room.ended_at_ms is not None and at_ms >= room.ended_at_ms:
        return "after", _clock(at_ms - room.ended_at_ms)
    since_ms = at_ms - room.on_air_since_ms
    return ("into", _clock(since_ms)) if since_ms >= 0 else ("before", _clock(-since_ms))


def _clock(ms: int) -> str:
    """`12:05`, `1:02:05`; days are hours."""
    minutes, seconds = divmod(ms // 1000, RELATED_S)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _repost(parts: Parts, post: Post) -> dict[str, Any] | None:
    if post.reblog is None:
        return None
    return {
        "by": person(parts, post.author),
        "at": Moment(post.at_ms),
        "visibility": post.visibility,
    }


def _quote(parts: Parts, post: Post, viewer: int | None) -> dict[str, Any] | None:
    """What it quotes, one level deep; of a quote within a quote, the way there. Without words that the viewer may not see."""
    if post.quote is None:
        return None
    inner = post.quoted
    return {
        "state": post.quote.at(parts.now_ms()),
        "href": "" if post.quote.quoted is None else f"/posts/{post.quote.quoted}",
        "post": None if inner is None else entry(parts, inner, viewer),
        "mine": inner is not None and inner.author.id == viewer,
    }


def _claim(parts: Parts, post: Post) -> dict[str, Any] | None:
    if post.claim is None:
        return None
    return {
        "by": None if post.claim.by is None else person(parts, post.claim.by),
        "claimed": Moment(post.claim.claimed_at_ms),
        "imported": Moment(post.claim.imported_at_ms),
        "origin": post.claim.origin,
        "host": urlsplit(post.claim.origin).hostname or "",
    }


def _around(parts: Parts, post: Post) -> dict[str, Any] | None:
    room = post.room or post.original.room
    if room is None:
        return None
    at_ms = post.at_ms if post.room is not None else post.original.at_ms
    return {
        "title": room.title,
        "href": f"/rooms/{room.key}",
        "clock": clock(at_ms, room),
        "plays": room.state if room.plays else "",
        "player": parts.live_link(room.key),
    }


def html(parts: Parts, said: str, mentions: Iterable[Account] = ()) -> Markup:
    spans = text.parse(said, parts.settings.handle_domain)
    profiles = {(one.handle.lower(), one.domain or ""): f"/@{one.address}" for one in mentions}
    # markup.html escapes every character that somebody typed
    return Markup(markup.html(spans, "", profiles))
