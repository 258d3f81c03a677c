"""Confirming an address and getting a new password, where mail is sent and where it is not; on both databases."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import Connection

from hustings.social import accounts, jobs, letters, totp
from hustings.social.accounts import UNCONFIRMED_KEPT_MS
from hustings.social.lanes import MAIL
from hustings.social.letters import Letter
from hustings.wire.errors import CODES
from tests.web.conftest import House

PASSWORD, OTHER = "a bridge in Kyoto", "a bridge in Osaka"
MAILING = {
    "MAIL__HOST": "localhost",
    "MAIL__TLS": "none",
    "MAIL__FROM_ADDRESS": "noreply@h.example",
}
with_mail = pytest.mark.parametrize("club", [MAILING], indirect=True)
approving = pytest.mark.parametrize(
    "club", [{**MAILING, "SQUARE__SIGN_UP": "approval"}], indirect=True
)


def letters_waiting(house: House) -> list[Letter]:
    """As the process `work` reads them; each once."""
    now_ms, seal = house.clock[0], house.parts.seal

    def work(connection: Connection) -> list[Letter | None]:
        found: list[Letter | None] = []
        for job in jobs.take(connection, MAIL, "work", 99, now_ms):
            found.append(letters.letter(connection, seal, job.body, job.made_at_ms, now_ms))
            jobs.done(connection, job, now_ms)
        return found

    return [one for one in house.parts.sql._database.claim(work) if one is not None]


async def signs_up(client: httpx.AsyncClient, handle: str = "ada", **more: str) -> httpx.Response:
    wanted = {"handle": handle, "password": PASSWORD, "email": f"{handle}@example.org", **more}
    return await client.post("/sign-up", data=wanted)


async def logs_in(client: httpx.AsyncClient, password: str) -> httpx.Response:
    return await client.post("/login", data={"name": "ada", "password": password})


async def is_seen(house: House, handle: str = "ada") -> bool:
    return (await house.client.get(f"/@{handle}")).status_code == 200


@with_mail
async def test_who_signs_up_is_seen_once_the_link_of_the_letter_was_used(club: House) -> None:
    async with club.browser() as ada:
        assert (await signs_up(ada)).headers["Location"] == "/settings"
        page = (await ada.get("/settings")).text
        assert "We sent a letter to ada@example.org" in page and not await is_seen(club)
        (letter,) = letters_waiting(club)
        assert (letter.kind, letter.to, letter.handle) == ("confirm", "ada@example.org", "ada")
        shown = await club.client.get(letter.path)
        assert shown.status_code == 200 and "ada@example.org belongs to @ada" in shown.text
        assert not await is_seen(club)  # looking at a link changes nothing
        assert (await club.client.post(letter.path)).headers["Location"] == "/settings"
        assert await is_seen(club)
        assert "We sent a letter" not in (await ada.get("/settings")).text
        assert (await club.client.post(letter.path)).status_code == 410  # once


async def test_without_a_mail_server_an_account_is_confirmed_at_once(house: House) -> None:
    async with house.browser() as ada:
        await house.client.get("/")
        await ada.post("/sign-up", data={"handle": "ada", "password": PASSWORD})
        assert await is_seen(house) and letters_waiting(house) == []
        assert (await ada.post("/forgot", data={"name": "ada"})).status_code == 409
        assert (await ada.post("/settings/confirm")).status_code == 409
        assert "sends no mail" in (await ada.get("/forgot")).text
        assert "/forgot" not in (await ada.get("/login")).text


@with_mail
async def test_an_address_is_needed_then(club: House) -> None:
    async with club.browser() as ada:
        answer = await signs_up(ada, email="")
        assert answer.status_code == 422 and CODES["email_needed"][1] in answer.text
        assert 'id="email"' in answer.text and " required" in answer.text


@approving
async def test_a_moderator_sees_only_who_confirmed(club: House) -> None:
    async with club.browser() as ada:
        await signs_up(ada, reason="Because.")
        assert await club.parts.sql.read(accounts.waiting) == []
        (letter,) = letters_waiting(club)
        await ada.post(letter.path)
        (waiting,) = await club.parts.sql.read(accounts.waiting)
        assert waiting.account.handle == "ada" and not await is_seen(club)
        await club.parts.sql.write(accounts.decide, 1, waiting.account.id, True, 2, club.clock[0])
        assert await is_seen(club)


@with_mail
async def test_the_letter_comes_again_but_not_at_once(club: House) -> None:
    async with club.browser() as ada:
        await signs_up(ada)
        assert len(letters_waiting(club)) == 1
        await ada.post("/settings/confirm")
        assert letters_waiting(club) == []
        club.clock[0] += letters.AGAIN_MS
        await ada.post("/settings/confirm")
        (again,) = letters_waiting(club)
        await ada.post(again.path)
        club.clock[0] += letters.AGAIN_MS
        await ada.post("/settings/confirm")
        assert letters_waiting(club) == []


@with_mail
async def test_who_never_confirms_gives_way(club: House) -> None:
    async with club.browser() as eve, club.browser() as ada:
        await signs_up(eve, "ada", email="ada@example.org")
        (letter,) = letters_waiting(club)
        club.clock[0] += UNCONFIRMED_KEPT_MS - 1
        assert (await signs_up(ada, "ada2", email="ada@example.org")).status_code == 409
        assert (await signs_up(ada, "ada", email="other@example.org")).status_code == 409
        club.clock[0] += 1
        assert (await signs_up(ada, "ada", email="ada@example.org")).status_code == 303
        assert (await eve.get("/settings")).status_code == 303  # he is logged out
        assert (await club.client.post(letter.path)).status_code == 410
        (own,) = letters_waiting(club)
        assert (await club.client.post(own.path)).status_code == 303


@with_mail
async def test_who_has_confirmed_never_gives_way(club: House) -> None:
    async with club.browser() as ada, club.browser() as eve:
        await signs_up(ada)
        (letter,) = letters_waiting(club)
        await ada.post(letter.path)
        club.clock[0] += 10 * UNCONFIRMED_KEPT_MS
        assert (await signs_up(eve, "ada", email="eve@example.org")).status_code == 409
        assert (await signs_up(eve, "eve", email="ADA@example.org")).status_code == 409


@with_mail
async def test_a_new_password_by_a_letter(club: House) -> None:
    async with club.browser() as ada, club.browser() as other, club.browser() as eve:
        await signs_up(ada)
        await logs_in(eve, PASSWORD)
        letters_waiting(club)
        answer = await other.post("/forgot", data={"name": "ADA@example.org"})
        assert "If there is such an account" in answer.text
        (letter,) = letters_waiting(club)
        assert (letter.kind, letter.to) == ("reset", "ada@example.org")
        form = await other.get(letter.path)
        assert "For @ada." in form.text and f'action="{letter.path}"' in form.text
        short = await other.post(letter.path, data={"password": "short"})
        assert short.status_code == 422 and CODES["password_short"][1] in short.text
        done = await other.post(letter.path, data={"password": OTHER})
        assert (done.status_code, done.headers["Location"]) == (303, "/login")
        for browser in (ada, eve):
            assert (await browser.get("/settings")).status_code == 303  # logged out
        assert (await logs_in(other, PASSWORD)).status_code == 401
        assert (await logs_in(other, OTHER)).status_code == 303
        again = await other.post(letter.path, data={"password": "a third bridge"})
        assert again.status_code == 410 and "This link is over" in again.text
        assert await is_seen(club)  # who reads the address has confirmed it


@with_mail
async def test_codes_are_still_asked_for(club: House) -> None:
    async with club.browser() as ada, club.browser() as thief:
        await signs_up(ada)
        letters_waiting(club)
        await ada.post("/settings/security/codes/begin", data={"password": PASSWORD})
        page = (await ada.get("/settings/security")).text
        words = re.search(r"[?&](?:amp;)?secret=([A-Z2-7]+)", page)
        assert words
        secret = base64.b32decode(words[1])
        code = totp.code_at(secret, club.clock[0] // 30_000)
        await ada.post("/settings/security/codes/prove", data={"code": code})
        await thief.post("/forgot", data={"name": "ada"})
        (letter,) = letters_waiting(club)
        await thief.post(letter.path, data={"password": OTHER})
        half = await logs_in(thief, OTHER)
        assert half.status_code == 200 and "One more step" in half.text
        assert (await thief.get("/settings")).status_code == 303


@with_mail
async def test_nobody_learns_who_has_an_account(club: House) -> None:
    async with club.browser() as ada, club.browser() as eve:
        await signs_up(ada)
        answers = [
            await eve.post("/forgot", data={"name": name})
            for name in ("ada", "ada@example.org", "nobody", "", "x" * 5_000, "a\x00b")
        ]
        assert len({(one.status_code, one.text) for one in answers}) == 1


@with_mail
@pytest.mark.parametrize("kind", ["confirm", "reset"])
async def test_a_link_is_good_for_what_it_says_and_no_longer(club: House, kind: str) -> None:
    async with club.browser() as ada, club.browser() as bob:
        await signs_up(ada)
        await signs_up(bob, "bob")
        if kind == "reset":
            letters_waiting(club)
            await bob.post("/forgot", data={"name": "ada"})
        letter = next(one for one in letters_waiting(club) if one.to.startswith("ada"))
        _, _, account, until, mark = letter.path.split("/")
        other = "reset" if kind == "confirm" else "confirm"
        bob_id = int(account) + 1
        wrong = [
            f"/{other}/{account}/{until}/{mark}",
            f"/{kind}/{account}/{int(until) + 1}/{mark}",
            f"/{kind}/{bob_id}/{until}/{mark}",
            f"/{kind}/{account}/{until}/{mark[:-1]}",
            f"/{kind}/{account}/{until}/{'0' * 32}",
            f"/{kind}/{account}/{until}/{'m' * 65}",
            f"/{kind}/x/{until}/{mark}",
            f"/{kind}/{'9' * 19}/{until}/{mark}",
            f"/{kind}/{account}/-1/{mark}",
            f"/{kind}/{account}/{until}/%F0%9F%98%80",
        ]
        for path in wrong:
            for answer in (
                await bob.get(path),
                await bob.post(path, data={"password": OTHER}),
            ):
                assert answer.status_code == 410, path
        club.clock[0] = letter.until_ms
        assert (await bob.get(letter.path)).status_code == 410
        club.clock[0] -= 1
        assert (await bob.get(letter.path)).status_code == 200


@with_mail
async def test_a_lane_that_is_full_signs_nobody_up(
    club: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MAIL", replace(MAIL, waiting_max=1))
    async with club.browser() as ada, club.browser() as bob:
        assert (await signs_up(ada)).status_code == 303
        full = await signs_up(bob, "bob")
        assert full.status_code == 503 and CODES["work_full"][1] in full.text
        assert (await bob.post("/forgot", data={"name": "ada"})).status_code == 503
        letters_waiting(club)
        assert (await signs_up(bob, "bob")).status_code == 303  # nothing of the first try stayed


@with_mail
async def test_an_owner_waits_for_no_letter(club: House) -> None:
    async with club.browser() as ona:
        await signs_up(ona, "ona")
        key = (club.settings.keys_dir / "planner.txt").read_text().strip()
        await ona.post("/settings/owner", data={"planner": key})
        assert await is_seen(club, "ona") and letters_waiting(club) == []
