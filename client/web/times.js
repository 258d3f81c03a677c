/**
 * Makes the page's times local: the server writes UTC, `<time datetime>` says which moment, and its parts (`data-part="hour|day|date"`) are
 * written anew in the reader's own zone and language. The sentence marked `data-zone` then names that zone.
 */
import { reader } from "../room/copy.js";

const lang = document.documentElement.lang;
const say = reader(JSON.parse(document.getElementById("copy")?.textContent || "{}"), lang);

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const PARTS = {
  hour: { hour: "2-digit", minute: "2-digit" },
  day: { weekday: "short", day: "numeric", month: "short" },
  date: { day: "numeric", month: "short", year: "numeric" },
};

/** "Europe/Berlin" as a person says it: "Berlin". */
export function zoneName() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  return (zone.split("/").pop() || zone).replaceAll("_", " ");
}

/** @param {Date} moment @param {string} part @param {number} now_ms */
export function words(moment, part, now_ms) {
  const form = { ...PARTS[part] };
  const far = Math.abs(moment.getTime() - now_ms) > 300 * 86_400_000;
  if (part === "day" && far) form.year = "numeric";
  return new Intl.DateTimeFormat(lang === "en" ? navigator.language : lang, form).format(moment);
}

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.getAttribute("datetime") || "");
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (time.querySelectorAll("[data-part]"))) {
    part.textContent = words(moment, part.dataset.part || "", Date.now());
  }
  time.setAttribute("title", new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "short" }).format(moment));
}
for (const line of document.querySelectorAll("[data-zone]")) line.textContent = say("time.zone", { zone: zoneName() });
