"""Door: what goes inward, and what never does."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from hustings.door.app import COMMAND_MAX, KNOCK_MAX, OFFER_MAX
from hustings.wire.ticket import Signer
from tests.door.conftest import KNOCKS, Outside, ticket

SDP = {"Content-Type": "application/sdp"}
DEVICE = "d" * 22


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def code(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    body = await answer.json()
    assert body["message"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.status, body["code"]


async def test_an_offer_goes_inward_with_the_claims_of_its_ticket(door: Outside) -> None:
    door.studio.status, door.studio.answer = 201, b"v=0"
    door.studio.headers = {
        "Content-Type": "application/sdp",
        "Location": "/session/demo/xyz",
        "ETag": '"abc"',
        "X-Inner": "no",
    }
    headers = {**bearer(ticket()), **SDP, "Hustings-Device": DEVICE, "X-Real-IP": "203.0.113.9"}
    async with door.http.post("/session/demo", data=b"offer", headers=headers) as answer:
        assert (answer.status, await answer.read()) == (201, b"v=0")
        assert answer.headers["Location"] == "/session/demo/xyz"
        assert answer.headers["ETag"] == '"abc"'
        assert "X-Inner" not in answer.headers
        assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    asked = door.studio.asked[0]
    assert (asked["method"], asked["path"], asked["body"]) == (
        "POST",
        "/rooms/demo/session",
        b"offer",
    )
    assert asked["claims"] == {"t": "t" * 22, "r": "demo", "o": "speaker", "n": "Änn", "at": 5}
    assert (asked["device"], asked["address"]) == (DEVICE, "203.0.113.9")


@pytest.mark.parametrize("kind", ["whip", "whep"])
async def test_other_clients(door: Outside, kind: str) -> None:
    async with door.http.post(
        f"/{kind}/demo", data=b"o", headers={**bearer(ticket()), **SDP}
    ) as answer:
        assert answer.status == 200
    assert door.studio.asked[0]["path"] == f"/rooms/demo/{kind}"
    assert door.studio.asked[0]["device"] == "-"


async def test_events_commands_and_leaving(door: Outside) -> None:
    async with door.http.get("/events/demo?after=1.5", headers=bearer(ticket())) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
    headers = {**bearer(ticket()), "Idempotency-Key": "k1"}
    async with door.http.post(
        "/command/demo/hands.raise", json={"note": "x"}, headers=headers
    ) as answer:
        assert answer.status == 200
    async with door.http.delete(f"/session/demo/{DEVICE}", headers=bearer(ticket())) as answer:
        assert answer.status == 200
    assert [(asked["method"], asked["path"]) for asked in door.studio.asked] == [
        ("GET", "/rooms/demo/events?after=1.5"),
        ("POST", "/rooms/demo/commands/hands.raise"),
        ("DELETE", f"/rooms/demo/session/{DEVICE}"),
    ]
    assert (door.studio.asked[1]["once"], json.loads(door.studio.asked[1]["body"])) == (
        "k1",
        {"note": "x"},
    )


class TestTickets:
    """Each stops at the door: nothing goes inward."""

    @pytest.mark.parametrize(
        ("token", "expected"),
        [
            ("", (401, "ticket_malformed")),
            ("x", (401, "ticket_malformed")),
            ("v1.web-1.e30.AAA", (401, "ticket_forged")),
            ("v1.web-1.e30.A", (401, "ticket_malformed")),
            ("v1.other.e30.AA", (401, "ticket_forged")),
            (ticket()[:-4] + "AAAA", (401, "ticket_forged")),
            (ticket(signer=Signer("web-1", Ed25519PrivateKey.generate())), (401, "ticket_forged")),
            (ticket(room="other"), (403, "ticket_wrong_room")),
            ("v1." + "x" * 1_100, (401, "ticket_malformed")),
        ],
    )
    @pytest.mark.parametrize("call", ["session", "whip", "whep", "events", "command"])
    async def test_bad_tickets(
        self, door: Outside, token: str, expected: tuple[int, str], call: str
    ) -> None:
        headers = {**bearer(token or " "), **SDP}
        if call == "events":
            answer = await door.http.get("/events/demo", headers=headers)
        elif call == "command":
            answer = await door.http.post("/command/demo/end", data=b"{}", headers=headers)
        else:
            answer = await door.http.post(f"/{call}/demo", data=b"o", headers=headers)
        async with answer:
            got = await code(answer)
        assert got == expected or (not token and got == (401, "ticket_missing"))
        assert door.studio.asked == []

    @pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer"])
    async def test_none(self, door: Outside, authorization: str | None) -> None:
        headers = {"Authorization": authorization} if authorization else {}
        async with door.http.get("/events/demo", headers=headers) as answer:
            assert await code(answer) == (401, "ticket_missing")
        assert door.studio.asked == []


class TestLimits:
    async def test_an_offer_at_the_limit_and_one_past_it(self, door: Outside) -> None:
        headers = {**bearer(ticket()), **SDP}
        async with door.http.post(
            "/session/demo", data=b"x" * OFFER_MAX, headers=headers
        ) as answer:
            assert answer.status == 200
        async with door.http.post(
            "/session/demo", data=b"x" * (OFFER_MAX + 1), headers=headers
        ) as answer:
            assert await code(answer) == (413, "offer_too_large")
        assert len(door.studio.asked) == 1

    async def test_a_megabyte_that_does_not_say_its_length(self, door: Outside) -> None:
        async def pieces() -> object:
            for _ in range(64):
                yield b"x" * 16_384

        async with door.http.post(
            "/session/demo", data=pieces(), headers={**bearer(ticket()), **SDP}
        ) as answer:
            assert await code(answer) == (413, "offer_too_large")
        assert door.studio.asked == []

    async def test_a_command(self, door: Outside) -> None:
        for size, expected in ((COMMAND_MAX, 200), (COMMAND_MAX + 1, 413)):
            async with door.http.post(
                "/command/demo/late", data=b"x" * size, headers=bearer(ticket())
            ) as answer:
                assert answer.status == expected

    async def test_an_idempotency_key(self, door: Outside) -> None:
        for size, expected in ((64, 200), (65, 400)):
            headers = {**bearer(ticket()), "Idempotency-Key": "k" * size}
            async with door.http.post("/command/demo/late", data=b"{}", headers=headers) as answer:
                assert answer.status == expected

    async def test_a_flood_of_knocks_from_one_address(self, door: Outside) -> None:
        statuses = []
        for number in range(KNOCKS + 2):
            headers = {"X-Real-IP": f"2001:db8::{number:x}"}
            async with door.http.post(
                "/knock/demo", json={"name": "Ann"}, headers=headers
            ) as answer:
                statuses.append(answer.status)
                if answer.status == 429:
                    assert answer.headers["Retry-After"] == "60"
                    assert (await answer.json())["code"] == "too_many"
        assert statuses == [200] * KNOCKS + [429] * 2
        async with door.http.post(
            "/knock/demo", json={}, headers={"X-Real-IP": "2001:db8:0:1::1"}
        ) as answer:
            assert answer.status == 200
        assert len(door.studio.asked) == KNOCKS + 1

    async def test_a_knock(self, door: Outside) -> None:
        for size, expected in ((KNOCK_MAX, 200), (KNOCK_MAX + 1, 413)):
            async with door.http.post("/knock/demo", data=b"x" * size) as answer:
                assert answer.status == expected


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/events/AB", "/events/..", "/events/a" + "b" * 64, "/command/demo/End!"]
    )
    async def test_malformed(self, door: Outside, path: str) -> None:
        method = "POST" if "command" in path else "GET"
        async with door.http.request(method, path, headers=bearer(ticket()), data=None) as answer:
            assert (await code(answer))[0] == 404
        assert door.studio.asked == []

    async def test_an_offer_that_says_it_is_something_else(self, door: Outside) -> None:
        headers = {**bearer(ticket()), "Content-Type": "text/plain"}
        async with door.http.post("/session/demo", data=b"v=0", headers=headers) as answer:
            assert await code(answer) == (400, "offer_malformed")

    async def test_an_ice_restart_is_for_studio(self, door: Outside) -> None:
        headers = {**bearer(ticket()), "Content-Type": "application/trickle-ice-sdpfrag"}
        url, fragment = f"/session/demo/{DEVICE}", b"a=ice-ufrag:abcd"
        async with door.http.patch(url, data=fragment, headers=headers) as answer:
            assert answer.status == 200
        asked = door.studio.asked[-1]
        assert (asked["method"], asked["path"]) == ("PATCH", f"/rooms/demo/session/{DEVICE}")
        async with door.http.patch(url, data=b"x" * 8_193, headers=headers) as answer:
            assert await code(answer) == (413, "offer_too_large")
        async with door.http.patch("/session/demo/x", data=fragment, headers=headers) as answer:
            assert await code(answer) == (404, "session_unknown")

    async def test_what_a_patch_is_for_goes_with_it(self, door: Outside) -> None:
        kind = {"Content-Type": "application/trickle-ice-sdpfrag"}
        for match, status in (
            ('"' + "t" * 62 + '"', 200),
            ('"' + "t" * 63 + '"', 400),
            ("\xe9", 400),
        ):
            headers = {**bearer(ticket()), **kind, "If-Match": match}
            url = f"/session/demo/{DEVICE}"
            async with door.http.patch(url, data=b"a=ice", headers=headers) as answer:
                assert answer.status == status
        assert [one["match"] for one in door.studio.asked] == ['"' + "t" * 62 + '"']

    async def test_an_answer_without_words_stays_one(self, door: Outside) -> None:
        door.studio.status, door.studio.answer, door.studio.headers = 204, b"", {}
        headers = {**bearer(ticket()), "Content-Type": "application/trickle-ice-sdpfrag"}
        url = f"/session/demo/{DEVICE}"
        async with door.http.patch(url, data=b"a=candidate:1", headers=headers) as answer:
            assert (answer.status, await answer.read()) == (204, b"")

    async def test_a_patch_of_another_kind(self, door: Outside) -> None:
        async with door.http.patch(f"/session/demo/{DEVICE}", headers=bearer(ticket())) as answer:
            assert await code(answer) == (405, "method_not_allowed")

    async def test_a_cursor_that_is_none(self, door: Outside) -> None:
        async with door.http.get("/events/demo?after=%0d%0a", headers=bearer(ticket())) as answer:
            assert await code(answer) == (400, "bad_request")

    async def test_any_origin_may_ask(self, door: Outside) -> None:
        async with door.http.options(
            "/session/demo", headers={"Origin": "http://live.example"}
        ) as answer:
            assert answer.status == 204
            assert "Hustings-Device" in answer.headers["Access-Control-Allow-Headers"]

    async def test_health(self, door: Outside) -> None:
        async with door.http.get("/healthz") as answer:
            assert await answer.json() == {"ok": True}


class TestFiles:
    async def test_the_stage_page_is_the_same_for_every_room(self, door: Outside) -> None:
        (door.published / "stage.html").write_text("<p>stage")
        for key in ("demo", "another", "A" * 22):
            async with door.http.get(f"/{key}") as answer:
                assert (answer.status, await answer.text()) == (200, "<p>stage")
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    async def test_a_page_that_changed(self, door: Outside) -> None:
        page = door.published / "stage.html"
        for text in ("one", "three"):
            page.write_text(text)
            async with door.http.get("/demo") as answer:
                assert await answer.text() == text

    async def test_assets(self, door: Outside) -> None:
        (door.published / "assets" / "abc" / "stage" / "main.js").write_text("export {}")
        async with door.http.get("/assets/abc/stage/main.js") as answer:
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert "immutable" in answer.headers["Cache-Control"]

    @pytest.mark.parametrize(
        ("size", "accept", "coding"),
        [
            (200, "gzip, br", "gzip"),
            (199, "gzip", None),  # too small to gain
            (200, "identity", None),
            (200, "gzip;q=0, br", None),
            (200, "gzip;q=0.5", "gzip"),
        ],
    )
    async def test_text_is_gzipped_for_who_takes_it(
        self, door: Outside, size: int, accept: str, coding: str | None
    ) -> None:
        text = "/" * size
        for path in ("stage.html", "assets/abc/stage/main.js"):
            (door.published / path).write_text(text)
            address = "/demo" if path == "stage.html" else f"/{path}"
            async with door.http.get(address, headers={"Accept-Encoding": accept}) as answer:
                assert answer.headers.get("Content-Encoding") == coding
                assert answer.headers.get("Vary") == ("Accept-Encoding" if size == 200 else None)
                assert await answer.text() == text

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/abc/none.js",
            "/assets/abc",
            "/assets/%2e%2e/%2e%2e/secret",
            "/assets/abc//x",
            "/assets/.abc/x",
        ],
    )
    async def test_nothing_there(self, door: Outside, path: str) -> None:
        (door.published.parent / "secret").write_text("no")
        async with door.http.get(URL(path, encoded=True)) as answer:
            assert await code(answer) == (404, "not_found")

    async def test_a_download_is_passed_on(self, door: Outside) -> None:
        door.studio.answer, door.studio.headers = b"x" * 300_000, {"Content-Type": "audio/ogg"}
        async with door.http.get(f"/recording/demo/{DEVICE}/tracks/ann.ogg") as answer:
            assert (answer.status, len(await answer.read())) == (200, 300_000)
            assert answer.headers["Content-Type"] == "audio/ogg"

    async def test_a_download_that_climbs(self, door: Outside) -> None:
        async with door.http.get(f"/recording/demo/{DEVICE}/a..b") as answer:
            assert await code(answer) == (404, "not_found")
        assert door.studio.asked == []


async def test_studio_is_away_and_back(door: Outside) -> None:
    await door.stop_studio()
    async with door.http.get("/events/demo", headers=bearer(ticket())) as answer:
        assert answer.headers["Retry-After"] == "1"
        assert await code(answer) == (503, "studio_away")


async def test_answers_in_parallel(door: Outside) -> None:
    async def ask() -> int:
        async with door.http.get("/events/demo", headers=bearer(ticket())) as answer:
            return answer.status

    assert set(await asyncio.gather(*(ask() for _ in range(50)))) == {200}
