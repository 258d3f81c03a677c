/**
 * The two scenes of a listener's hand in which somebody decides: the form before it goes up, and the call.
 *
 * @import {Desk, Scene} from "./listener-hand.js"
 */
import { make } from "../../room/make.js";

const NAME_MAX = 60;
const NOTE_MAX = 140;
const HOST_WAITS_S = 30;

/** Name, note, consent; then the hand goes up. @param {Desk} desk @returns {Scene} */
export function form(desk) {
  const { say } = desk.given;
  const wrong = make("p", { class: "hand-look", id: "hand-wrong", role: "alert" });
  const name = make("input", { id: "hand-name", maxLength: NAME_MAX, autocomplete: "name", value: desk.name, required: true, "aria-describedby": "hand-wrong" });
  const note = make("input", { id: "hand-note", maxLength: NOTE_MAX, autocomplete: "off" });
  const consent = make("input", { type: "checkbox", id: "hand-consent", required: true, "aria-describedby": "hand-wrong" });
  const send = make("button", { type: "submit", class: "hand-main", "data-act": "send" }, say("hands.form.send"));
  const stop = make("button", { type: "button", class: "hand-quiet", onclick: () => {
    desk.asking = false;
    desk.draw();
  } }, say("hands.form.give_up"));
  /** @param {string} sentence @param {HTMLElement|null} at */
  const refuse = (sentence, at) => {
    wrong.textContent = sentence;
    at?.focus();
  };
  const raise = async () => {
    desk.name = name.value.trim();
    if (!desk.name) return refuse(say("hands.form.name.missing"), name);
    if (!consent.checked) return refuse(say("hands.form.consent.missing"), consent);
    refuse("", null);
    send.disabled = true;
    send.textContent = say("hands.form.sending");
    try {
      await (await desk.engage()).raise(desk.name, note.value.trim());
    } catch (error) {
      const { code = "unreachable", message = "" } = /** @type {{code?: string, message?: string}} */ (error);
      refuse(say.has(`hands.error.${code}`) ? say(`hands.error.${code}`) : message, null);
      send.disabled = false;
      send.textContent = say("hands.form.send");
    }
  };
  const element = make("form", { noValidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void raise()) },
    make("h2", {}, say("hands.form.title")),
    make("div", { class: "hand-field" }, make("label", { htmlFor: "hand-name" }, say("hands.form.name")), name),
    make("div", { class: "hand-field" }, make("label", { htmlFor: "hand-note" }, say("hands.form.note")), note),
    make("p", { class: "hand-fact" }, say("hands.form.recorded")),
    make("label", { class: "hand-tick" }, consent, make("span", {}, say("hands.form.consent"))),
    wrong,
    make("div", { class: "hand-acts" }, send, stop),
    make("p", { class: "hand-soft" }, say("hands.form.microphone")));
  return { nodes: [element], first: name };
}

/** The host has called: join now, or not. Half a minute is shown; after it the call still stands until the host takes it back. @param {Desk} desk @returns {Scene} */
export function called(desk) {
  const { say } = desk.given;
  const began_ms = performance.now();
  const left = make("p", { class: "hand-count" });
  const bar = make("progress", { max: HOST_WAITS_S, value: HOST_WAITS_S, "aria-hidden": "true" });
  const enter = make("button", { type: "button", class: "hand-main", "data-act": "join", onclick: () => {
    enter.disabled = true;
    void desk.join();
  } }, say("hands.called.join"));
  const refuse = make("button", { type: "button", class: "hand-quiet", "data-act": "not-now", onclick: () => void desk.hand?.decline() }, say("hands.called.not_now"));
  const count = () => {
    const left_s = Math.max(0, HOST_WAITS_S - Math.floor((performance.now() - began_ms) / 1000));
    left.textContent = left_s ? say("hands.called.waits", {}, left_s) : say("hands.called.late");
    bar.value = left_s;
  };
  const ticking = setInterval(count, 250);
  const title = document.title;
  document.title = say("hands.called.page_title", { title });
  navigator.vibrate?.([120, 80, 120]);
  count();
  void import("./stage-strip.js");
  const element = make("div", { class: "hand-call" }, make("h2", {}, say("hands.called.title")), left, bar, make("p", {}, say("hands.called.words")),
    make("div", { class: "hand-acts" }, enter, refuse), make("p", { class: "hand-soft" }, say("hands.called.headphones")));
  return {
    nodes: [element], first: enter,
    leave: () => {
      clearInterval(ticking);
      if (document.title === say("hands.called.page_title", { title })) document.title = title;
    },
  };
}
