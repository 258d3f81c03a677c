/**
 * <voice-line>: how a voice sounds, as one sentence; opened, the figures behind it and what can be taken out of it. `line.show({voice, treated,
 * name, you, say})` writes in place, so that what is open stays open while figures change. A switch asks by `voice-treat`, which bubbles, detail
 * {hum} or {noise}.
 *
 * @import {Voice} from "../room/view.js"
 * @import {Say} from "../room/copy.js"
 *
 * @typedef {{voice: Voice, treated: {hum: boolean, noise: boolean}, name: string, you: boolean, say: Say}} Shown you: it is oneself, who is told what to do
 */
import { drawing, LINES, make } from "../room/make.js";
import { figures, isAmiss, voiceWords } from "../room/voice.js";

/** @typedef {"hum"|"noise"} Choice */
/** @type {Choice[]} */
const CHOICES = ["hum", "noise"];

export class VoiceLine extends HTMLElement {
  #words = make("span", { class: "words" });
  #figures = make("dl");
  #treatment = make("fieldset", { class: "treatment" });
  #fold = make("details", {}, make("summary", {}, drawing(LINES.look), this.#words), this.#figures, this.#treatment);

  connectedCallback() {
    if (!this.childElementCount) this.append(this.#fold);
  }

  /** @param {Shown} shown */
  show({ voice, treated, name, you, say }) {
    this.toggleAttribute("amiss", isAmiss(voice));
    write(this.#words, voiceWords(voice, { name, you }, say));
    const rows = figures(voice, say);
    if (!this.#figures.childElementCount) this.#figures.append(...rows.map(([label]) => make("div", {}, make("dt", {}, label), make("dd"))));
    this.#figures.querySelectorAll("dd").forEach((cell, i) => write(cell, rows[i]?.[1] ?? ""));
    this.#treat(treated, say);
  }

  /** @param {Shown["treated"]} treated @param {Say} say */
  #treat(treated, say) {
    if (!this.#treatment.childElementCount) this.#treatment.append(make("legend", {}, say("voice.treat")), ...CHOICES.map((choice) => this.#choice(choice, say)));
    this.#treatment.querySelectorAll("input").forEach((tick) => (tick.checked = treated[/** @type {Choice} */ (tick.name)]));
  }

  /** @param {Choice} choice @param {Say} say */
  #choice(choice, say) {
    const tick = make("input", { type: "checkbox", role: "switch", name: choice });
    tick.addEventListener("change", () => this.dispatchEvent(new CustomEvent("voice-treat", { bubbles: true, detail: { [choice]: tick.checked } })));
    return make("label", { class: "tick" }, tick, make("span", {}, make("b", {}, say(`voice.treat.${choice}`)), " ", make("span", { class: "soft" }, say(`voice.treat.${choice}.why`))));
  }
}

/** @param {Element} place @param {string} text */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

customElements.define("voice-line", VoiceLine);
