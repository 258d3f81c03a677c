"""What is asked of a room that is being planned or changed, checked: a tree of JSON or of form fields in, a plan out.

Markup in a title is text like any other: it is kept as it is, and escaped by whoever shows it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hustings.rooms.room import Plan
from hustings.web import slug
from hustings.wire.errors import Refused

TITLE_MAX, DESCRIPTION_MAX, NAME_MAX, ALT_MAX = 200, 5_000, 60, 500
PAST_MS = 3_600_000
FUTURE_MS = 2 * 366 * 86_400_000
PROFILES = ("default", "fast")
TRUE = ("true", "1", "on", "yes")
FALSE = ("false", "0", "off", "no", "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A room as asked for; `key` is "" when one is to be proposed."""

    title: str
    key: str
    description: str
    starts_at_ms: int
    profile: str
    listed: bool
    host_name: str
    picture_alt: str

    def plan(self, plan: str, key: str, doors_before_s: int, picture: str) -> Plan:
        return Plan(
            plan=plan,
            key=key,
            title=self.title,
            description=self.description,
            starts_at_ms=self.starts_at_ms,
            doors_before_s=doors_before_s,
            picture=picture,
            picture_alt=self.picture_alt if picture else "",
            profile=self.profile,
            listed=self.listed,
            host_name=self.host_name,
        )


def read(tree: Mapping[str, object], now_ms: int, profile: str) -> Wanted:
    """A whole plan. `profile` is the installation's default. Errors: `Refused`, with the `field` it is about."""
    listed = _truth(tree, "listed", True)
    key = _text(tree, "key", 64, "key_malformed")
    return Wanted(
        title=_title(tree),
        key=slug.check(key) if key and listed else "",
        description=_text(tree, "description", DESCRIPTION_MAX, "description_too_long", lines=True),
        starts_at_ms=_time(tree, now_ms),
        profile=_profile(tree, profile),
        listed=listed,
        host_name=_text(tree, "host_name", NAME_MAX, "name_malformed"),
        picture_alt=_text(tree, "picture_alt", ALT_MAX, "picture_alt_too_long"),
    )


def change(plan: Plan, tree: Mapping[str, object], now_ms: int) -> Plan:
    """A plan with the named fields changed; the key and the plan's id stay. Errors: `Refused`."""
    alt = _text(tree, "picture_alt", ALT_MAX, "picture_alt_too_long")
    changed = plan
    if "title" in tree:
        changed = replace(changed, title=_title(tree))
    if "description" in tree:
        text = _text(tree, "description", DESCRIPTION_MAX, "description_too_long", lines=True)
        changed = replace(changed, description=text)
    if "starts_at_ms" in tree and tree["starts_at_ms"] != plan.starts_at_ms:
        changed = replace(changed, starts_at_ms=_time(tree, now_ms))
    if "profile" in tree:
        changed = replace(changed, profile=_profile(tree, plan.profile))
    if "listed" in tree:
        changed = replace(changed, listed=_truth(tree, "listed", plan.listed))
    if "host_name" in tree:
        name = _text(tree, "host_name", NAME_MAX, "name_malformed")
        changed = replace(changed, host_name=name)
    if "picture_alt" in tree and plan.picture:
        if not alt:
            raise Refused("picture_alt_missing", field="picture_alt")
        changed = replace(changed, picture_alt=alt)
    return changed


def speaker_name(tree: Mapping[str, object]) -> str:
    """A name for a ticket, "" for none. Errors: `name_malformed`."""
    return _text(tree, "name", NAME_MAX, "name_malformed")


def _title(tree: Mapping[str, object]) -> str:
    title = _text(tree, "title", TITLE_MAX, "title_too_long")
    if not title:
        raise Refused("title_empty", field="title")
    return title


def _text(
    tree: Mapping[str, object], field: str, longest: int, code: str, *, lines: bool = False
) -> str:
    """Text without control characters and without white space around it; only `lines` may hold line breaks."""
    value = tree.get(field, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("bad_request", field=field)
    value = value.replace("\r\n", "\n")
    kept = "".join(
        char if unicodedata.category(char) not in ("Cc", "Cs") or (lines and char == "\n") else " "
        for char in value[: longest * 4 + 4]
    )
    kept = kept.strip() if lines else " ".join(kept.split())
    if len(kept) > longest:
        raise Refused(code, field=field)
    return kept


def _time(tree: Mapping[str, object], now_ms: int) -> int:
    value = tree.get("starts_at_ms")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    if type(value) is not int:
        raise Refused("time_malformed", field="starts_at_ms")
    if value < now_ms - PAST_MS:
        raise Refused("time_past", field="starts_at_ms")
    if value > now_ms + FUTURE_MS:
        raise Refused("time_too_far", field="starts_at_ms")
    return value


def _profile(tree: Mapping[str, object], default: str) -> str:
    value = tree.get("profile") or default
    if value not in PROFILES:
        raise Refused("profile_unknown", field="profile")
    return str(value)


def _truth(tree: Mapping[str, object], field: str, default: bool) -> bool:
    value = tree.get(field, default)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in TRUE:
        return True
    if isinstance(value, str) and value.lower() in FALSE:
        return False
    raise Refused("bad_request", field=field)
