/**
 * The strip of a listener who is on the stage: lamp, meter, mute, step down, how it sounds. It loads only when somebody is called up.
 *
 * @import {Sentences} from "../../room/copy.js"
 * @import {StreamPlayer} from "./panel.js"
 * @import {Scene} from "./listener-hand.js"
 */
import "../../elements/device-picker.js";
import "../../elements/level-meter.js";
import "../../elements/tally-lamp.js";
import { drawing, LINES, make } from "../../room/make.js";
import { deviceId, StageProtocol } from "../../room/protocol.js";
import { Microphone } from "../../stage/microphone.js";
import { soundCheck } from "../../stage/sound-check.js";
import { Visit } from "./visit.js";

/** @param {{player: StreamPlayer, key: string, stageUrl: string, ticket: string, storage: Storage}} from */
export function makeVisit({ player, key, stageUrl, ticket, storage }) {
  const protocol = new StageProtocol({ base: stageUrl, key, ticket, device: deviceId(storage) });
  return new Visit({ player, protocol, microphone: new Microphone(storage), storage });
}

/** @param {Visit} visit @param {Sentences} say @returns {Scene} */
export function strip(visit, say) {
  const { microphone } = visit;
  const title = make("h2", { tabIndex: -1 }, say("hands.stage.title"));
  const lamp = make("tally-lamp");
  const words = make("p", { class: "hand-words", role: "status" });
  const meter = make("level-meter", { label: say("hands.sound.meter"), compact: true });
  meter.source = () => microphone.level();
  const turn = () => visit.mute(!visit.muted);
  const mute = make("button", { type: "button", class: "hand-mute", "data-act": "mute", "aria-keyshortcuts": "m Space", onclick: turn });
  const again = make("button", { type: "button", class: "hand-main", "data-act": "again", onclick: () => void microphone.open() }, say("hands.stage.again"));
  const down = make("button", { type: "button", class: "hand-quiet", "data-act": "step-down", onclick: () => visit.leave("stepped_down") });
  const sound = howItSounds(visit, say);
  const keys = keysFor(turn);
  const update = () => {
    const said = saying(visit, say);
    if (words.textContent !== said) words.textContent = said;
    words.dataset.look = String(troubled(visit));
    const light = lampOf(visit);
    if (lamp.getAttribute("state") !== light) {
      lamp.setAttribute("state", light);
      lamp.textContent = say(`hands.stage.lamp.${light}`);
    }
    const drawn = String(visit.muted);
    if (mute.getAttribute("aria-pressed") !== drawn) {
      mute.setAttribute("aria-pressed", drawn);
      mute.replaceChildren(drawing(visit.muted ? LINES.muted : LINES.microphone), make("span", {}, say(visit.muted ? "hands.stage.unmute" : "hands.stage.mute")));
    }
    mute.hidden = visit.state !== "joined";
    again.hidden = microphone.state !== "denied";
    down.textContent = say(visit.state === "joined" ? "hands.stage.step_down" : "hands.stage.back");
  };
  return {
    nodes: [make("div", { class: "hand-strip" }, make("div", { class: "hand-head" }, title, lamp), words, meter,
      make("div", { class: "hand-acts" }, mute, again, down), sound.element)],
    update, first: title,
    leave: () => (keys(), sound.leave()),
  };
}

/** @param {Visit} visit @returns {"off"|"standby"|"air"} */
function lampOf({ store, session }) {
  const room = store.state.view?.room;
  if (room?.state === "on_air" && session.state === "here") return "air";
  return room?.air_at_ms || room?.state === "on_air" ? "standby" : "off";
}

/** @param {Visit} visit */
function troubled({ state, microphone, session }) {
  if (state === "fading" || microphone.state === "asking" || microphone.state === "shut") return false;
  return microphone.state !== "open" || !["here", "joining", "away"].includes(session.state);
}

/** What is so now, most pressing first. @param {Visit} visit @param {Sentences} say */
function saying(visit, say) {
  const { state, microphone, session, store, monitor } = visit;
  if (state === "fading") return say("hands.stage.fading");
  if (state === "over") return say("hands.stage.leaving");
  if (microphone.state !== "open") return say(`hands.microphone.${microphone.state}`);
  if (session.state !== "here") return say(`hands.session.${session.state}`);
  if (monitor.blocked) return say("hands.stage.blocked");
  const by = visit.mutedBy;
  if (visit.muted) return by ? say("hands.stage.muted_by", { name: by }) : say("hands.stage.muted");
  return say(store.state.view?.room.state === "on_air" ? "hands.stage.on_air" : "hands.stage.off_air");
}

/**
 * Space and m mute the microphone, as on the stage page; the listener page, where they start and mute the stream, does not see them meanwhile.
 * @param {() => void} turn
 */
function keysFor(turn) {
  const press = (/** @type {KeyboardEvent} */ event) => {
    const at = event.composedPath()[0];
    const within = at instanceof Element ? at : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || within.matches("input:not([type=checkbox], [type=range]), select, textarea")) return;
    const pressed = within.closest("button, a, summary, input") !== null;
    if (event.key.toLowerCase() !== "m" && !(event.key === " " && !pressed)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat) turn();
  };
  addEventListener("keydown", press, { capture: true });
  return () => removeEventListener("keydown", press, { capture: true });
}

/** The stage page's own sound check, without the trial, under our sentences. @param {Visit} visit @param {Sentences} say */
function howItSounds({ microphone, monitor }, say) {
  /** @type {typeof say} */
  const renamed = Object.assign((/** @type {string} */ id, /** @type {any} */ values, /** @type {number|undefined} */ n) =>
    say(id === "meter.label" ? "hands.sound.meter" : id.replace(/^test\./, "hands.sound."), values, n), { has: say.has });
  const cast = /** @type {import("../../stage/cast.js").Cast} */ (/** @type {unknown} */ ({ microphone, monitor, say: renamed }));
  /** @type {{element: HTMLElement, leave: () => void}|null} */
  let check = null;
  const inside = make("div");
  const element = make("details", { class: "hand-sound" }, make("summary", {}, say("hands.stage.sound")), inside);
  element.addEventListener("toggle", () => {
    check?.leave();
    check = element.open ? soundCheck(cast, { trial: false }) : null;
    inside.replaceChildren(...(check ? [check.element] : []));
  });
  return { element, leave: () => check?.leave() };
}
