/** What the live player and the replay share: fetching that gives up in time, and a MediaSource whose calls can be awaited. */

/** AAC wherever it plays; Opus for the browsers that were built without it. */
const KINDS = { aac: 'audio/mp4; codecs="mp4a.40.2"', opus: 'audio/mp4; codecs="opus"' };
const WEDGED_MS = 8000;
/** The longest that is waited before the next try, whatever a server asks for: somebody wants to hear. */
export const TRIED_MAX_MS = 8000;
/** An answer that has not begun so long after it was due is asked for again, so often at the most. */
export const LATE_MS = 1500;
const ASKED_MAX = 3;

/** An iPhone knows ManagedMediaSource alone. @type {typeof MediaSource|undefined} */
const Media = globalThis.MediaSource ?? Reflect.get(globalThis, "ManagedMediaSource");
const names = /** @type {("aac"|"opus")[]} */ (Object.keys(KINDS));
/** The folder of the sound that this browser plays; "" for none. */
export const variant = names.find((name) => Media?.isTypeSupported(KINDS[name])) ?? "";

/** What a touch screen of Apple's feeds by script falls silent when it is locked: there the system's own player goes first. */
export const canMse = (/** @type {HTMLAudioElement} */ audio) =>
  variant !== "" && !("ManagedMediaSource" in globalThis && navigator.maxTouchPoints > 1 && audio.canPlayType("application/vnd.apple.mpegurl"));

/** A file that is not there (yet, or any more). */
export class Missing extends Error {}

/** An answer that is none: a status, or bytes that are not what the name says. */
export class Refused extends Error {
  /** @param {string} words @param {number} [wait_ms] how long the server wants to be left alone */
  constructor(words, wait_ms = 0) {
    super(words);
    this.wait_ms = wait_ms;
  }
}

/** @param {number} low_ms @param {number} high_ms @param {AbortSignal} signal */
export const pause = (low_ms, high_ms, signal) =>
  new Promise((done, fail) => {
    const timer = setTimeout(done, low_ms + Math.random() * (high_ms - low_ms));
    signal.addEventListener("abort", () => (clearTimeout(timer), fail(signal.reason)), { once: true });
  });

/**
 * When to try again: anywhere between two bounds, so that a crowd which lost the same server in the same moment does not come back in step.
 * The upper bound grows, to two fifths of the silence so far; the first time it is as wide as what is buffered allows, which nobody hears.
 * @param {number} tries that failed, from 1 on @param {number} left_s seconds of sound in the buffer
 * @param {number} asked_ms what the server wants @param {boolean} late the server answers, and the part is not made yet
 */
export function spread_ms(tries, left_s, asked_ms, late) {
  const low_ms = Math.min(asked_ms, TRIED_MAX_MS);
  return [low_ms, low_ms + Math.max(late ? 1000 : Math.min(TRIED_MAX_MS, 350 * 1.2 ** tries), left_s * 500)];
}

/**
 * What says nothing may be a dead connection: while no answer begins, the same is asked once more after each `LATE_MS`, and the first answer counts.
 * @param {string} url @param {AbortSignal} signal @param {number} [due_ms] until it is made @param {number} [tries]
 * before this one: more patience, and past the browser's cache, since what it keeps may be what went wrong
 * @returns {Promise<{url: string, body: ArrayBuffer}>} @throws {Missing|Refused|TypeError|DOMException} a 404; a status; no network; too late
 */
export async function get(url, signal, due_ms = 0, tries = 0) {
  const limit = new AbortController(), answered = new AbortController();
  const stop = () => limit.abort(signal.reason);
  const late = () => new DOMException("too late", "TimeoutError");
  /** @param {number} asked @param {number} wait_ms @returns {Promise<Response>} */
  const ask = (asked, wait_ms) =>
    Promise.race([
      fetch(url, { signal: limit.signal, credentials: "omit", cache: asked + tries > 1 ? "reload" : "default" }),
      pause(wait_ms, wait_ms, answered.signal).then(() => {
        if (asked === ASKED_MAX) throw late();
        return ask(asked + 1, LATE_MS);
      }),
    ]);
  /** @type {ReturnType<typeof setTimeout>|undefined} */ let timer;
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const answer = await ask(1, due_ms + LATE_MS);
    answered.abort();
    if (answer.status === 404 || answer.status === 410) throw new Missing(url);
    const after = answer.headers.get("retry-after") ?? "";
    if (!answer.ok) throw new Refused(`${answer.status} ${url}`, 1000 * (+after || 0));
    timer = setTimeout(() => limit.abort(late()), LATE_MS * (3 + tries));
    return { url: answer.url || url, body: await answer.arrayBuffer() };
  } finally {
    clearTimeout(timer);
    answered.abort();
    limit.abort();
    signal.removeEventListener("abort", stop);
  }
}

/** @param {EventTarget} target @param {string} type @param {AbortSignal} [signal] */
export const once = (target, type, signal) =>
  new Promise((done, fail) => {
    target.addEventListener(type, done, { once: true, signal });
    signal?.addEventListener("abort", () => fail(signal.reason), { once: true });
  });

/** One audio element fed through one source buffer. */
export class Source {
  /** @type {MediaSource} */ #media;
  /** @type {SourceBuffer|undefined} */ #buffer;
  /** @type {Promise<void>} */ #last = Promise.resolve();
  #dead = false;

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    this.audio = audio;
    this.#media = new /** @type {typeof MediaSource} */ (Media)();
    if (!globalThis.MediaSource) audio.disableRemotePlayback = true; // or a ManagedMediaSource never opens
    const url = URL.createObjectURL(this.#media);
    this.opened = once(this.#media, "sourceopen", AbortSignal.timeout(WEDGED_MS)).then(() => {
      URL.revokeObjectURL(url);
      this.#buffer = this.#media.addSourceBuffer(KINDS[variant || "aac"]);
    });
    this.opened.catch(() => (this.#dead = true));
    audio.src = url;
  }

  /** False once a call failed, or the element met sound that it cannot decode: then a new source is due. One that is yet to open is closed too. */
  get alive() {
    return !this.#dead && (!this.#buffer || this.#media.readyState !== "closed") && !this.audio.error;
  }

  /** The end of what is buffered without a hole from `at_s` on; `at_s` itself when nothing is. @param {number} at_s */
  end_s(at_s) {
    const ranges = this.audio.buffered;
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) <= at_s + 0.1 && ranges.end(i) > at_s) return ranges.end(i);
    return at_s;
  }

  /** Where the sound goes on after a hole at `at_s`, if it does. @param {number} at_s */
  after_s(at_s) {
    const ranges = this.audio.buffered;
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) > at_s) return ranges.start(i);
    return undefined;
  }

  /**
   * @param {BufferSource} bytes @param {number} offset_s added to the times inside the bytes
   * @returns {Promise<void>} when the sound is in the buffer
   */
  append(bytes, offset_s) {
    return this.#do((buffer) => {
      if (buffer.timestampOffset !== offset_s) buffer.timestampOffset = offset_s;
      buffer.appendBuffer(bytes);
    });
  }

  /** @param {number} from_s @param {number} to_s */
  remove(from_s, to_s) {
    return to_s > from_s ? this.#do((buffer) => buffer.remove(from_s, to_s)) : this.#last;
  }

  /** @param {number} duration_s of a recording: without it a seek bar has no end */
  length(duration_s) {
    this.#media.duration = duration_s;
  }

  async finish() {
    await this.#last;
    if (this.#media.readyState === "open") this.#media.endOfStream();
  }

  /** One thing after another: a source buffer takes no second call while it works. @param {(buffer: SourceBuffer) => void} call */
  #do(call) {
    const mine = this.#last.then(async () => {
      await this.opened;
      const buffer = this.#buffer;
      if (!buffer || !this.alive) throw new Refused("the source is closed");
      try {
        const over = once(buffer, "updateend", AbortSignal.timeout(WEDGED_MS));
        call(buffer);
        await over;
      } catch (error) {
        this.#dead = true;
        throw error;
      }
    });
    this.#last = mine.catch(() => {});
    return mine;
  }
}
