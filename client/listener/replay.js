/** Plays a recording: ordinary on-demand HLS, a minute ahead, any position. Same shape as the live player, and a `position_s` to set. */
import { read } from "./playlist.js";
import { canMse, get, pause, Source, variant } from "./source.js";

const AHEAD_S = 60;

export class Replay extends EventTarget {
  /** @type {import("./ear.js").State} */ state = "idle";
  /** @type {import("./ear.js").Trouble} */ trouble = "";
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
    this.native = !canMse(audio);
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
          await source.append((await get(row.url, signal)).body, row.offset_s);
          await source.remove(0, this.audio.currentTime - AHEAD_S);
        } else await new Promise((done) => ((this.#moved = () => done(null)), setTimeout(done, 1000)));
        this.trouble = "";
      } catch (error) {
        this.trouble = navigator.onLine ? "server" : "net";
        this.dispatchEvent(new Event("change"));
        await pause(500, 2000, signal);
        if (!source.alive) source = this.#anew();
      }
    }
  }

  /** A source that died of what it was fed: another, at the same place. */
  #anew() {
    const at_s = this.audio.currentTime;
    const source = (this.#source = new Source(this.audio));
    this.#rows = [];
    this.audio.addEventListener("loadedmetadata", () => (this.audio.currentTime = at_s), { once: true });
    void this.audio.play().catch(() => {});
    return source;
  }

  /** @param {Source} source @param {AbortSignal} signal */
  async #list(source, signal) {
    const list = await this.#read(this.url, signal);
    this.#map = list.map;
    let at_s = 0;
    this.#rows = list.pieces.map((piece) => {
      const row = { url: piece.url, at_s, end_s: at_s + piece.duration_s, offset_s: at_s - piece.start_s };
      at_s = row.end_s;
      return row;
    });
    this.duration_s = at_s;
    await source.append((await get(this.#map, signal)).body, 0);
    source.length(at_s);
    this.dispatchEvent(new Event("change"));
  }

  /** A media playlist, or of several the one that this browser plays. @param {string} url @param {AbortSignal} signal */
  async #read(url, signal) {
    let answer = await get(url, signal);
    let text = new TextDecoder().decode(answer.body);
    if (text.includes("#EXT-X-STREAM-INF")) {
      const named = text.split("\n").filter((line) => line && !line.startsWith("#"));
      answer = await get(new URL(named.find((line) => line.includes(`${variant}/`)) ?? named[0], answer.url).href, signal);
      text = new TextDecoder().decode(answer.body);
    }
    return read(text, answer.url);
  }

  /** @param {import("./ear.js").State} state */
  #say(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
