/**
 * Asks for the room's pulse, and again when it says so, with jitter, so that a crowd does not ask in step. Fires "pulse" with each new
 * one in `now`, and keeps asking for ever.
 *
 * @typedef {{key: string, title: string, state: string, now_ms: number, next_s: number, starts_at_ms: number, air_at_ms: number|null,
 *   on_air_since_ms: number|null, ended_at_ms: number|null, late_reason: string, listeners: number|null,
 *   stage: {id: string, name: string, role: string, muted: boolean}[], talked: {id: string, from_ms: number, to_ms: number|null}[],
 *   hands: number, stage_url: string, replay: boolean, brownout: string|null}} PulseFacts
 */
export class Pulse extends EventTarget {
  /** @type {PulseFacts|null} */ now = null;
  /** Whether the last request was answered. */ reachable = true;
  #url;

  /** @param {string} key @param {import("./latency.js").RoomTime} time */
  constructor(key, time) {
    super();
    this.#url = `/live/${key}/pulse.json`;
    this.time = time;
    void this.#ask();
  }

  async #ask() {
    for (let failures = 0; ; ) {
      let wait_s = Math.min(2 ** failures, 15);
      try {
        const answer = await fetch(this.#url, { credentials: "omit", signal: AbortSignal.timeout?.(5000) });
        this.reachable = true;
        if (answer.ok) {
          this.now = /** @type {PulseFacts} */ (await answer.json());
          this.time.learn(this.now.now_ms);
          wait_s = this.now.next_s;
          failures = 0;
        } else failures++;
      } catch {
        this.reachable = false;
        failures++;
      }
      this.dispatchEvent(new Event("pulse"));
      await new Promise((done) => setTimeout(done, wait_s * 1000 * (0.85 + Math.random() * 0.3)));
    }
  }
}
