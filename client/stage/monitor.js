/**
 * The speaker's own ear: the clean feed (everybody but oneself), in the chosen headphones.
 */
const CHOICE = "hustings.headphones";
const VOLUME = "hustings.volume";

/**
 * @typedef {HTMLAudioElement & {setSinkId?: (id: string) => Promise<void>}} Speaker
 */

export class Monitor extends EventTarget {
  /** The browser waits for a touch before it plays. */
  blocked = false;
  #storage;
  /** @type {Speaker} */
  #ear;

  /** @param {Storage} storage where the choices are kept @param {Speaker} [ear] */
  constructor(storage, ear = new Audio()) {
    super();
    this.#storage = storage;
    this.#ear = ear;
    this.#ear.autoplay = true;
    this.#ear.volume = this.volume;
    document.addEventListener("pointerdown", () => this.blocked && void this.#play());
    document.addEventListener("keydown", () => this.blocked && void this.#play());
  }

  /** Whether headphones can be chosen here at all; otherwise the system's output plays. */
  get canChoose() {
    return typeof this.#ear.setSinkId === "function";
  }

  get chosen() {
    return this.#storage.getItem(CHOICE) ?? "";
  }

  get volume() {
    const kept = Number(this.#storage.getItem(VOLUME) ?? "1");
    return kept >= 0 && kept <= 1 ? kept : 1;
  }

  /** @param {number} volume 0..1 */
  set volume(volume) {
    this.#storage.setItem(VOLUME, String(volume));
    this.#ear.volume = volume;
  }

  /** @param {string} id */
  async choose(id) {
    this.#storage.setItem(CHOICE, id);
    await this.#route(this.#ear);
  }

  /** Headphones that were unplugged: the system's output plays until they are back. @param {Speaker} ear */
  async #route(ear) {
    if (!ear.setSinkId) return;
    await ear.setSinkId(this.chosen).catch(() => ear.setSinkId?.("").catch(() => undefined));
  }

  /** @param {MediaStream} stream */
  async hear(stream) {
    this.#ear.srcObject = stream;
    await this.#route(this.#ear);
    await this.#play();
  }

  async #play() {
    try {
      await this.#ear.play();
      this.blocked = false;
    } catch (error) {
      // AbortError: another stream has taken its place meanwhile
      this.blocked = error instanceof Error && error.name === "NotAllowedError";
    }
    this.dispatchEvent(new Event("state"));
  }

  stop() {
    this.#ear.srcObject = null;
  }

  /** Plays a recording in the same headphones; resolves at its end. @param {Blob} sound @param {AbortSignal} signal */
  async playBack(sound, signal) {
    /** @type {Speaker} */
    const ear = new Audio(URL.createObjectURL(sound));
    ear.volume = this.volume;
    await this.#route(ear);
    const over = new Promise((resolve) => {
      for (const end of ["ended", "error"]) ear.addEventListener(end, resolve, { once: true });
      signal.addEventListener("abort", resolve, { once: true });
    });
    try {
      if (!signal.aborted) await ear.play().then(() => over, () => undefined);
    } finally {
      ear.pause();
      URL.revokeObjectURL(ear.src);
    }
  }
}
