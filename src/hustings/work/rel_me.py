"""Which addresses a page calls its author's own: `<a rel="me" href>`, `<link rel="me" href>`. Linear in time, whatever it is.

A reader that only goes forward (WHATWG HTML, 13.2.5, as far as tags, attributes, comments and raw text go): what stands in a
comment, a script or a text field is no link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

TAG = re.compile(r"<(?:(!--)|([a-zA-Z][^\s/>]{0,30}))")
ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++)))?+"
)
"""Nothing in it goes back (possessive), so that no page takes longer than its length."""
RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "template")
ENDS = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in RAW}
LINKS = ("a", "link")
LINK_MAX = 2_048
FOUND_MAX = 1_000


def names(page: str, addresses: frozenset[str]) -> bool:
    """Whether the page calls one of these its author's. They are compared without a last slash, and whatever the case."""
    wanted = {_plain(one) for one in addresses}
    return any(_plain(link) in wanted for link in links(page))


def links(page: str) -> Iterator[str]:
    """As they are written, entities read; the first thousand."""
    at, found = 0, 0
    while (tag := TAG.search(page, at)) is not None:
        at = tag.end()
        if tag[1]:
            at = page.find("-->", at)
            if at < 0:
                return
            continue
        name = tag[2].lower()
        said: dict[str, str] = {}
        while (one := ATTRIBUTE.match(page, at)) is not None:
            at = one.end()
            if name in LINKS and one[1].lower() in ("rel", "href"):
                said.setdefault(one[1].lower(), one[2] or one[3] or one[4] or "")
        if name in ENDS:
            end = ENDS[name].search(page, at)
            if end is None:
                return
            at = end.end()
        href, rel = said.get("href", ""), said.get("rel", "")
        if href and "me" in rel[:LINK_MAX].lower().split() and len(href) <= LINK_MAX:
            yield html.unescape(href).strip()
            found += 1
            if found >= FOUND_MAX:
                return


def _plain(address: str) -> str:
    return address.partition("#")[0].rstrip("/").lower()
