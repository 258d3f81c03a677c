/** The room's time in a browser, and from it how far behind live an ear is. */

const SAMPLES = 8;

/** Browser clocks are wrong; the room says its own with each pulse. A pulse is never early, so the largest difference is the nearest. */
export class RoomTime {
  /** @type {number[]} */ #offsets_ms = [];

  /** @param {number} room_ms @param {number} [own_ms] */
  learn(room_ms, own_ms = Date.now()) {
    this.#offsets_ms = [...this.#offsets_ms.slice(1 - SAMPLES), room_ms - own_ms];
  }

  now() {
    return Date.now() + (this.#offsets_ms.length ? Math.max(...this.#offsets_ms) : 0);
  }
}

/** Seconds behind live, or null while nothing is heard. @param {{heard_ms: number|null}} player @param {RoomTime} time */
export function behind_s(player, time) {
  const heard_ms = player.heard_ms;
  return heard_ms === null ? null : Math.max(0, (time.now() - heard_ms) / 1000);
}

/** Who is heard talking at a moment of the room's clock. @param {{id: string, from_ms: number, to_ms: number|null}[]} talked @param {number} at_ms */
export function talking(talked, at_ms) {
  return new Set(talked.filter((turn) => turn.from_ms <= at_ms && (turn.to_ms === null || at_ms <= turn.to_ms)).map((turn) => turn.id));
}
