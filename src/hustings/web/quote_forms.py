"""What the form of a post needs for quotes: the post that it quotes, shown beside it, and who may quote it in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from hustings.social import paging, preferences, quotes, shown
from hustings.social.quoted import POLICIES
from hustings.social.shown import Post
from hustings.web.parts import Parts
from hustings.web.post_views import entry
from hustings.wire.errors import Refused


async def values(parts: Parts, account: int, typed: Mapping[str, str]) -> dict[str, Any]:
    """`quoted` none: nothing, or nothing that he may quote; then `error` says so, and what he wrote stays."""
    chosen = typed.get("quote_approval_policy")
    if chosen not in POLICIES:
        chosen = (await parts.sql.read(preferences.of, account)).quote_policy
    found: dict[str, Any] = {
        "quoted": None,
        "error": "",
        "policies": POLICIES,
        "quote_policy": chosen,
    }
    asked = typed.get("quoted_status_id", "")
    if asked:
        try:
            post = await parts.sql.read(_quoted, account, asked)
            found["quoted"] = entry(parts, post, account)
        except Refused as refused:
            found["error"] = refused.sentence
    return found


def _quoted(connection: Connection, account: int, id: str) -> Post:
    """Errors: `post_unknown`, `quote_forbidden`."""
    whole = quotes.wanted(connection, account, paging.id_of(id))
    return shown.needed(connection, account, whole.id)
