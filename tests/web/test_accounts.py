"""Accounts as people use them: forms, cookies, redirects, on both databases."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from hustings.social import totp
from hustings.social.sessions import OPEN_MAX
from hustings.web.account_pages import NEXT_MAX, onward
from hustings.web.people import CODES_SAVED, STRANGERS_SAVED
from hustings.wire.errors import CODES
from tests.web.conftest import House

PASSWORD = "a bridge in Kyoto"


async def signs_up(client: httpx.AsyncClient, handle: str = "ada", **more: str) -> httpx.Response:
    return await client.post("/sign-up", data={"handle": handle, "password": PASSWORD, **more})


async def logs_in(
    client: httpx.AsyncClient, name: str = "ada", password: str = PASSWORD, **more: str
) -> httpx.Response:
    return await client.post("/login", data={"name": name, "password": password, **more})


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/settings")).status_code == 200


async def owner_of(house: House, client: httpx.AsyncClient) -> None:
    await signs_up(client, "ona")
    key = (house.settings.keys_dir / "planner.txt").read_text().strip()
    answer = await client.post("/settings/owner", data={"planner": key})
    assert answer.headers["Location"] == "/moderation"


async def test_from_signing_up_to_ones_own_page(house: House) -> None:
    async with house.browser() as ada:
        answer = await signs_up(ada, "Ada_L", email="ada@example.org")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
        assert "@Ada_L@localhost:8000" in (await ada.get("/settings")).text
        said = {"name": "Ada <b>Lovelace</b>", "note": "First.\n\nSecond & last."}
        assert (await ada.post("/settings", data=said)).status_code == 303
        page = (await house.client.get("/@ada_l")).text
        assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in page and "Second &amp; last." in page
        link = (await house.client.get("/people/x")).status_code
        assert link == 404


async def test_the_address_that_never_changes_leads_to_the_page(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
    found = await house.parts.sql.read(_first_account)
    assert found.uri == f"http://localhost:8000/people/{found.id}" and found.domain is None
    answer = await house.client.get(f"/people/{found.id}")
    assert answer.headers["Location"] == "/@ada"


async def test_the_cookie_of_a_plain_host_and_of_one_with_tls(
    house: House, public_house: House
) -> None:
    async with house.browser() as ada:
        plain = (await signs_up(ada)).headers.get_list("set-cookie")
    assert any(one.startswith("hustings=") for one in plain)
    async with public_house.browser() as ada:
        secure = (await signs_up(ada, "bob")).headers.get_list("set-cookie")
        assert await is_in(ada)
    assert any(one.startswith("__Host-hustings=") for one in secure)
    assert all("Secure" in one for one in secure) and not any("Secure" in one for one in plain)
    for one in [*plain, *secure]:
        assert "HttpOnly" in one and "SameSite=lax" in one and "Path=/" in one
        assert "omain" not in one


@pytest.mark.parametrize("name", ["ada", "@ADA", "ada@example.org"])
async def test_logging_in_and_out(house: House, name: str) -> None:
    async with house.browser() as ada, house.browser() as elsewhere:
        await signs_up(ada, email="ada@example.org")
        answer = await logs_in(elsewhere, name, next="/plan")
        assert answer.headers["Location"] == "/plan"
        assert await is_in(elsewhere)
        before = dict(elsewhere.cookies)
        await elsewhere.post("/log-out")
        assert not await is_in(elsewhere)
        elsewhere.cookies.update(before)  # a copy of the cookie opens nothing either
        assert not await is_in(elsewhere)
        assert await is_in(ada)


async def test_a_wrong_name_and_a_wrong_password_are_one_answer(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        wrong = [await logs_in(ada, "ada", "not this one"), await logs_in(ada, "bob", PASSWORD)]
    assert [one.status_code for one in wrong] == [401, 401]
    texts = [re.sub(r'value="\w*"', "", html.unescape(one.text)) for one in wrong]
    assert texts[0] == texts[1] and CODES["log_in_wrong"][1] in texts[0]
    assert PASSWORD not in wrong[1].text


async def test_every_log_in_has_a_token_of_its_own(house: House) -> None:
    """Fixation: a token that somebody planted in the browser opens nothing."""
    async with house.browser() as ada:
        await signs_up(ada)
        planted = ada.cookies["hustings"]
        await logs_in(ada)
        assert ada.cookies["hustings"] != planted
    async with house.browser() as other:
        other.cookies.set("hustings", "x" * 43)
        assert not await is_in(other)


async def test_a_page_that_needs_a_log_in_comes_back_to_it(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        await ada.post("/log-out")
        answer = await ada.get("/settings/security")
        assert answer.headers["Location"] == "/login?next=/settings/security"
        form = (await ada.get(answer.headers["Location"])).text
        assert 'name="next" value="/settings/security"' in form
        late = await ada.post("/settings/security/password", data={})
        assert late.headers["Location"] == "/login?next=/settings"


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "/a\\b", "/" * 3,
     "/" + "a" * NEXT_MAX],
)  # fmt: skip
def test_a_log_in_leads_to_our_own_pages_only(wanted: str) -> None:
    assert onward(wanted) == "/"
    assert onward("/settings?a=b#c") == "/settings?a=b#c"
    assert onward("/" + "a" * (NEXT_MAX - 1)) != "/"


async def test_a_change_with_a_cookie_says_where_it_comes_from(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        del ada.headers["Origin"]
        assert (await ada.post("/settings", data={"name": "x"})).status_code == 403
        assert (await ada.get("/settings")).status_code == 200
        ada.headers["Origin"] = "https://evil.example"
        assert (await ada.post("/settings", data={"name": "x"})).status_code == 403
        del ada.headers["Origin"]
        ada.headers["Sec-Fetch-Site"] = "same-origin"
        assert (await ada.post("/settings", data={"name": "x"})).status_code == 303


async def test_a_new_password_ends_all_other_sessions(house: House) -> None:
    async with house.browser() as ada, house.browser() as elsewhere:
        await signs_up(ada)
        await logs_in(elsewhere)
        path, new = "/settings/security/password", "another bridge, in Nara"
        wrong = await ada.post(path, data={"password": "not this one", "wanted": new})
        assert wrong.status_code == 403 and await is_in(elsewhere)
        weak = await ada.post(path, data={"password": PASSWORD, "wanted": "12345678"})
        assert weak.status_code == 422 and CODES["password_known"][1] in weak.text
        old = ada.cookies["hustings"]
        assert (await ada.post(path, data={"password": PASSWORD, "wanted": new})).status_code == 303
        assert await is_in(ada) and not await is_in(elsewhere) and ada.cookies["hustings"] != old
        assert (await logs_in(elsewhere)).status_code == 401
        assert (await logs_in(elsewhere, password=new)).status_code == 303


async def test_sessions_are_listed_and_end_one_by_one_or_all(house: House) -> None:
    async with house.browser() as ada, house.browser("192.0.2.7") as two, house.browser() as three:
        await signs_up(ada)
        two.headers["User-Agent"] = "<script>alert(1)</script>/9"
        await logs_in(two)
        await logs_in(three)
        page = (await ada.get("/settings/security")).text
        assert "192.0.2.7" in page and "<script>alert" not in page and page.count("This one") == 1
        end = re.findall(r"/settings/security/sessions/(\d+)/end", page)
        assert len(end) == 2
        await ada.post(f"/settings/security/sessions/{end[1]}/end")
        assert [await is_in(one) for one in (ada, two, three)] == [True, False, True]
        await ada.post("/settings/security/sessions/others/end")
        assert [await is_in(one) for one in (ada, two, three)] == [True, False, False]
        await logs_in(two)
        await ada.post("/settings/security/sessions/all/end")
        assert [await is_in(one) for one in (ada, two)] == [False, False]
        assert OPEN_MAX > 2


async def codes_on(house: House, client: httpx.AsyncClient) -> tuple[bytes, list[str]]:
    """Turns codes on: the secret and the paper codes, read off the pages."""
    path = "/settings/security/codes"
    assert (await client.post(f"{path}/begin", data={"password": PASSWORD})).status_code == 303
    page = (await client.get("/settings/security")).text
    found = re.search(r'<p class="secret"><code>([A-Z2-7 ]+)</code>', page)
    assert found is not None
    import base64

    secret = base64.b32decode(found[1].replace(" ", ""))
    page = (await client.post(f"{path}/prove", data={"code": code(house, secret)})).text
    paper = re.findall(r"<li><code>([a-z2-7-]+)</code>", page)
    assert len(paper) == totp.PAPER_CODES
    return secret, paper


def code(house: House, secret: bytes) -> str:
    return totp.code_at(secret, house.clock[0] // 1000 // totp.STEP_S)


async def test_a_log_in_with_a_code(house: House) -> None:
    async with house.browser() as ada, house.browser() as elsewhere:
        await signs_up(ada)
        secret, paper = await codes_on(house, ada)
        used = code(house, secret)
        page = await logs_in(elsewhere, next="/plan")
        assert page.status_code == 200 and not await is_in(elsewhere)
        step = re.search(r'name="step" value="([^"]+)"', page.text)
        assert step is not None
        form = {"step": step[1], "next": "/plan"}
        wrong = await elsewhere.post("/login/code", data={**form, "code": used})
        assert wrong.status_code == 403 and CODES["code_wrong"][1] in wrong.text
        house.clock[0] += 30_000
        right = await elsewhere.post("/login/code", data={**form, "code": code(house, secret)})
        assert right.headers["Location"] == "/plan" and await is_in(elsewhere)
        again = await elsewhere.post("/login/code", data={**form, "code": paper[0]})
        assert again.status_code == 401  # the step is over
        page = await logs_in(elsewhere)
        step = re.search(r'name="step" value="([^"]+)"', page.text)
        assert step is not None
        by_paper = await elsewhere.post("/login/code", data={"step": step[1], "code": paper[0]})
        assert by_paper.status_code == 303
        assert "9 printed codes are left" in (await elsewhere.get("/settings/security")).text


async def test_turning_codes_on_or_off_asks_for_the_password(house: House) -> None:
    path = "/settings/security/codes"
    async with house.browser() as ada:
        await signs_up(ada)
        no = await ada.post(f"{path}/begin", data={"password": "not this one"})
        assert no.status_code == 403 and 'class="secret"' not in no.text
        _, paper = await codes_on(house, ada)
        for act in ("off", "paper"):
            assert (await ada.post(f"{path}/{act}", data={"password": "x"})).status_code == 403
        new = await ada.post(f"{path}/paper", data={"password": PASSWORD})
        assert "Print these codes" in new.text and paper[0] not in new.text
        assert (await ada.post(f"{path}/off", data={"password": PASSWORD})).status_code == 303
        assert (await logs_in(ada)).status_code == 303
        assert (await ada.post(f"{path}/nothing", data={"x": "y"})).status_code == 404


async def test_codes_are_not_guessed(house: House) -> None:
    async with house.browser() as ada, house.browser("192.0.2.9") as thief:
        await signs_up(ada)
        await codes_on(house, ada)
        statuses = []
        for _ in range(CODES_SAVED + 2):
            page = await logs_in(thief)
            step = re.search(r'name="step" value="([^"]+)"', page.text)
            assert step is not None
            form = {"step": step[1], "code": "000000"}
            statuses.append((await thief.post("/login/code", data=form)).status_code)
        assert statuses == [403] * CODES_SAVED + [429] * 2


async def test_strangers_are_stopped_and_the_owner_is_not(house: House) -> None:
    """A password is tried from many places; who was here before goes on coming in."""
    async with house.browser() as ada:
        await signs_up(ada)
        statuses = []
        for number in range(STRANGERS_SAVED + 2):
            async with house.browser(f"198.51.100.{number}") as thief:
                statuses.append((await logs_in(thief, password="not this one")).status_code)
        assert statuses == [401] * STRANGERS_SAVED + [429] * 2
        async with house.browser() as stranger:
            assert (await logs_in(stranger)).status_code == 429
        await ada.post("/log-out")
        assert (await logs_in(ada)).status_code == 303
        house.clock[0] += 60_000
        async with house.browser() as stranger:
            assert (await logs_in(stranger)).status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "n" * 22, "n" * 22 + "f" * 32, "%" * 40, "n" * 5_000])
async def test_who_was_here_before_is_not_a_matter_of_opinion(house: House, cookie: str) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        for _ in range(STRANGERS_SAVED):
            house.parts.people._strangers.take(
                str(await _id_of(house, "ada")), house.clock[0] / 1000
            )
    async with house.browser() as thief:
        thief.headers["Cookie"] = f"hustings-known={cookie}".encode().decode("latin-1")
        assert (await logs_in(thief)).status_code == 429


@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "closed"}], indirect=True)
async def test_nobody_signs_up_where_it_is_closed(club: House) -> None:
    async with club.browser() as ada:
        assert "<form" not in (await ada.get("/sign-up")).text
        assert (await signs_up(ada)).status_code == 403


@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "invite"}], indirect=True)
async def test_who_is_invited_signs_up(club: House) -> None:
    async with club.browser() as ona, club.browser() as ada, club.browser() as bob:
        assert (await signs_up(ada)).status_code == 403
        await club.parts.sql.write(_an_invite, "c" * 22)
        await signs_up(ona, "ona", invite="c" * 22)
        key = (club.settings.keys_dir / "planner.txt").read_text().strip()
        await ona.post("/settings/owner", data={"planner": key})
        made = await ona.post("/moderation/invites", data={"uses": "1", "days": "7"})
        assert made.status_code == 303
        found = re.search(
            r'value="http://localhost:8000/sign-up\?invite=([^"]+)"',
            (await ona.get("/moderation")).text,
        )
        assert found is not None
        form = (await ada.get(f"/sign-up?invite={found[1]}")).text
        assert f'value="{found[1]}"' in form
        assert (await signs_up(ada, invite=found[1])).status_code == 303
        assert (await signs_up(bob, "bob", invite=found[1])).status_code == 403
        assert (
            await ona.post("/moderation/invites", data={"uses": "0", "days": "x"})
        ).status_code == 400


@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "approval"}], indirect=True)
async def test_who_waits_is_not_seen_until_let_in(club: House) -> None:
    async with club.browser() as ona, club.browser() as ada, club.browser() as bob:
        await owner_of(club, ona)
        await signs_up(ada, reason="I <3 counting")
        await signs_up(bob, "bob")
        assert "Somebody here has to let you in" in (await ada.get("/settings")).text
        assert (await ada.get("/moderation")).status_code == 403
        assert (await club.client.get("/@ada")).status_code == 404
        page = (await ona.get("/moderation")).text
        assert "I &lt;3 counting" in page
        ids = re.findall(r"/moderation/people/(\d+)/let-in", page)
        assert len(ids) == 2
        assert (await ada.post(f"/moderation/people/{ids[0]}/let-in")).status_code == 403
        await ona.post(f"/moderation/people/{ids[0]}/let-in")
        await ona.post(f"/moderation/people/{ids[1]}/turn-away")
        assert (await club.client.get("/@ada")).status_code == 200
        assert not await is_in(bob) and await is_in(ada)
        for path in (f"{ids[0]}/let-in", f"{ids[0]}/other", "x/let-in", f"{'9' * 30}/let-in"):
            assert (await ona.post(f"/moderation/people/{path}")).status_code == 404


async def test_the_planner_key_makes_an_owner_and_nothing_else_does(house: House) -> None:
    async with house.browser() as ada, house.browser() as ona:
        await signs_up(ada)
        no = await ada.post("/settings/owner", data={"planner": "guess"})
        assert no.status_code == 403 and CODES["planner_key_wrong"][1] in no.text
        await ada.post("/settings", data={"name": "x", "role": "owner"})
        assert (await ada.get("/moderation")).status_code == 403
        await owner_of(house, ona)
        assert (await ona.get("/moderation")).status_code == 200


async def test_forms_that_cannot_be_say_so_at_the_field(house: House) -> None:
    async with house.browser() as ada:
        for fields, code in (
            ({"handle": "a b"}, "handle_malformed"), ({"handle": "admin"}, "handle_reserved"),
            ({"password": "short"}, "password_short"), ({"email": "a@b"}, "email_malformed"),
        ):  # fmt: skip
            answer = await signs_up(ada, **{"handle": "ada", **fields})
            assert answer.status_code == 422 and CODES[code][1] in html.unescape(answer.text)
            assert 'aria-invalid="true"' in answer.text and PASSWORD not in answer.text
        await signs_up(ada, name="ada")
        taken = await signs_up(ada, "ADA")
        assert taken.status_code == 409 and CODES["handle_taken"][1] in taken.text
        long = await ada.post("/settings", data={"name": "x" * 61, "note": "kept"})
        assert long.status_code == 422 and ">kept</textarea>" in long.text


async def test_pages_go_on_without_a_database(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        house.parts.sql.ready = False
        for path in ("/login", "/sign-up", "/plan"):
            assert (await ada.get(path)).status_code == 200
        assert (await ada.get("/settings")).status_code == 503
        assert (await logs_in(ada)).status_code == 503


def _first_account(connection):  # type: ignore[no-untyped-def]
    import sqlalchemy as sa

    from hustings.store.people import accounts

    return connection.execute(sa.select(accounts)).first()


async def _id_of(house: House, handle: str) -> int:
    from hustings.social import accounts

    found = await house.parts.sql.read(accounts.find, handle)
    assert found is not None
    return found.id


def _an_invite(connection, code: str) -> None:  # type: ignore[no-untyped-def]
    from hustings.social import accounts, invites
    from hustings.social.accounts import Newcomer
    from tests.web.conftest import NOW_MS

    first = Newcomer(1, "first", "https://h.example/1", "kept", None, "", "", True)
    accounts.add(connection, first, NOW_MS)
    invites.make(connection, 1, code, 1, 1, NOW_MS)
