"""Stock Chromium as the speaker: one sound, a connection for every column at once, so all of them have the same packets.

The page makes its sound from a file (Web Audio, 48 kHz, no processing), as the stage page sends a microphone: RED first where it
is taken, Opus as the answer wants it.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page, async_playwright

from tests.e2e.harness.chromium import AUTOPLAY, FLAGS, PROGRAM

PAGE = """<!doctype html><script>
const context = new AudioContext({sampleRate: 48000}), out = context.createMediaStreamDestination();
out.channelCount = 1;
const calls = {};
async function offer(name) {
  const call = calls[name] = new RTCPeerConnection();
  const transceiver = call.addTransceiver(out.stream.getAudioTracks()[0], {direction: "sendonly"});
  const all = RTCRtpReceiver.getCapabilities("audio").codecs;
  const wanted = ["audio/opus", "audio/red"];
  transceiver.setCodecPreferences(all.filter((one) => wanted.includes(one.mimeType.toLowerCase())));
  await call.setLocalDescription();
  await new Promise((done) => call.iceGatheringState === "complete" ? done() :
    call.addEventListener("icegatheringstatechange", () => call.iceGatheringState === "complete" && done()));
  return call.localDescription.sdp;
}
const accept = (name, sdp) => calls[name].setRemoteDescription({type: "answer", sdp});
const states = () => Object.values(calls).map((one) => one.connectionState);
async function say(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const samples = new Float32Array(bytes.buffer);
  const buffer = context.createBuffer(1, samples.length, 48000);
  buffer.copyToChannel(samples, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(out);
  source.start();
  await new Promise((done) => source.onended = done);
}
async function sent() {
  const found = {};
  for (const [name, call] of Object.entries(calls)) {
    for (const one of (await call.getStats()).values()) {
      if (one.type === "outbound-rtp") {
        found[name] = {packets: one.packetsSent, bytes: one.bytesSent, again: one.retransmittedPacketsSent ?? 0};
      }
    }
  }
  return found;
}
function close() { for (const [name, call] of Object.entries(calls)) { call.close(); delete calls[name]; } }
</script>"""


class Speaker:
    """A page that speaks."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def offer(self, name: str) -> str:
        return str(await self._page.evaluate("(name) => offer(name)", name))

    async def accept(self, name: str, answer: str) -> None:
        await self._page.evaluate("([name, sdp]) => accept(name, sdp)", [name, answer])

    async def connected(self) -> bool:
        """Whether all are. Errors: `RuntimeError` when one failed."""
        states = list(await self._page.evaluate("states()"))
        if "failed" in states:
            raise RuntimeError(f"a connection failed: {states}")
        return all(state == "connected" for state in states)

    async def say(self, sound: NDArray[np.float32]) -> None:
        """Says it all; returns when it is said."""
        text = b64encode(np.ascontiguousarray(sound, "<f4").tobytes()).decode()
        await self._page.evaluate("(text) => say(text)", text)

    async def sent(self) -> Mapping[str, Any]:
        return dict(await self._page.evaluate("sent()"))

    async def close(self) -> None:
        await self._page.evaluate("close()")


@asynccontextmanager
async def speaker() -> AsyncIterator[Speaker]:
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    flags = [*FLAGS, *root, AUTOPLAY, "--allow-loopback-in-peer-connection"]
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=PROGRAM, headless=True, args=flags)
        page = await browser.new_page()
        await page.set_content(PAGE)
        try:
            yield Speaker(page)
        finally:
            await browser.close()
