/** What the event page works out for itself: numbers of parts, torn bytes, tries, jumps, the room's time, beacons. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { beacons } from "../../client/listener/beacon.js";
import { behind_s, talking } from "../../client/listener/latency.js";
import { leap_ms } from "../../client/listener/leap.js";
import { check, fileName, following, placeAt, start_s } from "../../client/listener/parts.js";
import { read } from "../../client/listener/playlist.js";
import { RoomTime } from "../../client/listener/pulse.js";
import { get, LATE_MS, Missing, pause, Refused, spread_ms, TRIED_MAX_MS } from "../../client/listener/source.js";

const MSN = 467_580_101;

/** A box of ISO/IEC 14496-12. */
function box(name, ...inside) {
  const body = Buffer.concat(inside);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(name, 4, "latin1");
  return Buffer.concat([head, body]);
}

function part(clock, version = 1) {
  const time = Buffer.alloc(version ? 12 : 8);
  time.writeUInt8(version);
  if (version) time.writeBigUInt64BE(BigInt(clock), 4);
  else time.writeUInt32BE(clock, 4);
  return bytes(Buffer.concat([box("moof", box("mfhd", Buffer.alloc(8)), box("traf", box("tfdt", time))), box("mdat", Buffer.alloc(300))]));
}

const bytes = (buffer) => new Uint8Array(buffer).buffer;

test("a part's number is its time, in both profiles and in whole segments", () => {
  assert.deepEqual(following({ msn: 5, part: 2 }, 0.96), { msn: 5, part: 3 });
  assert.deepEqual(following({ msn: 5, part: 3 }, 0.96), { msn: 6, part: 0 });
  assert.deepEqual(following({ msn: 5, part: 10 }, 0.32), { msn: 5, part: 11 });
  assert.deepEqual(following({ msn: 5, part: 0 }, 3.84), { msn: 6, part: 0 });
  assert.equal(fileName({ msn: 5, part: 0 }, 0.96), "s5.0.m4s");
  assert.equal(fileName({ msn: 5, part: 0 }, 3.84), "s5.m4s");
  for (const part_s of [0.32, 0.96, 3.84])
    for (let place = { msn: MSN, part: 0 }, n = 0; n < 30; n++, place = following(place, part_s)) {
      assert.deepEqual(placeAt(start_s(place, part_s), part_s), place);
      assert.deepEqual(placeAt(start_s(place, part_s) + part_s - 0.01, part_s), place);
    }
});

test("only whole boxes of the right time reach a source buffer", () => {
  const place = { msn: MSN, part: 3 }, clock = MSN * 184_320 + 3 * 46_080;
  const good = part(clock);
  assert.equal(check(good, place, 0.96), good);
  assert.equal(check(good), good);
  const whole = part(MSN * 184_320);
  assert.equal(check(whole, { msn: MSN, part: 0 }, 3.84), whole);
  assert.ok(check(part(2 * 184_320, 0), { msn: 2, part: 0 }, 0.96));
  for (const wrong of [new ArrayBuffer(0), good.slice(0, -1), good.slice(0, 100), bytes(Buffer.from("<!doctype html><p>Log in</p>")), bytes(Buffer.alloc(400)), bytes(Buffer.alloc(7))])
    assert.throws(() => check(wrong, place, 0.96), Refused);
  for (const other of [clock - 46_080, clock + 1, clock + 2 ** 32]) assert.throws(() => check(part(other), place, 0.96), Refused);
  assert.throws(() => check(bytes(box("mdat", Buffer.alloc(300))), place, 0.96), Refused);
});

test("tries are spread over bounds that grow, as wide as the buffer the first time; nobody waits longer than the cap", () => {
  assert.deepEqual(spread_ms(1, 2.9, 0, false), [0, 1450]); // as wide as the buffer: nobody hears it
  let before = 0;
  for (let tries = 1; tries < 60; tries++) {
    const [low, high] = spread_ms(tries, 0, 0, false);
    assert.equal(low, 0);
    assert.ok(high >= before && high <= TRIED_MAX_MS && high >= 400);
    before = high;
  }
  assert.equal(before, TRIED_MAX_MS);
  assert.deepEqual(spread_ms(1, 0, 2000, false), [2000, 2420]);
  assert.equal(spread_ms(20, 0, 3_600_000, false)[0], TRIED_MAX_MS);
  assert.deepEqual(spread_ms(9, 0, 0, true), [0, 1000]); // a part that is late is a matter of a second
});

test("a pause ends at once when its signal says so", async () => {
  const stop = new AbortController();
  const paused = pause(60_000, 60_000, stop.signal);
  stop.abort();
  await assert.rejects(paused);
});

const answers = (status, headers = {}) => (globalThis.fetch = async (_, options) => ((globalThis.asked = options), new Response(status === 200 ? "x" : null, { status, headers })));

test("a 404 and a 410 are missing, another status is refused with what the server asks for", async () => {
  const { signal } = new AbortController();
  for (const status of [404, 410]) {
    answers(status);
    await assert.rejects(get("http://x/", signal), Missing);
  }
  for (const [after, wait_ms] of [["2", 2000], ["Wed, 21 Oct 2026 07:28:00 GMT", 0], ["", 0]]) {
    answers(503, { "retry-after": after });
    await assert.rejects(get("http://x/", signal), (error) => error instanceof Refused && error.wait_ms === wait_ms);
  }
  answers(200);
  assert.equal((await get("http://x/", signal)).body.byteLength, 1);
  assert.deepEqual([asked.cache, asked.credentials], ["default", "omit"]);
  await get("http://x/", signal, 1000, 1);
  assert.equal(asked.cache, "reload");
});

/** A server that says nothing but to the `answers`th request, on a clock of the test's own. */
async function silent(answers, passed_ms, due_ms = 0) {
  const asked = [];
  globalThis.fetch = (_, { signal, cache }) =>
    new Promise((done, fail) => {
      signal.addEventListener("abort", () => fail(signal.reason));
      asked.push({ cache, signal });
      if (asked.length === answers) done(new Response("x"));
    });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let end = "waits";
    get("http://x/", new AbortController().signal, due_ms).then(() => (end = "sound"), (error) => (end = error.name));
    for (let ms = 0; ms <= passed_ms; ms += 100) {
      for (let n = 0; n < 20; n++) await Promise.resolve();
      mock.timers.tick(ms ? 100 : 0);
    }
    await new Promise((done) => setImmediate(done));
    return { end, asked };
  } finally {
    mock.timers.reset();
  }
}

test("a request that says nothing is asked again on another connection, and the first answer counts", async () => {
  assert.deepEqual([(await silent(2, LATE_MS - 100)).end, (await silent(2, LATE_MS)).end], ["waits", "sound"]);
  const { asked } = await silent(2, LATE_MS);
  assert.deepEqual(asked.map((one) => one.cache), ["default", "reload"]);
  assert.ok(asked.every((one) => one.signal.aborted), "nothing is left open");
  assert.equal((await silent(2, 960 + LATE_MS - 100, 960)).asked.length, 1); // it is not late before it is due
});

test("three that say nothing are one that failed", async () => {
  assert.equal((await silent(9, 3 * LATE_MS - 100)).end, "waits");
  const { end, asked } = await silent(9, 3 * LATE_MS);
  assert.deepEqual([end, asked.length], ["TimeoutError", 3]);
});

const turn = (id, from_ms, to_ms) => ({ id, from_ms, to_ms });

test("a jump loses no word", () => {
  const talked = [turn("a", 1000, 5000), turn("b", 9000, null)];
  assert.equal(leap_ms(talked, 3000, 20_000, 10_000), 0); // somebody is heard
  assert.equal(leap_ms(talked, 5200, 20_000, 10_000), 0); // he has just ended
  assert.equal(leap_ms(talked, 6000, 20_000, 10_000), 2600); // to just before the next one
  assert.equal(leap_ms(talked, 6000, 20_000, 1500), 1500); // not farther than needed
  assert.equal(leap_ms(talked, 8500, 20_000, 10_000), 0); // not worth it
  assert.equal(leap_ms(talked, 10_000, 20_000, 10_000), 0); // and he talks still
  assert.equal(leap_ms([], 6000, 7000, 10_000), 600); // of what comes after the pulse nobody knows
  assert.equal(leap_ms([], 6000, 5000, 10_000), 0);
});

test("who talks is shown while it is known", () => {
  const talked = [turn("a", 1000, 5000), turn("b", 4000, null)];
  assert.deepEqual([...talking(talked, 900, 6000)], []);
  assert.deepEqual([...talking(talked, 4500, 6000)], ["a", "b"]);
  assert.deepEqual([...talking(talked, 7900, 6000)], ["b"]);
  assert.deepEqual([...talking(talked, 8100, 6000)], []);
});

test("the room's time is the earliest pulse's, whatever the wall clock says", () => {
  const time = new RoomTime();
  assert.equal(time.known(), null);
  time.learn(1_000_000, 500);
  time.learn(1_000_900, 2000); // 600 ms on the way
  const real = performance.now;
  performance.now = () => 3000;
  try {
    assert.equal(time.known(), 1_002_500);
    assert.equal(time.now(), 1_002_500);
    assert.equal(behind_s({ heard_ms: 999_500 }, time), 3);
    assert.equal(behind_s({ heard_ms: null }, time), null);
    for (let n = 0; n < 8; n++) time.learn(2_000_000 + n, 3000 + n); // the room moved on while we slept
    assert.equal(time.known(), 2_000_000);
  } finally {
    performance.now = real;
  }
});

/** `rounds` draws of a page: what it sent, and the seconds that it waited. */
async function counted(rounds, plays, rate, draw) {
  const sent = [], waited = [];
  globalThis.fetch = async (url, options) => (sent.push([url, options.method, options.credentials, options.keepalive]), new Response());
  const over = new Error("over");
  await assert.rejects(beacons("talk", plays, rate, async (s) => {
    if (waited.push(s) > rounds) throw over;
  }, draw), over);
  return { sent, waited };
}

test("a beacon goes out with the announced probability, once in every_s at the most, while it plays", async () => {
  const always = await counted(3, () => true, () => ({ p: 1, every_s: 10 }), () => 0.5);
  assert.deepEqual(always.waited, [5, 10, 10, 10]); // a random part first
  assert.deepEqual(always.sent, Array(3).fill(["/live/talk/beacon?p=1", "POST", "omit", true]));
  assert.equal((await counted(3, () => false, () => ({ p: 1, every_s: 10 }), () => 0.5)).sent.length, 0);
  assert.equal((await counted(3, () => true, () => undefined, () => 0)).sent.length, 0);
  assert.equal((await counted(3, () => true, () => ({ p: 0.5, every_s: 10 }), () => 0.5)).sent.length, 0);
  let seed = 1;
  const draw = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const many = await counted(4000, () => true, () => ({ p: 0.0625, every_s: 10 }), draw);
  assert.ok(Math.abs(many.sent.length - 250) < 50, `${many.sent.length}`);
  assert.equal(many.sent[0][0], "/live/talk/beacon?p=0.0625");
});

test("a playlist is read to its parts; what is none is an error", () => {
  const text = `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:${MSN}\n#EXT-X-PART-INF:PART-TARGET=0.96\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=2.88,HOLD-BACK=12\n`
    + `#EXT-X-MAP:URI="init-1.mp4"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-24T08:06:31.680Z\n#EXT-X-PART:DURATION=0.96,URI="s${MSN}.0.m4s",INDEPENDENT=YES\n`;
  const list = read(text, "http://x/live/talk/aac/live.m3u8");
  assert.deepEqual(list.pieces.map((piece) => [piece.msn, piece.part, piece.duration_s]), [[MSN, 0, 0.96]]);
  assert.equal(list.map, "http://x/live/talk/aac/init-1.mp4");
  assert.equal(list.holdBack_s, 2.88);
  for (const wrong of ["", "<html>", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8\n"]) assert.throws(() => read(wrong, "http://x/"));
});
