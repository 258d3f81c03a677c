/**
 * Hours that are typed for later, in the writer's own zone: what the server filled in as UTC is made local, and beside what is typed
 * stands the offset with which the server reads it.
 */
import { reader } from "../room/copy.js";
import { zoneName } from "./times.js";

const say = reader(JSON.parse(document.getElementById("copy")?.textContent || "{}"), document.documentElement.lang);

/** "2026-11-22T18:30", as the field wants it, in local time. @param {Date} moment */
function localField(moment) {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-later]"))) {
  const offset = /** @type {HTMLInputElement | null} */ (field.form?.elements.namedItem("offset_min") ?? null);
  /** The offset belongs to the day that was chosen, not to today: summer time may lie between. */
  const note = () => {
    const chosen = new Date(field.value);
    if (offset) offset.value = String((Number.isNaN(chosen.getTime()) ? new Date() : chosen).getTimezoneOffset());
  };
  if (field.dataset.utc) field.value = localField(new Date(field.dataset.utc));
  note();
  field.addEventListener("input", note);
  const hint = document.getElementById(field.getAttribute("aria-describedby") || "");
  if (hint) hint.textContent = say("time.later.hint", { zone: zoneName() });
}
