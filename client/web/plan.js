/**
 * The planning form in the planner's own zone: the server prefilled the next half hour in UTC, and reads what is typed with the
 * offset that stands beside it. A picture makes its description required.
 */
import { reader } from "../room/copy.js";
import { zoneName } from "./times.js";

const say = reader(JSON.parse(document.getElementById("copy")?.textContent || "{}"), document.documentElement.lang);
const starts = /** @type {HTMLInputElement} */ (document.getElementById("starts_at"));
const offset = /** @type {HTMLInputElement} */ (document.querySelector("[name=offset_min]"));
const picture = /** @type {HTMLInputElement} */ (document.getElementById("picture"));
const alt = /** @type {HTMLInputElement} */ (document.getElementById("picture_alt"));

/** "2026-11-22T18:30", as the field wants it, in local time. @param {Date} moment */
function localField(moment) {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The offset belongs to the day that was chosen, not to today: summer time may lie between. */
function noteOffset() {
  const chosen = new Date(starts.value);
  offset.value = String((Number.isNaN(chosen.getTime()) ? new Date() : chosen).getTimezoneOffset());
}

if (offset.dataset.utc) starts.value = localField(new Date(offset.dataset.utc));
noteOffset();
starts.addEventListener("input", noteOffset);
picture.addEventListener("change", () => {
  alt.required = (picture.files?.length ?? 0) > 0;
});
const hint = document.getElementById("starts-hint");
if (hint) hint.textContent = say("time.starts.hint", { zone: zoneName() });
