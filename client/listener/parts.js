/** Parts by number, and whether bytes are what their name says. The same sums as `hls/profile.py`: a number is a time. */
import { Refused } from "./source.js";

export const SEGMENT_S = 3.84;
const SEGMENT = 184_320;
const TFDT = 0x74666474;
const LOOKED_AT = 400;

/** @typedef {{msn: number, part: number}} Place the part of a segment; part 0 of one that is fetched whole */

/** Parts in a segment. @param {number} part_s */
const count = (part_s) => Math.round(SEGMENT_S / part_s);

/** @param {Place} place @param {number} part_s @returns {Place} */
export const following = ({ msn, part }, part_s) => (part + 1 < count(part_s) ? { msn, part: part + 1 } : { msn: msn + 1, part: 0 });

/** The part that holds a moment. @param {number} at_s seconds since 1970 @param {number} part_s @returns {Place} */
export function placeAt(at_s, part_s) {
  const number = Math.floor(at_s / part_s + 1e-6), parts = count(part_s);
  return { msn: Math.floor(number / parts), part: number % parts };
}

/** Seconds since 1970. @param {Place} place @param {number} part_s */
export const start_s = ({ msn, part }, part_s) => msn * SEGMENT_S + part * part_s;

/** @param {Place} place @param {number} part_s */
export const fileName = ({ msn, part }, part_s) => (count(part_s) > 1 ? `s${msn}.${part}.m4s` : `s${msn}.m4s`);

/**
 * Whole boxes, and with a `place` the sound of that place: a torn, mixed up or foreign answer must not reach a source buffer.
 * @param {ArrayBuffer} bytes @param {Place} [place] @param {number} [part_s] @throws {Refused}
 */
export function check(bytes, place, part_s = SEGMENT_S) {
  const view = new DataView(bytes), size = bytes.byteLength;
  let at = 0;
  while (at + 8 <= size) {
    const length = view.getUint32(at);
    if (length < 8) break;
    at += length;
  }
  if (!size || at !== size) throw new Refused("torn or foreign bytes");
  if (!place) return bytes;
  const due = place.msn * SEGMENT + place.part * Math.round(SEGMENT / count(part_s));
  // ISO/IEC 14496-12 §8.8.12: version 1 has 64 bits.
  for (at = 0; at < Math.min(LOOKED_AT, size - 16); at++) if (view.getUint32(at) === TFDT) return clock(view, at + 4) === due ? bytes : wrong();
  return wrong();
}

const wrong = () => {
  throw new Refused("sound of another time");
};

/** @param {DataView} view @param {number} at */
const clock = (view, at) => (view.getUint8(at) ? Number(view.getBigUint64(at + 4)) : view.getUint32(at + 4));
