/**
 * What stands around every scene: title, lamp and clock above, the amber bar, what is said to who does not look, and the count-in over all.
 *
 * @import {Cast} from "./cast.js"
 * @import {State} from "./scenes.js"
 * @import {Warning} from "./warnings.js"
 */
import { make } from "../room/make.js";
import { runsRoom } from "../room/view.js";
import { announcements } from "./announcements.js";
import { clock } from "./cast.js";
import { warnings } from "./warnings.js";

const SAID_MS = 8000;

export function raiseFrame() {
  const head = /** @type {HTMLElement} */ (document.getElementById("head"));
  const bar = make("alarm-bar", { hidden: true });
  const said = make("p", { class: "said", role: "status", hidden: true });
  const whispered = make("p", { class: "unseen", "aria-live": "polite" });
  const count = make("count-in");
  head.after(bar, said, whispered);
  document.body.append(count);
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let clearing;
  const announce = (/** @type {string} */ sentence) => {
    clearTimeout(clearing);
    said.textContent = sentence;
    said.hidden = false;
    clearing = setTimeout(() => (said.hidden = true), SAID_MS);
  };
  /** @param {Cast} cast */
  const play = (cast) => {
    drawHead(cast, head);
    drawBar(cast, bar);
    whisper(cast, whispered);
    count.now = () => cast.store.nowMs();
    const hold = make("button", { type: "button", class: "quiet", slot: "act", onclick: () => void cast.act("hold") }, cast.say("control.hold"));
    count.append(cast.say("count_in.words"), hold);
    cast.store.subscribe((state) => runsRoom(state.view), (runs) => (hold.hidden = !runs));
    cast.store.subscribe((state) => (state.view?.room.state === "open" ? state.view.room.air_at_ms : null), (at_ms) => (count.at = at_ms));
  };
  return { announce, play };
}

/** @param {Cast} cast @param {HTMLElement} head */
function drawHead(cast, head) {
  const { store, say } = cast;
  const title = make("h1");
  const where = make("span", { class: "soft" }, say("head.where.off"));
  const lamp = make("tally-lamp", { state: "off" });
  const time = make("div", { class: "time" });
  head.replaceChildren(make("div", { class: "what" }, where, title), make("div", { class: "now" }, time, lamp));
  const reads = (/** @type {State} */ state) => state.view && [state.view.room.title, lampState(state.view.room), state.view.room.starts_at_ms, state.view.room.on_air_since_ms, state.view.room.state];
  store.subscribe((state) => [reads(state), state.refusal], () => {
    const room = store.state.view?.room;
    const light = room ? lampState(room) : "off";
    title.textContent = room?.title ?? say(store.state.ticket && !store.state.refusal ? "head.loading" : "page.title");
    document.title = room ? say(`head.title.${light}`, { title: room.title }) : say("page.title");
    where.textContent = say(light === "air" ? "head.where.air" : "head.where.off");
    lamp.setAttribute("state", light);
    lamp.hidden = !room;
    where.hidden = !room || room.state === "ended" || room.state === "replay";
    lamp.textContent = say(room && (room.state === "ended" || room.state === "replay") ? "lamp.over" : `lamp.${light}`);
    time.replaceChildren(...(room ? timeOf(cast, room) : []));
  });
}

/** @param {import("../room/view.js").Room} room */
function lampState(room) {
  if (room.state === "on_air") return "air";
  return room.state === "open" && room.air_at_ms !== null ? "standby" : "off";
}

/** @param {Cast} cast @param {import("../room/view.js").Room} room @returns {Node[]} */
function timeOf(cast, room) {
  const labelled = (/** @type {string} */ id, /** @type {Node} */ element) => [make("span", { class: "soft" }, cast.say(id)), element];
  if (room.state === "on_air" && room.on_air_since_ms !== null) return labelled("clock.since", clock(cast, "since", room.on_air_since_ms));
  if (room.state === "planned" || room.state === "open") {
    return labelled(room.starts_at_ms < cast.store.nowMs() ? "clock.was" : "clock.starts", clock(cast, "until", room.starts_at_ms));
  }
  return room.ended_at_ms === null ? [] : labelled("clock.ended", clock(cast, "until", room.ended_at_ms));
}

/** @param {Cast} cast @param {HTMLElementTagNameMap["alarm-bar"]} bar */
function drawBar({ store, say, act }, bar) {
  /** @type {Warning[]} */
  let shown = [];
  const draw = () => {
    shown = warnings(store.state, say, { room_ms: store.nowMs(), page_ms: performance.now() });
    bar.show(shown);
  };
  bar.addEventListener("alarm-act", (event) => {
    const asked = shown.find((one) => one.key === /** @type {CustomEvent} */ (event).detail.key)?.command;
    if (asked) void act(asked.name, asked.body);
  });
  store.subscribe((state) => [state.view?.alarms, state.link, state.session, state.microphone, state.joined, state.blocked], draw);
  setInterval(draw, 1000);
}

/** @param {Cast} cast @param {HTMLElement} whispered */
function whisper({ store, say }, whispered) {
  let before = store.state;
  const alarmed = new Set();
  store.subscribe((state) => state, () => {
    const sentences = announcements(before, store.state, say);
    before = store.state;
    for (const one of warnings(store.state, say, { room_ms: store.nowMs(), page_ms: performance.now() })) {
      if (!alarmed.has(one.key)) sentences.push(one.words);
      alarmed.add(one.key);
    }
    if (sentences.length) whispered.textContent = sentences.join(" ");
  });
}
