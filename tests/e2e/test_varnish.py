"""A real Varnish in front of a real edge, with the VCL that we ship: one request for a crowd, no cookies, no lasting "no"."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.client.listening import EdgeProcess
from tests.edge.feeding import FIRST_MSN as M
from tests.edge.feeding import Program, Studio
from tests.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

VCL = Path(__file__).parents[2] / "deploy" / "varnish" / "hustings.vcl"
CROWD = 100


@contextmanager
def varnish(folder: Path, edge: EdgeProcess) -> Iterator[str]:
    """Varnish on a free port; its address."""
    program = shutil.which("varnishd", path=os.environ["PATH"] + ":/usr/sbin")
    assert program, "tools/system brings Varnish"
    vcl, port = folder / "hustings.vcl", free_port()
    vcl.write_text(VCL.read_text().replace('"8001"', f'"{edge.port}"'))
    command = [
        program,
        "-j",
        "none",
        "-F",
        "-a",
        f"127.0.0.1:{port}",
        "-f",
        str(vcl),
        "-n",
        str(folder / "v"),
    ]
    command += ["-s", "malloc,64m", "-p", "thread_pool_min=50", "-p", "thread_pool_max=500"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(15)


class House:
    """Studio's feed, one edge worker, Varnish; `http` asks Varnish, `inner` asks edge itself."""

    def __init__(self, studio: Studio, edge: EdgeProcess, front: str) -> None:
        self.studio, self.edge = studio, edge
        self.http = httpx.AsyncClient(base_url=front, timeout=20)
        self.inner = httpx.AsyncClient(base_url=edge.url, timeout=20)

    async def parked(self) -> int:
        return int((await self.inner.get("/healthz")).json()["parked"])

    async def until(self, path: str, status: int = 200) -> httpx.Response:
        async with asyncio.timeout(30):
            while True:
                try:
                    answer = await self.http.get(path)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code == status:
                    return answer
                await asyncio.sleep(0.05)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[House, Program]]:
    studio = Studio(tmp_path / "run" / "studio.sock")
    await studio.open()
    studio.rooms("talk")
    program = Program(studio, "talk")
    for part in range(6):
        program.part(M + part // 4, part % 4)
    edge = EdgeProcess(tmp_path, workers=1)
    await asyncio.to_thread(edge.start)
    with varnish(tmp_path, edge) as front:
        made = House(studio, edge, front)
        await made.until(f"/live/talk/aac/s{M}.0.m4s")
        yield made, program
        await made.http.aclose()
        await made.inner.aclose()
    await asyncio.to_thread(edge.stop)
    await studio.close()


@pytest.mark.parametrize(
    "path",
    [f"/live/talk/aac/live.m3u8?_HLS_msn={M + 1}&_HLS_part=2", f"/live/talk/aac/s{M + 1}.2.m4s"],
)
async def test_a_parked_crowd_is_one_request_at_edge(
    house: tuple[House, Program], path: str
) -> None:
    made, program = house
    odd = [
        f"?_HLS_part=2&_HLS_msn={M + 1}&x={n}" if "?" in path else f"?x={n}" for n in range(CROWD)
    ]
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(
        base_url=str(made.http.base_url), timeout=20, limits=limits
    ) as crowd:
        asked = [
            asyncio.create_task(
                crowd.get(path.partition("?")[0] + query, headers={"cookie": f"who={query}"})
            )
            for query in odd
        ]
        async with asyncio.timeout(30):
            while await made.parked() < 1:
                await asyncio.sleep(0.02)
        done, _ = await asyncio.wait(asked, timeout=1.0)
        assert not done and await made.parked() == 1
        program.part(M + 1, 2)
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


async def test_queries_that_mean_nothing_and_paths_that_are_not_ours_never_reach_edge(
    house: tuple[House, Program],
) -> None:
    made, _ = house
    bare = await made.until(f"/live/talk/aac/s{M}.1.m4s")
    busted = await made.http.get(f"/live/talk/aac/s{M}.1.m4s?x=1&utm=2")
    assert busted.content == bare.content and int(busted.headers["age"]) >= 0
    for path in (
        "/live/talk/aac/%6cive.m3u8",
        "//live/talk/index.m3u8",
        "/live/talk//aac/live.m3u8",
        "/metrics",
    ):
        request = made.http.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path.encode())  # as it is written
        answer = await made.http.send(request)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    odd = await made.http.get("/live/talk/aac/live.m3u8?_HLS_msn=1&_HLS_msn=2")
    assert (odd.status_code, odd.headers["hustings-error"]) == (200, "reload_malformed")
    beacon = await made.http.post("/live/talk/beacon?p=1")
    assert beacon.status_code == 204
    assert (await made.http.put("/live/talk/index.m3u8")).status_code == 405


async def test_a_range_of_a_part(house: tuple[House, Program]) -> None:
    made, _ = house
    whole = (await made.http.get(f"/live/talk/aac/s{M}.m4s")).content
    some = await made.http.get(f"/live/talk/aac/s{M}.m4s", headers={"range": "bytes=5-9"})
    assert (some.status_code, some.content) == (206, whole[5:10])


async def test_a_no_lasts_a_second_and_no_longer(house: tuple[House, Program]) -> None:
    made, program = house
    name = f"/live/talk/aac/s{M + 2}.2.m4s"  # five parts ahead: not parked
    assert (await made.http.get(name)).status_code == 404
    for place in range(6, 11):
        program.part(M + place // 4, place % 4)
    answer = await made.until(name)
    assert (
        int(answer.headers.get("age", "0")) <= 1 and "immutable" in answer.headers["cache-control"]
    )


async def test_edge_dies_and_what_is_in_memory_is_served_on(house: tuple[House, Program]) -> None:
    made, _ = house
    await made.until(f"/live/talk/aac/s{M}.3.m4s")
    await asyncio.to_thread(made.edge.stop)
    assert (await made.http.get(f"/live/talk/aac/s{M}.3.m4s")).status_code == 200
    away = await made.until(f"/live/talk/aac/s{M}.2.m4s", 503)
    assert "max-age=1" in away.headers["cache-control"]
    assert away.headers["access-control-allow-origin"] == "*"
    await asyncio.to_thread(made.edge.start)
    await made.until(f"/live/talk/aac/s{M}.2.m4s")
