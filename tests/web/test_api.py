"""`/api/hustings/v1`: what is planned, and every "no" with its code."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hustings.keyring import load_or_make
from hustings.web.planner import TRIES
from hustings.wire.ticket import Signer, Ticket
from tests.web.conftest import API, NOW_MS, PLAN, House, bearer, until

HOUR_MS = 3_600_000


async def test_a_room_is_planned_handed_over_and_published(house: House) -> None:
    done = await house.plan(title="Über den Fluß", host_name="Ana", description="One.\nTwo.")
    key = done["room"]["key"]
    assert key == "uber-den-fluss"
    assert done["handed"] is True
    assert done["live_url"] == f"http://localhost:8001/{key}"
    assert done["host_url"] == f"http://localhost:8002/{key}#t={done['host_ticket']}"
    assert house.studio.plans[key]["title"] == "Über den Fluß"
    assert len(house.studio.plans[key]["plan"]) == 22
    assert house.studio.plans[key]["doors_before_s"] == 1800
    assert "Über den Fluß" in house.page(key).read_text()
    found = (await house.client.get(f"{API}/rooms/{key}")).json()
    assert found == done["room"]
    assert found["doors_at_ms"] == found["starts_at_ms"] - 1_800_000
    assert "plan" not in found


async def test_the_host_ticket_is_good_for_its_room(house: House) -> None:
    done = await house.plan(host_name="Ana")
    ticket = house.parts.planning._verifier().verify(done["host_ticket"], done["room"]["key"])
    assert (ticket.role, ticket.name, ticket.at) == ("host", "Ana", NOW_MS // 1000)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"title": ""}, 422, "title_empty"),
        ({"title": " \n\t\u0000 "}, 422, "title_empty"),
        ({"title": None}, 422, "title_empty"),
        ({"title": 7}, 400, "bad_request"),
        ({"title": "a" * 200}, 201, ""),
        ({"title": "a" * 201}, 422, "title_too_long"),
        ({"title": "a" * 10_000}, 422, "title_too_long"),
        ({"title": "\U0001f3a4" * 201}, 422, "title_too_long"),
        ({"description": "a" * 5_000}, 201, ""),
        ({"description": "a" * 5_001}, 422, "description_too_long"),
        ({"host_name": "a" * 60}, 201, ""),
        ({"host_name": "a" * 61}, 422, "name_malformed"),
        ({"key": "ab"}, 422, "key_malformed"),
        ({"key": "abc"}, 201, ""),
        ({"key": "a" * 64}, 201, ""),
        ({"key": "a" * 65}, 422, "key_malformed"),
        ({"key": "The-Hour"}, 422, "key_malformed"),
        ({"key": "../../etc"}, 422, "key_malformed"),
        ({"key": "-abc"}, 422, "key_malformed"),
        ({"key": "live"}, 422, "key_reserved"),
        ({"key": "healthz"}, 422, "key_reserved"),
        ({"starts_at_ms": NOW_MS}, 201, ""),
        ({"starts_at_ms": NOW_MS - HOUR_MS}, 201, ""),
        ({"starts_at_ms": NOW_MS - HOUR_MS - 1}, 422, "time_past"),
        ({"starts_at_ms": NOW_MS + 2 * 366 * 24 * HOUR_MS}, 201, ""),
        ({"starts_at_ms": NOW_MS + 2 * 366 * 24 * HOUR_MS + 1}, 422, "time_too_far"),
        ({"starts_at_ms": None}, 422, "time_malformed"),
        ({"starts_at_ms": "soon"}, 422, "time_malformed"),
        ({"starts_at_ms": True}, 422, "time_malformed"),
        ({"starts_at_ms": 1.5}, 422, "time_malformed"),
        ({"profile": "slow"}, 422, "profile_unknown"),
        ({"profile": ["fast"]}, 422, "profile_unknown"),
        ({"listed": "perhaps"}, 400, "bad_request"),
        ({"picture_alt": "a" * 501}, 422, "picture_alt_too_long"),
    ],
)
async def test_what_a_plan_may_be(
    house: House, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = await house.post(**fields)
    assert answer.status_code == status, answer.text
    assert answer.json().get("code", "") == code
    assert bool(house.studio.plans) == (status == 201)


async def test_markup_is_text_and_escaped_wherever_it_is_shown(house: House) -> None:
    markup = '<script>alert(1)</script> & "quotes"'
    done = await house.plan(title=markup, description=markup, host_name="<b>Ana</b>")
    assert done["room"]["title"] == markup
    front = (await house.client.get("/")).text
    for page in (front, house.page(done["room"]["key"]).read_text()):
        assert "<script>alert" not in page and "<b>Ana" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page


async def test_a_key_is_taken_once(house: House) -> None:
    await house.plan(key="the-hour")
    again = await house.post(key="the-hour")
    assert (again.status_code, again.json()["code"]) == (409, "key_taken")
    assert again.json()["field"] == "key"


async def test_a_proposed_key_gives_way(house: House) -> None:
    keys = [(await house.plan(title="The Hour"))["room"]["key"] for _ in range(3)]
    assert keys == ["the-hour", "the-hour-2", "the-hour-3"]
    assert (await house.plan(title="Live"))["room"]["key"] == "live-2"


async def test_a_key_that_studio_gave_to_another_plan(house: House) -> None:
    house.studio.plans["the-hour"] = {"plan": "x" * 22}
    answer = await house.post(key="the-hour")
    assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")
    assert (await house.client.get(f"{API}/rooms/the-hour")).status_code == 404


async def test_studio_full_is_said_and_leaves_nothing(house: House) -> None:
    house.studio.refusals["PUT", "*"] = (503, "rooms_full")
    answer = await house.post(key="the-hour")
    assert (answer.status_code, answer.json()["code"]) == (503, "rooms_full")
    house.studio.refusals.clear()
    await house.plan(key="the-hour")


async def test_unlisted_is_a_random_key_and_on_no_list(house: House) -> None:
    done = await house.plan(title="A secret", listed=False, key="a-secret")
    key = done["room"]["key"]
    assert len(key) == 22 and key != "a-secret"
    for when in ("now", "soon", "past"):
        assert (await house.client.get(f"{API}/rooms?when={when}")).json() == {"rooms": []}
    assert "A secret" not in (await house.client.get("/")).text
    assert (await house.client.get(f"{API}/rooms/{key}")).status_code == 200
    assert "noindex" in house.page(key).read_text()


async def test_a_reader_that_asks_for_nonsense(house: House) -> None:
    for path, status, code in (
        ("/rooms/none-such", 404, "room_unknown"),
        ("/rooms/%2e%2e%2fkeys", 404, "not_found"),
        ("/rooms/UPPER", 404, "room_unknown"),
        ("/rooms?when=never", 400, "bad_request"),
        ("/nowhere", 404, "not_found"),
    ):
        answer = await house.client.get(API + path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    answer = await house.client.put(f"{API}/rooms")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 60_000, "application/json"),
        (json.dumps(PLAN).encode(), "text/plain"),
        (json.dumps(PLAN).encode(), ""),
        (b"nonsense", "multipart/form-data"),
    ],
)
async def test_garbage(house: House, body: bytes, kind: str) -> None:
    answer = await house.client.post(f"{API}/rooms", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_body_over_the_limit_is_refused_before_it_is_read(house: House) -> None:
    read = []

    async def body() -> Any:
        for _ in range(100):
            read.append(1)
            yield b"x" * 65_536

    headers = {"Content-Type": "application/json", "Content-Length": str(65_537)}
    answer = await house.client.post(f"{API}/rooms", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert read == []
    # without a length it is counted, and dropped at the first slice too many
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    answer = await house.client.post(f"{API}/rooms", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert len(read) <= 3


async def test_a_length_that_is_no_number(house: House) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "many"}
    answer = await house.client.post(f"{API}/rooms", content=b"", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_room_is_changed_by_its_host_until_it_is_on_the_air(house: House) -> None:
    done = await house.plan()
    key, host = done["room"]["key"], bearer(done["host_ticket"])
    address = f"{API}/rooms/{key}"
    answer = await house.client.patch(address, json={"title": "Another hour"}, headers=host)
    assert answer.json()["title"] == "Another hour"
    assert answer.json()["starts_at_ms"] == PLAN["starts_at_ms"]
    assert house.studio.plans[key]["title"] == "Another hour"
    assert "Another hour" in house.page(key).read_text()
    for fields, code in (
        ({"title": ""}, "title_empty"),
        ({"starts_at_ms": 5}, "time_past"),
        ({"profile": "slow"}, "profile_unknown"),
    ):
        answer = await house.client.patch(address, json=fields, headers=host)
        assert answer.json()["code"] == code
    house.studio.refusals["PUT", key] = (409, "wrong_state")
    answer = await house.client.patch(address, json={"title": "Too late"}, headers=host)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await house.client.get(address)).json()["title"] == "Another hour"


async def test_a_room_is_taken_back_before_it_opens(house: House) -> None:
    done = await house.plan(key="the-hour")
    host = bearer(done["host_ticket"])
    assert (await house.client.delete(f"{API}/rooms/the-hour", headers=host)).status_code == 204
    assert house.studio.plans == {} and not house.page("the-hour").exists()
    answer = await house.client.delete(f"{API}/rooms/the-hour", headers=host)
    assert (answer.status_code, answer.json()["code"]) == (404, "room_unknown")
    await house.plan(key="the-hour")  # the key is free


async def test_a_room_that_opened_is_not_taken_back(house: House) -> None:
    done = await house.plan(key="the-hour")
    house.studio.refusals["DELETE", "the-hour"] = (409, "wrong_state")
    answer = await house.client.delete(f"{API}/rooms/the-hour", headers=bearer(done["host_ticket"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await house.client.get(f"{API}/rooms/the-hour")).status_code == 200


class TestTickets:
    """PATCH, DELETE and new tickets take the host's ticket and no other."""

    async def test_the_ticket_of_another(self, house: House) -> None:
        done, other = await house.plan(), await house.plan()
        key = done["room"]["key"]
        kid, private = load_or_make(house.settings.keys_dir, "web")
        cohost = Signer(kid, private).sign(Ticket("c" * 22, key, "cohost", "", 1))
        forged = done["host_ticket"][:-6] + "AAAAAA"
        invited = await house.client.post(
            f"{API}/rooms/{key}/tickets", json={}, headers=bearer(done["host_ticket"])
        )
        for token, status, code in (
            ("", 401, "ticket_missing"),
            ("nonsense", 401, "ticket_malformed"),
            (forged, 401, "ticket_forged"),
            (other["host_ticket"], 403, "ticket_wrong_room"),
            (invited.json()["ticket"], 403, "role_too_low"),
            (cohost, 403, "role_too_low"),
        ):
            for method, path, body in (
                ("PATCH", "", {"title": "Mine"}),
                ("DELETE", "", None),
                ("POST", "/tickets", {"role": "cohost"}),
            ):
                answer = await house.client.request(
                    method,
                    f"{API}/rooms/{key}{path}",
                    json=body,
                    headers=bearer(token) if token else {},
                )
                assert (answer.status_code, answer.json()["code"]) == (status, code), method
        assert (await house.client.get(f"{API}/rooms/{key}")).json()["title"] == PLAN["title"]

    async def test_speakers_and_cohosts_are_invited(self, house: House) -> None:
        done = await house.plan()
        key, host = done["room"]["key"], bearer(done["host_ticket"])
        for role in ("speaker", "cohost"):
            answer = await house.client.post(
                f"{API}/rooms/{key}/tickets", json={"role": role, "name": "Ben"}, headers=host
            )
            assert answer.status_code == 201
            ticket = house.parts.planning._verifier().verify(answer.json()["ticket"], key)
            assert (ticket.role, ticket.name) == (role, "Ben")
            assert answer.json()["url"].endswith(f"/{key}#t={answer.json()['ticket']}")
        for body, code in (
            ({"role": "host"}, "bad_request"),
            ({"role": "listener"}, "bad_request"),
            ({"name": "a" * 61}, "name_malformed"),
        ):
            answer = await house.client.post(f"{API}/rooms/{key}/tickets", json=body, headers=host)
            assert answer.json()["code"] == code

    async def test_a_ticket_that_studio_took_back(self, house: House) -> None:
        done = await house.plan()
        key, token = done["room"]["key"], done["host_ticket"]
        ticket = house.parts.planning._verifier().verify(token, key)
        task = house.parts.follower.run()
        import asyncio

        running = asyncio.create_task(task)
        await house.studio.tell(
            key, {"n": 2, "at_ms": 2, "type": "ticket_revoked", "ticket": ticket.ticket}
        )

        async def refused() -> bool:
            answer = await house.client.post(
                f"{API}/rooms/{key}/tickets", json={}, headers=bearer(token)
            )
            return answer.json().get("code") == "ticket_revoked"

        await until(refused)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class TestPlannerKey:
    async def test_it_is_needed_on_a_public_address(self, public_house: House) -> None:
        answer = await public_house.post()
        assert (answer.status_code, answer.json()["code"]) == (403, "planner_key_wrong")
        key = (public_house.settings.keys_dir / "planner.txt").read_text().strip()
        for offered, status in ((key[:-1], 403), (key + "x", 403), ("ü", 403), (key, 201)):
            answer = await public_house.client.post(
                f"{API}/rooms",
                json=PLAN,
                headers={b"Hustings-Planner": offered.encode()},
            )
            assert answer.status_code == status

    async def test_tries_are_counted(self, public_house: House) -> None:
        key = (public_house.settings.keys_dir / "planner.txt").read_text().strip()
        codes = [(await public_house.post()).json()["code"] for _ in range(TRIES + 1)]
        assert codes == ["planner_key_wrong"] * TRIES + ["too_many"]
        right = {"Hustings-Planner": key}
        assert (
            await public_house.client.post(f"{API}/rooms", json=PLAN, headers=right)
        ).status_code == 429
        public_house.clock[0] += 60_000
        assert (
            await public_house.client.post(f"{API}/rooms", json=PLAN, headers=right)
        ).status_code == 201

    async def test_not_on_localhost(self, house: House) -> None:
        assert (await house.post()).status_code == 201


class TestCrossSite:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8000"}, 201),
            ({"Sec-Fetch-Site": "none"}, 201),
            ({"Origin": "http://localhost:8000"}, 201),
            ({"Origin": "http://127.0.0.1:8000"}, 201),
            ({"Origin": "http://localhost:8001"}, 403),
            ({"Origin": "https://localhost:8000"}, 403),
            ({"Origin": "http://evil.example:8000"}, 403),
            ({"Origin": "http://localhost.evil.example:8000"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://localhost:80x"}, 403),
            ({}, 201),
        ],
    )
    async def test_where_a_request_comes_from(
        self, house: House, headers: dict[str, str], status: int
    ) -> None:
        answer = await house.client.post(f"{API}/rooms", json=PLAN, headers=headers)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["code"] == "cross_site"

    async def test_reading_is_free(self, house: House) -> None:
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
        assert (await house.client.get("/", headers=headers)).status_code == 200


async def test_openapi_describes_every_route_and_body(house: House) -> None:
    tree = (await house.client.get(f"{API}/openapi.json")).json()
    ours = {path for path in tree["paths"] if path.startswith(API)}
    assert ours == {f"{API}/rooms", f"{API}/rooms/{{key}}", f"{API}/rooms/{{key}}/tickets"}
    body = tree["paths"][f"{API}/rooms"]["post"]["requestBody"]["content"]
    assert body["application/json"]["schema"]["required"] == ["title", "starts_at_ms"]
    assert "picture" in body["multipart/form-data"]["schema"]["properties"]
    assert tree["components"]["schemas"]["Error"]["properties"].keys() >= {"code", "message"}


async def test_every_answer_has_the_security_headers(house: House) -> None:
    answers: list[httpx.Response] = [
        await house.client.get("/"),
        await house.client.get("/nowhere"),
        await house.client.get(f"{API}/rooms"),
        await house.client.post("/plan", headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "set-cookie" not in answer.headers
