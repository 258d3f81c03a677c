"""Letters by mail: who is asked to confirm an address, who forgot a password, and what the link in the letter is worth.

A link holds whose it is, until when, and a mark that only this installation can write under both and under what the link may
change: it is kept nowhere, and is over by itself once the address is confirmed or the password another.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from hustings.social import accounts, jobs, sessions, tokens
from hustings.social.accounts import Member
from hustings.social.lanes import MAIL
from hustings.social.seal import Seal
from hustings.wire.errors import Refused

CONFIRM, RESET = "confirm", "reset"
GOOD_MS = {CONFIRM: accounts.UNCONFIRMED_KEPT_MS, RESET: 3_600_000}
TOLD = ("limited", "suspended", "banned", "lifted", "post_removed", "logged_out")
"""Acts of moderators (`social.order`) that whom they are about hears of, with the reason."""
TOLD_MS = 7 * 86_400_000
AGAIN_MS = 600_000
"""One letter of a kind to the same person in this time, however often it is asked for."""
NAME_MAX = 320


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent. `path` is on the web host, "" for a letter without a link; good until `until_ms`. `why`: a moderator's
    reason."""

    kind: str
    to: str
    handle: str
    path: str
    until_ms: int
    why: str = ""


def ask_to_confirm(connection: Connection, id: int, account: int, now_ms: int) -> None:
    """`id` is the job's. Another address is another letter. Errors: `work_full`."""
    found = accounts.member(connection, account)
    mark = hashlib.sha256(((found and found.email) or "").lower().encode()).hexdigest()[:16]
    key = f"{CONFIRM} {account} {mark} {now_ms // AGAIN_MS}"
    jobs.add(connection, MAIL, id, {"letter": CONFIRM, "account": account}, now_ms, key)


def ask_to_reset(connection: Connection, id: int, typed: str, now_ms: int) -> None:
    """Whoever has this handle or address, if anybody, gets a letter. That is found out later, by whoever sends it: here takes
    as long whether there is such an account or not. Errors: `work_full`."""
    name = typed.strip().removeprefix("@").lower()[:NAME_MAX]
    if not name or not name.isprintable():
        return
    mark = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
    key = f"{RESET} {mark} {now_ms // AGAIN_MS}"
    jobs.add(connection, MAIL, id, {"letter": RESET, "name": name}, now_ms, key)


def tell(connection: Connection, id: int, about: Member, act: str, why: str, now_ms: int) -> bool:
    """Of an act of a moderator: whether a letter goes out. None does without a confirmed address, nor where too many wait."""
    if not about.email or not about.confirmed:
        return False
    try:
        body = {"letter": act, "account": about.account.id, "why": why}
        return jobs.add(connection, MAIL, id, body, now_ms)
    except Refused:
        return False


def letter(
    connection: Connection, seal: Seal, body: Mapping[str, Any], made_at_ms: int, now_ms: int
) -> Letter | None:
    """The letter that a job of the lane `mail` asks for; None when there is no longer a reason to send it."""
    kind = str(body["letter"])
    until_ms = made_at_ms + GOOD_MS.get(kind, TOLD_MS)
    if kind == CONFIRM:
        found = accounts.member(connection, int(body["account"]))
        wanted = found is not None and not found.confirmed
    elif kind in TOLD:
        found = accounts.member(connection, int(body["account"]))
        wanted = found is not None and found.confirmed
    else:
        found = accounts.named(connection, str(body["name"]))
        wanted = found is not None and not found.suspended
    if found is None or not wanted or not found.email or until_ms <= now_ms:
        return None
    if kind in TOLD:
        return Letter(kind, found.email, found.account.handle, "", until_ms, str(body["why"]))
    path = f"/{kind}/{found.account.id}/{until_ms}/{_mark(seal, kind, found, until_ms)}"
    return Letter(kind, found.email, found.account.handle, path, until_ms)


def opened(
    connection: Connection,
    seal: Seal,
    kind: str,
    account: int,
    until_ms: int,
    mark: str,
    now_ms: int,
) -> Member:
    """Whose link this is. Errors: `letter_over` when it is over, used, or never was."""
    found = accounts.member(connection, account)
    if found is None or found.suspended or not found.email or until_ms <= now_ms:
        raise Refused("letter_over")
    if not secrets.compare_digest(_mark(seal, kind, found, until_ms).encode(), mark.encode()):
        raise Refused("letter_over")
    return found


def set_password(connection: Connection, account: int, kept: str, now_ms: int) -> None:
    """By a letter: whoever reads its address has it, so that is confirmed too. Every session ends, and every app is out."""
    accounts.new_password(connection, account, kept)
    accounts.confirm(connection, account, now_ms)
    sessions.end_others(connection, account)
    tokens.turn_out_all(connection, account, now_ms)


def _mark(seal: Seal, kind: str, found: Member, until_ms: int) -> str:
    state = found.password if kind == RESET else str(found.confirmed)
    email = (found.email or "").lower()
    return seal.mark(f"letter {kind} {found.account.id} {until_ms} {email} {state}")
