/**
 * The needle of the level meter. Pure: samples and times in, decibels out.
 *
 * Attack is immediate (a digital peak meter); the fall is that of IEC 60268-10 type I, 20 dB in 1.7 s; the peak is held
 * 1.5 s and then falls the same way.
 */

export const FLOOR_DB = -60;
const FALL_DB_PER_MS = 20 / 1700;
const HOLD_MS = 1500;

/** Highest sample of a block in dBFS, never below the floor. @param {ArrayLike<number>} samples −1..1 */
export function peakDb(samples) {
  let peak = 0;
  for (let i = 0; i < samples.length; i += 1) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
  return peak > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(peak)) : FLOOR_DB;
}

/** Where the needle and the held peak are. */
export class Needle {
  level_db = FLOOR_DB;
  hold_db = FLOOR_DB;
  #at_ms = 0;
  #heldUntil_ms = 0;

  /** @param {number} db the peak since the last push @param {number} now_ms monotonic */
  push(db, now_ms) {
    const fall = FALL_DB_PER_MS * Math.max(0, now_ms - this.#at_ms);
    this.#at_ms = now_ms;
    this.level_db = Math.max(FLOOR_DB, db, this.level_db - fall);
    if (this.level_db >= this.hold_db) {
      this.hold_db = this.level_db;
      this.#heldUntil_ms = now_ms + HOLD_MS;
    } else if (now_ms > this.#heldUntil_ms) {
      this.hold_db = Math.max(this.level_db, this.hold_db - fall);
    }
    return this;
  }
}
