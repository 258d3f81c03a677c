/**
 * A listener's visit to the stage, on the page where he listens. One thing after the other, so that the stream and the microphone are
 * never heard together: the stream fades out and stops, then the microphone opens, then the session. Back again: the session closes, then
 * the microphone, then the stream goes on. States and what moves them are the table NEXT.
 *
 * @import {StreamPlayer} from "./panel.js"
 * @import {Microphone} from "../../stage/microphone.js"
 * @import {StageProtocol} from "../../room/protocol.js"
 *
 * @typedef {"before"|"fading"|"opening"|"joined"|"over"} VisitState
 * @typedef {"stepped_down"|"removed"|"over"} Why
 */
import { RoomStore } from "../../room/store.js";
import { Monitor } from "../../stage/monitor.js";
import { StageSession } from "../../stage/session.js";
import { WakeLock } from "../../stage/wake-lock.js";
import { isOver, nameOf } from "../../room/view.js";

/** @type {Record<string, Partial<Record<VisitState, VisitState>>>} */
const NEXT = {
  go: { before: "fading" },
  silent: { fading: "opening" },
  sounding: { opening: "joined" },
  leave: { fading: "over", opening: "over", joined: "over" },
};

const UNHEARD_MS = 4000;
const WATCH_EVERY_MS = 1000;

export class Visit extends EventTarget {
  /** @type {VisitState} */ state = "before";
  /** @type {Why} */ why = "stepped_down";
  /** @type {RoomStore<{hushed: boolean}>} */ store = new RoomStore({ hushed: false });
  #player;
  #protocol;
  #lock = new WakeLock();
  #unfollow = () => {};
  /** @type {ReturnType<typeof setInterval>|undefined} */ #watching;
  #unheardSince_ms = 0;

  /** @param {{player: StreamPlayer, protocol: StageProtocol, microphone: Microphone, storage: Storage}} with_ */
  constructor({ player, protocol, microphone, storage }) {
    super();
    this.#player = player;
    this.#protocol = protocol;
    this.microphone = microphone;
    this.session = new StageSession(protocol);
    this.monitor = new Monitor(storage);
    this.session.addEventListener("stream", (event) => void this.monitor.hear(/** @type {CustomEvent} */ (event).detail));
    this.session.addEventListener("state", () => this.#sessionChanged());
    this.monitor.addEventListener("state", () => this.#changed());
  }

  get #over() {
    return this.state === "over";
  }

  get muted() {
    return this.store.state.hushed || (this.store.state.view?.you.muted ?? false);
  }

  /** The name of somebody else who muted us, or null. */
  get mutedBy() {
    const view = this.store.state.view;
    const by = view?.people.find((one) => one.person === view.you.person)?.muted_by;
    return view && by && by !== "self" && by !== view.you.person ? nameOf(view, by) : null;
  }

  /** To be called in a click. */
  async begin() {
    if (!this.#step("go")) return;
    this.#follow();
    await this.#player.fadeOut();
    if (this.#over) return void this.#player.resume(); // left while it faded
    this.#player.stop();
    this.#step("silent");
    this.#lock.want(true);
    this.microphone.addEventListener("track", this.#tracked);
    this.microphone.addEventListener("state", this.#changed);
    await this.microphone.open();
    this.#changed();
  }

  /** Muting is at once, here; unmuting waits for nobody else. @param {boolean} muted */
  mute(muted) {
    this.store.set({ hushed: muted });
    this.#obey();
    this.#changed();
    const person = this.store.state.view?.you.person;
    if (person) void this.#protocol.command("mute", { person, muted }).catch(() => undefined);
  }

  /** @param {Why} why */
  leave(why) {
    if (!NEXT.leave?.[this.state]) return;
    const fading = this.state === "fading";
    this.why = why;
    this.#unfollow();
    clearInterval(this.#watching);
    this.microphone.removeEventListener("track", this.#tracked);
    this.microphone.removeEventListener("state", this.#changed);
    if (why === "stepped_down") void this.#protocol.command("hands.step_down").catch(() => undefined);
    void this.session.leave().catch(() => undefined); // hangs up now; the stage host hears of it when it can be reached
    this.monitor.stop();
    this.microphone.close();
    this.#lock.want(false);
    if (!fading) void this.#player.resume(); // else when it has faded: see begin
    this.#step("leave");
  }

  #follow() {
    this.#unfollow = this.#protocol.follow({
      events: (answer) => {
        this.store.take(answer);
        this.#obey();
        this.#changed();
        if (isOver(this.store.state.view)) this.leave("over");
      },
      link: (link) => link.state === "here" && this.session.hurry(),
      refused: (refusal) => this.leave(refusal.code === "room_over" || refusal.code === "ticket_expired" ? "over" : "removed"),
    });
    this.#watching = setInterval(() => this.#watch(), WATCH_EVERY_MS);
  }

  /** The stage hears nothing of us although we hear it: dial anew. */
  #watch() {
    const { view } = this.store.state;
    const unheard = this.session.state === "here" && view?.people.some((one) => one.person === view.you.person && one.link === "reconnecting");
    if (!unheard) this.#unheardSince_ms = 0;
    else if (!this.#unheardSince_ms) this.#unheardSince_ms = performance.now();
    else if (performance.now() - this.#unheardSince_ms > UNHEARD_MS) {
      this.#unheardSince_ms = 0;
      this.session.redial();
    }
  }

  #tracked = () => {
    const { track } = this.microphone;
    if (!track) return;
    this.#obey();
    this.#step("sounding");
    if (this.session.state === "away") this.session.join(track);
    else void this.session.replaceTrack(track);
  };

  #sessionChanged() {
    if (this.session.state === "refused") return this.leave(this.session.code === "room_over" || this.session.code === "ticket_expired" ? "over" : "removed");
    this.#changed();
  }

  #obey() {
    if (this.microphone.track) this.microphone.track.enabled = !this.muted;
  }

  #changed = () => {
    this.dispatchEvent(new Event("change"));
  };

  /** @param {string} event */
  #step(event) {
    const next = NEXT[event]?.[this.state];
    if (!next) return false;
    this.state = next;
    this.#changed();
    return true;
  }
}
