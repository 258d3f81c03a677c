"""What people do with their accounts: sign up, log in, prove it twice, change a password, log out everywhere.

Each act is: look at what is asked, work out the password beside everything else, then one transaction.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from hustings.social import (
    accounts,
    letters,
    names,
    passwords,
    second_factor,
    sessions,
    tokens,
    totp,
)
from hustings.social.accounts import Member, Newcomer
from hustings.social.ids import Ids
from hustings.social.seal import Seal
from hustings.social.sessions import Visitor
from hustings.web.hashing import Hashing
from hustings.web.sql import Sql
from hustings.wire.errors import Refused
from hustings.wire.limits import Buckets

SERVER = "Hustings"
STRANGERS_PER_MINUTE, STRANGERS_SAVED = 2, 20
"""Tries of one account's password by browsers that never logged in to it, wherever they come from."""
CODES_PER_MINUTE, CODES_SAVED = 1, 10
"""Codes for one account: a million of them exist, and the right password came before."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from. `known(account)` names a browser that logged in there before, "" for none."""

    place: str
    agent: str
    known: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    account: int
    token: str


@dataclass(frozen=True, slots=True)
class CodeAwaited:
    """The password was right; `step` goes with the code."""

    step: str


class People:
    """The acts. Errors: `Refused` with a stable code, often with the `field` it is about."""

    def __init__(
        self,
        sql: Sql,
        hashing: Hashing,
        seal: Seal,
        ids: Ids,
        sign_up: str,
        web_url: str,
        sends_mail: bool,
        now_ms: Callable[[], int],
    ) -> None:
        self._sql = sql
        self._hashing = hashing
        self._seal = seal
        self._ids = ids
        self.sign_up_mode = sign_up
        self._web_url = web_url
        self.sends_mail = sends_mail
        self._now_ms = now_ms
        self._strangers = Buckets(STRANGERS_PER_MINUTE, STRANGERS_SAVED)
        self._codes = Buckets(CODES_PER_MINUTE, CODES_SAVED)

    async def sign_up(self, tree: Mapping[str, object], caller: Caller) -> LoggedIn:
        """A new account, logged in. Errors: those of `add`."""
        return await self._open(await self.add(tree), caller)

    async def add(self, tree: Mapping[str, object]) -> int:
        """A new account: its id. Where mail is sent, a letter goes out with it, and until that is answered the account is
        nobody's but its owner's. Errors: those of `names`, `passwords` and `accounts.add`, `sign_up_closed`, `email_needed`,
        `work_full`."""
        if self.sign_up_mode == "closed":
            raise Refused("sign_up_closed")
        invite = str(tree.get("invite") or "")[:22]
        if self.sign_up_mode == "invite" and not invite:
            raise Refused("invite_unknown", field="invite")
        handle = names.handle(tree.get("handle"))
        email = names.email(tree.get("email")) if tree.get("email") else None
        if self.sends_mail and email is None:
            raise Refused("email_needed", field="email")
        password = passwords.check(tree.get("password"), handle, email or "", SERVER)
        reason = names.lines(tree.get("reason"), names.REASON_MAX, "note_too_long", "reason")
        async with self._hashing.turn():
            kept = await self._hashing.keep(password)
        id = self._ids.at(self._now_ms())
        newcomer = Newcomer(
            id=id,
            handle=handle,
            uri=f"{self._web_url}/people/{id}",
            password=kept,
            email=email,
            reason=reason,
            invite=invite,
            approved=self.sign_up_mode != "approval" or bool(invite),
            confirmed=not self.sends_mail,
        )
        try:
            await self._sql.write(self._take_in, newcomer, self._ids.at(self._now_ms()))
        except IntegrityError:  # somebody was faster by a moment
            raise Refused("handle_taken", field="handle") from None
        return id

    async def log_in(self, name: str, password: str, caller: Caller) -> LoggedIn | CodeAwaited:
        """Errors: `log_in_wrong`, whichever of the two is wrong; `too_many`, `busy`; `account_suspended`."""
        async with self._hashing.turn():
            found = await self._sql.read(accounts.named, name)
            account = found.account.id if found else 0
            self._count_try(self._strangers, account, name, caller)
            kept = found.password if found else None
            if not await self._hashing.is_right(password, kept) or found is None:
                raise Refused("log_in_wrong")
            if found.suspended:
                raise Refused("account_suspended")
            if passwords.is_outdated(found.password):
                fresh = await self._hashing.keep(password)
                await self._sql.write(accounts.new_password, account, fresh)
        if found.totp is None:
            return await self._open(account, caller)
        step = sessions.fresh()
        await self._sql.write(sessions.begin_step, account, step, self._now_ms())
        return CodeAwaited(step)

    async def log_in_with_code(self, step: str, code: str, caller: Caller) -> LoggedIn:
        """The second half of a log-in. Errors: `log_in_again`, `code_wrong`, `too_many`."""
        account = await self._sql.write(sessions.try_step, step, self._now_ms())
        self._count_try(self._codes, account, str(account), caller)
        await self._sql.write(self._use_code, account, code)
        await self._sql.write(sessions.end_step, step)
        return await self._open(account, caller)

    async def proved(self, visitor: Visitor, password: str, caller: Caller) -> Member:
        """Asks for the password once more, before something that a borrowed browser must not do. Errors: `password_wrong`."""
        async with self._hashing.turn():
            found = await self._sql.read(accounts.member, visitor.account)
            self._count_try(self._strangers, visitor.account, visitor.handle, caller)
            if found is None or not await self._hashing.is_right(password, found.password):
                raise Refused("password_wrong", field="password")
            return found

    async def change_password(
        self, visitor: Visitor, old: str, wanted: object, caller: Caller
    ) -> LoggedIn:
        """All other sessions end, every app is out, and this session gets another token."""
        found = await self.proved(visitor, old, caller)
        own = (found.account.handle, found.email or "", SERVER)
        try:
            password = passwords.check(wanted, *own)
        except Refused as refused:
            raise Refused(refused.code, field="wanted") from None
        async with self._hashing.turn():
            kept = await self._hashing.keep(password)

        def change(connection: Connection) -> None:
            accounts.new_password(connection, visitor.account, kept)
            sessions.end_others(connection, visitor.account)
            tokens.turn_out_all(connection, visitor.account, self._now_ms())

        await self._sql.write(change)
        return await self._open(visitor.account, caller)

    async def send_again(self, visitor: Visitor) -> None:
        """The letter that asks to confirm; one in ten minutes. Errors: `mail_off`, `work_full`."""
        self._check_mail()
        if not visitor.confirmed:
            now_ms = self._now_ms()
            job = self._ids.at(now_ms)
            await self._sql.write(letters.ask_to_confirm, job, visitor.account, now_ms)

    async def confirm(self, account: int, until_ms: int, mark: str) -> None:
        """By the link in a letter. Errors: `letter_over`."""

        def confirm(connection: Connection) -> None:
            now_ms = self._now_ms()
            letters.opened(connection, self._seal, letters.CONFIRM, account, until_ms, mark, now_ms)
            accounts.confirm(connection, account, now_ms)

        await self._sql.write(confirm)

    async def forgot(self, typed: str) -> None:
        """Whoever has this handle or address gets a letter; nobody learns whether there is one.
        Errors: `mail_off`, `work_full`."""
        self._check_mail()
        now_ms = self._now_ms()
        await self._sql.write(letters.ask_to_reset, self._ids.at(now_ms), typed, now_ms)

    async def letter_of(self, kind: str, account: int, until_ms: int, mark: str) -> Member:
        """Whose link that is. Errors: `letter_over`."""
        return await self._sql.read(
            letters.opened, self._seal, kind, account, until_ms, mark, self._now_ms()
        )

    async def reset(self, account: int, until_ms: int, mark: str, wanted: object) -> None:
        """Another password, by the link in a letter. Every session ends; codes are asked for as before.
        Errors: `letter_over`, those of `passwords`."""
        found = await self.letter_of(letters.RESET, account, until_ms, mark)
        password = passwords.check(wanted, found.account.handle, found.email or "", SERVER)
        async with self._hashing.turn():
            kept = await self._hashing.keep(password)

        def change(connection: Connection) -> None:
            now_ms = self._now_ms()
            letters.opened(connection, self._seal, letters.RESET, account, until_ms, mark, now_ms)
            letters.set_password(connection, account, kept, now_ms)

        await self._sql.write(change)

    async def propose_code(self, visitor: Visitor) -> bytes:
        """The secret for an authenticator app; it counts once a code of it was shown."""
        raw = os.urandom(totp.SECRET_BYTES)
        return await self._sql.write(second_factor.propose, self._seal, visitor.account, raw)

    async def prove_code(self, visitor: Visitor, code: str) -> list[str]:
        """Turns codes on: the paper codes, shown once. Errors: `code_wrong`."""
        paper = _paper()
        await self._sql.write(
            second_factor.prove, self._seal, visitor.account, code, paper, self._now_ms()
        )
        return paper

    async def new_paper(self, visitor: Visitor) -> list[str]:
        paper = _paper()
        await self._sql.write(second_factor.new_paper, visitor.account, paper)
        return paper

    def close(self) -> None:
        self._hashing.close()

    async def _open(self, account: int, caller: Caller) -> LoggedIn:
        """Always a new token: one that somebody planted before opens nothing afterwards."""
        token, now_ms = sessions.fresh(), self._now_ms()
        id = self._ids.at(now_ms)
        await self._sql.write(sessions.open, id, account, token, caller.place, caller.agent, now_ms)
        return LoggedIn(account, token)

    def _take_in(self, connection: Connection, new: Newcomer, job: int) -> None:
        now_ms = self._now_ms()
        accounts.add(connection, new, now_ms)
        if not new.confirmed:
            letters.ask_to_confirm(connection, job, new.id, now_ms)

    def _check_mail(self) -> None:
        if not self.sends_mail:
            raise Refused("mail_off")

    def _use_code(self, connection: Connection, account: int, code: str) -> None:
        found = accounts.member(connection, account)
        if found is None or found.suspended:
            raise Refused("account_suspended")
        second_factor.use(connection, self._seal, found, code, self._now_ms())

    def _count_try(self, buckets: Buckets, account: int, name: str, caller: Caller) -> None:
        """Strangers share one bucket for each account; a browser that was here before has its own. Errors: `too_many`."""
        known = caller.known(account) if account else ""
        key = f"{account}/{known}" if known else (str(account) if account else name.lower()[:40])
        if not buckets.take(key, self._now_ms() / 1000):
            raise Refused("too_many")


def _paper() -> list[str]:
    return [totp.paper_code(os.urandom(totp.PAPER_BYTES)) for _ in range(totp.PAPER_CODES)]
