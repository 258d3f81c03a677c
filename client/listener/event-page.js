/** The event page: what is on it comes from the page's facts, then from the pulse; what is lit is what is *heard*. */
import "../elements/tally-lamp.js";
import "../elements/room-clock.js";
import { reader } from "../room/copy.js";
import { behind_s, RoomTime, talking } from "./latency.js";
import { Player } from "./player.js";
import { Pulse } from "./pulse.js";

/** @typedef {"wait"|"late"|"soon"|"air"|"ended"|"replay"} Phase */

const TICK_MS = 250;
const LATE_AFTER_MS = 10_000;
const HANDS_AFTER_MS = 3000;

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
const part = (id) => /** @type {T} */ (document.getElementById(id));
/** @param {HTMLElement} element @param {string} text */
const write = (element, text) => element.textContent !== text && (element.textContent = text);
/** @param {HTMLElement} element @param {boolean} on */
const show = (element, on) => (element.hidden = !on);

const facts = JSON.parse(part("facts").textContent ?? "{}");
const sentences = JSON.parse(part("copy").textContent ?? "{}");
const lang = document.documentElement.lang;
const say = reader(sentences, lang);
const tenths = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const time = new RoomTime();
const audio = new Audio();
const live = new Player(facts.key, audio);
const pulse = new Pulse(facts.key, time);
/** @type {Player|import("./replay.js").Replay} */ let player = live;
let stageShown = "";
/** @type {Phase|""} */ let phaseShown = "";
let title = facts.title;

/** The room as last heard of: the page's own facts until the first pulse. @returns {import("./pulse.js").PulseFacts} */
const room = () => pulse.now ?? { talked: [], air_at_ms: null, listeners: null, hands: 0, ...facts };

/** The moment that the page shows: what is heard, else now. */
const moment = () => (player === live ? live.heard_ms : null) ?? time.now();

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
  drawStage(now, talking(now.talked, at_ms));
  const lost = live.trouble === "net" || (!pulse.reachable && !navigator.onLine);
  const away = live.trouble === "server" || !pulse.reachable;
  show(part("net"), lost || away);
  write(part("net"), lost ? say("net.lost") : away ? say("net.server") : "");
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
  if (over && !now.replay && player === live && live.state !== "idle") live.stop();
  if (is === "replay" && live.heard_ms === null) void toReplay();
}

async function toReplay() {
  if (player !== live) return;
  live.stop();
  const { Replay } = await import("./replay.js");
  const replay = new Replay(facts.key, audio);
  replay.addEventListener("change", draw);
  player = replay;
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
  const running = !["idle", "blocked", "ended"].includes(player.state);
  const button = part("play");
  const none = is === "ended";
  show(button, !none && player.supported);
  button.classList.toggle("on", running);
  button.classList.toggle("quiet", running);
  write(part("play-word"), say(running ? (player === live ? "stop" : "pause") : player !== live ? "play.replay" : is === "wait" || is === "late" ? "play.waiting" : "play"));
  show(part("dials"), !none && player.supported);
  write(part("status"), player.supported ? status(is, running) : say("no_sound"));
  const seek = part("seek");
  show(seek, "position_s" in player && player.duration_s > 0);
  if ("position_s" in player && player.duration_s) {
    const bar = /** @type {HTMLInputElement} */ (part("position"));
    bar.max = String(Math.floor(player.duration_s));
    if (document.activeElement !== bar || running) bar.value = String(Math.floor(player.position_s));
    const words = `${length(player.position_s)} / ${length(player.duration_s)}`;
    write(part("position-word"), words);
    bar.setAttribute("aria-valuetext", words);
  }
}

/** @param {Phase} is @param {boolean} running */
function status(is, running) {
  if (player.state === "blocked") return say("status.blocked");
  if (!running) return say({ wait: room().state === "planned" ? "wait.closed" : "wait.hint", late: "wait.hint", soon: "wait.now", air: "air.hint", ended: "ended.text", replay: "ended.replay" }[is])
    + (is === "ended" ? ` ${say(facts.recorded ? "ended.no_replay" : "ended.none")}` : "");
  if (player.state === "joining") return live.trouble === "closed" ? say("wait.closed") : say("status.joining");
  if (player.state === "waiting") return say("status.buffering");
  if (player !== live) return "";
  const behind = behind_s(live, time);
  if (is === "wait" || is === "late") return say("status.holding");
  return behind === null ? say("status.playing") : say("status.behind", { seconds: tenths.format(behind) });
}

/** @param {number} s */
const length = (s) => new Date(Math.max(0, s) * 1000).toISOString().slice(s < 3600 ? 14 : 11, 19);

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
  show(part("crowd"), now.listeners !== null);
  if (now.listeners !== null) write(part("crowd"), say("listeners", {}, now.listeners));
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

function toggle() {
  if (document.body.dataset.hand === "stage") return; // on the stage the stream rests: never both
  if (["idle", "blocked", "ended"].includes(player.state)) {
    void player.play();
    lockScreen();
  } else player.stop();
}

/** What the lock screen and the headphones' buttons show and do. */
function lockScreen() {
  const session = navigator.mediaSession;
  if (!session) return;
  const artwork = facts.picture ? [{ src: facts.picture }] : [];
  session.metadata = new MediaMetadata({ title, artist: room().stage.map((one) => one.name).join(", "), album: say("site"), artwork });
  session.setActionHandler("play", () => document.body.dataset.hand !== "stage" && void player.play());
  for (const action of /** @type {const} */ (["pause", "stop"])) session.setActionHandler(action, () => player.stop());
}

function mute() {
  audio.muted = !audio.muted;
  part("mute").setAttribute("aria-pressed", String(audio.muted));
  part("mute").setAttribute("aria-label", say(audio.muted ? "unmute" : "mute"));
}

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

part("play").addEventListener("click", toggle);
part("mute").addEventListener("click", mute);
part("volume").addEventListener("input", (event) => (player.volume = Number(/** @type {HTMLInputElement} */ (event.target).value)));
part("position").addEventListener("change", (event) => "position_s" in player && (player.position_s = Number(/** @type {HTMLInputElement} */ (event.target).value)));
addEventListener("keydown", (event) => {
  const on = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || on.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === " " && !on.closest("button, a, summary")) {
    event.preventDefault();
    toggle();
  } else if (event.key === "m") mute();
});
for (const type of ["online", "offline", "visibilitychange"]) addEventListener(type, draw);
live.addEventListener("change", () => (draw(), void hands()));
setTimeout(() => void hands(), HANDS_AFTER_MS);
pulse.addEventListener("pulse", () => {
  title = room().title || title;
  draw();
  void hands();
});
/** @type {import("../elements/room-clock.js").RoomClock} */ (part("clock")).now = () => (live.heard_ms ?? time.now());
show(part("controls"), true);
draw();
setInterval(() => document.hidden || draw(), TICK_MS);
