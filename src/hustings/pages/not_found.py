"""The page at an address with nothing behind it. It stands alone: no script, no other file, whatever else is broken."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title><style>
:root{{color-scheme:light dark;--ground:#faf7f0;--ink:#1d1b18;--soft:#5a554c;--rule:#8d8676}}
@media (prefers-color-scheme:dark){{:root{{--ground:#16191d;--ink:#f1ece1;--soft:#b3ada0;--rule:#7d858e}}}}
body{{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,"Liberation Sans",sans-serif}}
main{{max-width:34rem;margin:0 auto;padding:18vh 24px 48px}}
h1{{font:400 2.25rem/1.15 Palatino,Georgia,serif;margin:0 0 16px;padding-top:24px;border-top:4px double var(--rule)}}
p{{margin:0 0 12px;color:var(--soft)}}a{{color:inherit;display:inline-block;padding:10px 0}}
</style></head><body><main><h1>{title}</h1><p>{text}</p><p><a href="{home}">{link}</a></p></main></body></html>
"""


def render(copy: Mapping[str, str], home: str, lang: str = "en", direction: str = "ltr") -> bytes:
    """The page, UTF-8. `copy` is the event page's catalogue, `home` the web host's address."""
    words = {
        "lang": lang,
        "dir": direction,
        "title": copy["not_found.title"],
        "text": copy["not_found.text"],
        "link": copy["not_found.link"],
        "home": home + "/",
    }
    return _PAGE.format_map({name: escape(text) for name, text in words.items()}).encode()
