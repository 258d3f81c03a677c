/**
 * <alarm-bar>: what needs a look, in amber, each one sentence and at most one button. `bar.show([{key, words, act, label}])`; a press is the event
 * `alarm-act`, detail {key}. The words' passing seconds are redrawn in place; who listens hears each alarm once, from the page's own live region.
 *
 * @typedef {{key: string, words: string, act?: string|undefined}} Shown act: the button's words
 */
import { drawing, LINES, make } from "../room/make.js";

export class AlarmBar extends HTMLElement {
  /** @type {Map<string, {row: HTMLElement, words: HTMLElement}>} */
  #rows = new Map();

  /** @param {Shown[]} alarms */
  show(alarms) {
    const keys = new Set(alarms.map((one) => one.key));
    for (const [key, { row }] of this.#rows) if (!keys.has(key)) (row.remove(), this.#rows.delete(key));
    for (const alarm of alarms) this.#row(alarm).words.textContent = alarm.words;
    this.hidden = alarms.length === 0;
  }

  /** @param {Shown} alarm */
  #row(alarm) {
    const kept = this.#rows.get(alarm.key);
    if (kept) return kept;
    const words = make("span", { class: "words" });
    const press = () => this.dispatchEvent(new CustomEvent("alarm-act", { bubbles: true, detail: { key: alarm.key } }));
    const button = alarm.act ? make("button", { type: "button", onclick: press }, alarm.act) : null;
    const made = { row: make("div", { class: "alarm" }, drawing(LINES.look), words, button), words };
    this.append(made.row);
    this.#rows.set(alarm.key, made);
    return made;
  }
}

customElements.define("alarm-bar", AlarmBar);
