/** Plays a recording: ordinary on-demand HLS, a minute ahead, any position. Same shape as the live player, and a `position_s` to set. */
import { read } from "./playlist.js";
import { canMse, get, pause, Source } from "./source.js";

const AHEAD_S = 60;

export class Replay extends EventTarget {
  /** @type {import("./player.js").State} */ state = "idle";
  /** @type {import("./player.js").Trouble} */ trouble = "";
  duration_s = 0;
  /** @type {{url: string, at_s: number, end_s: number, offset_s: number}[]} */ #rows = [];
  /** @type {Source|null} */ #source = null;
  /** @type {AbortController|null} */ #run = null;
  #map = "";
  #moved = () => {};

  /** @param {string} key @param {HTMLAudioElement} [audio] @param {string} [origin] */
  constructor(key, audio = new Audio(), origin = location.origin) {
    super();
    this.audio = audio;
    this.url = `${origin}/replay/${key}/index.m3u8`;
    this.native = !canMse();
    this.supported = !this.native || audio.canPlayType("application/vnd.apple.mpegurl") !== "";
    for (const [type, state] of /** @type {const} */ ([["playing", "playing"], ["waiting", "waiting"], ["pause", "idle"], ["ended", "ended"]]))
      audio.addEventListener(type, () => this.#say(state));
    for (const type of ["timeupdate", "seeking"]) audio.addEventListener(type, () => this.#moved());
    audio.addEventListener("durationchange", () => this.native && (this.duration_s = audio.duration));
  }

  /** What is heard, in milliseconds since 1970: the day it was said. */
  get heard_ms() {
    const at_s = this.audio.currentTime;
    const row = this.#rows.find((one) => one.end_s > at_s);
    return row && this.state !== "idle" ? (at_s - row.offset_s) * 1000 : null;
  }

  get position_s() {
    return this.audio.currentTime;
  }

  set position_s(at_s) {
    this.audio.currentTime = at_s;
  }

  set volume(/** @type {number} */ volume) {
    this.audio.volume = volume;
  }

  async play() {
    if (!this.#run) {
      this.#run = new AbortController();
      this.#say("joining");
      if (this.native) this.audio.src = this.url;
      else {
        this.#source = new Source(this.audio);
        void this.#feed(this.#source, this.#run.signal);
      }
    }
    await this.audio.play().catch((error) => error.name === "NotAllowedError" && this.#say("blocked"));
  }

  stop() {
    this.audio.pause();
  }

  /** @param {Source} source @param {AbortSignal} signal */
  async #feed(source, signal) {
    for (;;) {
      try {
        if (!this.#rows.length) await this.#list(source, signal);
        const at_s = this.audio.currentTime;
        const end_s = source.end_s(at_s);
        const row = this.#rows.find((one) => one.end_s > end_s + 0.05);
        if (row && end_s - at_s < AHEAD_S) {
          await source.append(await (await get(row.url, signal)).arrayBuffer(), row.offset_s);
          await source.remove(0, this.audio.currentTime - AHEAD_S);
        } else await new Promise((done) => ((this.#moved = () => done(null)), setTimeout(done, 1000)));
        this.trouble = "";
      } catch (error) {
        this.trouble = navigator.onLine ? "server" : "net";
        this.dispatchEvent(new Event("change"));
        await pause(500, 2000, signal);
      }
    }
  }

  /** @param {Source} source @param {AbortSignal} signal */
  async #list(source, signal) {
    let url = this.url;
    let text = await (await get(url, signal)).text();
    const variant = /#EXT-X-STREAM-INF.*\n(.+)/.exec(text);
    if (variant) text = await (await get((url = new URL(variant[1], url).href), signal)).text();
    const list = read(text, url);
    this.#map = list.map;
    let at_s = 0;
    this.#rows = list.pieces.map((piece) => {
      const row = { url: piece.url, at_s, end_s: at_s + piece.duration_s, offset_s: at_s - piece.start_s };
      at_s = row.end_s;
      return row;
    });
    this.duration_s = at_s;
    await source.append(await (await get(this.#map, signal)).arrayBuffer(), 0);
    source.length(at_s);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {import("./player.js").State} state */
  #say(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
