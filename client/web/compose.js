/**
 * How many characters are left while somebody writes a post. Counted as people count: what is drawn as one is one, a link is 23, a
 * mention is its handle alone. The server has the last word.
 */
import { reader } from "../room/copy.js";

const lang = document.documentElement.lang;
const say = reader(JSON.parse(document.getElementById("copy")?.textContent || "{}"), lang);
const LINK = /(?<![\p{L}\p{N}_/@#&])https?:\/\/(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+\p{L}[\p{L}\p{N}_-]*\S*/giu;
const MENTION = /(?<![\p{L}\p{N}_/@#&])(@[a-z0-9_]+)@[a-z0-9.-]+\.[a-z]{2,}/giu;
const LINK_COUNTS = "x".repeat(23);
const drawn = "Segmenter" in Intl ? new Intl.Segmenter(lang, { granularity: "grapheme" }) : null;

/** @param {string} text */
export function length(text) {
  const counted = text.trim().normalize("NFC").replace(LINK, LINK_COUNTS).replace(MENTION, "$1");
  return drawn ? [...drawn.segment(counted)].length : [...counted].length;
}

const status = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("status"));
const spoiler = /** @type {HTMLInputElement | null} */ (document.getElementById("spoiler_text"));
const left = document.getElementById("left");
if (status && spoiler && left) {
  const longest = Number(status.dataset.longest);
  const count = () => {
    const over = length(status.value) + length(spoiler.value) - longest;
    left.textContent = over > 0 ? say("count.over", {}, over) : say("count.left", {}, -over);
    left.classList.toggle("look", over > 0);
  };
  for (const field of [status, spoiler]) field.addEventListener("input", count);
  count();
}
