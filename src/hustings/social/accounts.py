"""Who is here: signing up, finding, letting in. An act that changes something writes it to the audit log where others may ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import email_blocks, indexing, invites
from hustings.social.visibility import is_here
from hustings.store.apps import codes, markers, preferences, tokens
from hustings.store.notifications import notifications
from hustings.store.people import (
    accounts,
    audit_log,
    log_in_steps,
    members,
    recovery_codes,
    sessions,
)
from hustings.store.questions import Question, among
from hustings.wire.errors import Refused

MEMBER, MODERATOR, OWNER = "member", "moderator", "owner"
MODERATORS = (MODERATOR, OWNER)
WAITING_SHOWN = 100
SEEN = (
    accounts.c.suspended_at_ms.is_(None),
    accounts.c.deleted_at_ms.is_(None),
    members.c.approved_at_ms.is_not(None),
    members.c.email_confirmed_at_ms.is_not(None),
)
"""Members whom others may see, as conditions on `accounts` with their `members`."""
UNCONFIRMED_KEPT_MS = 2 * 86_400_000
"""Who has not confirmed his address by then gives way to whoever wants the handle or the address."""


@dataclass(frozen=True, slots=True)
class Account:
    """What others may see of an account. `domain` none: ours. `locked`: he says who may follow him. `limited`: nobody comes
    upon it who does not follow it (`visibility.comes_upon`). `avatar`, `avatar_still` and `header` are names below
    `published/media`, "" for none; `avatar_alt` and `header_alt` say what is seen there."""

    id: int
    handle: str
    name: str
    note: str
    created_at_ms: int
    domain: str | None = None
    locked: bool = False
    uri: str = ""
    limited: bool = False
    avatar: str = ""
    avatar_still: str = ""
    avatar_alt: str = ""
    header: str = ""
    header_alt: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.handle

    @property
    def address(self) -> str:
        """`ada`, or `ada@other.example`."""
        return self.handle if self.domain is None else f"{self.handle}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Member:
    """What only the server and its owner see. `totp` is sealed, None while no code is asked for."""

    account: Account
    role: str
    password: str
    email: str | None
    confirmed: bool
    approved: bool
    reason: str
    totp: bytes | None
    totp_step: int
    suspended: bool
    banned: bool = False


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who signs up, with everything checked. `password` is kept text; `invite` "" for none."""

    id: int
    handle: str
    uri: str
    password: str
    email: str | None
    reason: str
    invite: str
    approved: bool
    confirmed: bool = True


def add(connection: Connection, new: Newcomer, now_ms: int) -> None:
    """Errors: `handle_taken`, `email_taken`, `email_blocked`, `invite_unknown`."""
    _forget_unconfirmed(connection, new, now_ms)
    if connection.execute(_ours(new.handle, "id")).first() is not None:
        raise Refused("handle_taken", field="handle")
    mail = new.email.lower() if new.email else None
    if new.email:
        email_blocks.check(connection, new.email)
    if (
        mail
        and connection.execute(
            sa.select(members.c.account).where(members.c.email_key == mail)
        ).first()
    ):
        raise Refused("email_taken", field="email")
    if new.invite:
        invites.use(connection, new.invite, now_ms)
    connection.execute(
        accounts.insert().values(
            id=new.id,
            handle=new.handle,
            handle_key=new.handle.lower(),
            uri=new.uri,
            name="",
            note="",
            created_at_ms=now_ms,
        )
    )
    indexing.account(connection, new.id, new.handle, "")
    connection.execute(
        members.insert().values(
            account=new.id,
            role=MEMBER,
            password=new.password,
            email=new.email,
            email_key=mail,
            email_confirmed_at_ms=now_ms if new.confirmed else None,
            approved_at_ms=now_ms if new.approved else None,
            reason=new.reason,
            invite=new.invite or None,
            totp_step=0,
        )
    )


def find(connection: Connection, handle: str) -> Account | None:
    """An account of ours that anybody may see: confirmed, let in, neither suspended nor deleted."""
    if not handle.isprintable():
        return None
    return _seen(connection, _BY_HANDLE, handle.lower())


def of_id(connection: Connection, id: int) -> Account | None:
    """The same, by its id."""
    return _seen(connection, _BY_ID, id)


_THOSE = sa.select(accounts).where(among(accounts.c.id))
_WHOEVER = Question(_THOSE)
_HERE = Question(_THOSE.where(is_here(accounts.c.id)))
_LOOKING_AFTER = Question(
    sa.select(members.c.account, members.c.role).where(
        among(members.c.account), members.c.role.in_(MODERATORS)
    )
)


def of_ids(
    connection: Connection, ids: Collection[int], whoever: bool = False
) -> dict[int, Account]:
    """Accounts that are neither suspended nor deleted, of other servers too. `whoever`: those as well, for moderators."""
    if not ids:
        return {}
    rows = (_WHOEVER if whoever else _HERE).trees(connection, {"ids": list(ids)})
    return {row["id"]: _account(row) for row in rows}


def check_is_here(connection: Connection, id: int) -> None:
    """Errors: `account_unknown` for one that `of_ids` does not know."""
    if id not in of_ids(connection, [id]):
        raise Refused("account_unknown")


def moderators(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Which of these look after the server, and as what."""
    if not ids:
        return {}
    return dict(_LOOKING_AFTER.rows(connection, {"ids": list(ids)}))


def check_may_speak(connection: Connection, id: int) -> None:
    """Errors: `account_suspended`, `not_let_in` for one who waits, and for one who has not confirmed his address."""
    found = member(connection, id)
    if found is None or found.suspended:
        raise Refused("account_suspended")
    if not (found.approved and found.confirmed):
        raise Refused("not_let_in")


def named(connection: Connection, handle_or_email: str) -> Member | None:
    """Whoever logs in under that handle or e-mail address, waiting and suspended ones too."""
    typed = handle_or_email.strip().removeprefix("@").lower()
    if not typed or len(typed) > 320 or not typed.isprintable():
        return None
    which = members.c.email_key if "@" in typed else accounts.c.handle_key
    return _member(connection, which == typed)


def member(connection: Connection, id: int) -> Member | None:
    return _member(connection, accounts.c.id == id)


def members_of(connection: Connection, ids: Collection[int]) -> list[Member]:
    """In the order of `ids`."""
    rows = connection.execute(_whole().where(accounts.c.id.in_(ids))).mappings()
    found = {row["id"]: _as_member(row) for row in rows}
    return [found[id] for id in ids if id in found]


def new_password(connection: Connection, id: int, kept: str) -> None:
    connection.execute(members.update().where(members.c.account == id).values(password=kept))


def confirm(connection: Connection, id: int, now_ms: int) -> None:
    """Whoever reads mail to the account's address is here."""
    unconfirmed = sa.and_(members.c.account == id, members.c.email_confirmed_at_ms.is_(None))
    connection.execute(members.update().where(unconfirmed).values(email_confirmed_at_ms=now_ms))


def new_email(connection: Connection, id: int, email: str) -> None:
    """Another address, for who has not confirmed one yet. Errors: `email_taken`, `email_blocked`."""
    email_blocks.check(connection, email)
    key = email.lower()
    taken = sa.select(members.c.account).where(members.c.email_key == key, members.c.account != id)
    if connection.execute(taken).first() is not None:
        raise Refused("email_taken", field="email")
    unconfirmed = sa.and_(members.c.account == id, members.c.email_confirmed_at_ms.is_(None))
    connection.execute(members.update().where(unconfirmed).values(email=email, email_key=key))


def describe(
    connection: Connection, id: int, name: str, note: str, locked: bool | None = None
) -> None:
    """What the account says of itself, and whether it says who may follow (None: as before)."""
    said: dict[str, object] = {"name": name, "note": note}
    if locked is not None:
        said["locked"] = locked
    here = accounts.update().where(accounts.c.id == id).values(**said)
    handle = connection.execute(here.returning(accounts.c.handle)).scalar()
    if handle is not None:
        indexing.account(connection, id, handle, name)


def make_owner(connection: Connection, id: int, entry: int, now_ms: int) -> None:
    """Who has the planner key owns the server; an owner waits for nobody. `entry` is an id for the audit log."""
    confirm(connection, id, now_ms)
    connection.execute(
        members.update().where(members.c.account == id).values(role=OWNER, approved_at_ms=now_ms)
    )
    note_down(connection, entry, now_ms, id, "became_owner", id)


def waiting(connection: Connection) -> list[Member]:
    """Those who signed up, confirmed their address, and wait for a moderator, the first to come first."""
    rows = connection.execute(
        _whole()
        .where(members.c.approved_at_ms.is_(None), members.c.email_confirmed_at_ms.is_not(None))
        .order_by(accounts.c.id)
        .limit(WAITING_SHOWN)
    ).mappings()
    return [_as_member(row) for row in rows]


def decide(
    connection: Connection, by: int, about: int, let_in: bool, entry: int, now_ms: int
) -> None:
    """A moderator lets somebody in, or not: then nothing of him stays but the line in the log. Errors: `account_unknown`."""
    found = member(connection, about)
    if found is None or found.approved:
        raise Refused("account_unknown")
    if let_in:
        connection.execute(
            members.update().where(members.c.account == about).values(approved_at_ms=now_ms)
        )
    else:
        _forget(connection, about)
    act = "let_in" if let_in else "turned_away"
    note_down(connection, entry, now_ms, by, act, about, handle=found.account.handle)


def note_down(
    connection: Connection, entry: int, now_ms: int, by: int, act: str, about: int, **facts: object
) -> None:
    """A line in the audit log."""
    connection.execute(
        audit_log.insert().values(id=entry, at_ms=now_ms, by=by, act=act, about=about, facts=facts)
    )


def _seen(connection: Connection, question: Question, one: int | str) -> Account | None:
    row = question.tree(connection, {"one": one})
    return None if row is None else _account(row)


def _forget(connection: Connection, id: int) -> None:
    """As if he had never come: for who was never seen by others."""
    for table in (
        recovery_codes,
        log_in_steps,
        sessions,
        codes,
        tokens,
        preferences,
        markers,
        notifications,
        members,
    ):
        connection.execute(sa.delete(table).where(table.c.account == id))
    connection.execute(sa.delete(accounts).where(accounts.c.id == id))
    indexing.forget_account(connection, id)


def _forget_unconfirmed(connection: Connection, new: Newcomer, now_ms: int) -> None:
    wanted = accounts.c.handle_key == new.handle.lower()
    if new.email:
        wanted = sa.or_(wanted, members.c.email_key == new.email.lower())
    found = connection.execute(
        sa.select(accounts.c.id)
        .join(members, members.c.account == accounts.c.id)
        .where(
            wanted,
            accounts.c.created_at_ms <= now_ms - UNCONFIRMED_KEPT_MS,
            members.c.email_confirmed_at_ms.is_(None),
        )
    ).scalars()
    for id in found.all():
        _forget(connection, id)


def _ours(handle: str, *columns: str) -> sa.Select[Any]:
    wanted = sa.select(*(accounts.c[name] for name in columns))
    return wanted.where(accounts.c.handle_key == handle.lower(), accounts.c.domain.is_(None))


def _whole() -> sa.Select[Any]:
    return (
        sa.select(accounts, members)
        .join(members, members.c.account == accounts.c.id)
        .where(accounts.c.domain.is_(None), accounts.c.deleted_at_ms.is_(None))
    )


def _of_one(column: sa.Column[Any]) -> Question:
    one = sa.bindparam("one", type_=column.type)
    return Question(_whole().where(column == one, *SEEN))


_BY_HANDLE, _BY_ID = _of_one(accounts.c.handle_key), _of_one(accounts.c.id)


def _member(connection: Connection, condition: sa.ColumnElement[bool]) -> Member | None:
    row = connection.execute(_whole().where(condition)).mappings().first()
    return None if row is None else _as_member(row)


def _account(row: Mapping[Any, Any]) -> Account:
    return Account(
        row["id"],
        row["handle"],
        row["name"],
        row["note"],
        row["created_at_ms"],
        row["domain"],
        row["locked"],
        row["uri"],
        row["limited_at_ms"] is not None,
        row["avatar"],
        row["avatar_still"],
        row["avatar_alt"],
        row["header"],
        row["header_alt"],
    )


def _as_member(row: Mapping[Any, Any]) -> Member:
    return Member(
        account=_account(row),
        role=row["role"],
        password=row["password"],
        email=row["email"],
        confirmed=row["email_confirmed_at_ms"] is not None,
        approved=row["approved_at_ms"] is not None,
        reason=row["reason"],
        totp=row["totp"] if row["totp_on_at_ms"] is not None else None,
        totp_step=row["totp_step"],
        suspended=row["suspended_at_ms"] is not None,
        banned=row["banned_at_ms"] is not None,
    )
