/**
 * What a host sees and says of the crowd: how many listen, which lesser things are given up for them (docs/protocol.md, "Brownout"), and
 * the least that is held whatever the pressure. Nothing is sent before the button: arrow keys wander over the steps.
 *
 * @import {Cast} from "./cast.js"
 * @import {Room} from "../room/view.js"
 * @import {Say} from "../room/copy.js"
 */
import { make } from "../room/make.js";

const STEPS = [0, 1, 2, 3, 4];

/** @param {Cast} cast */
export function brownout(cast) {
  const { say, store } = cast;
  const count = make("p", { class: "count" });
  const now = make("p", { class: "soft", role: "status" });
  const radios = STEPS.map((step) => make("input", { type: "radio", name: "brownout", value: String(step), id: `brownout-${step}`, "aria-describedby": "brownout-never" }));
  const send = make("button", { type: "submit", class: "quiet", "data-command": "brownout" });
  const form = make("form", {},
    make("fieldset", {}, make("legend", {}, say("brownout.legend")),
      ...radios.map((radio, step) => make("label", { class: "tick", htmlFor: radio.id }, radio, make("span", {}, say(step ? `brownout.choose.${step}` : "brownout.choose.0"))))),
    make("p", { class: "soft", id: "brownout-never" }, say("brownout.never")), send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void cast.act("brownout", { step: radios.findIndex((radio) => radio.checked) });
  });
  const fold = make("details", { class: "fold" }, make("summary", {}, say("brownout.title")), form);
  const element = make("div", { class: "brownout" }, count, now, fold);
  const leave = [
    store.subscribe((state) => state.view?.room.brownout.least ?? 0, (least) => radios.forEach((radio, step) => (radio.checked = step === least))),
    store.subscribe((state) => state.view && [state.view.room.brownout, state.view.room.listeners, state.view.room.state, state.pending.includes("brownout")], () => {
      const room = store.state.view?.room, waits = store.state.pending.includes("brownout");
      element.hidden = room?.state !== "open" && room?.state !== "on_air";
      if (!room || element.hidden) return;
      count.textContent = listening(room.listeners, say);
      now.textContent = standing(room.brownout, say);
      send.disabled = waits;
      send.textContent = say(waits ? "control.asking" : "brownout.set");
    }),
  ];
  return { element, leave: () => leave.forEach((one) => one()) };
}

/** @param {Room["listeners"]} listeners @param {Say} say */
export function listening(listeners, say) {
  if (!listeners?.count) return say(listeners ? "listening.nobody" : "listening.counting");
  return say(listeners.error ? "listening.about" : "listening", { error: listeners.error }, listeners.count);
}

/** The step as a sentence, and by whose will. @param {Room["brownout"]} brownout @param {Say} say */
export function standing({ step, least }, say) {
  const whose = step > least && least ? "more" : least ? "held" : step ? "itself" : "all";
  return `${say(`brownout.step.${step}`)} ${say(`brownout.whose.${whose}`, { least })}`;
}
