"""What waits in a browser's jitter buffer, by its own word (`RTCInboundRtpStreamStats`)."""

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
  const found = [0, 0];
  for (const call of window.calls) {
    for (const one of (await call.getStats()).values()) {
      if (one.type !== "inbound-rtp") continue;
      found[0] += one.jitterBufferDelay;
      found[1] += one.jitterBufferEmittedCount;
    }
  }
  return found;
}"""


class Waiting:
    """One person's. Made before the page is opened."""

    def __init__(self, person: Person) -> None:
        self._page = person.page
        self._page.add_init_script(CALLS)
        self._seen = (0.0, 0)

    def mean_s(self) -> float:
        """How long each sample has waited that was played since the last look; infinite if none was."""
        (before_s, before), self._seen = self._seen, self._page.evaluate(LOOK)
        waited_s, played = self._seen
        return (waited_s - before_s) / (played - before) if played > before else float("inf")
