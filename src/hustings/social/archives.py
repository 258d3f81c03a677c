"""Archives of posts from elsewhere, read: Mastodon's `outbox.json` (Truth Social's is the same) and X's `tweets.js`. Pure.

Nothing in an archive is proved: whoever brings it says that he wrote this, then. What cannot be a post here is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

from hustings.social import text
from hustings.social.drafts import LANGUAGE
from hustings.social.visibility import PRIVATE, PUBLIC, UNLISTED
from hustings.wire.errors import Refused

BYTES_MAX = 8_000_000
POSTS_MAX = 20_000
TEXT_MAX, SPOILER_MAX, ORIGIN_MAX = 10_000, 500, 512
EARLIEST_MS = 662_688_000_000
"""1991: no post is older than the web."""
TAG = re.compile(r"(<[/!a-zA-Z][^<>]*>)")
BREAK = re.compile(r"<br\b", re.IGNORECASE)
END = re.compile(r"</(p|div|li|blockquote)\b", re.IGNORECASE)
TWEETS = b"window.YTD."
EVERYBODY = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A post as its importer says it was. `origin`: its address where it is said to come from."""

    at_ms: int
    text: str
    spoiler: str
    sensitive: bool
    language: str | None
    visibility: str
    origin: str


def read(raw: bytes, now_ms: int) -> tuple[list[Claimed], int]:
    """The first `POSTS_MAX` posts, and how many were passed over. Errors: `archive_malformed`, `archive_too_large`."""
    if len(raw) > BYTES_MAX:
        raise Refused("archive_too_large", bytes_max=BYTES_MAX)
    found: list[Claimed] = []
    passed = 0
    for claimed in _each(raw.removeprefix(b"\xef\xbb\xbf").lstrip()):
        if claimed is None or not _can_be(claimed, now_ms) or len(found) >= POSTS_MAX:
            passed += 1
        else:
            found.append(claimed)
    return found, passed


def claimed(said: object, now_ms: int) -> Claimed:
    """One of `read`'s, as another process says it. Errors: `ValueError` for what `read` never gives."""
    match said:
        case [
            int(at_ms),
            str(words),
            str(spoiler),
            bool(cw),
            str() | None as language,
            str(seen),
            str(at),
        ]:
            known = language is None or LANGUAGE.fullmatch(language)
            one = Claimed(at_ms, words, spoiler, cw, language, seen, _origin(at))
            if known and seen in (PUBLIC, UNLISTED, PRIVATE) and _can_be(one, now_ms):
                return one
    raise ValueError("no post of an archive")


def plain(html: str) -> str:
    """A post's HTML as text: what is read, without what is styled. Linear in time, which the standard parser is not."""
    said = []
    for piece in TAG.split(html):
        if not TAG.fullmatch(piece):
            said.append(unescape(piece))
        elif BREAK.match(piece):
            said.append("\n")
        elif END.match(piece):
            said.append("\n\n")
    return text.clean("".join(said))


def _each(raw: bytes) -> Iterator[Claimed | None]:
    of_x = raw.startswith(TWEETS)
    tree = _json(raw.partition(b"=")[2] if of_x else raw)
    entries = tree if of_x or not isinstance(tree, dict) else tree.get("orderedItems")
    if not isinstance(entries, list) or (not of_x and isinstance(tree, list)):
        raise Refused("archive_malformed")
    for one in entries:
        try:
            yield _tweet(one) if of_x else _note(one)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            yield None


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("archive_malformed") from None


def _note(activity: Mapping[str, Any]) -> Claimed | None:
    """An activity of an outbox; None for whatever is no post of one's own (reposts are others' words)."""
    note = activity["object"]
    if activity["type"] != "Create" or note["type"] not in ("Note", "Question", "Article"):
        return None
    visibility = _seen_by(note)
    language = next(iter(note.get("contentMap") or {}), None)
    if visibility is None:
        return None
    return Claimed(
        at_ms=_iso_ms(note["published"]),
        text=plain(note["content"][: TEXT_MAX * 10]),
        spoiler=" ".join(plain(note.get("summary") or "").split()),
        sensitive=bool(note.get("sensitive")),
        language=language if isinstance(language, str) and LANGUAGE.fullmatch(language) else None,
        visibility=visibility,
        origin=_origin(note.get("url") or note["id"]),
    )


def _seen_by(note: Mapping[str, Any]) -> str | None:
    """None for a letter to single people: it is theirs as well."""
    to, cc = _list(note.get("to")), _list(note.get("cc"))
    if any(one in EVERYBODY for one in to):
        return PUBLIC
    if any(one in EVERYBODY for one in cc):
        return UNLISTED
    return PRIVATE if any(str(one).endswith("/followers") for one in to) else None


def _tweet(entry: Mapping[str, Any]) -> Claimed | None:
    tweet = entry.get("tweet", entry)
    said = str(tweet["full_text"])[: TEXT_MAX * 2]
    if said.startswith("RT @"):
        return None
    for link in tweet.get("entities", {}).get("urls", []):
        said = said.replace(link["url"], link["expanded_url"])
    at = datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y")
    language = tweet.get("lang")
    known = isinstance(language, str) and LANGUAGE.fullmatch(language) and language != "und"
    return Claimed(
        at_ms=int(at.timestamp() * 1000),
        text=text.clean(unescape(said)),
        spoiler="",
        sensitive=bool(tweet.get("possibly_sensitive")),
        language=language if known else None,
        visibility=PUBLIC,
        origin=_origin(f"https://x.com/i/web/status/{int(tweet['id_str'])}"),
    )


def _can_be(claimed: Claimed, now_ms: int) -> bool:
    fits = 0 < len(claimed.text) <= TEXT_MAX and len(claimed.spoiler) <= SPOILER_MAX
    return fits and EARLIEST_MS <= claimed.at_ms <= now_ms


def _iso_ms(said: str) -> int:
    at = datetime.fromisoformat(said.replace("Z", "+00:00"))
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _origin(url: object) -> str:
    """Errors: `ValueError` for what is no address of the web: a link to it stands on the page."""
    said = url if isinstance(url, str) else ""
    if (
        not said.startswith(("https://", "http://"))
        or len(said) > ORIGIN_MAX
        or not said.isprintable()
    ):
        raise ValueError("no address")
    return said


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
