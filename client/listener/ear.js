/**
 * What a live player is to its page, whichever way the sound comes to it. Fires "change" whenever `state` or `trouble` changes.
 *
 * @typedef {"idle"|"joining"|"playing"|"waiting"|"blocked"|"ended"} State
 * @typedef {""|"net"|"server"|"closed"} Trouble net: no network; server: no answer; closed: nothing there yet
 */
const BEHIND_MS = 300;

export class Ear extends EventTarget {
  /** @type {State} */ state = "idle";
  /** @type {Trouble} */ trouble = "";
  stalls = 0;
  /** Whole segments only: what a newcomer plays in a brownout. */ plain = false;
  supported = true;
  /** From play to stop. @type {AbortController|null} */ run = null;
  /** The room's time, null while it is not known. @type {() => number|null} */ now_ms = () => null;
  /** Seconds that may be jumped of so many too many, so that no word is lost. @type {(excess_s: number) => number} */ leap_s = () => 0;
  #volume = 1;

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    super();
    this.audio = audio;
    audio.addEventListener("playing", () => this.run && this.say("playing"));
    audio.addEventListener("waiting", () => this.run && this.state === "playing" && !audio.seeking && (this.stalls++, this.say("waiting"), this.stalled()));
    audio.addEventListener("ended", () => this.run && (this.stop(), this.say("ended")));
    // A lock screen or a headphone's button may pause the element behind our back; live sound that waits is old sound.
    audio.addEventListener("pause", () => this.run && !audio.ended && audio.src && !audio.seeking && this.#paused());
    for (const type of ["online", "pageshow", "visibilitychange"]) addEventListener(type, () => this.run && !document.hidden && this.hurry());
  }

  /** Program date time of what is heard, in milliseconds since 1970; null while nothing is. @returns {number|null} */
  get heard_ms() {
    return null;
  }

  /** To be called in a click. Resolves when sound comes or the browser holds it back. */
  async play() {
    if (this.run) return;
    this.run = new AbortController();
    this.say("joining");
    this.audio.volume = this.#volume;
    this.begin(this.run.signal);
    await this.start();
  }

  stop() {
    this.run?.abort(new DOMException("stopped", "AbortError"));
    this.run = null;
    this.audio.removeAttribute("src");
    this.audio.load();
    this.trouble = "";
    this.say("idle");
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

  /** Fetches sound until the signal. @param {AbortSignal} _run */
  begin(_run) {}

  /** The network, or somebody's eye, is back: no more waiting. */
  hurry() {}

  /** Sound ran out. */
  stalled() {}

  async start() {
    const run = this.run;
    try {
      await this.audio.play();
    } catch (error) {
      if (run !== this.run || !(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.stop();
      this.say("blocked");
    }
  }

  async #paused() {
    const run = this.run;
    await new Promise((done) => setTimeout(done, BEHIND_MS));
    if (run === this.run && run && this.audio.paused && !this.audio.ended) this.stop();
  }

  /** @param {State} state */
  say(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Trouble} trouble */
  fail(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}
