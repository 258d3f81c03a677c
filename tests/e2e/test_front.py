"""nginx and Varnish before a real edge, from the files that we ship: TLS, HTTP/2, and a rapid reset that nobody else feels."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bench.attacks.attacker import module
from bench.attacks.front import Front, front
from bench.crowd.servers import certificate
from tests.client.listening import EdgeProcess
from tests.edge.feeding import FIRST_MSN as M
from tests.edge.feeding import Program, Studio

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not shutil.which("nginx"), reason="tools/bench-system brings nginx"),
]

ATTACK_S = 5.0
PART = f"/live/talk/aac/s{M}.1.m4s"


@pytest.fixture
async def before(tmp_path: Path) -> AsyncIterator[tuple[Front, ssl.SSLContext]]:
    studio = Studio(tmp_path / "run" / "studio.sock")
    await studio.open()
    studio.rooms("talk")
    program = Program(studio, "talk")
    for part in range(6):
        program.part(M + part // 4, part % 4)
    edge = EdgeProcess(tmp_path, workers=1)
    await asyncio.to_thread(edge.start)
    keys = certificate(tmp_path)
    with front(tmp_path, edge.port, keys) as made:
        trusted = ssl.create_default_context(cafile=str(keys.cert))
        async with httpx.AsyncClient(verify=trusted) as http:
            async with asyncio.timeout(60):
                while (await http.get(f"https://localhost:{made.tls}{PART}")).status_code != 200:
                    await asyncio.sleep(0.1)
        yield made, trusted
    await asyncio.to_thread(edge.stop)
    await studio.close()


async def test_sound_over_tls_and_http_2_offered(before: tuple[Front, ssl.SSLContext]) -> None:
    made, trusted = before
    async with httpx.AsyncClient(verify=trusted, headers={"cookie": "web=session"}) as http:
        answer = await http.get(f"https://localhost:{made.tls}{PART}")
        assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "*"
        beacon = await http.post(f"https://localhost:{made.tls}/live/talk/beacon?p=1")
        assert beacon.status_code == 204
        large = await http.post(
            f"https://localhost:{made.tls}/live/talk/beacon", content=b"x" * 16_385
        )
        assert large.status_code == 413
    trusted.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection(
        "localhost", made.tls, ssl=trusted, server_hostname="localhost"
    )
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()


async def test_a_rapid_reset_is_nobody_elses_wait(before: tuple[Front, ssl.SSLContext]) -> None:
    made, trusted = before
    plan = {"port": made.tls, "tls": True, "key": "talk", "links": 2}
    memory_mb, took_s = made.memory_mb(), []
    with module("reset", plan) as attacker:
        async with asyncio.timeout(60):  # it has begun
            while b"streams" not in attacker.said.read_bytes():
                await asyncio.sleep(0.1)
        async with httpx.AsyncClient(verify=trusted, timeout=5) as http:
            began_s = time.monotonic()
            while time.monotonic() < began_s + ATTACK_S:
                asked_s = time.monotonic()
                answer = await http.get(f"https://localhost:{made.tls}{PART}")
                assert answer.status_code == 200
                took_s.append(time.monotonic() - asked_s)
        told = attacker.told()
    assert told["streams"] > 1_000
    assert max(took_s) < 3.0, "a listener's buffer"
    assert made.memory_mb() - memory_mb < 100
