/** What the live player and the replay share: fetching that gives up in time, and a MediaSource whose calls can be awaited. */

export const AAC = 'audio/mp4; codecs="mp4a.40.2"';
export const canMse = () => "MediaSource" in globalThis && MediaSource.isTypeSupported(AAC);

/** A file that is not there (yet, or any more). */
export class Missing extends Error {}

/** @param {number} low_ms @param {number} high_ms @param {AbortSignal} signal */
export const pause = (low_ms, high_ms, signal) =>
  new Promise((done, fail) => {
    const timer = setTimeout(done, low_ms + Math.random() * (high_ms - low_ms));
    signal.addEventListener("abort", () => (clearTimeout(timer), fail(signal.reason)), { once: true });
  });

/**
 * @param {string} url @param {AbortSignal} signal @param {number} [patience_ms]
 * @returns {Promise<Response>} @throws {Missing|TypeError|DOMException} a 404; no network; too late
 */
export async function get(url, signal, patience_ms = 4000) {
  const limit = new AbortController();
  const stop = () => limit.abort(signal.reason);
  const timer = setTimeout(() => limit.abort(new DOMException("too late", "TimeoutError")), patience_ms);
  signal.addEventListener("abort", stop);
  try {
    const answer = await fetch(url, { signal: limit.signal, credentials: "omit" });
    if (answer.status === 404) throw new Missing(url);
    if (!answer.ok) throw new Error(`${answer.status} ${url}`);
    const body = await answer.arrayBuffer();
    return new Response(body, { headers: { "x-url": answer.url } });
  } finally {
    clearTimeout(timer);
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
  #url = "";

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    this.audio = audio;
    this.#media = new MediaSource();
    this.#url = URL.createObjectURL(this.#media);
    this.opened = once(this.#media, "sourceopen").then(() => {
      URL.revokeObjectURL(this.#url);
      this.#buffer = this.#media.addSourceBuffer(AAC);
    });
    audio.src = this.#url;
  }

  get alive() {
    return this.#media.readyState !== "closed" && !this.audio.error;
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
      if (!buffer || !this.alive) throw new Error("the source is closed");
      const over = once(buffer, "updateend");
      call(buffer);
      await over;
    });
    this.#last = mine.catch(() => {});
    return mine;
  }
}
