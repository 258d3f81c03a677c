/**
 * <person-card>: one person on the stage. `card.show({person, you, may, say, mutedBy, heard})` draws; it asks by events that bubble:
 * `person-mute`, `person-remove` and `person-treat` ({hum} or {noise} too), detail {person}. Removing asks twice, in place. What is known of the
 * voice, where the view has it, is a <voice-line> that outlives every redrawing.
 *
 * @import {Person} from "../room/view.js"
 * @import {Say} from "../room/copy.js"
 *
 * @typedef {object} Shown
 * @property {Person} person
 * @property {boolean} you it is oneself
 * @property {{mute: boolean, remove: boolean}} may
 * @property {string|null} mutedBy the name of who muted, if another did
 * @property {Say} say
 */
import { drawing, LINES, make } from "../room/make.js";

const BARS = 5;

export class PersonCard extends HTMLElement {
  #asking = false;
  /** @type {Shown|null} */ #shown = null;
  #drawn = "";
  #voice = make("voice-line");

  constructor() {
    super();
    this.#voice.addEventListener("voice-treat", (event) => this.#ask("person-treat", /** @type {CustomEvent} */ (event).detail));
  }

  /** @param {Shown} shown */
  show(shown) {
    this.#shown = shown;
    this.#meter(shown.person);
    const { say, ...rest } = shown;
    const { voice, name, treated } = shown.person;
    if (voice) this.#voice.show({ voice, treated, name, you: shown.you, say });
    // level, talking and figures change many times a second: they move bars, they do not rebuild buttons under a finger
    const reading = JSON.stringify({ ...rest, person: { ...rest.person, level_db: 0, talking: false, voice: Boolean(voice) }, asking: this.#asking });
    if (reading === this.#drawn) return;
    this.#drawn = reading;
    this.#draw(shown);
    this.#meter(shown.person);
  }

  /** @param {Shown} shown */
  #draw({ person, you, may, mutedBy, say }) {
    const focused = this.contains(document.activeElement) ? document.activeElement?.getAttribute("data-act") : null;
    const line = [say(`role.${person.role}`)];
    if (you) line.push(say("person.you"));
    if (person.kind !== "browser") line.push(say(`person.kind.${person.kind}`));
    const state = this.#state(person, mutedBy, say);
    this.replaceChildren(
      make("div", { class: "talk", "aria-hidden": "true" }, ...Array.from({ length: BARS }, () => make("i"))),
      make("div", { class: "who" }, make("b", { class: "name" }, person.name), make("span", { class: "role" }, line.join(" · "))),
      make("div", { class: "state" }, ...state),
      make("div", { class: "acts" }, ...this.#acts(person, may, say)),
      ...(person.voice ? [this.#voice] : []),
    );
    this.dataset.link = person.link;
    if (focused) /** @type {HTMLElement|null} */ (this.querySelector(`[data-act="${focused}"]`))?.focus();
  }

  /** @param {Person} person @param {string|null} mutedBy @param {Say} say */
  #state(person, mutedBy, say) {
    if (person.link !== "here") return [make("span", { class: "link" }, say(`person.link.${person.link}`))];
    if (!person.muted) return [];
    return [drawing(LINES.muted), make("span", {}, mutedBy ? say("person.muted_by", { name: mutedBy }) : say("person.muted"))];
  }

  /** @param {Person} person @param {Shown["may"]} may @param {Say} say */
  #acts(person, may, say) {
    const turn = (/** @type {boolean} */ asking) => {
      this.#asking = asking;
      if (this.#shown) this.show(this.#shown);
      /** @type {HTMLElement|null} */ (this.querySelector(asking ? "[data-act=keep]" : "[data-act=remove]"))?.focus();
    };
    if (this.#asking && may.remove) {
      return [
        make("span", { class: "ask" }, say("person.remove.sure", { name: person.name })),
        make("button", { type: "button", "data-act": "sure", onclick: () => (turn(false), this.#ask("person-remove")) }, say("person.remove")),
        make("button", { type: "button", class: "quiet", "data-act": "keep", onclick: () => turn(false) }, say("person.remove.keep")),
      ];
    }
    /** @type {HTMLElement[]} */
    const acts = [];
    if (may.mute && !person.muted) {
      const label = say("person.mute.label", { name: person.name });
      acts.push(make("button", { type: "button", class: "quiet", "data-act": "mute", "aria-label": label, onclick: () => this.#ask("person-mute") }, say("person.mute")));
    }
    if (may.remove) {
      const label = say("person.remove.label", { name: person.name });
      acts.push(make("button", { type: "button", class: "quiet", "data-act": "remove", "aria-label": label, onclick: () => turn(true) }, say("person.remove")));
    }
    return acts;
  }

  /** @param {string} what @param {object} [choice] */
  #ask(what, choice) {
    this.dispatchEvent(new CustomEvent(what, { bubbles: true, detail: { person: this.#shown?.person.person, ...choice } }));
  }

  /** @param {Person} person */
  #meter(person) {
    const loud = person.talking && person.link === "here" ? Math.max(0, Math.min(1, (person.level_db + 54) / 42)) : 0;
    const lit = person.talking ? Math.max(1, Math.round(loud * BARS)) : 0;
    this.toggleAttribute("talking", lit > 0);
    this.querySelectorAll(".talk i").forEach((bar, i) => bar.classList.toggle("lit", i < lit));
  }
}

customElements.define("person-card", PersonCard);
