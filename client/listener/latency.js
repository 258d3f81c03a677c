/** The room's time in a browser, and from it how far behind live an ear is. */

const SAMPLES = 8;

/** After a pulse, whoever talked at its end is taken to talk on for so long; then nobody knows. */
const GUESSED_MS = 2000;

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

/** Seconds behind live, or null while nothing is heard. @param {{heard_ms: number|null}} player @param {RoomTime} time */
export function behind_s(player, time) {
  const heard_ms = player.heard_ms;
  return heard_ms === null ? null : Math.max(0, (time.now() - heard_ms) / 1000);
}

/**
 * Who is heard talking at a moment of the room's clock.
 * @param {{id: string, from_ms: number, to_ms: number|null}[]} talked @param {number} at_ms @param {number} known_ms the pulse's own moment
 */
export function talking(talked, at_ms, known_ms) {
  return new Set(talked.filter((turn) => turn.from_ms <= at_ms && at_ms <= (turn.to_ms ?? known_ms + GUESSED_MS)).map((turn) => turn.id));
}
