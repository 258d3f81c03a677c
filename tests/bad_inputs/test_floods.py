"""Slow senders and floods against the real processes: they are let go within ten seconds, and the room goes on."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.e2e.harness.fixtures import *  # noqa: F403  a server with its ordinary buckets, not conftest's
from tests.e2e.house import House, Room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LET_GO_S = 10.0
HEAD = b"POST /knock/room-on HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def on(house: House) -> Room:
    room = house.plan("room-on", "A room that is on")
    house.on_air(room)
    return room


def trickle(address: str, first: bytes, more: bytes) -> float:
    """Sends `first`, then `more` every half second; after how many seconds the server let go (or answered and let go)."""
    place = urlsplit(address)
    began = time.monotonic()
    with socket.create_connection((place.hostname, place.port), 30) as link:
        link.settimeout(0.5)
        link.sendall(first)
        while time.monotonic() - began < 3 * LET_GO_S:
            try:
                if not link.recv(65_536):
                    return time.monotonic() - began
            except TimeoutError:
                pass
            except OSError:
                return time.monotonic() - began
            try:
                link.sendall(more)
            except OSError:
                return time.monotonic() - began
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"GET /x HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"),
        (b"G", b"E"),
        (b"", b""),
        (HEAD + b"Content-Length: 1000\r\n\r\n{", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["headers", "letters", "nothing", "a body", "chunks"],
)
def test_a_slow_sender_is_let_go_within_ten_seconds(
    house: House, on: Room, first: bytes, more: bytes
) -> None:
    hosts = [house.stage, house.web, house.live]
    with ThreadPoolExecutor(len(hosts)) as pool:
        took = list(pool.map(lambda host: trickle(host, first, more), hosts))
    assert max(took) < LET_GO_S + 2.0, took  # two seconds for the machine that runs all of this
    assert house.state(on) == "on_air"


def test_a_thousand_forged_sessions_leave_the_host_on_the_air(house: House, on: Room) -> None:
    def forge(number: int) -> int:
        headers = {
            "Authorization": f"Bearer v1.web-1.e30.{number:086d}",
            "Content-Type": "application/sdp",
        }
        return house.http.post(
            f"{house.stage}/session/{on.key}", headers=headers, content=b"v=0"
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(forge, range(1_000)))
    assert statuses <= {401, 429} and 429 in statuses
    assert house.state(on) == "on_air"


def test_random_addresses_and_queries_cost_the_room_nothing(house: House, on: Room) -> None:
    for number in range(500):
        house.http.get(f"{house.live}/live/{on.key}/aac/live.m3u8?x={number}&_HLS_msn=x{number}")
        house.http.get(f"{house.live}/nothing-{number}")
    assert house.http.get(f"{house.live}/live/{on.key}/aac/live.m3u8").status_code == 200
    assert house.state(on) == "on_air"
