"""Members as those who look after the server look for them: whoever they are, the last to come first."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts
from hustings.social.accounts import Member
from hustings.social.order import BANNED, LIMITED, SUSPENDED
from hustings.social.paging import Page
from hustings.store.people import accounts as people
from hustings.store.people import members

ASKED_MAX = 320


def page(connection: Connection, asked: str, stands: str, page: Page) -> list[Member]:
    """Whose handle begins so, or whose e-mail address it is; `stands`: one of `order.STANDINGS`, "" for any."""
    question = sa.select(people.c.id).join(members, members.c.account == people.c.id)
    question = question.where(people.c.domain.is_(None), people.c.deleted_at_ms.is_(None))
    words = asked.strip().removeprefix("@").lower()
    if not words.isprintable() or len(words) > ASKED_MAX:
        return []
    if "@" in words:
        question = question.where(members.c.email_key == words)
    elif words:
        question = question.where(people.c.handle_key.startswith(words, autoescape=True))
    if stands == BANNED:
        question = question.where(people.c.banned_at_ms.is_not(None))
    elif stands == SUSPENDED:
        question = question.where(
            people.c.suspended_at_ms.is_not(None), people.c.banned_at_ms.is_(None)
        )
    elif stands == LIMITED:
        question = question.where(
            people.c.limited_at_ms.is_not(None), people.c.suspended_at_ms.is_(None)
        )
    ids = page.newest_first(list(connection.execute(page.cut(question, people.c.id)).scalars()))
    return accounts.members_of(connection, ids)
