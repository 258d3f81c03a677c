/**
 * The two deletions of a host, after the end. Each is asked for in a dialog and confirmed by typing the room's key by hand.
 *
 * @import {Sentences} from "../../room/copy.js"
 * @import {Given} from "./panel.js"
 */
import { make } from "../../room/make.js";
import { isOver } from "../../room/view.js";
import { recordingOf } from "./reading.js";

/** @param {Given} given @param {() => void} roomGone @returns {{element: HTMLElement, leave: () => void}} */
export function deletions({ store, say, ask }, roomGone) {
  const key = () => store.state.view?.room.key ?? "";
  const recording = confirmed("recording.delete", say, key, () => ask("recording.delete"));
  const room = confirmed("recording.delete_room", say, key, async (typed) => {
    const reply = await ask("delete_room", { key: typed });
    if (reply === null) return null;
    roomGone();
    store.set({ refusal: "room_over" }); // there is nothing left to follow
    return reply;
  });
  const element = make("div", { class: "recording-part recording-end", hidden: true }, make("h3", {}, say("recording.end")),
    make("div", { class: "acts" }, recording.button, room.button), recording.dialog, room.dialog);
  const leave = store.subscribe((state) => {
    const { deleted, files } = recordingOf(state.view);
    return { host: isOver(state.view) && state.view?.you.role === "host", kept: !deleted && (files?.length ?? 0) > 0 };
  }, ({ host, kept }) => {
    element.hidden = !host;
    recording.button.hidden = !kept;
    if (!kept && recording.dialog.open) recording.dialog.close();
  });
  return { element, leave };
}

/**
 * A button, and the dialog that it opens. `act` gets what was typed and gives null when it was refused.
 * @param {"recording.delete"|"recording.delete_room"} id @param {Sentences} say @param {() => string} key @param {(typed: string) => Promise<any>} act
 */
function confirmed(id, say, key, act) {
  const mark = id.replace(".", "-");
  const shown = make("code", { dir: "ltr" });
  const typed = make("input", { id: `${mark}-key`, autocomplete: "off", autocapitalize: "none", spellcheck: false, dir: "ltr" });
  const sure = make("button", { type: "submit", class: "main", disabled: true, "data-act": `${mark}-sure` }, say(id));
  const keep = make("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, say("recording.keep_it"));
  const form = make("form", {}, make("h2", { id: `${mark}-title` }, say(`${id}.title`)), make("p", {}, say(`${id}.words`)),
    make("p", {}, say("recording.type"), " ", shown),
    make("div", { class: "field" }, make("label", { htmlFor: typed.id }, say("recording.type.label")), typed),
    make("div", { class: "acts" }, sure, keep));
  const dialog = make("dialog", { class: "sheet recording-dialog", "aria-labelledby": `${mark}-title` }, form);
  const able = () => (sure.disabled = typed.value !== key());
  typed.addEventListener("input", able);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (typed.value !== key()) return;
    sure.disabled = true;
    sure.textContent = say("recording.deleting");
    await act(typed.value);
    sure.textContent = say(id);
    dialog.close();
  });
  const button = make("button", { type: "button", class: "quiet", "data-act": mark, onclick: () => {
    typed.value = "";
    shown.textContent = key();
    able();
    dialog.showModal();
    typed.focus();
  } }, say(id));
  return { button, dialog };
}
