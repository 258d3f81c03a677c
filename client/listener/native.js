/** iPhone and iPad: the system's own player, which goes on when the screen is locked. It is begun anew when it fails, or says nothing for long. */
import { Ear } from "./ear.js";
import { pause } from "./source.js";

const WATCH_MS = 3000;
const SILENT_MS = 9000;
/** It begins 15 to 20 s back unless it is told to come to the newest sound. */
const FAR_S = 8;

export class NativePlayer extends Ear {
  #url;
  #tries = 0;
  #moved = { at_s: 0, ms: 0 };
  #turn = new AbortController();

  /** @param {string} key @param {HTMLAudioElement} [audio] @param {string} [origin] */
  constructor(key, audio = new Audio(), origin = location.origin) {
    super(audio);
    this.#url = `${origin}/live/${key}/`;
    this.supported = audio.canPlayType("application/vnd.apple.mpegurl") !== "";
    audio.addEventListener("error", () => this.run && this.audio.src && void this.#again());
    for (const type of ["loadedmetadata", "playing"]) audio.addEventListener(type, () => this.run && this.#toLive());
    setInterval(() => this.run && this.#watch(), WATCH_MS);
  }

  /** @override */
  get heard_ms() {
    const start = /** @type {{getStartDate?: () => Date}} */ (this.audio).getStartDate?.().getTime();
    return start && (this.state === "playing" || this.state === "waiting") ? start + this.audio.currentTime * 1000 : null;
  }

  /** @override */
  begin() {
    this.#tries = 0;
    this.#load();
  }

  /** @override */
  hurry() {
    if (this.trouble) this.#turn.abort();
  }

  #load() {
    this.#moved = { at_s: -1, ms: performance.now() };
    this.audio.src = this.#url + (this.plain ? "aac/plain.m3u8" : "index.m3u8");
  }

  async #again() {
    const run = this.run;
    if (this.state === "playing") this.say("waiting");
    this.fail(navigator.onLine ? "server" : "net");
    this.#turn.abort();
    const { signal } = (this.#turn = new AbortController());
    const moved = this.#moved;
    await pause(0, Math.min(8000, 500 * 2 ** this.#tries++), signal).catch(() => {});
    if (run !== this.run || !run || moved !== this.#moved) return;
    this.#load();
    void this.start();
  }

  #toLive() {
    const { seekable, currentTime } = this.audio;
    const end_s = seekable.length ? seekable.end(seekable.length - 1) : 0;
    if (Number.isFinite(end_s) && end_s - currentTime > FAR_S) this.audio.currentTime = end_s - 1;
  }

  /** The system's player was seen to stop without a word. */
  #watch() {
    const at_s = this.audio.currentTime, now_ms = performance.now();
    if (at_s !== this.#moved.at_s) {
      if (this.#moved.at_s > 0) (this.#tries = 0), this.fail("");
      this.#moved = { at_s, ms: now_ms };
    } else if (now_ms - this.#moved.ms > SILENT_MS) void this.#again();
  }
}
