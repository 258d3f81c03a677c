"""Polls as apps read them (https://docs.joinmastodon.org/entities/Poll/)."""

from __future__ import annotations

from hustings.social.polls import Poll
from hustings.web.mastodon import shapes
from hustings.web.mastodon.answers import moment


def poll(found: Poll, now_ms: int) -> shapes.Poll:
    """`voted` and `own_votes` are told to who asks with a token; counts that are hidden are null until the end."""
    counted = found.shows_counts(now_ms)
    tree: shapes.Poll = {
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
    }
    if found.voted is not None:
        tree["voted"], tree["own_votes"] = found.voted, list(found.mine)
    return tree


def asked(options: tuple[str, ...]) -> shapes.OlderPoll:
    """What an older version of a post asked."""
    return {"options": [{"title": one} for one in options]}
