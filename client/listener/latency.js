/** How far behind live an ear is, and who is heard. */

/** After a pulse, whoever talked at its end is taken to talk on for so long; then nobody knows. */
const GUESSED_MS = 2000;

/** Seconds behind live, or null while nothing is heard. @param {{heard_ms: number|null}} player @param {import("./pulse.js").RoomTime} time */
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
