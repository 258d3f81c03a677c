/**
 * Asks for the room's pulse, and again when it says so, with jitter, so that a crowd does not ask in step; never sooner, also after an
 * error. Fires "pulse" with each new one in `now`, and keeps asking for ever.
 *
 * @typedef {{key: string, title: string, state: string, now_ms: number, next_s: number, starts_at_ms: number, air_at_ms: number|null,
 *   on_air_since_ms: number|null, ended_at_ms: number|null, late_reason: string, listeners: {count: number, error: number}|null,
 *   beacon?: {p: number, every_s: number}, stage: {id: string, name: string, role: string, muted: boolean}[],
 *   talked: {id: string, from_ms: number, to_ms: number|null}[], hands: number, stage_url: string, replay: boolean,
 *   brownout: {step: number, since_ms: number|null, says: string}|null}} PulseFacts
 */
const LONGEST_S = 60;

const SAMPLES = 8;

/**
 * Browser clocks are wrong, and are set right in the middle of a talk: only the one that cannot be set is looked at. The room says its own
 * time with each pulse. A pulse is never early, so the largest difference is the nearest.
 */
export class RoomTime {
  /** @type {number[]} */ #offsets_ms = [];

  /** @param {number} room_ms @param {number} [own_ms] */
  learn(room_ms, own_ms = performance.now()) {
    this.#offsets_ms = [...this.#offsets_ms.slice(1 - SAMPLES), room_ms - own_ms];
  }

  /** Null until the room has said it. */
  known() {
    return this.#offsets_ms.length ? performance.now() + Math.max(...this.#offsets_ms) : null;
  }

  now() {
    return this.known() ?? Date.now();
  }
}

export class Pulse extends EventTarget {
  /** @type {PulseFacts|null} */ now = null;
  /** Whether the last requests were answered. */ reachable = true;
  time = new RoomTime();
  #url;

  /** @param {string} key */
  constructor(key) {
    super();
    this.#url = `/live/${key}/pulse.json`;
    void this.#ask();
  }

  async #ask() {
    for (let failures = 0; ; ) {
      try {
        const answer = await fetch(this.#url, { credentials: "omit", signal: AbortSignal.timeout(5000) });
        if (answer.ok) {
          const now = await answer.json();
          if (!(now?.now_ms > 0)) throw new TypeError("no pulse");
          this.now = /** @type {PulseFacts} */ (now);
          this.time.learn(now.now_ms);
          failures = 0;
        } else failures++;
      } catch {
        failures++;
      }
      this.reachable = failures < 2;
      this.dispatchEvent(new Event("pulse"));
      const next_s = Math.min(Math.max(this.now?.next_s || 2, 1) * 1.5 ** failures, LONGEST_S);
      await new Promise((done) => setTimeout(done, next_s * 1000 * (0.85 + Math.random() * 0.3)));
    }
  }
}
