"""A room's key: its shape, the words the server keeps, and one proposed from a title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from hustings.wire.errors import Refused

RESERVED = frozenset(
    (
        "live",
        "assets",
        "media",
        "replay",
        "session",
        "whip",
        "whep",
        "events",
        "command",
        "knock",
        "recording",
        "api",
        "oauth",
        "rooms",
        "plan",
        "planned",
        "settings",
        "login",
        "healthz",
        "metrics",
        "feed",
        "stage",
        "static",
    )
)
SLUG = re.compile(r"[a-z0-9-]{3,64}")
UNLISTED = re.compile(r"[A-Za-z0-9_-]{22}")
PROPOSED_MAX = 40
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"},
        **{"ı": "i", "ħ": "h", "&": " and "},
        **dict(zip("абвгдезийклмнопрстуфыэіїєґў", "abvgdeziiklmnoprstufyeiiegu", strict=True)),
        **{
            "ж": "zh",
            "х": "kh",
            "ц": "ts",
            "ч": "ch",
            "ш": "sh",
            "щ": "shch",
            "ю": "yu",
            "я": "ya",
        },
        **{"ё": "e", "ъ": "", "ь": ""},
        **dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True)),
        **{"θ": "th", "χ": "ch", "ψ": "ps", "ς": "s"},
    }
)


def check(key: str) -> str:
    """The key itself. Errors: `Refused` with `key_malformed`, `key_reserved`."""
    if not SLUG.fullmatch(key) or key.startswith("-") or key.endswith("-"):
        raise Refused("key_malformed", field="key")
    if key in RESERVED:
        raise Refused("key_reserved", field="key")
    return key


def looks_like_key(text: str) -> bool:
    """Whether this can be the key of a room at all, listed or not."""
    return bool(SLUG.fullmatch(text) or UNLISTED.fullmatch(text))


def propose(title: str) -> str:
    """A slug from a title, transliterated; "" when nothing of it can be said in a–z and 0–9."""
    folded = title.casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", folded).translate(_LETTERS)
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:PROPOSED_MAX]
        if len(longer) > PROPOSED_MAX:
            break
        slug = longer
    return slug if len(slug) >= 3 else ""


def candidates(title: str, random: str) -> Iterator[str]:
    """Keys to try in turn: the title's, numbered ones, one with `random` (lower-case letters and digits) in it."""
    slug = propose(title)
    if slug:
        if slug not in RESERVED:
            yield slug
        yield from (f"{slug}-{number}" for number in range(2, 6))
    yield f"{slug or 'room'}-{random}"
