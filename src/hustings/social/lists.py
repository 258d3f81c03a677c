"""Lists: some of those whom one follows, as a timeline of one's own. Nobody else sees a list, or that he is in one.

A list keeps who is in it and no posts: its timeline is asked of the posts themselves, by the same rule as home.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, feeds, interest, names, shown
from hustings.social.interest import MEMBERS, REPLIES
from hustings.social.paging import Page
from hustings.social.shown import Post
from hustings.social.visibility import is_here
from hustings.store.bound import NOW
from hustings.store.follows import follows
from hustings.store.lists import list_members, lists
from hustings.store.posts import posts
from hustings.store.questions import Question, among
from hustings.store.upsert import add_missing
from hustings.wire.errors import Refused

LISTS_MAX, MEMBERS_MAX = 50, 500
TITLE_MAX = 256


@dataclass(frozen=True, slots=True)
class Draft:
    title: str
    replies: str = MEMBERS
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class List:
    id: int
    title: str
    replies: str
    exclusive: bool


_LIST = sa.bindparam("list", type_=sa.BigInteger)
_REPLIES = sa.bindparam("replies", type_=sa.String)
LIST = (lists.c.id, lists.c.title, lists.c.replies, lists.c.exclusive)


def draft(title: object, replies: object, exclusive: bool) -> Draft:
    """What is asked of a list. Errors: `list_title_malformed`, `list_replies_unknown`."""
    said = names.line(title, TITLE_MAX, "list_title_malformed", "title")
    if not said:
        raise Refused("list_title_malformed", field="title")
    if replies not in REPLIES:
        raise Refused("list_replies_unknown", field="replies_policy")
    return Draft(said, str(replies), exclusive)


def all_of(connection: Connection, account: int) -> list[List]:
    asked = sa.select(*LIST).where(lists.c.account == account).order_by(lists.c.id)
    return [List(*row) for row in connection.execute(asked)]


def own(connection: Connection, account: int, id: int) -> List:
    """Errors: `list_unknown`, for another's too."""
    asked = sa.select(*LIST).where(lists.c.id == id, lists.c.account == account)
    row = connection.execute(asked).first()
    if row is None:
        raise Refused("list_unknown")
    return List(*row)


def holding(connection: Connection, account: int, member: int) -> list[List]:
    """Those of one's lists that somebody is in."""
    asked = (
        sa.select(*LIST)
        .join(list_members, list_members.c.list == lists.c.id)
        .where(list_members.c.owner == account, list_members.c.account == member)
        .order_by(lists.c.id)
    )
    return [List(*row) for row in connection.execute(asked)]


def make(connection: Connection, id: int, account: int, wanted: Draft) -> List:
    """Errors: `lists_full`, `not_let_in`, `account_suspended`."""
    accounts.check_may_speak(connection, account)
    many = sa.select(sa.func.count()).where(lists.c.account == account)
    if connection.execute(many).scalar_one() >= LISTS_MAX:
        raise Refused("lists_full")
    connection.execute(lists.insert().values(id=id, account=account, **asdict(wanted)))
    return List(id, wanted.title, wanted.replies, wanted.exclusive)


def change(connection: Connection, account: int, id: int, wanted: Draft) -> List:
    """Errors: `list_unknown`."""
    own(connection, account, id)
    connection.execute(lists.update().where(lists.c.id == id).values(**asdict(wanted)))
    return List(id, wanted.title, wanted.replies, wanted.exclusive)


def drop(connection: Connection, account: int, id: int) -> None:
    """Errors: `list_unknown`."""
    own(connection, account, id)
    connection.execute(sa.delete(list_members).where(list_members.c.list == id))
    connection.execute(sa.delete(lists).where(lists.c.id == id))


def add(connection: Connection, new: int, account: int, id: int, members: Collection[int]) -> None:
    """All of them or none; who is in it stays. `new`: an id of this moment.

    Errors: `list_unknown`, `list_not_followed`, `list_full`.
    """
    own(connection, account, id)
    wanted = list(dict.fromkeys(members))[: MEMBERS_MAX + 1]
    known = sa.select(follows.c.target).where(
        follows.c.account == account, follows.c.target.in_(wanted)
    )
    if set(wanted) - set(connection.execute(known).scalars()):
        raise Refused("list_not_followed", field="account_ids")
    rows = [{"list": id, "account": one, "owner": account, "id": new} for one in wanted]
    add_missing(connection, list_members, rows)
    many = sa.select(sa.func.count()).where(list_members.c.list == id)
    if connection.execute(many).scalar_one() > MEMBERS_MAX:
        raise Refused("list_full", field="account_ids")


def remove(connection: Connection, account: int, id: int, members: Collection[int]) -> None:
    """Errors: `list_unknown`."""
    own(connection, account, id)
    gone = list_members.c.account.in_(list(members)[:MEMBERS_MAX])
    connection.execute(sa.delete(list_members).where(list_members.c.list == id, gone))


def forget(connection: Connection, account: int, member: int) -> None:
    """The account follows somebody no more: he is in none of its lists."""
    pair = sa.and_(list_members.c.owner == account, list_members.c.account == member)
    connection.execute(sa.delete(list_members).where(pair))


def members(connection: Connection, account: int, id: int, page: Page) -> list[tuple[int, int]]:
    """Who is in it, by account: `(id for paging, account)`. Errors: `list_unknown`."""
    own(connection, account, id)
    who = list_members.c.account
    asked = sa.select(who, who).where(list_members.c.list == id, is_here(who))
    found = [(row[0], row[1]) for row in connection.execute(page.cut(asked, who))]
    return page.newest_first(found)


def timeline(connection: Connection, account: int, id: int, page: Page, now_ms: int) -> list[Post]:
    """Errors: `list_unknown`."""
    whole = own(connection, account, id)
    inside = sa.select(list_members.c.account).where(list_members.c.list == id)
    authors = connection.execute(inside).scalars().all()
    asked = {
        feeds.READER.key: account,
        _LIST.key: id,
        _REPLIES.key: whole.replies,
        NOW.key: now_ms,
    }
    found = feeds.tops(connection, asked, page, _in_it, authors=authors)
    return shown.of_ids(connection, account, sorted(found, reverse=True))


def holding_post(connection: Connection, post: int, ids: Collection[int], now_ms: int) -> set[int]:
    """Those of the lists that a post belongs into: for whoever streams them."""
    if not ids:
        return set()
    asked = {_POST.key: post, "ids": list(ids), NOW.key: now_ms}
    return set(_HOLDING.column(connection, asked))


_POST = sa.bindparam("post", type_=sa.BigInteger)
_HOLDING = Question(
    sa.select(lists.c.id)
    .select_from(lists.join(posts, posts.c.id == _POST))
    .where(
        among(lists.c.id),
        interest.of_list(lists.c.id, lists.c.account, lists.c.replies, NOW, posts),
    )
)


def _in_it(post: sa.FromClause) -> sa.ColumnElement[bool]:
    """The rule of whichever list is asked for later."""
    return interest.of_list(_LIST, feeds.READER, _REPLIES, NOW, post)
