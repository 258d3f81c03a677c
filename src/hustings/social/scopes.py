"""What an app may do with an account: Mastodon's scopes. A wide one (`read`) holds its narrow ones (`read:accounts`).

`admin` is not among them: looking after the server is done on its pages.
"""

from __future__ import annotations

from hustings.wire.errors import Refused

READ = (
    *("accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes"),
    *("notifications", "search", "statuses"),
)
WRITE = (
    *("accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows"),
    *("lists", "media", "mutes", "notifications", "reports", "statuses"),
)
FOLLOW = frozenset(
    f"{way}:{what}" for way in ("read", "write") for what in ("blocks", "follows", "mutes")
)
KNOWN = (
    *("read", *(f"read:{what}" for what in READ)),
    *("write", *(f"write:{what}" for what in WRITE)),
    *("follow", "push", "profile"),
)
LONGEST = 1_000
UNASKED = "read"
"""What an app gets that names no scope."""
_PROFILE = "profile"


def parse(text: object) -> str:
    """Scopes as they are kept: each once, in the order asked for. Errors: `scope_unknown`."""
    words = text.split() if isinstance(text, str) and len(text) <= LONGEST else None
    if words is None or not all(word in KNOWN for word in words):
        raise Refused("scope_unknown")
    return " ".join(dict.fromkeys(words)) or UNASKED


def allow(granted: str, wanted: str) -> bool:
    """Whether one who was granted these may do what needs `wanted`."""
    words = granted.split()
    wide = wanted.partition(":")[0]
    if wanted in words or wide in words:
        return True
    if wanted in FOLLOW and "follow" in words:
        return True
    return wanted == _PROFILE and ("read" in words or "read:accounts" in words)


def within(granted: str, wanted: str) -> bool:
    """Whether all of `wanted` is in what was granted."""
    return all(
        word in granted.split() or (":" in word and allow(granted, word)) for word in wanted.split()
    )
