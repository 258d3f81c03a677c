/**
 * One store owns what the page knows. The view changes only when the stage host says so: nothing is optimistic. What the
 * page itself knows (its link, microphone, session, how far the person has come) are slices beside the view.
 *
 * @import {EventsAnswer, RoomEvent, View} from "./view.js"
 */

const OFFSETS_KEPT = 8;

/**
 * @template {object} Slices
 * @typedef {Slices & {view: View|null}} StateOf
 */

/** @template {object} Slices */
export class RoomStore {
  /** @type {Set<() => void>} */
  #watchers = new Set();
  /** @type {Set<(notice: Extract<RoomEvent, {type: "notice"}>) => void>} */
  #hearers = new Set();
  /** @type {number[]} */
  #offsets_ms = [];
  #local;

  /**
   * @param {Slices} slices the page's own knowledge at the start
   * @param {() => number} local the page's monotonic clock, milliseconds
   */
  constructor(slices, local = () => performance.timeOrigin + performance.now()) {
    /** @type {StateOf<Slices>} */
    this.state = { ...slices, view: null };
    this.#local = local;
  }

  /** The room's clock, milliseconds since 1970. */
  nowMs() {
    // An answer is late by its way here, never early: the largest offset lately seen is the truest.
    return this.#local() + (this.#offsets_ms.length ? Math.max(...this.#offsets_ms) : 0);
  }

  /** Takes an answer of the event poll. @param {EventsAnswer} answer */
  take(answer) {
    this.#offsets_ms = [answer.now_ms - this.#local(), ...this.#offsets_ms].slice(0, OFFSETS_KEPT);
    for (const event of answer.events) {
      if (event.type === "view") this.state = { ...this.state, view: event.view };
      if (event.type === "notice") for (const hear of this.#hearers) hear(event);
    }
    this.#tell();
  }

  /** Changes a slice of the page's own knowledge; never the view. @param {Partial<Slices>} slices */
  set(slices) {
    this.state = { ...this.state, ...slices, view: this.state.view };
    this.#tell();
  }

  /**
   * Calls `fn` with what `select` picks, now and whenever it reads differently.
   * @template T
   * @param {(state: StateOf<Slices>) => T} select
   * @param {(picked: T) => void} fn
   * @returns {() => void} how to stop
   */
  subscribe(select, fn) {
    let picked = select(this.state);
    let read = JSON.stringify(picked);
    const watch = () => {
      picked = select(this.state);
      const now = JSON.stringify(picked);
      if (now === read) return;
      read = now;
      fn(picked);
    };
    this.#watchers.add(watch);
    fn(picked);
    return () => this.#watchers.delete(watch);
  }

  /**
   * Calls `fn` once for each notice.
   * @param {(notice: Extract<RoomEvent, {type: "notice"}>) => void} fn
   * @returns {() => void} how to stop
   */
  onNotice(fn) {
    this.#hearers.add(fn);
    return () => this.#hearers.delete(fn);
  }

  #tell() {
    for (const watch of [...this.#watchers]) watch();
  }
}
