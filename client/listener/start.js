/**
 * What a click on Listen needs, and nothing besides: a button, a player, the pulse. The page around them (`event-page.js`) comes when there
 * is sound, or when nobody has pressed for a moment, so that on a slow line no script stands between a click and its sound.
 */
import { Player } from "./player.js";
import { Pulse } from "./pulse.js";
import { canMse } from "./source.js";

/** A page that nobody presses at once is drawn whole after the first; one whose sound does not come, after the second. */
const UNPRESSED_MS = 600, SOUNDLESS_MS = 4000;
const AGAIN_MS = 2000;
/** The step of a brownout from which a newcomer gets whole segments, and the one from which he gets the page alone. */
const PLAIN_STEP = 2;
export const PAGE_STEP = 4;

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export const part = (id) => /** @type {T} */ (document.getElementById(id));
/** @param {HTMLElement} element @param {string} text */
export const write = (element, text) => element.textContent !== text && (element.textContent = text);

export const facts = JSON.parse(part("facts").textContent ?? "{}");
export const sentences = JSON.parse(part("copy").textContent ?? "{}");
export const audio = new Audio();
export const live = canMse(audio) ? new Player(facts.key, audio) : new (await import("./native.js")).NativePlayer(facts.key, audio);
export const pulse = new Pulse(facts.key);
live.now_ms = () => pulse.time.known();

/** What the two halves of the page turn in each other's hands. */
export const page = {
  /** @type {typeof live|import("./replay.js").Replay} */ player: live,
  /** Somebody pressed Listen while newcomers must wait. */ waits: false,
  draw,
};

export const step = () => pulse.now?.brownout?.step ?? 0;
export const runs = () => page.waits || !["idle", "blocked", "ended"].includes(page.player.state);

/** The button, while it stands alone. */
function draw() {
  press();
  write(part("play-word"), sentences[runs() ? "stop" : "play"]);
  if (runs()) write(part("status"), sentences[page.waits ? "status.held" : "status.joining"]);
}

/** How the button looks. */
export function press() {
  for (const name of ["on", "quiet"]) part("play").classList.toggle(name, runs());
}

export function play() {
  if (page.player === live) live.plain = step() >= PLAIN_STEP;
  void page.player.play();
}

export function toggle() {
  if (document.body.dataset.hand === "stage") return; // on the stage the stream rests: never both
  if (page.waits) page.waits = false;
  else if (runs()) page.player.stop();
  else if (page.player === live && live.state === "idle" && step() >= PAGE_STEP) page.waits = true;
  else play();
  page.draw();
  setTimeout(whole, page.waits ? 0 : SOUNDLESS_MS);
}

export function mute() {
  audio.muted = !audio.muted;
  page.draw();
}

let tries = 0, comes = false;
/** The rest of the page. A browser remembers a script that did not come: each try has another name. */
function whole() {
  if (comes) return;
  comes = true;
  import(`./event-page.js${tries++ ? `?${tries}` : ""}`).catch(() => setTimeout(() => ((comes = false), whole()), AGAIN_MS));
}

part("play").addEventListener("click", toggle);
part("mute").addEventListener("click", mute);
part("volume").addEventListener("input", (event) => (page.player.volume = +(/** @type {HTMLInputElement} */ (event.target).value)));
part("controls").hidden = false;
live.addEventListener("change", () => {
  page.draw();
  if (live.state !== "joining" || live.trouble) whole();
});
if (["ended", "replay"].includes(facts.state)) whole();
setTimeout(() => live.run || whole(), UNPRESSED_MS);
