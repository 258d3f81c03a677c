/**
 * <hands-queue>: the line of raised hands, first come first shown. `queue.show({hands, now_ms, full, say})` draws; it asks by events that
 * bubble: `hand-call` and `hand-dismiss`, detail {person}. The sentences it needs: `hands.queue.{empty,call,call.label,dismiss,dismiss.label,
 * new,waiting.one,waiting.other,full}` (`waiting` counts minutes, {n}).
 *
 * @import {Say} from "../room/copy.js"
 *
 * @typedef {{person: string, name: string, note?: string, since_ms?: number, called?: boolean}} Hand
 * @typedef {{hands: Hand[], now_ms: number, full: boolean, say: Say}} Shown full: nobody more can be called up
 */
import { make } from "../room/make.js";

export class HandsQueue extends HTMLElement {
  /** @param {Shown} shown */
  show({ hands, now_ms, full, say }) {
    const focused = this.contains(document.activeElement) ? document.activeElement?.getAttribute("data-act") : null;
    if (hands.length === 0) {
      this.replaceChildren(make("p", { class: "empty" }, say("hands.queue.empty")));
      return;
    }
    const list = make("ol", { class: "hands" }, ...hands.map((hand) => this.#hand(hand, now_ms, full, say)));
    this.replaceChildren(...(full ? [make("p", { class: "soft" }, say("hands.queue.full"))] : []), list);
    if (focused) /** @type {HTMLElement|null} */ (this.querySelector(`[data-act="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Hand} hand @param {number} now_ms @param {boolean} full @param {Say} say */
  #hand(hand, now_ms, full, say) {
    const ask = (/** @type {string} */ what) => () =>
      this.dispatchEvent(new CustomEvent(what, { bubbles: true, detail: { person: hand.person } }));
    const minutes = hand.since_ms === undefined ? null : Math.max(0, Math.floor((now_ms - hand.since_ms) / 60_000));
    return make("li", {},
      make("div", { class: "who" },
        make("b", { class: "name" }, hand.name),
        hand.note ? make("q", { class: "note" }, hand.note) : null,
        minutes === null ? null : make("span", { class: "soft" }, minutes ? say("hands.queue.waiting", {}, minutes) : say("hands.queue.new"))),
      make("div", { class: "acts" },
        make("button", { type: "button", "data-act": `call-${hand.person}`, disabled: full || hand.called === true,
          "aria-label": say("hands.queue.call.label", { name: hand.name }), onclick: ask("hand-call") }, say("hands.queue.call")),
        make("button", { type: "button", class: "quiet", "data-act": `dismiss-${hand.person}`,
          "aria-label": say("hands.queue.dismiss.label", { name: hand.name }), onclick: ask("hand-dismiss") }, say("hands.queue.dismiss"))));
  }
}

customElements.define("hands-queue", HandsQueue);
