"""Accounts, on both databases: who is found, who is not, and what a moderator decides."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.social import accounts, invites
from hustings.social import sessions as visits
from hustings.store.engine import Database
from hustings.store.people import accounts as table
from hustings.store.people import audit_log, sessions
from hustings.wire.errors import Refused
from tests.social.conftest import NOW_MS, Joins


def suspend(database: Database, id: int) -> None:
    statement = table.update().where(table.c.id == id).values(suspended_at_ms=NOW_MS)
    database.write(lambda c: c.execute(statement))


def test_a_handle_is_found_in_any_case_and_shown_in_its_own(
    database: Database, joins: Joins
) -> None:
    id = joins("Ada_L")
    found = database.read(lambda c: accounts.find(c, "aDA_l"))
    assert found is not None and (found.id, found.handle, found.shown) == (id, "Ada_L", "Ada_L")
    assert database.read(lambda c: accounts.of_id(c, id)) == found
    assert database.read(lambda c: accounts.find(c, "ada")) is None
    database.write(lambda c: accounts.describe(c, id, "Ada", "Counts."))
    found = database.read(lambda c: accounts.find(c, "ada_l"))
    assert found is not None and (found.shown, found.note) == ("Ada", "Counts.")


def test_a_handle_and_an_address_are_one_persons(joins: Joins) -> None:
    joins("ada", email="Ada@example.org")
    with pytest.raises(Refused, match="handle_taken"):
        joins("ADA")
    with pytest.raises(Refused, match="email_taken"):
        joins("bob", email="aDA@example.org")
    joins("bob")
    joins("carl")  # two without an address are no clash


def test_the_handle_of_somebody_elsewhere_is_no_clash(database: Database, joins: Joins) -> None:
    joins("ada")
    row = {
        "id": 1,
        "handle": "ada",
        "handle_key": "ada",
        "name": "",
        "note": "",
        "created_at_ms": 1,
    }
    there = {**row, "domain": "other.example", "uri": "https://other.example/ada"}
    database.write(lambda c: c.execute(table.insert().values(there)))
    found = database.read(lambda c: accounts.find(c, "ada"))
    assert found is not None and found.id != 1
    with pytest.raises(sa.exc.IntegrityError):
        database.write(lambda c: c.execute(table.insert().values({**there, "id": 2, "uri": "x"})))


@pytest.mark.parametrize("name", ["ada", "@Ada", " ADA@example.org ", "ada@EXAMPLE.org"])
def test_who_logs_in_is_found_by_either_name(database: Database, joins: Joins, name: str) -> None:
    id = joins("Ada", email="ada@example.org")
    found = database.read(lambda c: accounts.named(c, name))
    assert found is not None and found.account.id == id


@pytest.mark.parametrize(
    "name", ["", "@", "nobody", "nobody@example.org", "%", "a" * 100_000, "ada\x00", "\ud800"]
)
def test_nobody_is_found_under_no_name(database: Database, joins: Joins, name: str) -> None:
    joins("ada", email="ada@example.org")
    assert database.read(lambda c: accounts.named(c, name)) is None
    assert database.read(lambda c: accounts.find(c, f"{name}x")) is None


def test_who_is_suspended_or_waits_is_not_shown(database: Database, joins: Joins) -> None:
    waiting, gone = joins("waiting", approved=False), joins("gone")
    suspend(database, gone)
    for handle, id in (("waiting", waiting), ("gone", gone)):
        assert database.read(lambda c, h=handle: accounts.find(c, h)) is None
        assert database.read(lambda c, i=id: accounts.of_id(c, i)) is None
    found = database.read(lambda c: accounts.member(c, gone))
    assert found is not None and found.suspended


def log(database: Database) -> list[tuple[int, str, int]]:
    rows = sa.select(audit_log.c.by, audit_log.c.act, audit_log.c.about).order_by(audit_log.c.id)
    return [tuple(row) for row in database.read(lambda c: c.execute(rows).all())]


def test_a_moderator_lets_in_or_turns_away(database: Database, joins: Joins) -> None:
    owner = joins("ona")
    database.write(lambda c: accounts.make_owner(c, owner, 1, NOW_MS))
    first, second = joins("ada", approved=False, reason="Please"), joins("bob", approved=False)
    waiting = database.read(accounts.waiting)
    assert [(one.account.handle, one.reason) for one in waiting] == [("ada", "Please"), ("bob", "")]
    database.write(lambda c: visits.open(c, 9, second, "t" * 43, "::1", "", NOW_MS))
    database.write(lambda c: accounts.decide(c, owner, first, True, 2, NOW_MS))
    database.write(lambda c: accounts.decide(c, owner, second, False, 3, NOW_MS))
    assert database.read(accounts.waiting) == []
    assert database.read(lambda c: accounts.find(c, "ada")) is not None
    assert database.read(lambda c: accounts.member(c, second)) is None
    assert database.read(lambda c: c.execute(sa.select(sessions)).all()) == []
    assert log(database) == [
        (owner, "became_owner", owner), (owner, "let_in", first), (owner, "turned_away", second)
    ]  # fmt: skip
    joins("bob")  # the handle is free again


@pytest.mark.parametrize("which", ["approved", "nobody"])
def test_only_who_waits_is_decided_on(database: Database, joins: Joins, which: str) -> None:
    about = joins("ada") if which == "approved" else 12345
    with pytest.raises(Refused, match="account_unknown"):
        database.write(lambda c: accounts.decide(c, 1, about, False, 2, NOW_MS))
    assert log(database) == []


def test_an_invitation_is_good_so_often_and_so_long(database: Database, joins: Joins) -> None:
    by = joins("ona")
    database.write(lambda c: invites.make(c, by, "c" * 22, 1, 2, NOW_MS))
    joins("ada", invite="c" * 22)
    assert [one.uses_left for one in database.read(lambda c: invites.still_open(c, NOW_MS))] == [1]
    joins("bob", invite="c" * 22)
    with pytest.raises(Refused, match="invite_unknown"):
        joins("carl", invite="c" * 22)
    assert database.read(lambda c: accounts.find(c, "carl")) is None
    database.write(lambda c: invites.make(c, by, "d" * 22, 1, 2, NOW_MS - invites.DAY_MS))
    with pytest.raises(Refused, match="invite_unknown"):
        joins("carl", invite="d" * 22)
    with pytest.raises(Refused, match="invite_unknown"):
        joins("carl", invite="never was")


@pytest.mark.parametrize(("days", "uses"), [(0, 1), (91, 1), (1, 0), (1, 1001), (-1, 5)])
def test_an_invitation_past_its_limits(
    database: Database, joins: Joins, days: int, uses: int
) -> None:
    by = joins("ona")
    with pytest.raises(Refused, match="bad_request"):
        database.write(lambda c: invites.make(c, by, "c" * 22, days, uses, NOW_MS))
    database.write(lambda c: invites.make(c, by, "c" * 22, 90, 1000, NOW_MS))


def test_so_many_invitations_are_open_and_one_more_is_not(database: Database, joins: Joins) -> None:
    by = joins("ona")

    def make(connection: sa.Connection, code: str) -> None:
        invites.make(connection, by, code, 1, 1, NOW_MS)

    for number in range(invites.OPEN_MAX):
        database.write(lambda c, n=number: make(c, f"code-{n}"))
    with pytest.raises(Refused, match="too_many"):
        database.write(lambda c: make(c, "one-more"))
    database.write(lambda c: invites.end(c, "code-0", NOW_MS))
    database.write(lambda c: make(c, "one-more"))
