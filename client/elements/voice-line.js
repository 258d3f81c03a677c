/**
 * <voice-line>: how a voice sounds, as one sentence; opened, the figures behind it. `line.show({voice, name, you, say})` writes in place, so that
 * what is open stays open while figures change.
 *
 * @import {Voice} from "../room/view.js"
 * @import {Say} from "../room/copy.js"
 *
 * @typedef {{voice: Voice, name: string, you: boolean, say: Say}} Shown you: it is oneself, who is told what to do
 */
import { drawing, LINES, make } from "../room/make.js";
import { figures, isAmiss, voiceWords } from "../room/voice.js";

export class VoiceLine extends HTMLElement {
  #words = make("span", { class: "words" });
  #figures = make("dl");
  #fold = make("details", {}, make("summary", {}, drawing(LINES.look), this.#words), this.#figures);

  connectedCallback() {
    if (!this.childElementCount) this.append(this.#fold);
  }

  /** @param {Shown} shown */
  show({ voice, name, you, say }) {
    this.toggleAttribute("amiss", isAmiss(voice));
    write(this.#words, voiceWords(voice, { name, you }, say));
    const rows = figures(voice, say);
    if (!this.#figures.childElementCount) this.#figures.append(...rows.map(([label]) => make("div", {}, make("dt", {}, label), make("dd"))));
    this.#figures.querySelectorAll("dd").forEach((cell, i) => write(cell, rows[i]?.[1] ?? ""));
  }
}

/** @param {Element} place @param {string} text */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

customElements.define("voice-line", VoiceLine);
