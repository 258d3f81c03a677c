"""Polls as apps read them (https://docs.joinmastodon.org/entities/Poll/)."""

from __future__ import annotations

from typing import Any

from hustings.social.polls import Poll
from hustings.web.mastodon.answers import moment


def poll(found: Poll, now_ms: int) -> dict[str, Any]:
    """`voted` and `own_votes` are told to who asks with a token; counts that are hidden are null until the end."""
    counted = found.shows_counts(now_ms)
    asks = found.voted is not None
    return {
        "id": str(found.post),
        "expires_at": moment(found.ends_at_ms),
        "expired": found.is_over(now_ms),
        "multiple": found.multiple,
        "votes_count": found.votes,
        "voters_count": found.voters if found.multiple else None,
        "options": [
            # masto declares each answer to have emojis of its own
            {"title": one.title, "votes_count": one.votes if counted else None, "emojis": []}
            for one in found.answers
        ],
        "emojis": [],
        **({"voted": found.voted, "own_votes": list(found.mine)} if asks else {}),
    }


def asked(options: tuple[str, ...]) -> dict[str, Any]:
    """What an older version of a post asked."""
    return {"options": [{"title": one} for one in options]}
