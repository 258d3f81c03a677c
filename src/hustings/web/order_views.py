"""What moderators see, as templates show it: lines of the log, reports, notes."""

from __future__ import annotations

from typing import Any

from hustings.social.accounts import Account
from hustings.social.audit import Line
from hustings.social.reports import Note, Report
from hustings.web.moments import Moment
from hustings.web.parts import Parts
from hustings.web.post_views import person


def line(parts: Parts, one: Line) -> dict[str, Any]:
    return {
        "at": Moment(one.at_ms),
        "by": _somebody(parts, one.by),
        "act": one.act,
        "about": _somebody(parts, one.about),
        "handle": str(one.facts.get("handle", "")),
        "why": str(one.facts.get("why", "")),
        "told": one.facts.get("told"),
        "domain": str(one.facts.get("domain", "")),
    }


def report(parts: Parts, one: Report) -> dict[str, Any]:
    rules = parts.settings.square.rules
    return {
        "id": one.id,
        "at": Moment(one.at_ms),
        "by": _somebody(parts, one.by),
        "about": _somebody(parts, one.about),
        "category": one.category,
        "comment": one.comment,
        # a rule that was taken out since has a number and no words
        "rules": [rules[n - 1] if n <= len(rules) else f"{n}." for n in one.rules],
        "posts": len(one.posts),
        "taken_by": _somebody(parts, one.taken_by),
        "resolved": None if one.resolved_at_ms is None else Moment(one.resolved_at_ms),
        "resolved_by": _somebody(parts, one.resolved_by),
    }


def note(parts: Parts, one: Note) -> dict[str, Any]:
    return {"at": Moment(one.at_ms), "by": _somebody(parts, one.by), "text": one.text}


def _somebody(parts: Parts, who: Account | None) -> dict[str, str] | None:
    """None: no longer here."""
    return None if who is None else person(parts, who)
