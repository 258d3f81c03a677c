"""What is asked of a post, checked before anything is kept: a tree of JSON or of form fields in, a draft out. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hustings.social import media, polls, text
from hustings.social.paging import id_of
from hustings.social.polls import Asked
from hustings.social.quoted import POLICIES
from hustings.social.text import Span
from hustings.social.typed import truth
from hustings.social.visibility import PUBLIC, VISIBILITIES
from hustings.wire.errors import Refused

LENGTH_MAX = 500
"""Characters that people count, content warning and text together, where the settings say nothing else."""
RAW_FOR_ONE = 20
"""What may come in for each of them, marks and all; a link may be long."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}", re.IGNORECASE)
ROOM_MAX = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """`language` none: not said. `room`: the key of the room that it is about, "" for none. `media`: which pictures or sound,
    `poll`: what it asks; `quoted`: what it quotes; `quote_policy`: who may quote it; each None where nothing is said of it."""

    text: str
    spoiler: str
    sensitive: bool
    language: str | None
    visibility: str
    in_reply_to: int | None
    room: str
    spans: tuple[Span, ...]
    media: tuple[int, ...] | None = None
    poll: Asked | None = None
    quoted: int | None = None
    quote_policy: str | None = None


def read(
    tree: Mapping[str, object],
    our_domain: str,
    length_max: int = LENGTH_MAX,
    visibility: str = PUBLIC,
    may_be_empty: bool = False,
) -> Wanted:
    """The fields of Mastodon's `POST /api/v1/statuses`, and `room`. `visibility` is the account's own default.

    Errors: `bad_request` with the `field`, `post_empty`, `post_too_long`, `visibility_unknown`, `language_malformed`,
    `post_unknown`, `media_unknown`, `media_many`, `quote_policy_unknown`, `poll_with_media`, those of `polls.read`.
    """
    said = _text(tree, "status", length_max)
    spoiler = " ".join(_text(tree, "spoiler_text", length_max, "").split())
    spans = text.parse(said, our_domain)
    pictures = media.ids_of(tree["media_ids"]) if "media_ids" in tree else None
    poll = polls.read(tree["poll"]) if "poll" in tree else None
    if pictures and poll and poll.options:
        raise Refused("poll_with_media", field="poll")
    if not said and not pictures and not may_be_empty:
        raise Refused("post_empty", field="status")
    if text.length(spans) + text.drawn(spoiler) > length_max or _points(said, spoiler) > (
        length_max * text.POINTS_FOR_ONE
    ):
        raise Refused("post_too_long", field="status", characters_max=length_max)
    seen_by = tree.get("visibility") or visibility
    if seen_by not in VISIBILITIES:
        raise Refused("visibility_unknown", field="visibility")
    return Wanted(
        text=said,
        spoiler=spoiler,
        sensitive=truth(tree.get("sensitive")) or bool(spoiler),
        language=_language(tree),
        visibility=str(seen_by),
        in_reply_to=_post(tree, "in_reply_to_id"),
        room=_room(tree),
        spans=tuple(spans),
        media=pictures,
        poll=poll,
        quoted=_post(tree, "quoted_status_id"),
        quote_policy=_policy(tree),
    )


def _post(tree: Mapping[str, object], field: str) -> int | None:
    """The id of another post. Errors: `post_unknown`."""
    value = tree.get(field) or None
    return None if value is None else id_of(str(value) if isinstance(value, int) else value)


def _policy(tree: Mapping[str, object]) -> str | None:
    value = tree.get("quote_approval_policy") or None
    if value is None:
        return None
    if value not in POLICIES:
        raise Refused("quote_policy_unknown", field="quote_approval_policy")
    return str(value)


def _points(*texts: str) -> int:
    return sum(len(one) for one in texts)


def _text(tree: Mapping[str, object], field: str, length_max: int, kept: str = "\n") -> str:
    value = tree.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("bad_request", field=field)
    if len(value) > length_max * RAW_FOR_ONE:
        raise Refused("post_too_long", field=field, characters_max=length_max)
    return text.clean(value, kept)


def _language(tree: Mapping[str, object]) -> str | None:
    value = tree.get("language")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
        raise Refused("language_malformed", field="language")
    return value


def _room(tree: Mapping[str, object]) -> str:
    value = tree.get("room") or ""
    if not isinstance(value, str) or len(value) > ROOM_MAX or not value.isprintable():
        raise Refused("room_unknown", field="room")
    return value
