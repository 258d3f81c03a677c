/**
 * Keeps the screen awake while one is on the stage. The system takes the lock away whenever the page is out of sight; it is asked for again on return.
 */
export class WakeLock {
  #wanted = false;
  /** @type {WakeLockSentinel|null} */ #lock = null;

  constructor() {
    document.addEventListener("visibilitychange", () => void this.#take());
  }

  /** @param {boolean} wanted */
  want(wanted) {
    this.#wanted = wanted;
    if (wanted) return void this.#take();
    void this.#lock?.release().catch(() => undefined);
    this.#lock = null;
  }

  async #take() {
    if (!this.#wanted || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    if (this.#lock && !this.#lock.released) return;
    this.#lock = await navigator.wakeLock.request("screen").catch(() => null); // low battery may refuse: the talk goes on
  }
}
