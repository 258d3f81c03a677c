"""How long sound waits in the browser of whoever hears it, by its own word: in its jitter buffer (`RTCInboundRtpStreamStats`) and
between that and the sound card (`RTCAudioPlayoutStats`)."""

from __future__ import annotations

from tests.e2e.harness.chromium import Person

CALLS = """window.calls = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...how) {
    super(...how);
    window.calls.push(this);
  }
};"""
LOOK = """async () => {
  const found = [0, 0, 0, 0];
  for (const call of window.calls) {
    for (const one of (await call.getStats()).values()) {
      if (one.type === "inbound-rtp") (found[0] += one.jitterBufferDelay), (found[1] += one.jitterBufferEmittedCount);
      if (one.type === "media-playout") (found[2] += one.totalPlayoutDelay), (found[3] += one.totalSamplesCount);
    }
  }
  return found;
}"""
NEVER = float("inf")


class Waiting:
    """One person's. Made before the page is opened."""

    def __init__(self, person: Person) -> None:
        self._page = person.page
        self._page.add_init_script(CALLS)
        self._seen = [0.0, 0.0, 0.0, 0.0]

    def mean_s(self) -> tuple[float, float]:
        """Of the samples played since the last look, how long they waited in the buffer, and from there to the card; infinite
        where there were none."""
        before, self._seen = self._seen, self._page.evaluate(LOOK)
        buffered_s, emitted, played_s, played = (
            now - then for now, then in zip(self._seen, before, strict=True)
        )
        return buffered_s / emitted if emitted else NEVER, played_s / played if played else NEVER
