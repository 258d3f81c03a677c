/**
 * <copy-button for="id">: copies the value of the field with that id, and says so. Without a script there is no button, and the field
 * can be copied by hand.
 */
import { reader } from "../room/copy.js";

const SAID_MS = 2000;
const say = reader(JSON.parse(document.getElementById("copy")?.textContent || "{}"), document.documentElement.lang);

export class CopyButton extends HTMLElement {
  #button = document.createElement("button");
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;

  connectedCallback() {
    const field = /** @type {HTMLInputElement} */ (document.getElementById(this.getAttribute("for") || ""));
    this.#button.type = "button";
    this.#button.className = "button";
    this.#button.setAttribute("aria-live", "polite");
    this.#button.textContent = say("copy.do");
    this.#button.addEventListener("click", () => this.#copy(field));
    field.addEventListener("focus", () => field.select());
    this.replaceChildren(this.#button);
  }

  /** @param {HTMLInputElement} field */
  async #copy(field) {
    field.select();
    // a page without https has no clipboard, but still the old command
    const copied = navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    const done = (await copied) || document.execCommand("copy");
    this.#button.textContent = say(done ? "copy.done" : "copy.failed");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#button.textContent = say("copy.do")), SAID_MS);
  }
}

customElements.define("copy-button", CopyButton);
