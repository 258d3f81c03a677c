"""What people do with rooms before they are on the air: plan, change, take back, sign tickets.

Each act is: look at the ticket, look at the request, write the row, tell studio, write the page. Studio may be away: the
row then stays un-handed, and `follower.Handover` offers it every second.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from hustings.rooms.room import OPEN, PLANNED, Plan
from hustings.social import accounts, going_live, stages
from hustings.web import effects, plans, programme, slug
from hustings.web.live import Studio
from hustings.web.plans import Wanted
from hustings.web.programme import Listing
from hustings.web.publish import Publisher
from hustings.web.room_pictures import RoomPictures
from hustings.web.sql import Sql
from hustings.wire.errors import Refused
from hustings.wire.ticket import Signer, Ticket, Verifier

INVITED_ROLES = ("speaker", "cohost")
_RANDOM_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def fresh() -> str:
    """A new id of 22 characters, 128 random bits."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Planned:
    """A room that was just planned, with the host's ticket, which is shown once."""

    listing: Listing
    host_ticket: str


class Planning:
    """The acts. Errors: `Refused` with a stable code, often with the `field` it is about."""

    def __init__(
        self,
        sql: Sql,
        studio: Studio,
        publisher: Publisher,
        pictures: RoomPictures,
        signer: Signer,
        verifier: Callable[[], Verifier],
        stage_url: str,
        doors_before_s: int,
        profile: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._sql = sql
        self._studio = studio
        self._publisher = publisher
        self._pictures = pictures
        self._signer = signer
        self._verifier = verifier
        self._stage_url = stage_url
        self._doors_before_s = doors_before_s
        self._profile = profile
        self._now_ms = now_ms

    async def plan(
        self, tree: Mapping[str, object], picture: bytes, account: int | None = None
    ) -> Planned:
        """A new room. `picture` is the file as it came, empty for none. `account`: the member who plans it, whose ticket ends
        with a suspension, and the room with it; where `tree` says `announced`, his post says that it is on the air, unless
        the room is unlisted. Errors: those of a plan, `account_suspended`."""
        wanted = plans.read(tree, self._now_ms(), self._profile)
        said_by = account if wanted.listed and tree.get("announced") else None
        if picture and not wanted.picture_alt:
            raise Refused("picture_alt_missing", field="picture_alt")
        url = await self._pictures.take(picture) if picture else ""
        host = fresh()
        try:
            plan = await self._add(wanted, url, host, account, said_by)
        except Refused:
            await self._pictures.let_go(url)
            raise
        try:
            await self._hand_over(plan)
        except Refused as refused:
            await self._sql.write(programme.erase, plan.plan)
            await self._pictures.let_go(url)
            raise Refused("key_taken" if refused.code == "room_taken" else refused.code) from None
        await asyncio.to_thread(self._publisher.page, plan)
        return Planned(
            await self.room(plan.key), self._sign(plan.key, "host", plan.host_name, host)
        )

    async def room(self, key: str) -> Listing:
        """Errors: `room_unknown`."""
        found = await self._sql.read(programme.find, key) if slug.looks_like_key(key) else None
        if found is None:
            raise Refused("room_unknown")
        return found

    async def change(
        self, key: str, token: str, tree: Mapping[str, object], picture: bytes
    ) -> Listing:
        """Changes a room that is not on the air yet. Errors: `wrong_state`, and those of a plan."""
        found = await self.authorize(key, token, ("host",))
        if found.state not in (PLANNED, OPEN):
            raise Refused("wrong_state", state=found.state)
        plan = plans.change(found.plan, tree, self._now_ms())
        if picture:
            alt = plan.picture_alt or str(tree.get("picture_alt") or "").strip()
            if not alt:
                raise Refused("picture_alt_missing", field="picture_alt")
            plan = replace(plan, picture_alt=alt[: plans.ALT_MAX])
        if plan.profile != found.plan.profile and found.state != PLANNED:
            raise Refused("wrong_state", state=found.state)
        if picture:
            plan = replace(plan, picture=await self._pictures.take(picture))
        if plan == found.plan:
            return found
        await self._sql.write(programme.change, plan)
        try:
            await self._hand_over(plan)
        except Refused:
            await self._sql.write(_undo, found.plan, self._now_ms())
            await self._pictures.let_go(plan.picture if picture else "")
            raise
        if picture:
            await self._pictures.let_go(found.plan.picture)
        if found.state == PLANNED:
            await asyncio.to_thread(self._publisher.page, plan)
        return await self.room(key)

    async def delete(self, key: str, token: str) -> None:
        """Takes back a room that never opened. Errors: `wrong_state`, `studio_away`."""
        found = await self.authorize(key, token, ("host",))
        if found.state != PLANNED:
            raise Refused("wrong_state", state=found.state)
        await self._studio.withdraw(key)
        await self._sql.write(programme.delete, found.plan.plan, self._now_ms())
        await self._pictures.let_go(found.plan.picture)
        await asyncio.to_thread(self._publisher.forget, key)

    async def invite(self, key: str, token: str, tree: Mapping[str, object]) -> dict[str, str]:
        """A ticket for a speaker or co-host, and the link with it in. `member`, a handle: it is his, and ends with a suspension.
        Errors: `account_unknown`."""
        found = await self.authorize(key, token, ("host",))
        if found.over:
            raise Refused("ticket_expired")
        role = tree.get("role", "speaker")
        if role not in INVITED_ROLES:
            raise Refused("bad_request", field="role")
        id, name = fresh(), plans.speaker_name(tree)
        if tree.get("member"):
            handle = str(tree["member"]).strip().removeprefix("@")[:64]
            shown = await self._sql.write(_give, id, found.plan.plan, handle)
            name = name or shown[: plans.NAME_MAX]
        ticket = self._sign(key, str(role), name, id)
        return {"ticket": ticket, "url": self.stage_link(key, ticket)}

    async def authorize(self, key: str, token: str, roles: Iterable[str]) -> Listing:
        """The room of a ticket that is good for this. Errors: a ticket's, `room_unknown`, `role_too_low`."""
        if not slug.looks_like_key(key):
            raise Refused("room_unknown")
        ticket = self._verifier().verify(token, key)
        if ticket.role not in roles:
            raise Refused("role_too_low")
        found = await self.room(key)
        if await self._sql.read(_is_over, key, ticket.ticket):
            raise Refused("ticket_revoked")
        return found

    def stage_link(self, key: str, ticket: str) -> str:
        """The stage page with a ticket in the fragment, which no server sees."""
        return f"{self._stage_url}/{quote(key)}#t={ticket}"

    def _sign(self, key: str, role: str, name: str, id: str) -> str:
        return self._signer.sign(Ticket(id, key, role, name, self._now_ms() // 1000))

    async def _add(
        self, wanted: Wanted, picture: str, host: str, account: int | None, said_by: int | None
    ) -> Plan:
        """Writes the row under the key that was asked for, or the first free one of those proposed."""
        for key in self._keys(wanted):
            plan = wanted.plan(fresh(), key, self._doors_before_s, picture)
            try:
                await self._sql.write(_add, plan, host, account, said_by, self._now_ms())
            except IntegrityError:
                continue
            return plan
        raise Refused("key_taken", field="key")

    def _keys(self, wanted: Wanted) -> Iterable[str]:
        if not wanted.listed:
            return [fresh()]
        if wanted.key:
            return [wanted.key]
        return slug.candidates(
            wanted.title, "".join(secrets.choice(_RANDOM_LETTERS) for _ in range(6))
        )

    async def _hand_over(self, plan: Plan) -> None:
        """Studio gets the plan now, or later when it is away. Errors: `Refused` when studio says no."""
        try:
            await self._studio.hand_over(plan)
        except Refused as refused:
            if refused.code == "studio_away":
                return
            raise
        await self._sql.write(programme.handed, plan, self._now_ms())


def _add(
    connection: Connection,
    plan: Plan,
    host: str,
    account: int | None,
    said_by: int | None,
    now_ms: int,
) -> None:
    programme.add(connection, plan, now_ms)
    if account is not None:
        stages.note(connection, host, plan.plan, account, True)
    if said_by is not None:
        going_live.promise(connection, plan.plan, said_by)


def _give(connection: Connection, ticket: str, plan: str, handle: str) -> str:
    """The ticket is this member's, whose name it is. Errors: `account_unknown`."""
    found = accounts.find(connection, handle)
    if found is None:
        raise Refused("account_unknown", field="member")
    stages.note(connection, ticket, plan, found.id, False)
    return found.shown


def _is_over(connection: Connection, key: str, ticket: str) -> bool:
    """Whether a ticket was taken back, on the stage or with its member's account."""
    return effects.revoked(connection, key, ticket) or stages.is_taken_back(connection, ticket)


def _undo(connection: Connection, plan: Plan, now_ms: int) -> None:
    """Back to the facts that studio has."""
    programme.change(connection, plan)
    programme.handed(connection, plan, now_ms)
