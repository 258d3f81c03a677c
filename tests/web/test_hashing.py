"""Passwords are worked out beside everything else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hustings.web.hashing import AT_ONCE, WAITING_MAX, Hashing
from hustings.web.people import People
from hustings.wire.errors import Refused
from tests.web.conftest import House
from tests.web.test_accounts import is_in, logs_in, signs_up


async def test_nobodys_password_is_never_right() -> None:
    hashing = Hashing()
    kept = await hashing.keep("a bridge in Kyoto")
    assert await hashing.is_right("a bridge in Kyoto", kept)
    assert not await hashing.is_right("a bridge in Kyoto", None)
    hashing.close()
    assert not await Hashing(is_right=lambda password, kept: True).is_right("x", None)


class Slow:
    """A hash that takes until `gate` is opened, and counts how many are at it."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.at_it = 0
        self.most = 0
        self._turn = threading.Lock()

    def is_right(self, password: str, kept: str) -> bool:
        with self._turn:
            self.at_it += 1
            self.most = max(self.most, self.at_it)
        self.gate.wait()
        with self._turn:
            self.at_it -= 1
        return False


async def tries(hashing: Hashing) -> bool:
    async with hashing.turn():
        return await hashing.is_right("x", "k")


async def test_as_many_as_fit_wait_and_one_more_is_told_so() -> None:
    slow = Slow()
    hashing = Hashing(is_right=slow.is_right)

    waiting = [asyncio.create_task(tries(hashing)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="busy"):
        await tries(hashing)
    slow.gate.set()
    assert await asyncio.gather(*waiting) == [False] * WAITING_MAX
    assert slow.most <= AT_ONCE
    hashing.close()


async def test_who_waits_too_long_is_told_so_and_his_password_is_not_worked_out() -> None:
    slow = Slow()
    hashing = Hashing(is_right=slow.is_right, patience_s=0.0)

    at_it = [asyncio.create_task(tries(hashing)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="busy"):
        await tries(hashing)
    slow.gate.set()
    assert await asyncio.gather(*at_it) == [False] * AT_ONCE
    assert slow.most <= AT_ONCE
    assert await tries(hashing) is False, "there is room again"
    hashing.close()


async def test_a_thousand_log_ins_at_once_starve_nobody(house: House) -> None:
    """While not one of them gets on, who is logged in and who only looks are served as ever."""
    slow = Slow()
    async with house.browser() as ada:
        await signs_up(ada)
        people: People = house.parts.people
        real, people._hashing = people._hashing, Hashing(is_right=slow.is_right, patience_s=60.0)

        async def tries(number: int) -> int:
            async with house.browser(f"10.0.{number // 250}.{number % 250}") as one:
                answer = await logs_in(one, f"somebody{number}", "not this one")
                assert (answer.headers.get("Retry-After") == "1") is (answer.status_code == 503)
                return answer.status_code

        crowd = [asyncio.create_task(tries(number)) for number in range(1_000)]
        while sum(one.done() for one in crowd) < 1_000 - WAITING_MAX:
            await asyncio.sleep(0.05)
        assert await is_in(ada)
        assert (await house.client.get("/")).status_code == 200
        assert (await house.client.get("/healthz")).json()["ok"]
        slow.gate.set()
        statuses = await asyncio.gather(*crowd)
        people._hashing.close()
        people._hashing = real
    assert sorted(set(statuses)) == [401, 503] and statuses.count(401) == WAITING_MAX
    assert slow.most <= AT_ONCE
