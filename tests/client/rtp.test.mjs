/** stage/rtp.js: packets byte for byte, and what is none. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { levelOf, pack, unpack } from "../../client/stage/rtp.js";

const voice = Uint8Array.of(0xf8, 0xff, 0xfe);

test("a packet has the level of RFC 6464 and the payload behind it", () => {
  const packet = pack({ sequence: 0x10002, timestamp: 2 ** 32 + 960, ssrc: 7, level: 30 }, voice);
  const hex = Buffer.from(packet).toString("hex");
  assert.equal(hex, "906f0002000003c000000007bede0001101e0000f8fffe");
});

test("a packet from the stage host gives number, time and payload", () => {
  const raw = Uint8Array.from(Buffer.from("806f000500000780000000" + "09f8fffe", "hex"));
  assert.deepEqual(unpack(raw.buffer), { sequence: 5, timestamp: 1920, payload: voice });
});

test("what is no packet is passed over", () => {
  for (const hex of ["", "806f", "806f00050000078000000009", "816f000500000780000000" + "09f8", "8060000500000780000000" + "09f8"]) {
    assert.equal(unpack(Uint8Array.from(Buffer.from(hex, "hex")).buffer), null, hex);
  }
});

test("loudness in -dBov", () => {
  assert.equal(levelOf(new Float32Array(960).fill(1)), 0);
  assert.equal(levelOf(new Float32Array(960).fill(0.1)), 20);
  assert.equal(levelOf(new Float32Array(960)), 127);
});
