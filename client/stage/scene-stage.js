/**
 * The stage: who is here, one's own microphone, and for host and co-host the control room.
 *
 * @import {Cast, Playing} from "./cast.js"
 * @import {View} from "../room/view.js"
 */
import { drawing, LINES, make } from "../room/make.js";
import { nameOf, runsRoom } from "../room/view.js";
import { isAmiss } from "../room/voice.js";
import { clock } from "./cast.js";
import { controlRoom } from "./control-room.js";
import { featureSections } from "./feature-panels.js";
import { soundCheck } from "./sound-check.js";

/** @param {Cast} cast @returns {Playing} */
export function playStage(cast) {
  const { store, say } = cast;
  const people = peopleList(cast);
  const desk = ownDesk(cast);
  const control = make("div", { class: "control" });
  const besideStage = make("div", { class: "beside" });
  /** @type {(() => void)[]} */
  let besides = [];
  const leave = [
    people.leave, desk.leave,
    store.subscribe((state) => state.view && [runsRoom(state.view), state.view.you.role], () => {
      besides.forEach((one) => one());
      besides = fillBesides(cast, control, besideStage);
    }),
  ];
  const element = make("div", { class: "stage" }, control,
    make("div", { class: "middle" },
      make("section", { class: "sheet people", "aria-label": say("people.title") },
        make("div", { class: "title-row" }, make("h2", {}, say("people.title")), people.count), people.note, people.element)),
    besideStage, desk.element);
  return { element, leave: () => [...leave, ...besides].forEach((one) => one()) };
}

/**
 * The control room and the features' panels, which depend on the role.
 * @param {Cast} cast @param {HTMLElement} above @param {HTMLElement} beside
 */
function fillBesides(cast, above, beside) {
  const runs = runsRoom(cast.store.state.view);
  const control = runs ? controlRoom(cast) : null;
  const features = featureSections(cast, ["hands", "recording"]);
  above.replaceChildren(...(control ? [control.element] : []));
  beside.replaceChildren(features.element);
  return [() => control?.leave(), features.leave];
}

/** @param {Cast} cast */
function peopleList(cast) {
  const { store, say } = cast;
  const element = make("ul", { class: "cards" });
  const note = make("div", { class: "note" });
  const count = make("span", { class: "soft count" });
  /** @type {Map<string, HTMLElementTagNameMap["person-card"]>} */
  const cards = new Map();
  const draw = () => {
    const view = store.state.view;
    if (!view) return;
    const here = new Set(view.people.map((one) => one.person));
    for (const [person, card] of cards) if (!here.has(person)) (card.parentElement?.remove(), cards.delete(person));
    for (const person of view.people) {
      let card = cards.get(person.person);
      if (!card) {
        card = make("person-card");
        cards.set(person.person, card);
        element.append(make("li", {}, card));
      }
      const you = person.person === view.you.person;
      const rules = runsRoom(view) && !you;
      const by = person.muted_by && person.muted_by !== "self" && person.muted_by !== person.person ? nameOf(view, person.muted_by) : null;
      card.show({ person, you, mutedBy: by, may: { mute: rules, remove: rules && person.role !== "host" }, say });
    }
    count.textContent = say("people.count", { most: view.room.speakers_max }, view.people.length);
    note.replaceChildren(...stageNote(cast, view));
  };
  element.addEventListener("person-mute", (event) => void cast.act("mute", { person: /** @type {CustomEvent} */ (event).detail.person, muted: true }));
  element.addEventListener("person-treat", (event) => void cast.act("treat", /** @type {CustomEvent} */ (event).detail));
  element.addEventListener("person-remove", (event) => void cast.act("remove", { person: /** @type {CustomEvent} */ (event).detail.person }));
  const leave = store.subscribe((state) => [state.view, state.session.state], draw);
  return { element, note, count, leave };
}

/** What a person sees before the list says it: doors closed, nobody here, back stage. @param {Cast} cast @param {View} view @returns {Node[]} */
function stageNote(cast, view) {
  const { say, store } = cast;
  const { session } = store.state;
  if (session.state === "closed" || (view.room.state === "planned" && session.state !== "here")) {
    return [make("p", {}, say("doors.closed"), " ", clock(cast, "until", view.room.doors_at_ms)), make("p", { class: "soft" }, say(runsRoom(view) ? "doors.closed.host" : "doors.closed.words"))];
  }
  if (session.state === "full") return [make("p", {}, say("stage.full", {}, view.room.speakers_max))];
  if (session.state === "joining") return [make("p", {}, say("stage.joining"))];
  if (view.people.length === 0) return [make("p", { class: "empty" }, say("people.nobody"))];
  if (view.room.state !== "on_air") return [make("p", { class: "soft" }, say("stage.back_stage"))];
  return [];
}

/** Mute, level, leave: the strip that stays in sight. @param {Cast} cast */
function ownDesk(cast) {
  const { store, say, microphone } = cast;
  const meter = make("level-meter", { label: say("meter.label"), compact: true });
  meter.source = () => microphone.level();
  const mute = make("button", { type: "button", class: "mute", "aria-keyshortcuts": "m Space", onclick: () => cast.mute(!isMuted(store.state)) });
  const why = make("p", { class: "why soft", role: "status" });
  const leaving = leaveButton(cast);
  const leave = [store.subscribe((state) => [isMuted(state), ownMuter(state), ownVoice(state)?.finding, state.microphone.state, state.pending.includes("mute")], () => {
    const muted = isMuted(store.state);
    mute.setAttribute("aria-pressed", String(muted));
    mute.replaceChildren(drawing(muted ? LINES.muted : LINES.microphone), make("span", {}, say(muted ? "desk.unmute" : "desk.mute")));
    why.textContent = deskWords(cast, muted);
  })];
  const sound = settings(cast);
  const element = make("section", { class: "desk", "aria-label": say("desk.title") }, make("div", { class: "own" }, mute, make("div", { class: "level" }, why, meter)), make("div", { class: "acts" }, sound.button, leaving), sound.dialog);
  return { element, leave: () => [...leave, sound.leave].forEach((one) => one()) };
}

/** @param {import("./scenes.js").State} state */
export function isMuted(state) {
  return state.hushed || (state.view?.you.muted ?? false);
}

/** Who muted us, if it was another. @param {import("./scenes.js").State} state */
function ownMuter(state) {
  const view = state.view;
  const by = view?.people.find((one) => one.person === view.you.person)?.muted_by;
  return view && by && by !== "self" && by !== view.you.person ? nameOf(view, by) : null;
}

/** What is known of our own voice. @param {import("./scenes.js").State} state */
function ownVoice({ view }) {
  return view?.people.find((one) => one.person === view.you.person)?.voice ?? null;
}

/** @param {Cast} cast @param {boolean} muted */
function deskWords({ store, say }, muted) {
  const { state } = store;
  if (state.microphone.state !== "open") return say("desk.no_microphone");
  if (state.pending.includes("mute")) return say("desk.asking");
  const by = ownMuter(state);
  if (muted) return by ? say("desk.muted_by", { name: by }) : say("desk.muted");
  const voice = ownVoice(state);
  if (voice && isAmiss(voice)) return say(`voice.${voice.finding}.self`, { figure: voice.figure });
  return say("desk.heard");
}

/** @param {Cast} cast */
function settings(cast) {
  const { say } = cast;
  /** @type {{element: HTMLElement, leave: () => void}|null} */
  let check = null;
  const inside = make("div");
  const dialog = make("dialog", { class: "sheet wide", "aria-label": say("desk.sound"), onclose: () => (check?.leave(), (check = null), inside.replaceChildren()) },
    make("div", { class: "title-row" }, make("h2", {}, say("desk.sound")), make("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, say("desk.sound.done"))), inside);
  const open = () => {
    check = soundCheck(cast, { trial: false });
    inside.replaceChildren(check.element);
    dialog.showModal();
  };
  const button = make("button", { type: "button", class: "quiet", onclick: open }, drawing(LINES.headphones), make("span", {}, say("desk.sound")));
  return { button, dialog, leave: () => check?.leave() };
}

/** @param {Cast} cast */
function leaveButton({ say, store }) {
  return make("button", { type: "button", class: "quiet", "data-act": "leave", onclick: () => store.set({ joined: false, left: true }) }, drawing(LINES.leave), make("span", {}, say("desk.leave")));
}
