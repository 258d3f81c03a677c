/**
 * What stands in the amber bar: the room's alarms and the page's own troubles, as sentences. Pure but for the clock it is given.
 *
 * @import {Say} from "../room/copy.js"
 * @import {State} from "./scenes.js"
 * @typedef {{key: string, words: string, act?: string|undefined, command?: {name: string, body: object}}} Warning
 */
import { nameOf } from "../room/view.js";

/**
 * @param {State} state
 * @param {Say & {has: (id: string) => boolean}} say
 * @param {{room_ms: number, page_ms: number}} now
 * @returns {Warning[]} most pressing first
 */
export function warnings(state, say, now) {
  return [...ownTroubles(state, say, now.page_ms), ...roomAlarms(state, say, now.room_ms)];
}

/** @param {State} state @param {Say} say @param {number} now_ms @returns {Warning[]} */
function ownTroubles({ session, link, microphone, joined, view, blocked }, say, now_ms) {
  const seconds = (/** @type {number} */ since_ms) => Math.max(1, Math.round((now_ms - since_ms) / 1000));
  /** @type {Warning[]} */
  const all = [];
  if (joined && session.state === "lost" && session.code === "no_road") all.push({ key: "session", words: say("road.none") });
  else if (joined && session.state === "lost") all.push({ key: "session", words: say(session.heard ? "lost.session" : "lost.first", {}, seconds(session.since_ms)) });
  else if (link.state === "lost") {
    const id = joined && session.state === "here" ? "lost.events" : link.code === "studio_away" ? "lost.studio" : link.code === "room_unknown" ? "lost.room" : "lost.stage";
    all.push({ key: "link", words: say(id, {}, seconds(link.since_ms)) });
  }
  if (joined && ["unplugged", "interrupted", "busy", "none", "denied"].includes(microphone.state)) {
    all.push({ key: "microphone", words: say(`lost.microphone.${microphone.state}`, {}, seconds(microphone.since_ms)) });
  }
  if (joined && session.state === "here" && session.road === "socket") all.push({ key: "road", words: say("road.socket") });
  if (joined && blocked) all.push({ key: "ear", words: say("lost.ear") });
  if (joined && session.state === "here" && view && view.people.some((one) => one.person === view.you.person && one.link === "reconnecting")) {
    all.push({ key: "unheard", words: say("lost.unheard") });
  }
  return all;
}

/** @param {import("../room/view.js").Alarm} alarm @param {import("../room/view.js").View} view @param {Say & {has: (id: string) => boolean}} say @param {{name: string, seconds: number}} told */
function alarmWords(alarm, view, say, { name, seconds }) {
  const id = `alarm.${alarm.code}`;
  if (alarm.person === view.you.person && say.has(`${id}.you`)) return say(`${id}.you`);
  return say.has(`${id}.other`) ? say(id, { name }, seconds) : alarm.text;
}

/** @param {State} state @param {Say & {has: (id: string) => boolean}} say @param {number} now_ms @returns {Warning[]} */
function roomAlarms({ view }, say, now_ms) {
  if (!view) return [];
  return view.alarms.map((alarm) => {
    const name = nameOf(view, alarm.person) ?? say("alarm.somebody");
    const seconds = Math.max(1, Math.round((now_ms - alarm.since_ms) / 1000));
    const words = alarmWords(alarm, view, say, { name, seconds });
    const key = `${alarm.code}-${alarm.person ?? ""}-${alarm.device ?? ""}`;
    if (alarm.code !== "device_waiting") return { key, words };
    return { key, words, act: say("alarm.device_waiting.admit"), command: { name: "admit", body: { device: alarm.device, person: alarm.person } } };
  });
}
