"""Sessions and second factors, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.social import accounts, second_factor, sessions, totp
from hustings.social.seal import Seal
from hustings.store.engine import Database
from hustings.store.people import accounts as accounts_table
from hustings.store.people import sessions as table
from hustings.wire.errors import Refused
from tests.social.conftest import NOW_MS, Joins

TOKEN = "t" * sessions.TOKEN_CHARS
SEAL = Seal("a key")
SECRET = b"12345678901234567890"
STEP = NOW_MS // 1000 // totp.STEP_S


def opens(database: Database, account: int, token: str, id: int = 1, at_ms: int = NOW_MS) -> None:
    database.write(lambda c: sessions.open(c, id, account, token, "192.0.2.1", "Firefox", at_ms))


def who(database: Database, token: str, at_ms: int = NOW_MS) -> sessions.Visitor | None:
    found = database.read(lambda c: sessions.visitor(c, token, at_ms))
    return None if found is None else found[0]


def test_a_token_is_long_and_lies_nowhere(database: Database, joins: Joins) -> None:
    token = sessions.fresh()
    assert len(token) == sessions.TOKEN_CHARS and sessions.TOKEN_BYTES * 8 >= 128
    opens(database, joins("ada"), token)
    rows = database.read(lambda c: c.execute(sa.select(table)).all())
    assert len(rows) == 1 and token not in str(rows)
    visitor = who(database, token)
    assert visitor is not None and (visitor.handle, visitor.role) == ("ada", "member")
    assert not visitor.moderates and visitor.approved


@pytest.mark.parametrize("token", ["", "x", "T" * 43, "\x00" * 43, "' OR 1=1 --", "é" * 43])
def test_a_token_that_is_none(database: Database, joins: Joins, token: str) -> None:
    opens(database, joins("ada"), TOKEN)
    assert who(database, token) is None


def test_it_ends_when_nobody_came_for_sixty_days(database: Database, joins: Joins) -> None:
    opens(database, joins("ada"), TOKEN)
    assert who(database, TOKEN, NOW_MS + sessions.IDLE_MS - 1) is not None
    assert who(database, TOKEN, NOW_MS + sessions.IDLE_MS) is None
    database.write(lambda c: sessions.seen(c, 1, NOW_MS + 5))
    assert who(database, TOKEN, NOW_MS + sessions.IDLE_MS) is not None


@pytest.mark.parametrize("column", ["suspended_at_ms", "deleted_at_ms"])
def test_a_suspension_ends_it_at_once(database: Database, joins: Joins, column: str) -> None:
    opens(database, joins("ada"), TOKEN)
    database.write(lambda c: c.execute(accounts_table.update().values({column: NOW_MS})))
    assert who(database, TOKEN) is None


def test_the_oldest_gives_way(database: Database, joins: Joins) -> None:
    ada, bob = joins("ada"), joins("bob")
    opens(database, bob, "b" * 43, 999, NOW_MS - 5_000)
    for number in range(sessions.OPEN_MAX + 1):
        opens(database, ada, f"{number:043}", number + 1, NOW_MS + number)
    listed = database.read(lambda c: sessions.listed(c, ada, NOW_MS))
    assert len(listed) == sessions.OPEN_MAX and listed[0].id == sessions.OPEN_MAX + 1
    assert who(database, f"{0:043}") is None and who(database, f"{1:043}") is not None
    assert who(database, "b" * 43) is not None


def test_one_ends_ones_own_only(database: Database, joins: Joins) -> None:
    ada, bob = joins("ada"), joins("bob")
    opens(database, ada, "a" * 43, 1)
    opens(database, ada, "c" * 43, 2)
    opens(database, bob, "b" * 43, 3)
    database.write(lambda c: sessions.end(c, bob, 1))
    assert who(database, "a" * 43) is not None
    database.write(lambda c: sessions.end_others(c, ada, 2))
    assert who(database, "a" * 43) is None and who(database, "c" * 43) is not None
    database.write(lambda c: sessions.end_others(c, ada))
    assert who(database, "c" * 43) is None and who(database, "b" * 43) is not None


def tries(database: Database, at_ms: int = NOW_MS) -> int:
    return database.write(lambda c: sessions.try_step(c, TOKEN, at_ms))


def test_a_step_has_five_tries_and_five_minutes(database: Database, joins: Joins) -> None:
    ada = joins("ada")
    database.write(lambda c: sessions.begin_step(c, ada, TOKEN, NOW_MS))
    assert [tries(database) for _ in range(sessions.STEP_TRIES)] == [ada] * sessions.STEP_TRIES
    with pytest.raises(Refused, match="log_in_again"):
        tries(database)
    database.write(lambda c: sessions.begin_step(c, ada, TOKEN, NOW_MS))
    assert tries(database, NOW_MS + sessions.STEP_MS - 1) == ada
    with pytest.raises(Refused, match="log_in_again"):
        tries(database, NOW_MS + sessions.STEP_MS)
    database.write(lambda c: sessions.end_step(c, TOKEN))
    with pytest.raises(Refused, match="log_in_again"):
        tries(database)


def turned_on(database: Database, account: int, paper: list[str]) -> None:
    assert database.write(lambda c: second_factor.propose(c, SEAL, account, SECRET)) == SECRET
    code = totp.code_at(SECRET, STEP)
    database.write(lambda c: second_factor.prove(c, SEAL, account, code, paper, NOW_MS))


def uses(database: Database, account: int, code: str, at_ms: int = NOW_MS) -> None:
    def work(connection: sa.Connection) -> None:
        found = accounts.member(connection, account)
        assert found is not None
        second_factor.use(connection, SEAL, found, code, at_ms)

    database.write(work)


def test_codes_count_once_one_was_shown(database: Database, joins: Joins) -> None:
    ada = joins("ada")
    uses(database, ada, "no code is asked for")
    database.write(lambda c: second_factor.propose(c, SEAL, ada, SECRET))
    again = database.write(lambda c: second_factor.propose(c, SEAL, ada, b"another secret......"))
    assert again == SECRET == database.read(lambda c: second_factor.waiting(c, SEAL, ada))
    uses(database, ada, "still none")
    with pytest.raises(Refused, match="code_wrong"):
        database.write(lambda c: second_factor.prove(c, SEAL, ada, "000000", [], NOW_MS))
    turned_on(database, ada, ["paper"])
    assert database.read(lambda c: second_factor.is_on(c, ada))
    assert database.read(lambda c: second_factor.waiting(c, SEAL, ada)) is None
    with pytest.raises(Refused, match="totp_on_already"):
        database.write(lambda c: second_factor.propose(c, SEAL, ada, SECRET))
    with pytest.raises(Refused, match="totp_on_already"):
        database.write(lambda c: second_factor.prove(c, SEAL, ada, "000000", [], NOW_MS))


def test_nothing_is_proved_that_was_not_proposed(database: Database, joins: Joins) -> None:
    ada = joins("ada")
    with pytest.raises(Refused, match="code_wrong"):
        database.write(lambda c: second_factor.prove(c, SEAL, ada, "000000", [], NOW_MS))


def test_a_code_and_a_paper_code_open_once_each(database: Database, joins: Joins) -> None:
    ada, bob = joins("ada"), joins("bob")
    turned_on(database, ada, ["aaaa-bbbb", "cccc-dddd"])
    turned_on(database, bob, ["eeee-ffff"])
    with pytest.raises(Refused, match="code_wrong"):
        uses(database, ada, totp.code_at(SECRET, STEP))  # the one that turned it on
    later = totp.code_at(SECRET, STEP + 1)
    uses(database, ada, later)
    uses(database, ada, "AAAA BBBB")
    for used in (later, "aaaabbbb", "eeee-ffff"):
        with pytest.raises(Refused, match="code_wrong"):
            uses(database, ada, used)
    assert database.read(lambda c: second_factor.paper_left(c, ada)) == 1
    database.write(lambda c: second_factor.new_paper(c, ada, ["gggg-hhhh"]))
    with pytest.raises(Refused, match="code_wrong"):
        uses(database, ada, "cccc-dddd")
    database.write(lambda c: second_factor.turn_off(c, ada))
    uses(database, ada, "none is asked for")
    assert database.read(lambda c: second_factor.paper_left(c, ada)) == 0
    assert not database.read(lambda c: second_factor.is_on(c, ada))


def test_the_secret_lies_sealed(database: Database, joins: Joins) -> None:
    ada = joins("ada")
    database.write(lambda c: second_factor.propose(c, SEAL, ada, SECRET))
    rows = database.read(lambda c: c.execute(sa.text("SELECT totp FROM members")).all())
    assert SECRET not in bytes(rows[0][0])
