/**
 * A listener's hand: from the knock to the call. PURE but for the protocol that it is given; no DOM. States and what moves them are
 * the table NEXT. While the person is on the stage nothing is asked here: the visit follows the room with its own ticket.
 *
 * @import {EventsAnswer, View} from "../../room/view.js"
 * @import {StageProtocol} from "../../room/protocol.js"
 *
 * @typedef {"down"|"sending"|"up"|"called"|"away"} HandState away: on the stage
 * @typedef {{ticket: string, name: string}} Kept what a reload must not lose
 *
 * @typedef {object} Means
 * @property {(ticket: string) => Pick<StageProtocol, "command"|"follow">} protocol
 * @property {(name: string, note: string) => Promise<{ticket: string}>} knock
 * @property {(ticket: string) => string} idOf a ticket's id
 * @property {{read: () => Kept|null, write: (kept: Kept|null) => void}} memory
 */

/** @type {Record<string, Partial<Record<HandState, HandState>>>} */
const NEXT = {
  send: { down: "sending" },
  failed: { sending: "down" },
  raised: { sending: "up", down: "up", up: "up", called: "up" },
  called: { sending: "called", down: "called", up: "called", called: "called" },
  lowered: { sending: "down", up: "down", called: "down" },
  go: { called: "away" },
  back: { away: "down" },
  over: { sending: "down", up: "down", called: "down", away: "away" },
};

/** A kept ticket that the stage does not take any more: knock again. */
const STALE = new Set(["ticket_revoked", "ticket_expired", "ticket_forged", "ticket_malformed", "ticket_wrong_room", "ticket_in_use"]);

export class Hand extends EventTarget {
  /** @type {HandState} */ state = "down";
  /** Why it came down, as the end of a sentence's id; empty when there is nothing to say. */ said = "";
  place = 0;
  /** The stage cannot be asked now. */ lost = false;
  /** The speaker's ticket that a call brought. @type {string|null} */ ticket = null;
  #means;
  /** Tickets of calls that are over: the stage may still show one for a moment. @type {Set<string>} */ #done = new Set();
  /** @type {Pick<StageProtocol, "command"|"follow">|null} */ #protocol = null;
  #unfollow = () => {};

  /** @param {Means} means */
  constructor(means) {
    super();
    this.#means = means;
  }

  /** After a reload: is the hand still up, or called? Says nothing if not. */
  resume() {
    const kept = this.#means.memory.read();
    if (kept) this.#follow(kept.ticket);
  }

  /**
   * Knocks if there is no ticket of that name, then raises the hand.
   * @param {string} name @param {string} note
   * @throws {import("../../room/protocol.js").StageError} the refusal, with the state back at "down"
   */
  async raise(name, note) {
    if (!this.#step("send")) return;
    try {
      const kept = this.#means.memory.read();
      let ticket = kept && kept.name === name ? kept.ticket : null;
      if (ticket && !(await this.#ask(ticket, note, true))) ticket = null;
      if (!ticket) {
        ticket = (await this.#means.knock(name, note)).ticket;
        this.#means.memory.write({ ticket, name });
        await this.#ask(ticket, note, false);
      }
      this.#follow(ticket);
    } catch (error) {
      this.#step("failed");
      throw error;
    }
  }

  /** @param {string} ticket @param {string} note @param {boolean} old @returns {Promise<boolean>} false: knock again */
  async #ask(ticket, note, old) {
    try {
      await this.#means.protocol(ticket).command("hands.raise", { note });
      return true;
    } catch (error) {
      const code = /** @type {{code?: string}} */ (error).code ?? "";
      if (code === "hand_up_already") return true;
      if (old && STALE.has(code)) return false;
      throw error;
    }
  }

  async lower() {
    const protocol = this.#protocol;
    this.#rest("lowered", "own_lowered");
    await protocol?.command("hands.lower").catch(() => undefined);
  }

  /** A call is not taken up: the speaker's ticket is given back. */
  async decline() {
    const ticket = this.ticket;
    if (!ticket) return;
    this.#done.add(this.#means.idOf(ticket));
    this.#rest("lowered", "not_now");
    await this.#means.protocol(ticket).command("hands.step_down").catch(() => undefined);
  }

  /** Goes to the stage. @returns {string|null} the ticket to go with */
  go() {
    const ticket = this.ticket;
    if (!ticket || !this.#step("go")) return null;
    this.#done.add(this.#means.idOf(ticket));
    this.#unfollow();
    this.#unfollow = () => {};
    return ticket;
  }

  /** Came back from the stage. @param {string} said */
  back(said) {
    this.#rest("back", said);
  }

  leave() {
    this.#unfollow();
  }

  /** @param {string} ticket */
  #follow(ticket) {
    this.#unfollow();
    const protocol = (this.#protocol = this.#means.protocol(ticket));
    this.#unfollow = protocol.follow({
      events: (answer) => this.#hear(answer),
      link: (link) => this.#change({ lost: link.state === "lost" }),
      refused: (refusal) => {
        this.#means.memory.write(null);
        this.#rest("over", refusal.code === "room_over" || refusal.code === "ticket_expired" || this.state === "down" ? "" : "lowered");
      },
    });
  }

  /** @param {EventsAnswer} answer */
  #hear(answer) {
    const view = answer.events.reduce((last, event) => (event.type === "view" ? event.view : last), /** @type {View|null} */ (null));
    const hands = view?.features.hands;
    if (!view || this.state === "away") return;
    if (view.room.state === "ended" || view.room.state === "replay") return this.#rest("over", "");
    const ticket = hands?.called?.ticket ?? null;
    if (ticket && !this.#done.has(this.#means.idOf(ticket))) {
      this.ticket = ticket;
      this.said = "";
      this.#step("called");
    } else if (hands?.place > 0) {
      this.place = hands.place;
      this.#step("raised");
    } else {
      this.#rest("lowered", this.state === "called" ? "taken_back" : "lowered");
    }
  }

  /** The hand is down: nothing more is asked. @param {string} event @param {string} said */
  #rest(event, said) {
    this.#unfollow();
    this.#unfollow = () => {};
    this.ticket = null;
    this.place = 0;
    if (NEXT[event]?.[this.state]) this.said = said;
    this.#step(event);
  }

  /** @param {string} event */
  #step(event) {
    const next = NEXT[event]?.[this.state];
    if (!next) return false;
    if (event === "send") this.said = "";
    this.#change({ state: next });
    return true;
  }

  /** @param {Partial<Pick<Hand, "state"|"lost">>} to */
  #change(to) {
    Object.assign(this, to);
    this.dispatchEvent(new Event("change"));
  }
}
