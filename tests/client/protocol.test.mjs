/** room/protocol.js against a real HTTP server: what it sends, what it repeats, when it stops. Pauses are recorded, not slept. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { deviceId, knock, pause, readTicket, retryAfterMs, StageError, StageProtocol, takeTicket } from "../../client/room/protocol.js";

/** A stage host that plays a script: one entry for each request, in order. The last one stays. */
async function stageHost(script) {
  const seen = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const act = script[Math.min(seen.length, script.length) - 1];
      if (act === "drop") return request.socket.destroy();
      const { status = 200, headers = {}, reply = {} } = act;
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(typeof reply === "string" ? reply : JSON.stringify(reply));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  return { seen, base, close: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))) };
}

function protocolAt(base, pauses = []) {
  return new StageProtocol({
    base, key: "evening", ticket: "v1.k.p.s", device: "d".repeat(22), random: () => 0.5,
    pause: async (ms) => void pauses.push(ms),
  });
}

const away = { status: 503, headers: { "Retry-After": "1" }, reply: { code: "studio_away", message: "away" } };

test("a session is an offer, with ticket and device, and gives answer and location", async () => {
  const host = await stageHost([{ status: 201, headers: { Location: "/session/evening/s1" }, reply: "v=0 answer" }]);
  const reply = await protocolAt(host.base).openSession("v=0 offer");
  await host.close();
  assert.deepEqual(reply, { answer: "v=0 answer", location: "/session/evening/s1" });
  const [{ method, url, headers, body }] = host.seen;
  assert.deepEqual([method, url, body], ["POST", "/session/evening", "v=0 offer"]);
  assert.equal(headers.authorization, "Bearer v1.k.p.s");
  assert.equal(headers["hustings-device"], "d".repeat(22));
  assert.equal(headers["content-type"], "application/sdp");
});

test("an ICE restart is a PATCH of the session, and gives the other side's fragment", async () => {
  const host = await stageHost([{ reply: "a=ice-ufrag:b\r\n" }]);
  const theirs = await protocolAt(host.base).restartSession(`${host.base}/session/evening/s1`, "a=ice-ufrag:a\r\n");
  await host.close();
  assert.equal(theirs, "a=ice-ufrag:b\r\n");
  const [{ method, url, headers, body }] = host.seen;
  assert.deepEqual([method, url, body], ["PATCH", "/session/evening/s1", "a=ice-ufrag:a\r\n"]);
  assert.equal(headers["content-type"], "application/trickle-ice-sdpfrag");
});

test("a session is left by DELETE, whether its location is a path or an address", async () => {
  const host = await stageHost([{}]);
  await protocolAt(host.base).closeSession("/session/evening/s1");
  await protocolAt(host.base).closeSession(`${host.base}/session/evening/s2`);
  await host.close();
  assert.deepEqual(host.seen.map((one) => [one.method, one.url]), [["DELETE", "/session/evening/s1"], ["DELETE", "/session/evening/s2"]]);
});

test("a refused session carries its stable code", async () => {
  const host = await stageHost([{ status: 409, reply: { code: "ticket_in_use", message: "in use" } }]);
  const refusal = await protocolAt(host.base).openSession("v=0").catch((error) => error);
  await host.close();
  assert.ok(refusal instanceof StageError);
  assert.deepEqual([refusal.code, refusal.status, refusal.final, refusal.unanswered], ["ticket_in_use", 409, false, false]);
});

test("a command is repeated under one key until it is answered", async () => {
  const host = await stageHost(["drop", away, { status: 502, reply: "no json" }, { reply: { url: "x" } }]);
  const pauses = [];
  const reply = await protocolAt(host.base, pauses).command("invite", { role: "speaker", name: "" });
  await host.close();
  assert.deepEqual(reply, { url: "x" });
  assert.equal(host.seen.length, 4);
  assert.equal(new Set(host.seen.map((one) => one.headers["idempotency-key"])).size, 1);
  assert.match(host.seen[0].headers["idempotency-key"], /^[A-Za-z0-9_-]{22}$/);
  assert.equal(host.seen[3].url, "/command/evening/invite");
  assert.equal(pauses.length, 3);
  assert.ok(pauses[1] >= 1000, "Retry-After is obeyed");
});

test("a command that is refused is refused, once", async () => {
  const host = await stageHost([{ status: 409, reply: { code: "wrong_state", message: "no" } }]);
  await assert.rejects(protocolAt(host.base).command("end"), { code: "wrong_state" });
  await host.close();
  assert.equal(host.seen.length, 1);
});

test("commands of one name keep their order, also when the first has to be repeated", async () => {
  const host = await stageHost([away, {}, {}]);
  const protocol = protocolAt(host.base);
  await Promise.all([protocol.command("mute", { muted: true }), protocol.command("mute", { muted: false })]);
  await host.close();
  assert.deepEqual(host.seen.map((one) => JSON.parse(one.body).muted), [true, true, false]);
  assert.notEqual(host.seen[1].headers["idempotency-key"], host.seen[2].headers["idempotency-key"]);
});

test("events go on from their cursor, survive a loss, and end with the ticket", async () => {
  const answer = (cursor) => ({ reply: { cursor, now_ms: 1, events: [] } });
  const revoked = { status: 401, reply: { code: "ticket_revoked", message: "gone" } };
  const host = await stageHost([answer("a"), answer("b c"), "drop", away, answer("d"), answer("e"), revoked]);
  const cursors = [];
  const links = [];
  const refusal = await new Promise((refused) => {
    protocolAt(host.base).follow({ events: (got) => cursors.push(got.cursor), link: (link) => links.push(link), refused });
  });
  await host.close();
  assert.deepEqual(cursors, ["a", "b c", "d", "e"]);
  assert.deepEqual(links.map((one) => [one.state, one.code]), [["here", null], ["lost", "unreachable"], ["here", null]]);
  assert.equal(refusal.code, "ticket_revoked");
  const asked = host.seen.map((one) => one.url);
  assert.deepEqual(asked.slice(0, 3), ["/events/evening", "/events/evening?after=a", "/events/evening?after=b%20c"]);
  // after a loss the whole view is asked for, at once: no parked poll
  assert.deepEqual(asked.slice(3), ["/events/evening", "/events/evening", "/events/evening?after=d", "/events/evening?after=e"]);
});

test("events never give up: twenty losses, then they are there", async () => {
  const host = await stageHost([...Array(20).fill("drop"), { reply: { cursor: "a", now_ms: 1, events: [] } }]);
  const pauses = [];
  const protocol = protocolAt(host.base, pauses);
  let stop = () => {};
  await new Promise((resolve) => (stop = protocol.follow({ events: resolve, link: () => {}, refused: assert.fail })));
  stop();
  await host.close();
  assert.equal(pauses.length, 20);
  assert.ok(Math.max(...pauses) <= 2000 && Math.min(...pauses) >= 300);
});

test("hurry asks again without waiting", async () => {
  const host = await stageHost(["drop", { reply: { cursor: "a", now_ms: 1, events: [] } }]);
  const protocol = new StageProtocol({ base: host.base, key: "evening", ticket: "t", device: "d", random: () => 1, pause: (_, signal) => pause(3_600_000, signal) });
  let stop = () => {};
  await new Promise((resolve) => {
    const link = (now) => now.state === "lost" && queueMicrotask(() => protocol.hurry());
    stop = protocol.follow({ events: resolve, link, refused: assert.fail });
  });
  stop();
  await host.close();
  assert.equal(host.seen.length, 2);
});

test("an answer that is cut short, or is somebody else's page, is not one", async () => {
  const host = await stageHost([{ reply: "<html>log in to the hotel</html>" }, { reply: '{"url": ' }, { reply: { url: "x" } }]);
  const pauses = [];
  assert.deepEqual(await protocolAt(host.base, pauses).command("invite"), { url: "x" });
  await host.close();
  assert.equal(pauses.length, 2);
});

test("a knock needs no ticket", async () => {
  const host = await stageHost([{ status: 201, reply: { ticket: "t", person: "p" } }]);
  assert.deepEqual(await knock({ base: `${host.base}/`, key: "evening", name: "Ruth" }), { ticket: "t", person: "p" });
  await host.close();
  assert.equal(host.seen[0].headers.authorization, undefined);
  assert.deepEqual(JSON.parse(host.seen[0].body), { name: "Ruth", note: "" });
});

test("retries are spread between 0.3 s and a limit that grows to 2 s", () => {
  assert.equal(retryAfterMs(1, () => 0), 300);
  assert.equal(retryAfterMs(1, () => 1), 600);
  assert.equal(retryAfterMs(2, () => 1), 1200);
  assert.equal(retryAfterMs(3, () => 1), 2000);
  assert.equal(retryAfterMs(1000, () => 1), 2000);
});

class Shelf extends Map {
  getItem(slot) {
    return this.get(slot) ?? null;
  }
  setItem(slot, value) {
    this.set(slot, value);
  }
}

test("the ticket leaves the address bar and stays with the tab, one for each room", () => {
  const storage = new Shelf();
  let cleaned = 0;
  const clean = () => (cleaned += 1);
  assert.equal(takeTicket({ hash: "#t=v1.a.b.c", key: "evening", storage, clean }), "v1.a.b.c");
  assert.equal(cleaned, 1);
  assert.equal(takeTicket({ hash: "", key: "evening", storage, clean }), "v1.a.b.c");
  assert.equal(takeTicket({ hash: "", key: "morning", storage, clean }), null);
  assert.equal(cleaned, 1);
});

test("a ticket is used also where nothing can be kept", () => {
  const storage = { getItem: () => { throw new Error("blocked"); }, setItem: () => { throw new Error("blocked"); } };
  assert.equal(takeTicket({ hash: "#t=x", key: "evening", storage, clean: () => {} }), "x");
  assert.match(deviceId(storage), /^[A-Za-z0-9_-]{22}$/);
});

test("the device is made once; what is not one is replaced", () => {
  const storage = new Shelf();
  const made = deviceId(storage);
  assert.match(made, /^[A-Za-z0-9_-]{22}$/);
  assert.equal(deviceId(storage), made);
  storage.setItem("hustings.device", "too short");
  assert.notEqual(deviceId(storage), "too short");
});

test("a ticket is read with its name in any script; what is none is null", () => {
  const payload = Buffer.from(JSON.stringify({ t: "x", r: "evening", o: "speaker", n: "María 李", at: 1 })).toString("base64url");
  assert.equal(readTicket(`v1.k.${payload}.s`)?.n, "María 李");
  assert.equal(readTicket("v1.k.%%%.s"), null);
  assert.equal(readTicket("v2.k.e30.s"), null);
  assert.equal(readTicket(""), null);
});
