/** Where a player that is behind its place may jump so that no word is lost: through the rest of a pause, to where the next one begins to talk. */

const MARGIN_MS = 400;
const LEAST_MS = 400;

/**
 * @param {{from_ms: number, to_ms: number|null}[]} talked who talked when, on the room's clock
 * @param {number} heard_ms what is heard now
 * @param {number} known_ms until when `talked` tells all
 * @param {number} most_ms how far it wants to go
 * @returns {number} milliseconds to jump; 0 where somebody is heard, or nothing is worth it
 */
export function leap_ms(talked, heard_ms, known_ms, most_ms) {
  if (talked.some((turn) => turn.from_ms - MARGIN_MS <= heard_ms && heard_ms <= (turn.to_ms ?? Infinity) + MARGIN_MS)) return 0;
  const starts = talked.map((turn) => turn.from_ms).filter((from_ms) => from_ms > heard_ms);
  const far_ms = Math.min(most_ms, Math.min(known_ms, ...starts) - MARGIN_MS - heard_ms);
  return far_ms >= LEAST_MS ? far_ms : 0;
}
