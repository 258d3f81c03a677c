"""Quotes as apps read them: Quote, ShallowQuote and QuoteApproval (https://docs.joinmastodon.org/entities/Quote/)."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from hustings.social.quoted import ACCEPTED, NOBODY
from hustings.social.shown import Post
from hustings.web.mastodon import shapes


def quote(
    post: Post, now_ms: int, written: Callable[[Post], shapes.Written]
) -> shapes.Quote | None:
    """What a post quotes, with its words where the reader may see them; None when it quotes nothing."""
    if post.quote is None:
        return None
    inner: shapes.Status | None = None
    if post.quoted is not None:
        inner = {**written(post.quoted), "reblog": None}
    return {"state": post.quote.at(now_ms), "quoted_status": inner}


def shallow(post: Post, now_ms: int) -> shapes.ShallowQuote | None:
    """The same within a quoted post: one level deep, its words are not shown."""
    if post.quote is None:
        return None
    known = post.quote.quoted
    return {
        "state": post.quote.at(now_ms),
        "quoted_status_id": None if known is None else str(known),
    }


def approval(post: Post) -> shapes.QuoteApproval:
    """Nobody is asked here quote by quote: who may, may at once, and the author may take it back."""
    return {
        "automatic": [] if post.quote_policy == NOBODY else [post.quote_policy],
        "manual": [],
        "current_user": "automatic" if post.quotable else "denied",
    }


def fallback(post: Post, now_ms: int, page: Callable[[Post], str]) -> str:
    """For clients that know no quotes, where the text has no such link: a line before it, which others leave out by its class."""
    if post.quote is None or post.quoted is None or post.quote.at(now_ms) != ACCEPTED:
        return ""
    address = page(post.quoted)
    if address in post.text or post.quoted.uri in post.text:
        return ""
    href = escape(address)
    return f'<p class="quote-inline">RE: <a href="{href}" rel="nofollow noopener">{href}</a></p>'
