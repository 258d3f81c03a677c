"""Polls as pages show and ask them: a post's, with what may be chosen and how it stands, and the fields of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hustings.social.polls import LENGTH_MAX_S, OPTION_MAX, OPTIONS_MAX, Poll
from hustings.web.moments import Moment

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LENGTHS_S = (5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY)
USUAL_S = DAY
ON = {"multiple": "poll_multiple", "hide_totals": "poll_hide"}
assert LENGTHS_S[-1] <= LENGTH_MAX_S


def view(poll: Poll | None, now_ms: int) -> dict[str, Any] | None:
    """`asks`: whether the viewer may choose now. Shares are of those who voted, in whole hundredths."""
    if poll is None:
        return None
    over = poll.is_over(now_ms)
    return {
        "asks": poll.voted is False and not over,
        "multiple": poll.multiple,
        "over": over,
        "counted": poll.shows_counts(now_ms),
        "ends": Moment(poll.ends_at_ms),
        "voters": poll.voters,
        "answers": [
            {
                "title": one.title,
                "votes": one.votes,
                "share": round(100 * one.votes / poll.voters) if poll.voters else 0,
                "mine": place in poll.mine,
            }
            for place, one in enumerate(poll.answers)
        ],
    }


def ballot(fields: Mapping[str, object]) -> list[object]:
    """What was chosen: radio buttons share the name `choice`, boxes are `choice0`, `choice1` …"""
    one = [fields["choice"]] if "choice" in fields else []
    return one + [n for n in range(OPTIONS_MAX) if fields.get(f"choice{n}")]


def asked(fields: Mapping[str, object]) -> dict[str, Any] | None:
    """The fields of the form as `polls.read` takes them; None when no answer was typed."""
    options = [str(fields.get(f"option{n}") or "") for n in range(OPTIONS_MAX)]
    if not any(one.strip() for one in options):
        return None
    ticked = {name: bool(fields.get(field)) for name, field in ON.items()}
    return {"options": options, "expires_in": str(fields.get("poll_length") or ""), **ticked}


def typed(fields: Mapping[str, str]) -> dict[str, Any]:
    """What the form shows."""
    return {
        "options": [fields.get(f"option{n}", "") for n in range(OPTIONS_MAX)],
        "length": fields.get("poll_length", str(USUAL_S)),
        "lengths": LENGTHS_S,
        "longest": OPTION_MAX,
        **{name: bool(fields.get(field)) for name, field in ON.items()},
    }


def fields_of(poll: Poll | None) -> dict[str, str]:
    """The fields of a form that writes a post anew which asks this. No length: the end stays as it is."""
    if poll is None:
        return {}
    ticked = {field: "on" for name, field in ON.items() if getattr(poll, name)}
    options = {f"option{n}": one for n, one in enumerate(poll.options)}
    return {**options, **ticked, "poll_length": ""}
