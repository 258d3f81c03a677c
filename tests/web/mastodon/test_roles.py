"""Who looks after the server, and whether others see it: through the API and on pages, on both databases."""

from __future__ import annotations

import httpx

from tests.web.conftest import House
from tests.web.mastodon.letting_in import allows, asking, code_in, exchanged, registered, verify
from tests.web.test_accounts import owner_of, signs_up


async def shows(browser: httpx.AsyncClient, **said: str) -> None:
    fields = {"fields_attributes[0][name]": "", "avatar_description": "", **said}
    assert (await browser.post("/settings/profile", data=fields)).status_code == 303


async def test_a_role_is_shown_by_who_wants_that(house: House) -> None:
    lookup = "/api/v1/accounts/lookup?acct=ona"
    async with house.browser() as ona:
        await owner_of(house, ona)
        assert (await house.client.get(lookup)).json()["roles"] == []
        await shows(ona, role_shown="on")
        shown = (await house.client.get(lookup)).json()["roles"]
        assert shown == [{"id": "3", "name": "Owner", "color": ""}]
        assert "Owner of this server" in (await house.client.get("/@ona")).text
        app = await registered(house)
        code = code_in(await allows(ona, asking(app)))
        token = (await exchanged(house, app, code)).json()["access_token"]
        assert (await verify(house, token)).json()["role"]["highlighted"] is True
        await shows(ona)
        assert (await house.client.get(lookup)).json()["roles"] == []
        assert "Owner of this server" not in (await house.client.get("/@ona")).text


async def test_nobody_shows_what_he_is_not(house: House) -> None:
    async with house.browser() as bob:
        await signs_up(bob, "bob")
        assert 'name="role_shown"' not in (await bob.get("/settings/profile")).text
        await shows(bob, role_shown="on")
        assert (await house.client.get("/api/v1/accounts/lookup?acct=bob")).json()["roles"] == []
        assert 'class="badges"' not in (await house.client.get("/@bob")).text
