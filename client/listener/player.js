/**
 * Plays a room live: joins at the hold-back behind the newest part, then asks for each next part by its number, which the edge answers when
 * the part is there. One request a part, none for the playlist. It never gives up: whatever fails is tried again, past every cache, spread
 * in time so that a crowd does not come back in step; after a hole the sound goes on behind it.
 */
import { Ear } from "./ear.js";
import { check, fileName, following, placeAt, SEGMENT_S, start_s } from "./parts.js";
import { read } from "./playlist.js";
import { get, LATE_MS, Missing, pause, Refused, Source, spread_ms, TRIED_MAX_MS, variant } from "./source.js";

const KEPT_S = 30;
const RATE_MAX = 1.05;
/** A distance that is a different conversation: it is jumped, whoever speaks. */
const FAR_S = 20;
/** A hole in the numbers that is not waited through. */
const JUMP_S = 6;
/** A playlist that ends so long ago is somebody's old copy, or nobody makes sound. */
const STALE_S = 15;
const DECAY_MS = 60_000;
const DRY_S = 0.3;
/** Of the distance that it should keep: from where on a dry player plays again, and below which it lags a little. */
const FULL = 0.75, LOW = 0.7;
const CLEAN_S = 10;
const STILL_MS = 5000;
/** A part that is late by its own length is not waited for alone: as many as the edge parks are under way then. */
const AHEAD_MAX = 2;

export class Player extends Ear {
  /** Seconds that the newest part's end is ahead of the ear, just after it came. */
  ahead_s = 0;
  /** @type {Source|null} */ #source = null;
  /** The next part. @type {import("./parts.js").Place|null} */ #next = null;
  /** What is under way: cut short by `hurry`. */ #turn = new AbortController();
  /** Parts asked for before their turn. @type {Map<string, Promise<{body: ArrayBuffer}>>} */ #early = new Map();
  /** Sources that died since sound was last clean: what killed them may lie in the browser's cache. */ #deaths = 0;
  #zero_s = 0;
  #part_s = 0.96;
  #hold_s = 2.88;
  #extra_s = 0;
  #stall_ms = 0;
  #came_ms = 0;
  /** It holds still until it has a buffer. */ #dry = false;
  #still = { at_s: -1, ms: 0 };
  #url;

  /** @param {string} key @param {HTMLAudioElement} [audio] @param {string} [origin] */
  constructor(key, audio = new Audio(), origin = location.origin) {
    super(audio);
    this.#url = `${origin}/live/${key}/${variant}/`;
  }

  /** @override */
  get heard_ms() {
    return this.state === "playing" || this.state === "waiting" ? (this.#zero_s + this.audio.currentTime) * 1000 : null;
  }

  /** @override @param {AbortSignal} run */
  begin(run) {
    this.#open();
    void this.#go(run);
  }

  /** @override */
  stop() {
    super.stop();
    this.#turn.abort();
    this.#source = this.#next = null;
    this.#deaths = 0;
  }

  /** @override */
  hurry() {
    if (this.trouble || performance.now() - this.#came_ms > this.#part_s * 1000 + LATE_MS) this.#turn.abort();
  }

  /** @param {AbortSignal} run */
  async #go(run) {
    for (let tries = 0; !run.aborted; ) {
      const { signal } = (this.#turn = new AbortController());
      try {
        if (!this.#source?.alive) {
          this.#again();
          await pause(0, Math.min(TRIED_MAX_MS, 250 * 2 ** this.#deaths), signal);
        }
        if (!this.#next) await this.#join(signal, tries);
        else if (!(await this.#step(signal, tries))) return;
        tries = 0;
        this.fail("");
      } catch (error) {
        if (run.aborted) return;
        tries++;
        const hurried = signal.aborted;
        if (tries > 1 && !hurried) this.fail(this.#why(error, tries));
        this.#turn.abort();
        this.#early.clear();
        await this.#rest(error, hurried ? 0 : tries);
      }
    }
  }

  /** @param {unknown} error @param {number} tries @returns {import("./ear.js").Trouble} */
  #why(error, tries) {
    if (error instanceof Missing) return !this.#next ? "closed" : tries > 5 ? "server" : "";
    return !navigator.onLine || error instanceof TypeError ? "net" : "server";
  }

  /** @param {unknown} error @param {number} tries */
  async #rest(error, tries) {
    const [low_ms, high_ms] = spread_ms(tries, this.#left_s(), error instanceof Refused ? error.wait_ms : 0, error instanceof Missing && this.#next !== null);
    this.#turn = new AbortController();
    await pause(low_ms, high_ms, this.#turn.signal).catch(() => {});
  }

  #open() {
    this.#source = new Source(this.audio);
    this.#next = null;
    this.#zero_s = 0;
    this.#still.ms = performance.now();
    this.#lively();
  }

  #lively() {
    this.#dry = false;
    this.audio.playbackRate = 1;
  }

  /** A new source in place of one that died of what it was fed. */
  #again() {
    if (this.state === "playing") this.say("waiting");
    this.#deaths++;
    this.#open();
    void this.start();
  }

  #left_s() {
    const at_s = this.audio.currentTime;
    return this.#source ? this.#source.end_s(at_s) - at_s : 0;
  }

  /** @param {string} name @param {AbortSignal} signal @param {number} tries */
  async #list(name, signal, tries) {
    const { url, body } = await get(this.#url + name, signal, 0, tries);
    return read(new TextDecoder().decode(body), url);
  }

  /** From the playlist: the init section and the newest parts, all at once. @param {AbortSignal} signal @param {number} tries */
  async #join(signal, tries) {
    const list = await this.#list(this.plain ? "plain.m3u8" : "live.m3u8", signal, tries);
    const newest = list.pieces.at(-1), source = this.#source;
    if (!newest || !source) throw new Missing("an empty playlist");
    const part_s = (this.#part_s = list.partTarget_s || SEGMENT_S);
    this.#hold_s = list.holdBack_s || 3 * SEGMENT_S;
    // The newest part is half a part old on the average.
    let from_s = newest.start_s + newest.duration_s - this.#hold_s + part_s / 2 - this.#extra_s;
    let wanted = list.pieces.filter((piece) => piece.start_s + piece.duration_s > from_s).map((piece) => ({ msn: piece.msn, part: piece.part ?? 0 }));
    if (!list.ended && this.#past(newest.start_s + newest.duration_s)) {
      if (tries < 2) throw new Refused("an old playlist");
      from_s = Number(this.now_ms()) / 1000 - this.#hold_s;
      wanted = [placeAt(from_s, part_s)];
    }
    const [init, ...sound] = await Promise.all([list.map, ...wanted.map((place) => this.#url + fileName(place, part_s))]
      .map(async (url, at) => check((await get(url, signal, 0, this.#deaths + tries)).body, wanted[at - 1], part_s)));
    const first_s = start_s(wanted[0], part_s);
    this.#zero_s ||= Math.floor(first_s);
    await source.append(init, -this.#zero_s);
    for (const bytes of sound) await source.append(bytes, -this.#zero_s);
    this.audio.currentTime = Math.max(from_s, first_s) - this.#zero_s + 0.02;
    this.#lively();
    this.#next = following(wanted[wanted.length - 1], part_s);
    this.#came_ms = performance.now();
    if (list.ended) await source.finish();
  }

  /** Whether a moment of the program is long past, as far as the room's time is known. @param {number} at_s */
  #past(at_s) {
    const now_ms = this.now_ms();
    return now_ms !== null && at_s < now_ms / 1000 - STALE_S;
  }

  /** The next part, when it is there. False: the program has ended. @param {AbortSignal} signal @param {number} tries */
  async #step(signal, tries) {
    const place = /** @type {import("./parts.js").Place} */ (this.#next);
    const source = /** @type {Source} */ (this.#source);
    const whole = this.#part_s >= SEGMENT_S;
    // A whole segment is parked in its last three parts only (`hls/reload.py`).
    const since_ms = performance.now() - this.#came_ms;
    if (whole && !tries) await pause(Math.max(0, 3000 - since_ms), Math.max(0, 3500 - since_ms), signal);
    const due_ms = Math.max(0, (whole ? 1 : this.#part_s) * 1000 - since_ms);
    const lagging = setTimeout(() => whole || this.#ahead(place, signal), this.#left_s() < this.#hold_s * LOW ? 0 : due_ms + this.#part_s * 1000);
    try {
      const { body } = await this.#take(place, signal, due_ms, this.#deaths + tries);
      await source.append(check(body, place, this.#part_s), -this.#zero_s);
    } catch (error) {
      if (error instanceof Missing || (error instanceof Refused && tries > 1)) return this.#reread(signal, tries, place);
      throw error;
    } finally {
      clearTimeout(lagging);
    }
    this.#next = following(place, this.#part_s);
    this.#came_ms = performance.now();
    this.#steer();
    if (this.audio.currentTime > CLEAN_S) this.#deaths = 0;
    if (!this.#stuck()) await source.remove(0, this.audio.currentTime - KEPT_S);
    return true;
  }

  /** @param {import("./parts.js").Place} place @param {AbortSignal} signal @param {number} due_ms @param {number} tries */
  #take(place, signal, due_ms, tries) {
    const name = fileName(place, this.#part_s), early = this.#early.get(name);
    const ask = () => get(this.#url + name, signal, due_ms, tries);
    this.#early.delete(name);
    return early?.catch(ask) ?? ask();
  }

  /** Asks for the parts behind this one too. @param {import("./parts.js").Place} place @param {AbortSignal} signal */
  #ahead(place, signal) {
    for (let n = 1; n <= AHEAD_MAX; n++) {
      place = following(place, this.#part_s);
      const name = fileName(place, this.#part_s);
      if (this.#early.has(name)) continue;
      const early = get(this.#url + name, signal, n * this.#part_s * 1000, this.#deaths);
      early.catch(() => {});
      this.#early.set(name, early);
    }
  }

  /**
   * The part is not there, or never whole: the program is over, or there is a hole, or it is yet to come.
   * @param {AbortSignal} signal @param {number} tries @param {import("./parts.js").Place} place
   */
  async #reread(signal, tries, place) {
    const { msn, part } = place, whole = this.#part_s >= SEGMENT_S;
    this.#early.clear();
    const list = await this.#list(whole ? "plain.m3u8" : `live.m3u8?_HLS_msn=${msn}&_HLS_part=${part}`, signal, tries);
    const due_s = start_s(place, this.#part_s);
    // A part that was asked for often enough, or twice while the buffer ends, is given up for the one behind it.
    const from_s = due_s + (tries > 2 || (tries && this.#left_s() < 1) ? 0.01 : -0.01);
    const after = list.pieces.find((piece) => piece.start_s > from_s);
    if (!after && list.ended) {
      await this.#source?.finish();
      return false;
    }
    if (after && after.start_s > due_s + 0.01) this.#next = after.start_s - due_s > JUMP_S ? null : { msn: after.msn, part: after.part ?? 0 };
    else if (!after && this.#past(due_s)) this.#next = null;
    else throw new Missing("not yet");
    return true;
  }

  /** Keeps the distance to the newest part, without anybody hearing it; jumps a hole, a pause, and a distance that is a different conversation. */
  #steer() {
    const { audio } = this;
    this.#hole();
    const goal_s = this.#hold_s + this.#extra_s;
    this.ahead_s = this.#left_s();
    const far_s = this.ahead_s - goal_s;
    const jump_s = far_s > FAR_S ? far_s : far_s > 1 ? this.leap_s(far_s) : 0;
    if (jump_s > 0) {
      audio.currentTime += jump_s;
      this.ahead_s -= jump_s;
    }
    const excess_s = far_s - jump_s;
    // Before a hole nothing more comes: what is there is played.
    this.#dry &&= this.ahead_s < goal_s * FULL && this.#source?.after_s(audio.currentTime) === undefined;
    audio.playbackRate = this.#dry ? 0 : excess_s > 0.1 ? Math.min(RATE_MAX, 1.01 + excess_s / 20) : this.ahead_s < goal_s * LOW ? 0.97 : 1;
    if (this.#extra_s && performance.now() - this.#stall_ms > DECAY_MS) {
      this.#extra_s -= this.#part_s / 2;
      this.#stall_ms = performance.now();
    }
  }

  /** A browser that has run dry stands a little before the end of what it has. */
  #hole() {
    const at_s = this.#left_s() < (this.state === "waiting" ? DRY_S : 0.05) ? this.#source?.after_s(this.audio.currentTime) : undefined;
    if (at_s === undefined) return;
    this.audio.currentTime = at_s + 0.02;
    this.#runDry(4); // a word was lost: no silence on top of it
  }

  /** One silence until there is a buffer again, in place of many short ones. @param {number} [share] of the hold-back that is one */
  #runDry(share = 2) {
    this.#dry = this.#left_s() < this.#hold_s / share;
    this.audio.playbackRate = this.#dry ? 0 : 1;
  }

  /** Sound is there and none comes out: whatever the browser is stuck in, a new source is not. */
  #stuck() {
    const at_s = this.audio.currentTime, ms = performance.now();
    if (at_s !== this.#still.at_s || this.#left_s() < this.#hold_s / 2 || this.audio.paused || document.hidden) this.#still = { at_s, ms };
    if (ms - this.#still.ms < STILL_MS) return false;
    this.#again();
    return true;
  }

  /** @override */
  stalled() {
    this.#stall_ms = performance.now();
    this.#extra_s = Math.min(this.#extra_s + this.#part_s / 2, 3 * this.#part_s);
    this.#runDry();
    this.#hole();
  }
}
