/** The event page, all but what makes the sound (`start.js`): what is on it comes from the page's facts, then from the pulse; what is lit is what is *heard*. */
import "../elements/tally-lamp.js";
import "../elements/room-clock.js";
import { reader } from "../room/copy.js";
import { behind_s, talking } from "./latency.js";
import { audio, facts, live, mute, page, PAGE_STEP, part, play, press, pulse, runs, sentences, step, toggle, write } from "./start.js";

/** @typedef {"wait"|"late"|"soon"|"air"|"ended"|"replay"} Phase */

const TICK_MS = 250;
const LATE_AFTER_MS = 10_000;
const HANDS_AFTER_MS = 3000;

/** @param {HTMLElement} element @param {boolean} on */
const show = (element, on) => (element.hidden = !on);

const lang = document.documentElement.lang;
const say = reader(sentences, lang);
const tenths = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const { time } = pulse;
/** Draws a recording's position. */ let drawSeek = () => {};
let stageShown = "";
/** @type {Phase|""} */ let phaseShown = "";
let title = facts.title;

/** The room as last heard of: the page's own facts until the first pulse. @returns {import("./pulse.js").PulseFacts} */
const room = () => pulse.now ?? { talked: [], air_at_ms: null, listeners: null, hands: 0, ...facts };

/** The moment that the page shows: what is heard, else now. */
const moment = () => (page.player === live ? live.heard_ms : null) ?? time.now();

/** @param {number} at_ms @returns {Phase} */
function phase(at_ms) {
  const now = room();
  const on = now.on_air_since_ms;
  if (now.state === "on_air" || (now.ended_at_ms && on && at_ms < now.ended_at_ms && live.heard_ms)) return on && at_ms >= on ? "air" : "soon";
  if (now.state === "ended" || now.state === "replay") return now.replay ? "replay" : "ended";
  if (now.air_at_ms) return "soon";
  return now.late_reason || time.now() > now.starts_at_ms + LATE_AFTER_MS ? "late" : "wait";
}

const LAMP = { wait: "wait", late: "wait", soon: "soon", air: "air", ended: "ended", replay: "ended" };

function draw() {
  const now = room(), at_ms = moment(), is = phase(at_ms);
  document.body.dataset.phase = is;
  if (is !== phaseShown) change(is);
  drawClock(is);
  drawPlayer(is);
  drawStage(now, talking(now.talked, at_ms, now.now_ms));
  const lost = live.trouble === "net" || (!pulse.reachable && !navigator.onLine);
  const away = live.trouble === "server" || !pulse.reachable;
  const words = lost ? say("net.lost") : away ? say("net.server") : is === "replay" || is === "ended" ? "" : brownout();
  show(part("net"), words !== "");
  write(part("net"), words);
}

function brownout() {
  const given = room().brownout;
  if (!given?.step) return "";
  return [given.says in sentences ? given.says : `brownout.${given.step}`, ...(facts.recorded && given.step >= PAGE_STEP ? ["brownout.recorded"] : [])].map((id) => say(id)).join(" ");
}

/** @param {Phase} is */
function change(is) {
  const now = room();
  const lamp = part("lamp");
  lamp.setAttribute("state", is === "air" ? "air" : is === "soon" ? "standby" : "off");
  write(lamp, say(`lamp.${LAMP[is]}`));
  const over = is === "ended" || is === "replay";
  const when = part("when");
  const when_ms = (over ? now.ended_at_ms : is === "air" ? now.on_air_since_ms : null) ?? now.starts_at_ms;
  when.setAttribute("datetime", new Date(when_ms).toISOString());
  write(when, new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" }).format(when_ms));
  write(part("when-word"), say(over ? "when.ended" : is === "air" ? "when.since" : is === "late" ? "when.was_due" : "when.starts"));
  if (phaseShown && ["air", "ended", "replay", "late"].includes(is)) write(part("says"), say(`says.${is}`, { reason: now.late_reason }));
  document.title = is === "air" ? say("now_on_air", { title }) : `${title} · ${say("site")}`;
  phaseShown = is;
  if (over && !now.replay && page.player === live && live.state !== "idle") live.stop();
  if (is === "replay" && live.heard_ms === null) void toReplay();
}

async function toReplay() {
  if (page.player !== live) return;
  live.stop();
  const [{ Replay }, { seekBar }] = await Promise.all([import("./replay.js"), import("./seek-bar.js")]);
  const replay = new Replay(facts.key, audio);
  drawSeek = seekBar(replay, part("seek"));
  replay.addEventListener("change", draw);
  page.player = replay;
  draw();
}

/** @param {Phase} is */
function drawClock(is) {
  const now = room();
  const clock = part("clock");
  const [mode, at_ms] = is === "air" ? ["since", now.on_air_since_ms] : is === "soon" ? ["until", now.on_air_since_ms ?? now.air_at_ms]
    : is === "late" || is === "wait" ? [is === "late" ? "late" : "until", now.starts_at_ms] : ["until", now.ended_at_ms];
  show(clock, Boolean(at_ms) && !(is === "soon" && Number(at_ms) < time.now()));
  if (at_ms && clock.getAttribute("at-ms") !== String(at_ms)) clock.setAttribute("at-ms", String(at_ms));
  if (clock.getAttribute("mode") !== mode) clock.setAttribute("mode", String(mode));
  const late = is === "late";
  show(part("notice"), late);
  if (late) {
    write(part("notice-title"), say("late.title"));
    write(part("notice-text"), now.late_reason || say("late.no_reason"));
  }
}

/** @param {Phase} is */
function drawPlayer(is) {
  const { player } = page, running = runs();
  const button = part("play");
  const none = is === "ended";
  show(button, !none && player.supported);
  press();
  write(part("play-word"), say(running ? (player === live ? "stop" : "pause") : player !== live ? "play.replay" : is === "wait" || is === "late" ? "play.waiting" : "play"));
  part("mute").setAttribute("aria-pressed", String(audio.muted));
  part("mute").setAttribute("aria-label", say(audio.muted ? "unmute" : "mute"));
  show(part("dials"), !none && player.supported);
  write(part("status"), player.supported ? status(is, running) : say("no_sound"));
  drawSeek();
}

/** @param {Phase} is @param {boolean} running */
function status(is, running) {
  const { player } = page;
  if (player.state === "blocked") return say("status.blocked");
  if (page.waits) return say("status.held");
  if (!running) return say({ wait: room().state === "planned" ? "wait.closed" : "wait.hint", late: "wait.hint", soon: "wait.now", air: "air.hint", ended: "ended.text", replay: "ended.replay" }[is])
    + (is === "ended" ? ` ${say(facts.recorded ? "ended.no_replay" : "ended.none")}` : "");
  if (player.state === "joining") return live.trouble === "closed" ? say("wait.closed") : say("status.joining");
  if (player.state === "waiting") return say(live.trouble ? "status.silent" : "status.buffering");
  if (player !== live) return "";
  const behind = behind_s(live, time);
  if (is === "wait" || is === "late") return say("status.holding");
  return behind === null ? say("status.playing") : say("status.behind", { seconds: tenths.format(behind) });
}

/** @param {import("./pulse.js").PulseFacts} now @param {Set<string>} heard */
function drawStage(now, heard) {
  const key = JSON.stringify(now.stage);
  const list = part("stage");
  if (key !== stageShown) {
    stageShown = key;
    list.replaceChildren(...(now.stage.length ? now.stage.map(row) : [Object.assign(document.createElement("li"), { className: "empty", textContent: say("stage.empty") })]));
  }
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-id]"))) {
    const talks = heard.has(line.dataset.id ?? "");
    line.classList.toggle("talks", talks);
    const note = /** @type {HTMLElement} */ (line.lastElementChild);
    write(note, talks ? say("stage.talks") : line.classList.contains("muted") ? say("stage.muted") : "");
  }
  show(part("on-stage"), now.stage.length > 0 || !["ended", "replay"].includes(now.state));
  const crowd = now.listeners;
  show(part("crowd"), Boolean(crowd?.count));
  if (crowd?.count) write(part("crowd"), say(crowd.error ? "listeners.about" : "listeners", {}, round(crowd)));
}

/** No more digits than the error leaves. @param {{count: number, error: number}} crowd */
function round({ count, error }) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, error)));
  return Math.round(count / unit) * unit;
}

/** @param {{id: string, name: string, role: string, muted: boolean}} person */
function row(person) {
  const line = document.createElement("li");
  line.dataset.id = person.id;
  line.classList.toggle("muted", person.muted);
  for (const [name, text] of [["mark", ""], ["name", person.name], ["role", say(`role.${person.role}`)], ["note", ""]])
    line.append(Object.assign(document.createElement("span"), { className: name, textContent: text }), " ");
  line.lastChild?.remove();
  return line;
}

/** What can wait until there is sound: the lock screen's buttons, being counted, jumps through pauses. */
async function settle() {
  live.removeEventListener("change", onSound);
  const { settled } = await import("./settled.js");
  settled({
    key: facts.key, live, pulse, play: () => document.body.dataset.hand !== "stage" && play(), stop: () => page.player.stop(),
    shown: () => ({ title, artist: room().stage.map((one) => one.name).join(", "), album: say("site"), picture: facts.picture }),
  });
}

const onSound = () => live.state === "playing" && void settle();

let handsAsked = false;
/** The raised hand is a feature of its own: its panel comes when there is something to raise a hand for, and not before the sound. */
async function hands() {
  if (handsAsked || !["open", "on_air"].includes(room().state)) return;
  if (live.state !== "playing" && performance.now() < HANDS_AFTER_MS) return;
  handsAsked = true;
  try {
    const panel = await import(new URL("../features/hands/panel.js", import.meta.url).href);
    const stop = () => live.stop(), resume = () => live.resume(), fadeOut = () => live.fadeOut();
    await panel.mount(part("hands"), { player: { fadeOut, stop, resume }, pulse, stageUrl: room().stage_url, key: facts.key, copy: sentences, lang });
  } catch {
    part("hands").replaceChildren();
  }
}

addEventListener("keydown", (event) => {
  const on = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || on.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === " " && !on.closest("button, a, summary")) {
    event.preventDefault();
    toggle();
  } else if (event.key === "m") mute();
});
for (const type of ["online", "offline", "visibilitychange"]) addEventListener(type, draw);
live.addEventListener("change", () => void hands());
live.addEventListener("change", onSound);
setTimeout(() => void hands(), HANDS_AFTER_MS);
pulse.addEventListener("pulse", () => {
  title = room().title || title;
  if (page.waits && step() < PAGE_STEP) {
    page.waits = false;
    play();
  }
  draw();
  void hands();
});
/** @type {import("../elements/room-clock.js").RoomClock} */ (part("clock")).now = () => (live.heard_ms ?? time.now());
page.draw = draw;
draw();
void onSound();
void hands();
setInterval(() => document.hidden || draw(), TICK_MS);
