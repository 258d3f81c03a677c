"""A second factor: set up, proved once, then asked for at each log-in; paper codes for the day the phone is gone."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import totp
from hustings.social.accounts import Member
from hustings.social.seal import Seal
from hustings.store.people import members, recovery_codes
from hustings.wire.errors import Refused


def propose(connection: Connection, seal: Seal, account: int, secret: bytes) -> bytes:
    """The secret that is waiting to be proved: this one, unless one waits already. Errors: `totp_on_already`."""
    before = _unproved(connection, seal, account)
    if before is not None:
        return before
    sealed = seal.close(secret, _purpose(account))
    connection.execute(members.update().where(members.c.account == account).values(totp=sealed))
    return secret


def is_on(connection: Connection, account: int) -> bool:
    on = sa.select(members.c.totp_on_at_ms).where(members.c.account == account)
    return connection.execute(on).scalar() is not None


def waiting(connection: Connection, seal: Seal, account: int) -> bytes | None:
    """The secret that waits to be proved."""
    sealed = connection.execute(
        sa.select(members.c.totp).where(
            members.c.account == account, members.c.totp_on_at_ms.is_(None)
        )
    ).scalar()
    return None if sealed is None else seal.open(sealed, _purpose(account))


def prove(
    connection: Connection, seal: Seal, account: int, code: str, paper: list[str], now_ms: int
) -> None:
    """The first right code turns it on; `paper` are the codes to be printed. Errors: `code_wrong`, `totp_on_already`."""
    secret = _unproved(connection, seal, account)
    step = None if secret is None else totp.step_of(secret, code, now_ms, 0)
    if step is None:
        raise Refused("code_wrong", field="code")
    connection.execute(
        members.update()
        .where(members.c.account == account)
        .values(totp_on_at_ms=now_ms, totp_step=step)
    )
    new_paper(connection, account, paper)


def new_paper(connection: Connection, account: int, codes: list[str]) -> None:
    """These codes, and none that were before."""
    connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.account == account))
    rows = [{"account": account, "code": totp.paper_hash(code)} for code in codes]
    connection.execute(recovery_codes.insert(), rows)


def paper_left(connection: Connection, account: int) -> int:
    count = sa.select(sa.func.count()).select_from(recovery_codes)
    return int(connection.execute(count.where(recovery_codes.c.account == account)).scalar_one())


def turn_off(connection: Connection, account: int) -> None:
    connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.account == account))
    connection.execute(
        members.update()
        .where(members.c.account == account)
        .values(totp=None, totp_on_at_ms=None, totp_step=0)
    )


def use(connection: Connection, seal: Seal, found: Member, code: str, now_ms: int) -> None:
    """A code of the clock, or one of paper, which is gone then. Errors: `code_wrong`."""
    account = found.account.id
    if found.totp is None:
        return
    step = totp.step_of(seal.open(found.totp, _purpose(account)), code, now_ms, found.totp_step)
    if step is not None:
        connection.execute(
            members.update().where(members.c.account == account).values(totp_step=step)
        )
        return
    gone = connection.execute(
        sa.delete(recovery_codes).where(
            recovery_codes.c.account == account, recovery_codes.c.code == totp.paper_hash(code)
        )
    )
    if gone.rowcount != 1:
        raise Refused("code_wrong", field="code")


def _unproved(connection: Connection, seal: Seal, account: int) -> bytes | None:
    """The secret that waits, where one may still be set up. Errors: `totp_on_already`."""
    if is_on(connection, account):
        raise Refused("totp_on_already")
    return waiting(connection, seal, account)


def _purpose(account: int) -> str:
    return f"totp {account}"
