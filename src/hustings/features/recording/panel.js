/**
 * The recording, on the stage page. `mount(element, {store, protocol, copy})`: that the room records, each speaker's choice about what he said off
 * the air, and for the host after the end the downloads and the two deletions. The view is the only truth; nothing is shown as done before it is.
 *
 * @import {RoomStore} from "../../room/store.js"
 * @import {StageProtocol} from "../../room/protocol.js"
 * @import {Sentences} from "../../room/copy.js"
 *
 * @typedef {{store: RoomStore<any>, protocol: StageProtocol, copy: Record<string, string>}} Context
 * @typedef {Context & {say: Sentences, ask: (name: string, body?: object) => Promise<any>}} Given ask: sends a command; null after a refusal, which is said
 */
import { make } from "../../room/make.js";
import { opened } from "../../room/panel.js";
import { asStageError } from "../../room/protocol.js";
import { isOver } from "../../room/view.js";
import { deletions } from "./deletions.js";
import { recordingOf, sentence } from "./reading.js";

/** @param {HTMLElement} element @param {Context} context @returns {() => void} how to take it down */
export function mount(element, context) {
  return opened(import.meta.url, context.copy, (say) => show(element, context, say));
}

/** @param {HTMLElement} element @param {Context} context @param {Sentences} say */
function show(element, { store, protocol, copy }, say) {
  const told = make("p", { class: "recording-told", role: "status" });
  const ask = async (/** @type {string} */ name, /** @type {object} */ body = {}) => {
    try {
      const reply = await protocol.command(name, body);
      told.textContent = "";
      return reply;
    } catch (error) {
      const { code, message } = asStageError(error);
      told.textContent = say.has(`recording.error.${code}`) ? say(`recording.error.${code}`) : message;
      return null;
    }
  };
  /** @type {Given} */
  const given = { store, protocol, copy, say, ask };
  const words = make("p", { class: "recording-words", "aria-live": "polite" });
  const parts = [keepSwitch(given), downloads(given), deletions(given, () => element.replaceChildren(gone(say)))];
  element.replaceChildren(make("div", { class: "recording-panel" },
    make("h2", {}, say("recording.title")), words, ...parts.map((part) => part.element), told));
  const stop = store.subscribe((state) => sentence(state.view), (id) => {
    const said = id.split(" ").filter(Boolean).map((one) => say(one)).join(" ");
    if (words.textContent !== said) words.textContent = said;
  });
  return () => [stop, ...parts.map((part) => part.leave)].forEach((one) => one());
}

/** Each speaker's own choice. The switch shows what the stage says; between a press and its answer it waits. @param {Given} given */
function keepSwitch({ store, say, ask }) {
  const words = make("span", { class: "recording-soft", id: "recording-keep-words" });
  const tick = make("input", { type: "checkbox", role: "switch", id: "recording-keep", "aria-describedby": "recording-keep-words" });
  const draw = () => {
    const { keeps_sealed, deleted } = recordingOf(store.state.view);
    tick.checked = keeps_sealed;
    words.textContent = say(keeps_sealed ? "recording.keep.on" : "recording.keep.off");
    element.hidden = deleted || store.state.view === null || store.state.view.room.state === "planned";
  };
  tick.addEventListener("change", async () => {
    words.textContent = say("recording.keep.asking");
    if ((await ask("recording.keep_sealed", { keep: tick.checked })) === null) draw(); // else the view draws it when it comes
  });
  const element = make("label", { class: "tick recording-keep" }, tick, make("span", {}, make("b", {}, say("recording.keep")), words));
  const leave = store.subscribe((state) => [recordingOf(state.view), state.view?.room.state], draw);
  return { element, leave };
}

/** The host's files. A link lives ten minutes, so each is asked for when it is wanted. @param {Given} given */
function downloads({ store, say, ask }) {
  const list = make("ul", { class: "recording-files" });
  const element = make("div", { class: "recording-part", hidden: true }, make("h3", {}, say("recording.files")), list);
  /** Who was here: after the end the view no longer tells all of them. @type {Map<string, string>} */
  const names = new Map();
  const stopNames = store.subscribe((state) => /** @type {import("../../room/view.js").View|null} */ (state.view)?.people.map((one) => ({ person: one.person, name: one.name })), (people) => {
    for (const one of people ?? []) names.set(one.person, one.name);
  });
  const stop = store.subscribe((state) => (isOver(state.view) ? recordingOf(state.view).files ?? [] : []), (files) => {
    element.hidden = files.length === 0;
    list.replaceChildren(...files.map((file) => row(file, nameOfFile(file, names, say), say, ask)));
  });
  return { element, leave: () => (stop(), stopNames()) };
}

/** @param {string} file @param {Map<string, string>} names @param {Sentences} say */
function nameOfFile(file, names, say) {
  const person = /^tracks\/(.+)\.ogg$/.exec(file)?.[1];
  if (person === undefined) return say("recording.file.mix");
  const name = names.get(person);
  return name ? say("recording.file.track", { name }) : say("recording.file.track.nameless", { person });
}

/** @param {string} file @param {string} name @param {Sentences} say @param {Given["ask"]} ask */
function row(file, name, say, ask) {
  const button = make("button", { type: "button", class: "quiet", "data-file": file, "aria-label": say("recording.file.get.label", { file: name }) }, say("recording.file.get"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = say("recording.file.getting");
    const reply = await ask("recording.link", { file });
    // not in this page's place: it may still have to say something
    if (reply?.url) make("a", { href: String(reply.url), download: file.split("/").at(-1), rel: "noopener" }).click();
    button.disabled = false;
    button.textContent = say("recording.file.get");
  });
  const kind = say(file.startsWith("tracks/") ? "recording.file.kind.track" : "recording.file.kind.mix");
  return make("li", {}, make("div", { class: "who" }, make("b", {}, name), make("span", { class: "recording-soft" }, kind)), button);
}

/** What is left to say when the room itself is no more. @param {Sentences} say */
function gone(say) {
  return make("div", { class: "recording-panel" }, make("h2", { tabIndex: -1 }, say("recording.room_deleted.title")), make("p", { role: "status" }, say("recording.room_deleted")));
}
