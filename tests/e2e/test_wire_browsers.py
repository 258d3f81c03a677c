"""The speakers' wire with stock Chromium and Firefox at its other end, and a network that loses one datagram in ten.

No server: a switchboard of its own, so that loss can be put between; sound is a tone that the page makes itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol

import pytest

from hustings.rtc.demux import kind_of
from hustings.rtc.ice import Pair
from tests.e2e.harness.firefox import Firefox
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.waiting import until
from tests.studio.calling import OPUS, Room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

PAGE = """async () => {
  const sound = new AudioContext(), tone = sound.createOscillator(), out = sound.createMediaStreamDestination();
  tone.connect(out); tone.start();
  const pc = window.pc = new RTCPeerConnection();
  const transceiver = pc.addTransceiver(out.stream.getAudioTracks()[0], {direction: "sendrecv"});
  const all = RTCRtpReceiver.getCapabilities("audio").codecs.filter((one) => /\\/(opus|red)$/i.test(one.mimeType));
  transceiver.setCodecPreferences(all);
  await pc.setLocalDescription();
  await new Promise((done) => setTimeout(done, 300));
  return pc.localDescription.sdp;
}"""
STATS = """async () => {
  const found = {state: pc.connectionState, sent: 0, again: 0, heard: 0};
  const all = await pc.getStats();
  all.forEach((one) => {
    if (one.type === "outbound-rtp") {
      found.sent = one.packetsSent; found.again = one.retransmittedPacketsSent ?? 0;
    }
    if (one.type === "inbound-rtp") found.heard = one.packetsReceived;
    if (one.type === "remote-inbound-rtp") found.roundTrip = one.roundTripTime;
  });
  return found;
}"""
RESTART = """async () => {
  await pc.setLocalDescription(await pc.createOffer({iceRestart: true}));
  await new Promise((done) => setTimeout(done, 300));
  return pc.localDescription.sdp;
}"""
LOSS = 0.1


class Browser(Protocol):
    """What both have."""

    def evaluate(self, script: str, argument: Any = None) -> Any: ...


class Wire:
    """A room in a loop of its own; `loses` datagrams of RTP once it is told to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="wire")
        self.thread.start()
        self.room: Room = self.run(self._made())
        self.loss = 0.0
        self.random = random.Random(7)
        assert self.room.board._udp is not None
        self._received = self.room.board._udp._received
        self.room.board._udp._received = self._lossy

    async def _made(self) -> Room:
        return Room()

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    def _lossy(self, datagram: bytes, pair: Pair, now: float) -> None:
        if kind_of(datagram) != "rtp" or self.random.random() >= self.loss:
            self._received(datagram, pair, now)

    def join(self, browser: Browser) -> None:
        offer = browser.evaluate(PAGE)
        opened = self.room.sessions.open("ann", offer.encode(), "session")
        self.session, answer = self.run(opened)
        self._accept(browser, answer)
        self._answer = answer

    async def _restart(self, fragment: str) -> str:
        return self.room.sessions.restart(self.session, fragment.encode())

    def restart(self, browser: Browser) -> None:
        """As a WHIP client does it (RFC 9725 section 4.3.3): its new credentials there, ours back into the answer."""
        lines = browser.evaluate(RESTART).split("\r\n")
        new = [line for line in lines if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))]
        ours = dict(
            line.split(":", 1)
            for line in self.run(self._restart("\r\n".join(new))).split("\r\n")
            if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))
        )
        answer = [
            f"{name}:{ours[name]}" if (name := line.split(":")[0]) in ours else line
            for line in self._answer.split("\r\n")
        ]
        self._accept(browser, "\r\n".join(answer))

    def _accept(self, browser: Browser, answer: str) -> None:
        browser.evaluate(
            f"() => pc.setRemoteDescription({{type: 'answer', sdp: {json.dumps(answer)}}})"
        )
        until(lambda: browser.evaluate(STATS)["state"] == "connected", 10, "connected", 0.02)

    def talk(self, seconds: float) -> list[int]:
        """Sequence numbers of what arrived meanwhile, those of both ends left out: they may be on their way."""
        self.room.packets.clear()
        packets = round(seconds * 50)
        until(lambda: len(self.room.packets) >= packets, seconds + 10, "his packets")
        return [packet.sequence for _, packet in list(self.room.packets)]

    async def _ear(self, packets: int) -> None:
        for _ in range(packets):
            self.room.sessions.send("ann", OPUS)
            await asyncio.sleep(0.02)

    def ear(self, packets: int) -> None:
        self.run(self._ear(packets))

    @property
    def restored(self) -> int:
        """Packets that RED brought back."""
        return sum(peer._intake.restored for peer in self.room.board._calls)

    def end(self) -> None:
        self.run(self.room.shut())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    yield one
    one.end()


def whole(sequences: list[int]) -> float:
    """The share of all numbers between the first and the last that came; each came once."""
    assert len(set(sequences)) == len(sequences)
    first = sequences[0]
    steps = sorted((one - first + 0x8000) % 0x10000 for one in sequences)
    return len(steps) / (steps[-1] - steps[0] + 1)


def test_chromium_loses_a_tenth_and_nothing_is_missing(wire: Wire, people: People) -> None:  # noqa: F405
    person = people.person("wire", microphone=False, autoplay=True)
    wire.join(person.page)
    wire.ear(25)
    wire.talk(1.0)
    wire.loss = LOSS
    share = whole(wire.talk(6.0))
    stats = person.page.evaluate(STATS)
    print(
        f"\nChromium: {share:.1%} arrived, {wire.restored} by RED, sent again {stats['again']}; {stats}"
    )
    assert share > 0.99
    assert wire.restored > 10
    assert stats["heard"] >= 20
    assert 0 <= stats["roundTrip"] < 0.5
    person.leave()


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Any:
    """A blank page of each."""
    if request.param == "chromium":
        people = request.getfixturevalue("people")
        return people.person(request.function.__name__, microphone=False, autoplay=True).page
    firefox = request.getfixturevalue("firefox")
    firefox.goto("about:blank")
    return firefox


def test_an_ice_restart(wire: Wire, browser: Any) -> None:
    wire.join(browser)
    wire.talk(0.5)
    [before] = [peer.ufrag for peer in wire.room.board._calls]
    wire.restart(browser)
    [peer] = wire.room.board._calls
    assert peer.ufrag != before
    until(lambda: len(peer._ice._generations) == 1, 10, "a check with the new password", 0.02)
    share = whole(wire.talk(2.0))
    assert share > 0.98
    assert browser.evaluate(STATS)["state"] == "connected"
    assert wire.room.links == [("ann", True)], "nobody noticed"


def test_mute_and_reload(wire: Wire, browser: Any) -> None:
    """Who is muted goes on sending; who loads the page anew has his place again, and the old session ends."""
    wire.join(browser)
    wire.talk(0.5)
    browser.evaluate("() => { pc.getSenders()[0].track.enabled = false; }")
    assert whole(wire.talk(2.0)) > 0.98
    [before] = wire.room.board._calls
    browser.goto("about:blank")
    wire.join(browser)
    until(lambda: list(wire.room.board._calls) != [before], 10, "the new session", 0.02)
    until(lambda: len(wire.room.board._calls) == 1, 10, "the end of the old one", 0.02)
    wire.talk(0.5)
    assert wire.room.links[-1] == ("ann", True)


def test_firefox_loses_a_tenth_and_sends_it_again(wire: Wire, firefox: Firefox) -> None:
    firefox.goto("about:blank")
    wire.join(firefox)
    wire.ear(25)
    wire.talk(1.0)
    wire.loss = LOSS
    share = whole(wire.talk(6.0))
    stats = firefox.evaluate(STATS)
    print(f"\nFirefox: {share:.1%} arrived; {stats}")
    assert share > 0.98
    assert stats["heard"] >= 20
