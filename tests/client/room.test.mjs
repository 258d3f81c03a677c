/** room/store.js and the pure parts of the stage page: events in, what is known and said out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FLOOR_DB, Needle, peakDb } from "../../client/room/ballistics.js";
import { reader } from "../../client/room/copy.js";
import { RoomStore } from "../../client/room/store.js";
import { figures, isAmiss, voiceWords } from "../../client/room/voice.js";
import { announcements } from "../../client/stage/announcements.js";
import { credentials, renewed } from "../../client/stage/ice.js";
import { tuneOpus } from "../../client/stage/opus.js";
import { sceneFor } from "../../client/stage/scenes.js";
import { warnings } from "../../client/stage/warnings.js";

const copy = (page) => JSON.parse(readFileSync(new URL(`../../src/hustings/copy/en/${page}.json`, import.meta.url), "utf8"));
const voices = Object.entries(copy("voice")).map(([id, sentence]) => [`voice.${id}`, sentence]);
const catalogue = { ...copy("stage"), ...Object.fromEntries(voices) };
const say = reader(catalogue, "en");

function view(change = {}) {
  const { room, you, ...rest } = change;
  return {
    room: { key: "evening", title: "Talk", state: "open", air_at_ms: null, starts_at_ms: 0, ...room },
    you: { person: "me", name: "Ada", role: "host", muted: false, on_stage: true, admitted: true, ...you },
    people: [], alarms: [], features: {}, ...rest,
  };
}

const person = (id, name, more = {}) => ({ person: id, name, role: "speaker", muted: false, muted_by: null, link: "here", talking: false, level_db: -60, kind: "browser", ...more });

function state(change = {}) {
  return {
    ticket: true, refusal: null, consented: true, joined: true, left: false, hushed: false, blocked: false, pending: [],
    link: { state: "here", code: null, since_ms: 0 }, session: { state: "here", code: null, since_ms: 0, heard: true },
    microphone: { state: "open", since_ms: 0 }, view: view(), ...change,
  };
}

const answer = (now_ms, ...events) => ({ cursor: "c", now_ms, events });

test("the store shows the last view, and nothing that was not told", () => {
  const store = new RoomStore({ pending: [] }, () => 0);
  const titles = [];
  store.subscribe((now) => now.view?.room.title ?? null, (title) => titles.push(title));
  store.take(answer(0, { type: "view", view: view() }));
  store.take(answer(0, { type: "view", view: view() }));
  store.set({ pending: ["mute"], view: view({ room: { title: "made up" } }) });
  store.take(answer(0, { type: "view", view: view({ room: { title: "Other" } }) }));
  assert.deepEqual(titles, [null, "Talk", "Other"]);
});

test("a notice is heard once, by who listens", () => {
  const store = new RoomStore({}, () => 0);
  const heard = [];
  const stop = store.onNotice((notice) => heard.push(notice.code));
  store.take(answer(0, { type: "notice", code: "doors_open", at_ms: 1 }));
  stop();
  store.take(answer(0, { type: "notice", code: "on_air", at_ms: 2 }));
  assert.deepEqual(heard, ["doors_open"]);
});

test("an unsubscribed watcher is not called, and one may leave while being called", () => {
  const store = new RoomStore({ n: 0 }, () => 0);
  let calls = 0;
  const stop = store.subscribe((now) => now.n, () => {
    calls += 1;
    if (calls === 2) stop();
  });
  store.set({ n: 1 });
  store.set({ n: 2 });
  assert.equal(calls, 2);
});

test("the room's clock is that of the answer that was least late", () => {
  let local = 1000;
  const store = new RoomStore({}, () => local);
  store.take(answer(5000 - 400)); // 400 ms on its way
  store.take(answer(5000 - 20));
  store.take(answer(5000 - 300));
  assert.equal(store.nowMs(), 4980);
  local = 2000;
  assert.equal(store.nowMs(), 5980);
});

test("a clock that jumped is forgotten after eight answers", () => {
  const store = new RoomStore({}, () => 0);
  store.take(answer(9_000_000));
  for (let i = 0; i < 8; i += 1) store.take(answer(5000));
  assert.equal(store.nowMs(), 5000);
});

test("sentences: places, plurals, numbers, and an id that is missing shows itself", () => {
  assert.equal(say("person.mute.label", { name: "Ruth" }), "Mute Ruth");
  assert.equal(say("lost.stage", {}, 1), "We lost the stage 1 second ago. Trying again.");
  assert.equal(say("lost.stage", {}, 3), "We lost the stage 3 seconds ago. Trying again.");
  assert.equal(say("nothing.like.it"), "nothing.like.it");
  assert.ok(say.has("lamp.air") && !say.has("lamp.green"));
});

test("the scenes, in their order", () => {
  const scene = (change) => sceneFor(state(change));
  assert.equal(scene({ ticket: false }), "no-ticket");
  assert.equal(scene({ refusal: "ticket_revoked" }), "refused");
  assert.equal(scene({ refusal: "room_over" }), "over");
  assert.equal(scene({ refusal: "ticket_expired" }), "over");
  assert.equal(scene({ view: view({ room: { state: "ended" } }), consented: false }), "over");
  assert.equal(scene({ view: view({ room: { state: "replay" } }) }), "over");
  assert.equal(scene({ consented: false, joined: false, view: null }), "notice");
  assert.equal(scene({ left: true, joined: false }), "left");
  assert.equal(scene({ joined: false }), "test");
  for (const at of ["waiting", "moved"]) assert.equal(scene({ session: { state: at } }), "waiting");
  for (const at of ["joining", "here", "lost", "closed", "full"]) assert.equal(scene({ session: { state: at } }), "stage");
});

test("a lost session says since when, and that the place is kept; the events are then not named too", () => {
  const lost = { state: "lost", code: "silent", since_ms: 1000, heard: true };
  const said = warnings(state({ session: lost, link: { ...lost, code: "unreachable" } }), say, { room_ms: 0, page_ms: 4000 });
  assert.deepEqual(said.map((one) => one.words), ["We lost the stage 3 seconds ago. Trying again. Your place is kept."]);
});

test("by the page's own way the voice is a little later, and the page says so; where there is none it says that", () => {
  const told = (session) => warnings(state({ session: { since_ms: 0, code: null, heard: true, ...session } }), say, { room_ms: 0, page_ms: 0 });
  assert.match(told({ state: "here", road: "socket" })[0].words, /page's own way/);
  assert.deepEqual(told({ state: "here", road: "call" }), []);
  assert.match(told({ state: "lost", road: "call", code: "no_road" })[0].words, /cannot send a voice any other way/);
});

test("when only the events are lost, sound goes on and the page says so", () => {
  const said = warnings(state({ link: { state: "lost", code: "unreachable", since_ms: 0 } }), say, { room_ms: 0, page_ms: 2000 });
  assert.match(said[0].words, /^Sound goes on/);
});

test("every alarm of the protocol has its sentence; a new one is shown as studio says it", () => {
  const codes = ["dead_air", "disk_full", "recording_slow", "host_away", "device_waiting"];
  const alarms = [...codes, "meteor"].map((code) => ({ code, since_ms: 0, text: "A meteor." }));
  const said = warnings(state({ view: view({ alarms }) }), say, { room_ms: 6000, page_ms: 0 });
  assert.equal(said[0].words, "Dead air for 6 seconds. Listeners hear nothing.");
  assert.ok(said.slice(0, 5).every((one) => one.words !== "A meteor."));
  assert.equal(said[5].words, "A meteor.");
});

test("a waiting device is let in by one press", () => {
  const alarm = { code: "device_waiting", since_ms: 0, text: "", device: "D", person: "ruth" };
  const [said] = warnings(state({ view: view({ alarms: [alarm], people: [person("ruth", "Ruth")] }) }), say, { room_ms: 0, page_ms: 0 });
  assert.match(said.words, /Ruth/);
  assert.deepEqual(said.command, { name: "admit", body: { device: "D", person: "ruth" } });
});

test("every state of the microphone that stops a voice has its sentence", () => {
  for (const at of ["unplugged", "interrupted", "busy", "none", "denied"]) {
    const said = warnings(state({ microphone: { state: at, since_ms: 0 } }), say, { room_ms: 0, page_ms: 3000 });
    assert.equal(said.length, 1);
    assert.notEqual(said[0].words, `lost.microphone.${at}`);
  }
});

test("who does not look is told each turn once, in order", () => {
  const steps = [
    state(),
    state({ view: view({ room: { air_at_ms: 5 } }) }),
    state({ view: view({ room: { state: "on_air" } }) }),
    state({ view: view({ room: { state: "on_air" }, people: [person("ruth", "Ruth")] }) }),
    state({ view: view({ room: { state: "on_air" }, you: { muted: true } }) }),
    state({ view: view({ room: { state: "ended" }, you: { muted: true } }) }),
  ];
  const said = steps.slice(1).flatMap((after, i) => announcements(steps[i], after, say));
  assert.deepEqual(said, ["On the air in three seconds.", "You are on the air.", "Ruth came in.", "Ruth left.", "You are muted.", "The room is over."]);
  assert.deepEqual(announcements(steps[2], steps[2], say), []);
});

test("a hold is said, going on the air is not taken for one", () => {
  const counting = state({ view: view({ room: { air_at_ms: 5 } }) });
  assert.deepEqual(announcements(counting, state(), say), ["Held. You are not on the air."]);
  assert.deepEqual(announcements(counting, state({ view: view({ room: { state: "on_air" } }) }), say), ["You are on the air."]);
});

test("Opus is asked for 72 kbit/s mono with FEC, whatever the line said before", () => {
  const sdp = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=0\r\na=rtpmap:63 red/48000/2\r\n";
  const line = /a=fmtp:111 (.*)\r\n/.exec(tuneOpus(sdp))[1];
  assert.deepEqual(line.split(";").sort(), ["maxaveragebitrate=72000", "minptime=10", "sprop-stereo=0", "stereo=0", "useinbandfec=1"]);
  const bare = tuneOpus("a=rtpmap:96 opus/48000/2\r\na=sendrecv\r\n");
  assert.match(bare, /^a=rtpmap:96 opus\/48000\/2\r\na=fmtp:96 maxaveragebitrate=72000;[^\r\n]*\r\na=sendrecv\r\n$/);
  assert.equal(tuneOpus("v=0\r\n"), "v=0\r\n");
  assert.equal(tuneOpus(tuneOpus(sdp)), tuneOpus(sdp));
});

test("an ICE restart takes the credentials out of an offer, each once, and puts others into an answer", () => {
  const offer = "v=0\r\nm=audio 9 X 1\r\na=ice-ufrag:mine\r\na=ice-pwd:secret\r\na=mid:0\r\nm=x\r\na=ice-ufrag:mine\r\na=ice-pwd:secret\r\n";
  assert.equal(credentials(offer), "a=ice-ufrag:mine\r\na=ice-pwd:secret\r\n");
  assert.equal(credentials("v=0\r\n"), "");
  const fragment = "a=ice-lite\r\nm=audio 9 X 0\r\na=ice-pwd:$1new\r\na=ice-ufrag:theirs\r\na=candidate:1\r\n";
  const answer = renewed("v=0\r\na=ice-lite\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\na=mid:0\r\n", fragment);
  assert.equal(answer, "v=0\r\na=ice-lite\r\na=ice-ufrag:theirs\r\na=ice-pwd:$1new\r\na=mid:0\r\n");
  assert.equal(renewed(answer, ""), answer);
});

test("the needle rises at once, falls 20 dB in 1.7 s, and its peak stays 1.5 s", () => {
  const needle = new Needle();
  needle.push(-6, 0);
  assert.deepEqual([needle.level_db, needle.hold_db], [-6, -6]);
  needle.push(FLOOR_DB, 850);
  assert.ok(Math.abs(needle.level_db - -16) < 1e-9);
  assert.equal(needle.hold_db, -6);
  needle.push(FLOOR_DB, 1500);
  assert.equal(needle.hold_db, -6);
  needle.push(FLOOR_DB, 1700);
  assert.ok(Math.abs(needle.level_db - -26) < 1e-9);
  assert.ok(needle.hold_db < -6);
  needle.push(FLOOR_DB, 60_000);
  assert.deepEqual([needle.level_db, needle.hold_db], [FLOOR_DB, FLOOR_DB]);
});

test("peak of a block in dBFS", () => {
  assert.equal(peakDb([0, 0]), FLOOR_DB);
  assert.equal(peakDb([0.1, -1]), 0);
  assert.ok(Math.abs(peakDb([0.5, -0.25]) - -6.0206) < 1e-3);
});

const VOICE = { finding: "fine", figure: 0, lost: 0, jitter_ms: 3, round_trip_ms: null, concealed_ms: 0, level_db: null, noise_db: -71, clipped: null, band_hz: null, sibilance: null, echo_s: null };

test("a voice is one sentence: about somebody to the host, to himself with what to do; what is well needs no look", () => {
  const narrow = { ...VOICE, finding: "narrow", figure: 4 };
  assert.equal(voiceWords(narrow, { name: "Ana", you: false }, say), "Ana's microphone is a narrow-band headset, with nothing above 4 kHz. No fault of the network.");
  assert.match(voiceWords(narrow, { name: "Ana", you: true }, say), /^Your microphone is a narrow-band headset.* Choose another microphone/);
  assert.equal(voiceWords(VOICE, { name: "Ana", you: true }, say), "You sound fine.");
  assert.deepEqual(["narrow", "lossy", "fine", "unknown"].map((finding) => isAmiss({ ...VOICE, finding })), [true, true, false, false]);
  assert.equal(isAmiss(null), false);
});

test("the figures of a voice: each has its label and unit, and what is not known says so", () => {
  const known = { ...VOICE, lost: 2.5, round_trip_ms: 48, concealed_ms: 1240, level_db: -19, clipped: 0.1, band_hz: 3500, sibilance: 7.3, echo_s: 1.2 };
  const rows = Object.fromEntries(figures(known, say));
  assert.deepEqual(rows, {
    "Packets lost": "2.5 %", "Jitter": "3 ms", "There and back": "48 ms", "Made up": "1,240 ms of the last ten seconds", "Level": "\u221219 dBFS", "Noise around": "\u221271 dBFS",
    "Cut off": "0.1 %", "Ends at": "3.5 kHz", "From 4 to 16 kHz": "7.3 %", "Carries the talk back": "1.2 s late",
  });
  assert.equal(figures(VOICE, say).filter(([, value]) => value === "not known yet").length, 5);
  assert.deepEqual(figures(VOICE, say).at(-1), ["Carries the talk back", "no"]);
});
