/**
 * Pick and test, then "join back stage". The microphone opens here, after consent.
 *
 * @import {Cast, Playing} from "./cast.js"
 */
import { make } from "../room/make.js";
import { beginning } from "./scene-notice.js";
import { soundCheck } from "./sound-check.js";

/** @param {Cast} cast @returns {Playing} */
export function playTest(cast) {
  const { microphone, store, say } = cast;
  void microphone.open();
  const begins = beginning(cast);
  const check = soundCheck(cast, { trial: true });
  const trouble = make("div", { class: "trouble", role: "status" });
  const join = make("button", { type: "button", class: "main", onclick: () => store.set({ joined: true }) }, say("test.join"));
  const after = make("p", { class: "soft" });
  const leave = [
    store.subscribe((state) => state.microphone.state, (state) => {
      trouble.replaceChildren(...microphoneTrouble(cast, state));
      trouble.hidden = trouble.childElementCount === 0;
      join.disabled = state !== "open";
    }),
    store.subscribe((state) => state.view?.room.state, (state) => {
      after.textContent = say(state === "on_air" ? "test.join.on_air" : "test.join.back_stage");
    }),
    check.leave,
    begins.leave,
  ];
  const element = make("div", { class: "narrow" }, begins.element,
    make("div", { class: "sheet" }, make("h2", {}, say("test.title")), trouble, check.element, make("div", { class: "last" }, join, after)));
  return { element, leave: () => leave.forEach((one) => one()) };
}

/**
 * What is wrong with the microphone, what we do and what one can do; nothing when it is open.
 * @param {Cast} cast @param {import("./microphone.js").MicrophoneState} state
 */
export function microphoneTrouble({ microphone, say }, state) {
  if (state === "open" || state === "shut") return [];
  const words = make("p", {}, say(`microphone.${state}`));
  const again = make("button", { type: "button", class: "quiet", onclick: () => void microphone.open() }, say("microphone.again"));
  return ["denied", "none", "busy"].includes(state) ? [words, again] : [words];
}
