"""One real server for all of the bad input: four processes, real sockets, nothing in the place of anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from secrets import token_urlsafe

import pytest

from hustings import keyring
from hustings.wire.ticket import Signer, Ticket
from tests.e2e.house import House, Room, started
from tests.e2e.peer import Cast, cast


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # All of it comes from one address: what that address may do is `test_floods`'s question.
    plenty = {"STAGE__OFFERS_PER_MINUTE": "100000", "STAGE__WRONG_TICKETS_PER_MINUTE": "100000"}
    with started(tmp_path_factory.mktemp("bad") / "data", **plenty) as one:
        yield one


@pytest.fixture(scope="session")
def actors() -> Iterator[Cast]:
    with cast() as one:
        yield one


@pytest.fixture(scope="session")
def on(house: House) -> Room:
    """A room that is on the air."""
    room = house.plan("room-on", "A room that is on")
    house.on_air(room)
    return room


@pytest.fixture(scope="session")
def yet(house: House) -> Room:
    """A room whose doors are shut."""
    return house.plan("room-yet", "A room to come")


@pytest.fixture(scope="session")
def over(house: House) -> Room:
    """A room that has ended."""
    room = house.plan("room-over", "A room that was")
    house.on_air(room)
    house.command(room, "end")
    return room


@pytest.fixture(scope="session")
def signer(house: House) -> Signer:
    """Studio's own key: for tickets that are rightly signed and wrong all the same."""
    return Signer(*keyring.load_or_make(house.folder / "keys", "studio"))


def ticket_of(signer: Signer, room: str, role: str = "speaker") -> str:
    return signer.sign(Ticket(token_urlsafe(16), room, role, "Somebody", int(time.time())))
