"""The addresses of the live host, asked of a real Granian that follows a real feed (issue 2, "Bad input")."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.client.listening import EdgeProcess
from tests.edge.feeding import FIRST_MSN, Program, Studio

M = FIRST_MSN
HOUR_MS = 3_600_000


@dataclass
class House:
    """One studio, one edge, one client that sends a cookie with everything."""

    studio: Studio
    edge: EdgeProcess
    http: httpx.AsyncClient
    published: Path

    async def get(self, path: str, **headers: str) -> httpx.Response:
        words = {word.replace("_", "-"): text for word, text in headers.items()}
        answer = await self.http.get(
            path, headers={"cookie": "web=session", "accept-encoding": "identity"} | words
        )
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["timing-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers
        return answer

    async def until(self, path: str, status: int = 200) -> httpx.Response:
        async with asyncio.timeout(20):
            while (answer := await self.get(path)).status_code != status:
                await asyncio.sleep(0.01)
        return answer

    def publish(self, name: str, body: bytes) -> None:
        file = self.published / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    studio = Studio(tmp_path / "run" / "studio.sock")
    edge = EdgeProcess(tmp_path)
    await studio.open()
    await asyncio.to_thread(edge.start)
    async with httpx.AsyncClient(base_url=edge.url, timeout=20) as http:
        yield House(studio, edge, http, tmp_path / "published")
    assert await asyncio.to_thread(edge.stop) == 0
    await studio.close()


async def on_air(house: House) -> Program:
    """A room with one segment and two parts of the next: the newest part is M+1, 1."""
    house.studio.rooms("talk")
    program = Program(house.studio, "talk")
    for part in range(6):
        program.part(M + part // 4, part % 4)
    async with asyncio.timeout(20):
        # every worker must have it: a connection lands on any of them
        for _ in range(8):
            async with httpx.AsyncClient(base_url=house.edge.url) as fresh:
                while (await fresh.get(f"/live/talk/aac/s{M + 1}.1.m4s")).status_code != 200:
                    await asyncio.sleep(0.01)
    return program


class TestRoomThatIsOn:
    async def test_its_objects(self, house: House) -> None:
        await on_air(house)
        index = await house.get("/live/talk/index.m3u8")
        assert index.text.startswith("#EXTM3U") and index.headers["vary"] == "accept-encoding"
        part, segment = (
            await house.get(f"/live/talk/aac/s{M}.2.m4s"),
            await house.get(f"/live/talk/aac/s{M}.m4s"),
        )
        assert part.content in segment.content and part.headers["content-type"] == "audio/mp4"
        assert "immutable" in part.headers["cache-control"] and "vary" not in part.headers
        head = await house.http.head(f"/live/talk/aac/s{M}.2.m4s")
        assert head.status_code == 200 and head.content == b""
        assert head.headers["content-length"] == str(len(part.content))

    async def test_text_is_zipped_for_who_takes_it(self, house: House) -> None:
        await on_air(house)
        plain = await house.get("/live/talk/aac/live.m3u8")
        async with house.http.stream(
            "GET", "/live/talk/aac/live.m3u8", headers={"accept-encoding": "gzip"}
        ) as answer:
            raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (
            answer.headers["content-encoding"] == "gzip" and gzip.decompress(raw) == plain.content
        )
        assert not [word for word in plain.headers if word.startswith("hustings-")]

    async def test_a_reload_parks_until_its_part_is_named(self, house: House) -> None:
        program = await on_air(house)
        asked = [
            asyncio.create_task(house.get(f"/live/talk/aac/live.m3u8?_HLS_msn={M + 1}&_HLS_part=2"))
            for _ in range(20)
        ]
        done, _ = await asyncio.wait(asked, timeout=0.2)
        assert not done
        program.part(M + 1, 2)
        for answer in await asyncio.gather(*asked):
            assert (
                f"s{M + 1}.2.m4s" in answer.text
                and answer.headers["cache-control"] == "public, max-age=24"
            )

    async def test_a_reload_of_what_is_there_is_answered_at_once(self, house: House) -> None:
        await on_air(house)
        answer = await house.get(f"/live/talk/aac/live.m3u8?_HLS_msn={M}&_HLS_part=0")
        assert answer.status_code == 200 and f"s{M + 1}.1.m4s" in answer.text

    async def test_an_odd_reload_gets_the_current_playlist(self, house: House) -> None:
        await on_air(house)
        for query, code in (
            ("_HLS_part=1", "reload_malformed"),
            ("_HLS_msn=-1", "reload_malformed"),
            ("_HLS_msn=abc", "reload_malformed"),
            (f"_HLS_msn={M}&_HLS_msn={M}", "reload_malformed"),
            ("_HLS_msn=9999999999999", "reload_malformed"),
            (f"_HLS_msn={M + 5}", "reload_too_far"),
            (f"_HLS_msn={M + 4}&_HLS_part=2", "reload_too_far"),
        ):
            answer = await house.get(f"/live/talk/aac/live.m3u8?{query}")
            assert (answer.status_code, answer.headers["hustings-error"]) == (200, code)
            assert answer.headers["cache-control"] == "public, max-age=1"
            assert answer.text.startswith("#EXTM3U")

    async def test_unknown_queries_are_ignored(self, house: House) -> None:
        await on_air(house)
        for path in ("aac/live.m3u8", "index.m3u8", f"aac/s{M}.0.m4s", "aac/plain.m3u8"):
            bare = await house.get(f"/live/talk/{path}")
            busted = await house.get(f"/live/talk/{path}?x={time.time()}&_hls_msn=5&utm=%00")
            assert busted.content == bare.content and "hustings-error" not in busted.headers

    async def test_the_plain_playlist_never_parks(self, house: House) -> None:
        await on_air(house)
        answer = await house.get(f"/live/talk/aac/plain.m3u8?_HLS_msn={M + 1}")
        assert answer.status_code == 200 and "EXT-X-PART" not in answer.text

    @pytest.mark.parametrize("ahead", [1, 3])
    async def test_a_part_that_is_to_come_parks(self, house: House, ahead: int) -> None:
        program = await on_air(house)
        place = 5 + ahead
        asked = asyncio.create_task(house.get(f"/live/talk/aac/s{M + place // 4}.{place % 4}.m4s"))
        done, _ = await asyncio.wait([asked], timeout=0.2)
        assert not done
        for part in range(6, place + 1):
            program.part(M + part // 4, part % 4)
        assert f"{M + place // 4}.{place % 4}.0".encode() in (await asked).content

    async def test_any_other_part_is_none(self, house: House) -> None:
        await on_air(house)
        ahead, past, old = f"s{M + 2}.1.m4s", f"s{M}.4.m4s", f"s{M - 1}.0.m4s"
        init = "init-0123456789abcdef.mp4"
        for name in (ahead, past, old, f"s0{M}.0.m4s", "s-1.m4s", init, "x", ""):
            answer = await house.get(f"/live/talk/aac/{name}")
            assert (answer.status_code, answer.headers["cache-control"]) == (
                404,
                "public, max-age=1",
            )
            assert answer.json()["code"] == "part_unknown"

    async def test_ranges(self, house: House) -> None:
        await on_air(house)
        path = f"/live/talk/aac/s{M}.m4s"
        whole = (await house.get(path)).content
        some = await house.get(path, range="bytes=10-19")
        assert (some.status_code, some.content) == (206, whole[10:20])
        assert some.headers["content-range"] == f"bytes 10-19/{len(whole)}"
        assert (await house.get(path, range="bytes=-5")).content == whole[-5:]
        beyond = await house.get(path, range=f"bytes={len(whole)}-")
        assert (beyond.status_code, beyond.headers["content-range"]) == (
            416,
            f"bytes */{len(whole)}",
        )
        for odd in ("bytes=0-1,4-5", "lines=1-2", "bytes=9-1"):
            assert (await house.get(path, range=odd)).status_code == 200
        assert (await house.get(path, range="bytes=0-1", if_range='"old"')).status_code == 200

    async def test_the_end(self, house: House) -> None:
        program = await on_air(house)
        parked = asyncio.create_task(
            house.get(f"/live/talk/aac/live.m3u8?_HLS_msn={M + 1}&_HLS_part=2")
        )
        part = asyncio.create_task(house.get(f"/live/talk/aac/s{M + 1}.2.m4s"))
        await asyncio.wait([parked, part], timeout=0.2)
        program.end()
        assert "#EXT-X-ENDLIST" in (await parked).text
        assert (await part).status_code == 404
        later = await house.get(f"/live/talk/aac/live.m3u8?_HLS_msn={M + 2}")
        assert later.status_code == 200 and "#EXT-X-ENDLIST" in later.text


class TestOtherRooms:
    async def test_not_yet(self, house: House) -> None:
        house.studio.rooms("talk")
        house.studio.put("talk", "pulse.json", json.dumps({"state": "planned"}).encode())
        await house.until("/live/talk/pulse.json")
        for path in ("index.m3u8", "aac/live.m3u8", f"aac/s{M}.0.m4s"):
            answer = await house.get(f"/live/talk/{path}")
            assert (answer.status_code, answer.headers["cache-control"]) == (
                404,
                "public, max-age=1",
            )
            assert answer.json()["code"] == "doors_closed"

    async def test_never_was(self, house: House) -> None:
        await on_air(house)
        for path in ("index.m3u8", "aac/live.m3u8?_HLS_msn=1", f"aac/s{M}.0.m4s", "pulse.json"):
            answer = await house.get(f"/live/nobody/{path}")
            assert (answer.status_code, answer.headers["cache-control"]) == (
                404,
                "public, max-age=1",
            )
            assert answer.json()["code"] == "room_unknown"

    @pytest.mark.parametrize(("ago_ms", "status"), [(HOUR_MS - 60_000, 200), (HOUR_MS + 1000, 307)])
    async def test_over_for_an_hour(self, house: House, ago_ms: int, status: int) -> None:
        program = await on_air(house)
        program.end()
        house.publish("replay/talk/index.m3u8", b"#EXTM3U\n")
        over = {"state": "replay", "ended_at_ms": int(time.time() * 1000) - ago_ms}
        house.studio.put("talk", "pulse.json", json.dumps(over).encode())
        for path in ("index.m3u8", "aac/live.m3u8", "aac/plain.m3u8"):
            answer = await house.until(f"/live/talk/{path}", status)
            if status == 307:
                assert answer.headers["location"] == "/replay/talk/index.m3u8"

    async def test_over_and_forgotten_by_studio(self, house: House) -> None:
        await on_air(house)
        house.publish("replay/old-talk/index.m3u8", b"#EXTM3U\n")
        answer = await house.get("/live/old-talk/index.m3u8")
        assert (answer.status_code, answer.headers["location"]) == (
            307,
            "/replay/old-talk/index.m3u8",
        )

    async def test_live_mp3_leads_to_the_radio_and_in_a_brownout_to_what_is_there(
        self, house: House
    ) -> None:
        await on_air(house)
        answer = await house.get("/live/talk/live.mp3")
        assert (answer.status_code, answer.headers["location"]) == (
            307, "http://localhost:8003/live/talk/live.mp3",
        )  # fmt: skip
        pulse = json.dumps({"brownout": {"step": 1}}).encode()
        house.studio.put("talk", "pulse.json", pulse, Content_Type="application/json")
        async with asyncio.timeout(20):
            while (await house.get("/live/talk/live.mp3")).headers["location"].endswith("mp3"):
                await asyncio.sleep(0.01)
        shed = await house.get("/live/talk/live.mp3")
        assert (shed.status_code, shed.headers["location"]) == (307, "/live/talk/index.m3u8")
        assert shed.headers["cache-control"] == "public, max-age=1"

    async def test_studio_dies_and_the_room_is_served_on(self, house: House) -> None:
        await on_air(house)
        await house.studio.close()
        assert (await house.get(f"/live/talk/aac/s{M}.0.m4s")).status_code == 200
        assert (await house.get("/live/talk/aac/live.m3u8")).status_code == 200
        await house.studio.open()


class TestPublished:
    async def test_a_page(self, house: House) -> None:
        house.publish("pages/talk.html", b"<!doctype html><title>Talk</title>" * 10)
        page = await house.get("/talk")
        assert page.headers["content-type"] == "text/html; charset=utf-8" and page.text.startswith(
            "<!doctype"
        )
        house.publish("pages/talk.html", b"another")
        async with asyncio.timeout(20):
            while (await house.get("/talk")).text != "another":
                await asyncio.sleep(0.01)
        assert (
            await house.get("/talk", if_none_match=(await house.get("/talk")).headers["etag"])
        ).status_code == 304

    async def test_assets_are_for_ever(self, house: House) -> None:
        house.publish("assets/abc/listener/player.js", b"export {}")
        asset = await house.get("/assets/abc/listener/player.js")
        assert "immutable" in asset.headers["cache-control"] and asset.headers[
            "content-type"
        ].startswith("text/javascript")

    async def test_pictures_of_posts_are_for_ever_until_they_are_deleted(
        self, house: House
    ) -> None:
        house.publish("media/ab/cd.webp", b"RIFF")
        picture = await house.get("/media/ab/cd.webp")
        assert "immutable" in picture.headers["cache-control"]
        assert picture.headers["content-type"] == "image/webp"
        assert picture.headers["x-content-type-options"] == "nosniff"
        (house.published / "media/ab/cd.webp").unlink()
        async with asyncio.timeout(20):
            while (await house.get("/media/ab/cd.webp")).status_code != 404:
                await asyncio.sleep(0.01)

    async def test_a_replay_with_ranges_from_memory_and_from_disk(self, house: House) -> None:
        small, large = bytes(range(256)) * 4, os.urandom(2_000_000)
        house.publish("replay/talk/aac/s1.m4s", small)
        house.publish("replay/talk/mix.m4a", large)
        assert (await house.get("/replay/talk/aac/s1.m4s", range="bytes=5-9")).content == small[
            5:10
        ]
        assert (await house.get("/replay/talk/mix.m4a")).content == large
        some = await house.get("/replay/talk/mix.m4a", range="bytes=1000000-1000009")
        assert (some.status_code, some.content) == (206, large[1_000_000:1_000_010])
        assert (await house.get("/replay/talk/mix.m4a", range="bytes=2000000-")).status_code == 416

    async def test_nothing_there_is_said_kindly(self, house: House) -> None:
        house.publish("../secret", b"secret")
        house.publish("../secret.html", b"secret")
        climbing = ("/assets/../settings", "/assets/%2e%2e/secret", "/..%2fsecret", "/../secret")
        for path in ("/nothing-here", "/a/b/c", "/replay/talk/../../secret", *climbing):
            request = house.http.build_request("GET", house.edge.url)
            request.url = request.url.copy_with(raw_path=path.encode())
            answer = await house.http.send(request)
            assert answer.status_code == 404 and "nothing at this address" in answer.text
            assert "is secret" not in answer.text and answer.text != "secret"

    async def test_the_rest(self, house: House) -> None:
        home = await house.get("/")
        assert (home.status_code, home.headers["location"]) == (307, "http://localhost:8000/")
        assert (await house.get("/healthz")).json()["ok"] is True
        beacon = await house.http.post("/live/talk/beacon", content=b"{}")
        assert beacon.status_code == 204
        preflight = await house.http.options(
            "/live/talk/beacon", headers={"origin": "https://a.example"}
        )
        assert (
            preflight.status_code == 204
            and "POST" in preflight.headers["access-control-allow-methods"]
        )
        for method, path in (
            ("PUT", "/talk"),
            ("POST", "/talk"),
            ("DELETE", "/live/talk/index.m3u8"),
        ):
            refused = await house.http.request(method, path)
            assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


class TestWorkers:
    async def test_a_dead_one_is_replaced_and_nobody_is_refused(self, house: House) -> None:
        await on_air(house)
        before = house.edge.worker_pids()
        for victim in before:
            os.kill(victim, signal.SIGKILL)
            for _ in range(4):
                async with httpx.AsyncClient(base_url=house.edge.url, timeout=20) as fresh:
                    answer = await fresh.get(f"/live/talk/aac/s{M}.0.m4s")
                assert answer.status_code == 200
        async with asyncio.timeout(20):
            while len(now := house.edge.worker_pids()) < 2 or set(now) & set(before):
                await asyncio.sleep(0.01)

    async def test_workers_outlive_the_main_process_and_the_next_one_takes_over(
        self, house: House
    ) -> None:
        await on_air(house)
        orphans = house.edge.worker_pids()
        house.edge.stop(signal.SIGKILL)
        assert (await house.get(f"/live/talk/aac/s{M}.0.m4s")).status_code == 200
        await asyncio.to_thread(house.edge.start)
        async with asyncio.timeout(20):
            while any(_runs(pid) for pid in orphans):
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient(base_url=house.edge.url, timeout=20) as fresh:
            assert (await fresh.get(f"/live/talk/aac/s{M}.0.m4s")).status_code == 200


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def _runs(pid: int) -> bool:
    try:
        return b"hustings edge" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class TestTls:
    async def test_1_3_where_the_client_can_and_1_2_for_old_radios(self, tmp_path: Path) -> None:
        cert, key = certificate(tmp_path)
        edge = EdgeProcess(tmp_path, workers=1)
        edge.start(HUSTINGS_TLS__CERT=str(cert), HUSTINGS_TLS__KEY=str(key))
        context = ssl.create_default_context(cafile=str(cert))
        for newest, spoken in (
            (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
            (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ):
            context.maximum_version = newest
            _, writer = await asyncio.open_connection(
                "127.0.0.1", edge.port, ssl=context, server_hostname="localhost"
            )
            assert writer.get_extra_info("ssl_object").version() == spoken
            writer.close()
        assert await asyncio.to_thread(edge.stop) == 0
