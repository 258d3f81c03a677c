"""Order: what those who look after the server do about accounts and posts. Each act has a reason, a line in the audit log, and a
letter to whom it is about.

An account is *limited* (whoever follows it sees it, nobody else comes upon it), *suspended* (gone for everybody, with all
reposts of it, until that is lifted) or *banned* (suspended for good: an owner alone lifts it, and its address signs up no more).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, email_blocks, letters, posts, sessions, stages, tokens
from hustings.social.accounts import MEMBER, MODERATOR, OWNER, Member
from hustings.store.people import accounts as people
from hustings.store.posts import posts as written
from hustings.wire.errors import Refused

OPEN, LIMITED, SUSPENDED, BANNED = "open", "limited", "suspended", "banned"
STANDINGS = (OPEN, LIMITED, SUSPENDED, BANNED)
LIFTED, REMOVED, LOGGED_OUT = "lifted", "post_removed", "logged_out"
STRIKES = (LIMITED, SUSPENDED, BANNED, REMOVED)
"""Acts that are held against somebody later."""
RANKS = {MEMBER: 0, MODERATOR: 1, OWNER: 2}


@dataclass(frozen=True, slots=True)
class Order:
    """Who acts, why, and when. `entry`: an id for the line in the log and for the letter. `mail`: this server sends letters."""

    by: int
    why: str
    entry: int
    now_ms: int
    mail: bool = False


def standing(member: Member) -> str:
    if member.banned:
        return BANNED
    if member.suspended:
        return SUSPENDED
    return LIMITED if member.account.limited else OPEN


def limit(connection: Connection, order: Order, about: int) -> None:
    """Errors: those of `over`, `standing_wrong`."""
    found = over(connection, order, about)
    if standing(found) != OPEN:
        raise Refused("standing_wrong")
    _stand(connection, about, limited_at_ms=order.now_ms)
    note(connection, order, LIMITED, found)


def suspend(connection: Connection, order: Order, about: int) -> None:
    """Every session, half a log-in, code, token and ticket is over with this. Errors: those of `over`, `standing_wrong`."""
    found = over(connection, order, about)
    if found.suspended:
        raise Refused("standing_wrong")
    _stand(connection, about, suspended_at_ms=order.now_ms)
    _turn_out(connection, order, about)
    stages.take_back(connection, about, order.now_ms)
    note(connection, order, SUSPENDED, found)


def ban(connection: Connection, order: Order, about: int) -> None:
    """A suspended account too. Errors: those of `over`, `standing_wrong`."""
    found = over(connection, order, about)
    if found.banned:
        raise Refused("standing_wrong")
    since_ms = sa.func.coalesce(people.c.suspended_at_ms, order.now_ms)
    _stand(connection, about, suspended_at_ms=since_ms, banned_at_ms=order.now_ms)
    if found.email:
        email_blocks.block(connection, order.entry, found.email, about)
    _turn_out(connection, order, about)
    stages.take_back(connection, about, order.now_ms)
    note(connection, order, BANNED, found)


def lift(connection: Connection, order: Order, about: int) -> None:
    """Whatever it was, the account is as it was before. Errors: those of `over`, `standing_wrong`; `act_forbidden` for a ban that
    no owner lifts."""
    found = over(connection, order, about)
    was = standing(found)
    if was == OPEN:
        raise Refused("standing_wrong")
    if was == BANNED and role_of(connection, order.by) != OWNER:
        raise Refused("act_forbidden")
    _stand(connection, about, limited_at_ms=None, suspended_at_ms=None, banned_at_ms=None)
    email_blocks.lift(connection, about)
    note(connection, order, LIFTED, found, was=was)


def log_out(connection: Connection, order: Order, about: int) -> None:
    """Everywhere, and every app: for an account that somebody else got into. Errors: those of `over`."""
    found = over(connection, order, about)
    _turn_out(connection, order, about)
    note(connection, order, LOGGED_OUT, found)


def remove_post(connection: Connection, order: Order, post: int) -> int:
    """A post becomes a tombstone that says who made it one: its author. Errors: those of `over`, `post_unknown`."""
    asked = sa.select(written.c.account).where(written.c.id == post)
    author = connection.execute(asked).scalar()
    if author is None:
        raise Refused("post_unknown")
    found = over(connection, order, author)
    posts.delete(connection, author, post, order.now_ms, by=order.by)
    note(connection, order, REMOVED, found, post=str(post))
    return int(author)


def over(connection: Connection, order: Order, about: int) -> Member:
    """The member whom it is about, and who is not above whoever acts. Errors: `not_allowed`, `account_unknown`, `act_forbidden`,
    `reason_missing`."""
    rank = RANKS[role_of(connection, order.by)]
    found = accounts.member(connection, about)
    if found is None:
        raise Refused("account_unknown")
    if about == order.by or RANKS[found.role] >= rank:
        raise Refused("act_forbidden")
    if not order.why:
        raise Refused("reason_missing", field="why")
    return found


def role_of(connection: Connection, by: int) -> str:
    """Of who acts. Errors: `not_allowed` for who looks after nothing, or no longer does."""
    who = accounts.member(connection, by)
    if who is None or who.suspended or RANKS[who.role] == 0:
        raise Refused("not_allowed")
    return who.role


def note(connection: Connection, order: Order, act: str, found: Member, **facts: object) -> None:
    """A letter where one can be sent, and a line that says whether one was."""
    account = found.account
    told = order.mail and letters.tell(connection, order.entry, found, act, order.why, order.now_ms)
    said = {"handle": account.handle, "why": order.why, "told": told, **facts}
    accounts.note_down(connection, order.entry, order.now_ms, order.by, act, account.id, **said)


ACTS: Mapping[str, Callable[[Connection, Order, int], None]] = {
    "limit": limit,
    "suspend": suspend,
    "ban": ban,
    "lift": lift,
    "log-out": log_out,
}
"""What is done about an account, by the word of its address."""


def _stand(connection: Connection, about: int, **columns: object) -> None:
    connection.execute(people.update().where(people.c.id == about).values(**columns))


def _turn_out(connection: Connection, order: Order, about: int) -> None:
    sessions.end_others(connection, about)
    tokens.turn_out_all(connection, about, order.now_ms)
