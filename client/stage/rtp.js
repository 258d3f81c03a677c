/**
 * RTP packets as the page itself sends and gets them through a WebSocket: one Opus packet each, with the loudness of RFC 6464. Pure.
 */
const HEADER = 12;
const EXTENSION = 8;
const PAYLOAD_TYPE = 111;
const ONE_BYTE = 0xbede; // RFC 8285 section 4.2
const LEVEL_ID = 1;
export const SAMPLES = 960; // 20 ms

/**
 * @param {{sequence: number, timestamp: number, ssrc: number, level: number}} head level in -dBov, 0 to 127
 * @param {Uint8Array} payload
 */
export function pack({ sequence, timestamp, ssrc, level }, payload) {
  const packet = new Uint8Array(HEADER + EXTENSION + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x90); // version 2, with an extension
  view.setUint8(1, PAYLOAD_TYPE);
  view.setUint16(2, sequence & 0xffff);
  view.setUint32(4, timestamp >>> 0);
  view.setUint32(8, ssrc >>> 0);
  view.setUint16(12, ONE_BYTE);
  view.setUint16(14, 1);
  view.setUint8(16, LEVEL_ID << 4);
  view.setUint8(17, level & 0x7f);
  packet.set(payload, HEADER + EXTENSION);
  return packet;
}

/** @param {ArrayBuffer} raw @returns {{sequence: number, timestamp: number, payload: Uint8Array}|null} null for anything else */
export function unpack(raw) {
  if (raw.byteLength <= HEADER) return null;
  const view = new DataView(raw);
  const first = view.getUint8(0);
  if (first !== 0x80 || (view.getUint8(1) & 0x7f) !== PAYLOAD_TYPE) return null;
  return { sequence: view.getUint16(2), timestamp: view.getUint32(4), payload: new Uint8Array(raw, HEADER) };
}

/** Loudness of a block in -dBov (RFC 6464 section 3): 0 is full scale, 127 silence. @param {Float32Array} block */
export function levelOf(block) {
  let sum = 0;
  for (const sample of block) sum += sample * sample;
  const db = -10 * Math.log10(sum / block.length || Number.MIN_VALUE);
  return Math.max(0, Math.min(127, Math.round(db)));
}
