/**
 * First of all: that this is recorded, what happens to it, and whether one agrees. No microphone is opened here.
 *
 * @import {Cast, Playing} from "./cast.js"
 */
import { make } from "../room/make.js";
import { clock } from "./cast.js";

const NAME_MAX = 60;

/** @param {Cast} cast @returns {Playing} */
export function playNotice(cast) {
  const { store, say } = cast;
  const name = make("input", { id: "name", required: true, maxLength: NAME_MAX, autocomplete: "name", value: store.state.view?.you.name ?? cast.name });
  const consent = make("input", { id: "consent", type: "checkbox", required: true });
  const form = make("form", { class: "sheet notice" },
    make("h2", {}, say("notice.title")),
    make("ul", { class: "facts" }, ...["recorded", "off_air", "yours"].map((id) => make("li", {}, make("b", {}, say(`notice.${id}.title`)), " ", say(`notice.${id}`)))),
    make("div", { class: "field" }, make("label", { htmlFor: "name" }, say("notice.name")), name),
    make("label", { class: "tick" }, consent, make("span", {}, say("notice.consent"))),
    make("button", { type: "submit", class: "main" }, say("notice.go")),
    make("p", { class: "soft" }, say("notice.no_microphone_yet")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = name.value.trim();
    if (!consent.checked || !chosen) return;
    if (chosen !== (store.state.view?.you.name ?? cast.name)) void cast.act("rename", { name: chosen });
    store.set({ consented: true });
  });
  // a name that came with the view replaces an untouched field
  const leave = store.subscribe((state) => state.view?.you.name ?? null, (known) => {
    if (known && name.value === cast.name) name.value = known;
  });
  const begins = beginning(cast);
  return { element: make("div", { class: "narrow" }, begins.element, form), leave: () => (leave(), begins.leave()) };
}

/** When it begins, in words, above the first two scenes. @param {Cast} cast */
export function beginning(cast) {
  const line = make("p", { class: "beginning" });
  const leave = cast.store.subscribe((state) => state.view && [state.view.room.starts_at_ms, state.view.room.state], () => {
    const room = cast.store.state.view?.room;
    if (!room) return line.replaceChildren(cast.say("beginning.unknown"));
    if (room.state === "on_air") return line.replaceChildren(cast.say("beginning.on_air"));
    const late = room.starts_at_ms < cast.store.nowMs();
    line.replaceChildren(`${cast.say(late ? "beginning.was" : "beginning.starts")} `, clock(cast, "until", room.starts_at_ms));
  });
  return { element: line, leave };
}
