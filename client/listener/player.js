/**
 * Plays a room live: joins at the hold-back behind the newest part, then asks for each next part by its number, which the edge answers when
 * the part is there. One request a part, none for the playlist. It never gives up: whatever fails is tried again, with jitter; after a
 * hole the playlist is read anew and the sound goes on behind it.
 *
 * Fires "change" whenever `state` or `trouble` changes. `heard_ms` is the program date time of what comes out of the speaker now.
 *
 * @typedef {"idle"|"joining"|"playing"|"waiting"|"blocked"|"ended"} State
 * @typedef {""|"net"|"server"|"closed"} Trouble net: no network; server: no answer; closed: nothing there yet
 */
import { read } from "./playlist.js";
import { canMse, get, Missing, once, pause, Source } from "./source.js";

const SEGMENT_S = 3.84;
const KEPT_S = 30;
const RATE_MAX = 1.05;
const JUMP_S = 6;

export class Player extends EventTarget {
  /** @type {State} */ state = "idle";
  /** @type {Trouble} */ trouble = "";
  /** Seconds that the newest part's end is ahead of the ear, just after it came. */
  ahead_s = 0;
  stalls = 0;
  /** @type {Source|null} */ #source = null;
  /** @type {AbortController|null} */ #run = null;
  /** The next part. @type {{msn: number, part: number}|null} */ #next = null;
  #zero_s = 0;
  #part_s = 0.96;
  #hold_s = 2.88;
  #extra_s = 0;
  #stall_ms = 0;
  #volume = 1;

  /** @param {string} key @param {HTMLAudioElement} [audio] @param {string} [origin] */
  constructor(key, audio = new Audio(), origin = location.origin) {
    super();
    this.audio = audio;
    this.native = !canMse();
    this.supported = !this.native || audio.canPlayType("application/vnd.apple.mpegurl") !== "";
    this.#url = `${origin}/live/${key}/`;
    audio.addEventListener("playing", () => this.#run && this.#say("playing"));
    audio.addEventListener("waiting", () => this.#stalled());
    audio.addEventListener("ended", () => this.#run && (this.stop(), this.#say("ended")));
    // A lock screen or a headphone's button may pause the element behind our back; live sound that waits is old sound.
    audio.addEventListener("pause", () => this.#run && !audio.ended && audio.src && !audio.seeking && this.#paused());
    audio.addEventListener("error", () => this.native && this.#run && this.#native());
  }
  #url;

  /** Program date time of what is heard, in milliseconds since 1970; null while nothing is. */
  get heard_ms() {
    if (this.state !== "playing" && this.state !== "waiting") return null;
    const at_s = this.audio.currentTime;
    if (!this.native) return (this.#zero_s + at_s) * 1000;
    const start = /** @type {{getStartDate?: () => Date}} */ (this.audio).getStartDate?.().getTime();
    return start ? start + at_s * 1000 : null;
  }

  /** To be called in a click. Resolves when sound comes or the browser holds it back. */
  async play() {
    if (this.#run) return;
    this.#run = new AbortController();
    this.#say("joining");
    this.audio.volume = this.#volume;
    if (this.native) this.#native();
    else this.#open();
    if (!this.native) void this.#go(this.#run.signal);
    await this.#start();
  }

  stop() {
    this.#run?.abort(new DOMException("stopped", "AbortError"));
    this.#run = this.#source = this.#next = null;
    this.audio.removeAttribute("src");
    this.audio.load();
    this.trouble = "";
    this.#say("idle");
  }

  resume() {
    return this.play();
  }

  /** Silence over 0.4 s, then nothing is fetched any more. */
  async fadeOut() {
    this.#volume = this.audio.volume;
    for (let step = 19; step >= 0; step--) {
      this.audio.volume = (this.#volume * step) / 20;
      await new Promise((done) => setTimeout(done, 20));
    }
    this.stop();
    this.audio.volume = this.#volume;
  }

  /** @param {number} volume 0 to 1 */
  set volume(volume) {
    this.audio.volume = this.#volume = volume;
  }

  /** @param {AbortSignal} signal */
  async #go(signal) {
    for (let tries = 0; !signal.aborted; ) {
      try {
        if (!this.#source?.alive) this.#open(), void this.#start();
        if (!this.#next) await this.#join(signal);
        if (!(await this.#step(signal))) return;
        tries = 0;
        this.#trouble("");
      } catch (error) {
        if (signal.aborted) return;
        tries = Math.min(tries + 1, 4);
        this.#trouble(error instanceof Missing ? (this.#next ? "" : "closed") : !navigator.onLine || error instanceof TypeError ? "net" : "server");
        await pause(150 * tries, 500 * tries, signal).catch(() => {});
      }
    }
  }

  #open() {
    this.#source = new Source(this.audio);
    this.#next = null;
    this.#zero_s = 0;
  }

  async #start() {
    const run = this.#run;
    try {
      await this.audio.play();
    } catch (error) {
      if (run !== this.#run || !(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.stop();
      this.#say("blocked");
    }
  }

  /** @param {AbortSignal} signal */
  async #list(signal) {
    const url = `${this.#url}aac/live.m3u8`;
    const answer = await get(url, signal);
    return read(await answer.text(), answer.headers.get("x-url") ?? url);
  }

  /** From the playlist: the init section and the newest parts, all at once. @param {AbortSignal} signal */
  async #join(signal) {
    const list = await this.#list(signal);
    const newest = list.pieces.at(-1);
    const source = this.#source;
    if (!newest || !source) throw new Missing("an empty playlist");
    this.#part_s = list.partTarget_s || SEGMENT_S;
    this.#hold_s = list.holdBack_s || 3 * SEGMENT_S;
    // The newest part is half a part old on the average.
    const from_s = newest.start_s + newest.duration_s - this.#hold_s + this.#part_s / 2 - this.#extra_s;
    const wanted = list.pieces.filter((piece) => piece.start_s + piece.duration_s > from_s);
    const [init, ...sound] = await Promise.all([list.map, ...wanted.map((piece) => piece.url)].map(async (url) => (await get(url, signal)).arrayBuffer()));
    this.#zero_s ||= Math.floor(wanted[0].start_s);
    await source.append(init, -this.#zero_s);
    for (const bytes of sound) await source.append(bytes, -this.#zero_s);
    this.audio.currentTime = Math.max(from_s, wanted[0].start_s) - this.#zero_s + 0.02;
    this.#next = this.#following(newest);
    if (list.ended) await source.finish();
  }

  /** The next part, when it is there. False: the program has ended. @param {AbortSignal} signal */
  async #step(signal) {
    const { msn, part } = /** @type {{msn: number, part: number}} */ (this.#next);
    const source = /** @type {Source} */ (this.#source);
    try {
      const name = this.#part_s < SEGMENT_S ? `s${msn}.${part}.m4s` : `s${msn}.m4s`;
      const bytes = await (await get(`${this.#url}aac/${name}`, signal, this.#part_s * 1000 + 3000)).arrayBuffer();
      await source.append(bytes, -this.#zero_s);
      this.#next = this.#following({ msn, part });
      this.#steer();
      await source.remove(0, this.audio.currentTime - KEPT_S);
      return true;
    } catch (error) {
      if (error instanceof Missing) return this.#reread(signal, msn, part);
      throw error;
    }
  }

  /** The part is not there: the program is over, or there is a hole, or it is yet to come. @param {AbortSignal} signal @param {number} msn @param {number} part */
  async #reread(signal, msn, part) {
    const list = await this.#list(signal);
    const due_s = msn * SEGMENT_S + part * this.#part_s;
    const after = list.pieces.find((piece) => piece.start_s > due_s - 0.01);
    if (!after && list.ended) {
      await this.#source?.finish();
      return false;
    }
    if (!after || after.start_s < due_s + 0.01) throw new Missing("not yet");
    this.#next = after.start_s - due_s > JUMP_S ? null : { msn: after.msn, part: after.part ?? 0 };
    return true;
  }

  /** @param {{msn: number, part: number|null}} piece */
  #following({ msn, part }) {
    const last = part === null || part + 1 >= Math.round(SEGMENT_S / this.#part_s);
    return last ? { msn: msn + 1, part: 0 } : { msn, part: part + 1 };
  }

  /** Keeps the distance to the newest part, without anybody hearing it; jumps a hole, and a distance that is a different conversation. */
  #steer() {
    const { audio } = this;
    const source = /** @type {Source} */ (this.#source);
    const end_s = source.end_s(audio.currentTime);
    const hole_s = end_s - audio.currentTime < 0.05 ? source.after_s(audio.currentTime) : undefined;
    if (hole_s !== undefined) audio.currentTime = hole_s + 0.02;
    const goal_s = this.#hold_s + this.#extra_s;
    this.ahead_s = source.end_s(audio.currentTime) - audio.currentTime;
    if (this.ahead_s > goal_s + JUMP_S) audio.currentTime += this.ahead_s - goal_s;
    const excess_s = this.ahead_s - goal_s;
    audio.playbackRate = excess_s > 0.1 ? Math.min(RATE_MAX, 1.01 + excess_s / 20) : this.ahead_s < goal_s * 0.4 ? 0.97 : 1;
    if (this.#extra_s && performance.now() - this.#stall_ms > 60_000) {
      this.#extra_s -= this.#part_s / 2;
      this.#stall_ms = performance.now();
    }
  }

  #stalled() {
    if (!this.#run || this.state !== "playing") return;
    this.stalls++;
    this.#stall_ms = performance.now();
    this.#extra_s = Math.min(this.#extra_s + this.#part_s / 2, 3 * this.#part_s);
    this.#say("waiting");
  }

  async #paused() {
    const run = this.#run;
    await new Promise((done) => setTimeout(done, 300));
    if (run === this.#run && run && this.audio.paused && !this.audio.ended) this.stop();
  }

  /** iPhone: the system's own player, which goes on when the screen is locked. */
  async #native() {
    const signal = this.#run?.signal;
    if (!signal || signal.aborted) return;
    if (this.audio.error) {
      this.#trouble(navigator.onLine ? "server" : "net");
      this.#say("waiting");
      if (!(await pause(400, 1500, signal).then(() => true, () => false))) return;
    }
    this.audio.src = `${this.#url}index.m3u8`;
    void once(this.audio, "playing", signal).then(() => this.#trouble(""), () => {});
    if (this.state === "waiting") void this.#start();
  }

  /** @param {State} state */
  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Trouble} trouble */
  #trouble(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}
