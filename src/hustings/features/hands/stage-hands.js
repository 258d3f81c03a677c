/**
 * Hands on the stage page: for host and co-host the line of hands and who came up from it; for everyone else his own hand, or the way
 * back down for one who was called up.
 *
 * @import {Sentences} from "../../room/copy.js"
 * @import {StageContext} from "./panel.js"
 * @import {View} from "../../room/view.js"
 *
 * @typedef {StageContext & {say: Sentences}} Given
 * @typedef {{count: number, place: number, called_up: boolean, queue?: {person: string, name: string, note: string, role: string, since_ms: number}[], on_stage?: {person: string, name: string}[]}} HandsView
 */
import "../../elements/hands-queue.js";
import { make } from "../../room/make.js";
import { asStageError } from "../../room/protocol.js";
import { runsRoom } from "../../room/view.js";

const REDRAWN_EVERY_MS = 20_000; // the line says for how many minutes somebody has waited

/** @param {HTMLElement} element @param {Given} given @returns {() => void} */
export function mountStageHands(element, given) {
  let leave = () => {};
  const stop = given.store.subscribe((state) => runsRoom(state.view), (runs) => {
    leave();
    leave = runs ? mountQueue(element, given) : mountOwnHand(element, given);
  });
  return () => (stop(), leave());
}

/** @param {View|null} view @returns {HandsView} */
function handsOf(view) {
  return view?.features.hands ?? { count: 0, place: 0, called_up: false };
}

/** What the line is drawn from; levels, which change all the time, are not. @param {{view: View|null}} state */
function read({ view }) {
  return [handsOf(view), view?.people.map(({ person, name, link }) => [person, name, link]), view?.room.speakers_max];
}

/** Sends a command, one press at a time; a refusal becomes a sentence. @param {Given} given @param {HTMLElement} told */
function commander({ protocol, say }, told) {
  /** @type {Set<string>} */
  const pending = new Set();
  return async (/** @type {string} */ name, /** @type {object} */ body) => {
    const press = name + JSON.stringify(body);
    if (pending.has(press)) return false;
    pending.add(press);
    try {
      await protocol.command(name, body);
      told.textContent = "";
      return true;
    } catch (error) {
      const { code, message } = asStageError(error);
      told.textContent = say.has(`hands.error.${code}`) ? say(`hands.error.${code}`) : message;
      return false;
    } finally {
      pending.delete(press);
    }
  };
}

/** @param {HTMLElement} element @param {Given} given */
function mountQueue(element, given) {
  const { store, say } = given;
  const told = make("p", { class: "hand-told", role: "status" });
  const heard = make("p", { class: "unseen", "aria-live": "polite" });
  const count = make("span", { class: "soft count" });
  const queue = make("hands-queue");
  const raised = make("div", { class: "hand-raised" });
  const send = commander(given, told);
  /** Whose hands were up when we last looked. @type {Set<string>|null} */
  let known = null;

  const draw = () => {
    const view = store.state.view;
    const hands = handsOf(view);
    const line = hands.queue ?? [];
    const fresh = line.filter((hand) => known && !known.has(hand.person)).at(-1);
    if (fresh) heard.textContent = say("hands.arrived", { name: fresh.name });
    known = new Set(line.map((hand) => hand.person));
    count.textContent = line.length ? say("hands.count", {}, line.length) : "";
    const full = view !== null && view.people.length >= view.room.speakers_max;
    queue.show({ hands: line, now_ms: store.nowMs(), full: full && line.length > 0, say });
    raised.replaceChildren(...calledUp(view, hands.on_stage ?? [], say));
  };
  queue.addEventListener("hand-call", (event) => void send("hands.call", { person: /** @type {CustomEvent} */ (event).detail.person }));
  queue.addEventListener("hand-dismiss", (event) => void send("hands.dismiss", { person: /** @type {CustomEvent} */ (event).detail.person }));
  raised.addEventListener("hand-send-back", (event) => void send("hands.dismiss", { person: /** @type {CustomEvent} */ (event).detail.person }));
  element.replaceChildren(make("div", { class: "hand-panel" },
    make("div", { class: "title-row" }, make("h2", {}, say("hands.title")), count), told, queue, raised, heard));
  const stop = store.subscribe(read, draw);
  const ticking = setInterval(draw, REDRAWN_EVERY_MS);
  return () => (clearInterval(ticking), stop());
}

/**
 * Who was asked up from the line, come or not: either can be sent back.
 * @param {View|null} view @param {{person: string, name: string}[]} called @param {Sentences} say @returns {Node[]}
 */
function calledUp(view, called, say) {
  if (!view || called.length === 0) return [];
  const rows = called.map(({ person, name: asked }) => {
    const here = view.people.find((one) => one.person === person);
    const name = here?.name ?? (asked || say("hands.up_here.nameless"));
    const state = here ? (here.link === "here" ? "here" : "reconnecting") : "awaited";
    const back = make("button", { type: "button", class: "quiet", "data-act": `send-back-${person}`, "aria-label": say("hands.send_back.label", { name }),
      onclick: () => back.dispatchEvent(new CustomEvent("hand-send-back", { bubbles: true, detail: { person } })) }, say("hands.send_back"));
    return make("li", {}, make("div", { class: "who" }, make("b", { class: "name" }, name), make("span", { class: "soft" }, say(`hands.up_here.${state}`))),
      make("div", { class: "acts" }, back));
  });
  return [make("h3", {}, say("hands.up_here")), make("ul", { class: "hands" }, ...rows)];
}

/** @param {HTMLElement} element @param {Given} given */
function mountOwnHand(element, given) {
  const { store, say } = given;
  const words = make("p", { class: "hand-words", role: "status" });
  const told = make("p", { class: "hand-told", role: "status" });
  const send = commander(given, told);
  let was = 0;
  let lowering = false;
  const press = async () => {
    const { called_up, place } = handsOf(store.state.view);
    lowering = place > 0;
    await send(called_up ? "hands.step_down" : place ? "hands.lower" : "hands.raise", called_up || place ? {} : { note: "" });
  };
  const button = make("button", { type: "button", class: "quiet", "data-act": "hand", onclick: press });
  element.replaceChildren(make("div", { class: "hand-panel" }, make("h2", {}, say("hands.own.title")), words, make("div", { class: "acts" }, button), told));
  const stop = store.subscribe((state) => [handsOf(state.view).place, handsOf(state.view).called_up, state.view?.room.state], ([place, called_up, room]) => {
    const open = room === "open" || room === "on_air";
    const seen = was > 0 && place === 0 && !lowering;
    was = place;
    button.disabled = !open;
    if (called_up) button.removeAttribute("aria-pressed");
    else button.setAttribute("aria-pressed", String(place > 0));
    button.textContent = say(called_up ? "hands.stage.step_down" : place ? "hands.own.lower" : "hands.own.raise");
    words.textContent = called_up ? say("hands.own.called_up") : place ? say("hands.own.place", {}, place)
      : say(seen ? "hands.own.seen" : open ? "hands.own.down" : "hands.own.closed");
  });
  return stop;
}
