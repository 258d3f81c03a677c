"""Quotes: a post that shows another one, with the consent of whoever wrote that. How they are shown is `quoted`.

Who may quote a post its author says beforehand, for all posts and for each; he may take it back for each quote afterwards.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import happenings, notify, preferences, quoted, shown
from hustings.social.paging import Page
from hustings.social.quoted import ACCEPTED, NOBODY, POLICIES, REVOKED
from hustings.social.shown import Original, Post, original
from hustings.social.visibility import DIRECT, OPEN, PRIVATE, may_see, wants_to_see
from hustings.store.posts import post_counts, posts
from hustings.store.quotes import quotes
from hustings.store.upsert import count
from hustings.wire.errors import Refused

FIELD = "quoted_status_id"


def wanted(connection: Connection, account: int, id: int) -> Original:
    """What somebody wants to quote; of a repost, what it reposts. Errors: `post_unknown`, `quote_forbidden`."""
    try:
        whole = original(connection, account, id)
    except Refused as refused:
        raise Refused(refused.code, field=FIELD) from None
    row = connection.execute(sa.select(posts).where(posts.c.id == whole.id)).mappings().one()
    if not quoted.quotable(connection, account, [row]):
        raise Refused("quote_forbidden", field=FIELD)
    return whole


def narrowed(seen_by: str, whole: Original | None) -> str:
    """The visibility of what quotes it: what was for followers only stays so."""
    private = whole is not None and whole.visibility == PRIVATE
    return PRIVATE if private and seen_by in OPEN else seen_by


def policy(connection: Connection, account: int, said: str | None, seen_by: str) -> str:
    """Who may quote a new post: as it says itself, else as its author set it; what is not for all, nobody."""
    if seen_by not in OPEN:
        return NOBODY
    return preferences.of(connection, account).quote_policy if said is None else said


def attach(
    connection: Connection,
    id: int,
    account: int,
    seen_by: str,
    whole: Original,
    mentioned: Collection[int],
) -> None:
    """A new post quotes another, which it was found to be allowed to. Who is quoted hears of it.

    Errors: `quote_unmentioned` for a letter that shows the words of somebody whom it is not for.
    """
    if seen_by == DIRECT and whole.account not in (account, *mentioned):
        raise Refused("quote_unmentioned", field=FIELD)
    connection.execute(
        quotes.insert().values(
            post=id,
            account=account,
            quoted=whole.id,
            quoted_account=whole.account,
            state=ACCEPTED,
        )
    )
    count(connection, post_counts, "post", whole.id, {"quotes": 1})
    notify.tell(connection, notify.QUOTE, id, account, [whole.account], id)


def revoke(connection: Connection, account: int, id: int, by: int) -> None:
    """The account takes its words out of the post `by`, which quotes its post `id`. Twice is once. Errors: `post_unknown`."""
    mine = sa.and_(quotes.c.post == by, quotes.c.quoted == id, quotes.c.quoted_account == account)
    row = connection.execute(sa.select(quotes.c.account).where(mine)).first()
    if row is None:
        raise Refused("post_unknown")
    accepted = quotes.update().where(mine, quotes.c.state == ACCEPTED)
    if connection.execute(accepted.values(state=REVOKED)).rowcount:
        count(connection, post_counts, "post", id, {"quotes": -1})
        happenings.tell(connection, happenings.EDIT, row.account, by)


def forget(connection: Connection, id: int) -> None:
    """The post that quoted is deleted."""
    gone = sa.delete(quotes).where(quotes.c.post == id).returning(quotes.c.quoted, quotes.c.state)
    row = connection.execute(gone).first()
    if row is not None and row.state == ACCEPTED:
        count(connection, post_counts, "post", row.quoted, {"quotes": -1})


def set_policy(connection: Connection, account: int, id: int, said: object) -> None:
    """Who may quote one's own post from now on; quotes that there are stay. Errors: `post_unknown`, `quote_policy_unknown`."""
    if said not in POLICIES:
        raise Refused("quote_policy_unknown", field="quote_approval_policy")
    done = connection.execute(
        posts.update()
        .where(
            posts.c.id == id,
            posts.c.account == account,
            posts.c.reblog_of.is_(None),
            posts.c.deleted_at_ms.is_(None),
        )
        .values(quote_policy=sa.case((posts.c.visibility.in_(OPEN), said), else_=NOBODY))
    )
    if not done.rowcount:
        raise Refused("post_unknown")


def of(connection: Connection, reader: int | None, id: int, page: Page, now_ms: int) -> list[Post]:
    """The posts that quote one, as far as the reader may see them and wants to. Errors: `post_unknown`."""
    whole = original(connection, reader, id)
    asked = (
        sa.select(posts.c.id)
        .join(quotes, quotes.c.post == posts.c.id)
        .where(posts.c.quote_of == whole.id, quotes.c.state == ACCEPTED, quoted.consents())
        .where(may_see(reader))
    )
    if reader is not None:
        asked = asked.where(wants_to_see(reader, now_ms))
    found = list(connection.execute(page.cut(asked, posts.c.id)).scalars())
    return shown.of_ids(connection, reader, page.newest_first(found))
