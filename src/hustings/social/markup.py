"""A post's text as HTML, the way that programs which show posts expect it. Pure: every character that somebody typed is escaped.

A link shows its whole host, and nothing that stands before the host makes a link at all: what is read is where it leads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from hustings.social.text import Link, Mention, Span, Tag, Words, written

SHOWN_MAX = 30
HOST_END = re.compile(r"[/?#]")


def html(spans: list[Span], web_url: str, profiles: Mapping[tuple[str, str], str]) -> str:
    """`profiles`: the page of each who is mentioned, by the mention's key; who is in none of them is text."""
    inside = "".join(_span(span, web_url, profiles) for span in spans)
    paragraphs = [part.strip("\n").replace("\n", "<br>") for part in inside.split("\n\n")]
    return "".join(f"<p>{part}</p>" for part in paragraphs if part)


def _span(span: Span, web_url: str, profiles: Mapping[tuple[str, str], str]) -> str:
    match span:
        case Link():
            return _link(span.url)
        case Tag():
            href = escape(f"{web_url}/tags/{quote(span.key)}")
            return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{escape(span.name)}</span></a>'
        case Mention() if span.key in profiles:
            href = escape(profiles[span.key])
            who = f'<a href="{href}" class="u-url mention">@<span>{escape(span.handle)}</span></a>'
            return f'<span class="h-card" translate="no">{who}</span>'
        case Words() | Mention():
            return escape(written(span))


def _link(url: str) -> str:
    hidden = url[: url.index("//") + 2]
    bare = url[len(hidden) :]
    host = HOST_END.split(bare, maxsplit=1)[0]
    shown = bare[: max(SHOWN_MAX, len(host))]
    left = bare[len(shown) :]
    look = "ellipsis" if left else ""
    return (
        f'<a href="{escape(url)}" rel="nofollow noopener noreferrer" translate="no">'
        f'<span class="invisible">{escape(hidden)}</span><span class="{look}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(left)}</span></a>'
    )
