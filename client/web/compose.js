/** How many characters are left while somebody writes a post. The server has the last word. */
import { reader } from "../room/copy.js";
import { length } from "./length.js";

const lang = document.documentElement.lang;
const say = reader(JSON.parse(document.getElementById("copy")?.textContent || "{}"), lang);
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
