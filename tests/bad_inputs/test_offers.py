"""Sessions that are no session: no audio, two tracks, video, a megabyte, garbage."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from tests.e2e.house import House, Room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def offered(*kinds: str, direction: str = "sendrecv") -> bytes:
    """A browser-like offer with these media sections."""

    async def make() -> bytes:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for kind in kinds:
            peer.addTransceiver(kind, direction=direction)
        if not kinds:
            peer.createDataChannel("nothing to hear")
        await peer.setLocalDescription(await peer.createOffer())
        text = peer.localDescription.sdp.encode()
        await peer.close()
        return text

    return asyncio.run(make())


def send(house: House, room: Room, body: bytes, kind: str = "application/sdp") -> httpx.Response:
    ticket = house.invite(room, "Offers")
    answer = house.http.post(
        f"{house.stage}/session/{room.key}",
        content=body,
        headers={"Authorization": f"Bearer {ticket}", "Content-Type": kind},
    )
    assert house.link_of(room, "Offers") == ""  # nothing of it is left
    return answer


@pytest.mark.parametrize(
    ("kinds", "status", "code"),
    [
        ((), 400, "offer_no_audio"),
        (("video",), 400, "offer_video"),
        (("audio", "video"), 400, "offer_video"),
        (("audio", "audio"), 400, "offer_two_tracks"),
    ],
)
def test_the_wrong_tracks(
    house: House, on: Room, kinds: tuple[str, ...], status: int, code: str
) -> None:
    answer = send(house, on, offered(*kinds))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"v=0", b"\x00\xff" * 500, b"GET / HTTP/1.1", "🙈".encode() * 100, b"a=" * 10_000],
)
def test_garbage(house: House, on: Room, body: bytes) -> None:
    answer = send(house, on, body)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("offer_malformed", "offer_no_audio")


def test_a_megabyte(house: House, on: Room) -> None:
    whole = offered("audio")
    answer = send(house, on, whole + b"a=x:" + b"y" * 1_000_000 + b"\r\n")
    assert (answer.status_code, answer.json()["code"]) == (413, "offer_too_large")


def test_without_opus(house: House, on: Room) -> None:
    lines = offered("audio").decode().split("\r\n")
    plain = "\r\n".join(
        line for line in lines if "opus" not in line.lower() and not line.startswith("a=fmtp")
    )
    answer = send(house, on, plain.encode())
    assert answer.status_code in (400, 406)
    assert answer.json()["code"] in ("offer_no_opus", "offer_malformed")


@pytest.mark.parametrize(
    ("door", "direction"), [("whip", "recvonly"), ("whep", "sendonly"), ("session", "recvonly")]
)
def test_the_wrong_way_round(house: House, on: Room, door: str, direction: str) -> None:
    ticket = house.invite(on, "Wrong way")
    answer = house.http.post(
        f"{house.stage}/{door}/{on.key}",
        content=offered("audio", direction=direction),
        headers={"Authorization": f"Bearer {ticket}", "Content-Type": "application/sdp"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "offer_direction")
