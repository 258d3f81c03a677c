/**
 * The microphone: opened after consent, listened to for its level, tested by five recorded seconds, and got back by itself when it is
 * unplugged or a telephone call takes it. The one place that calls getUserMedia.
 *
 * States and what moves them are the table NEXT. Whoever sends the sound listens for `track`: the same track lives through every reconnection of
 * the session and is replaced only when the device is.
 */
import { FLOOR_DB, peakDb } from "../room/ballistics.js";

/** @typedef {"shut"|"asking"|"open"|"denied"|"none"|"busy"|"unplugged"|"interrupted"|"insecure"} MicrophoneState */

/** @type {Record<string, Partial<Record<MicrophoneState, MicrophoneState>>>} */
const NEXT = {
  ask: { shut: "asking", denied: "asking", none: "asking", busy: "asking", insecure: "asking" },
  opened: { asking: "open", open: "open", unplugged: "open", interrupted: "open", busy: "open", none: "open", denied: "open" },
  denied: { asking: "denied", open: "denied", unplugged: "denied", interrupted: "denied", busy: "denied", none: "denied" },
  none: { asking: "none", open: "unplugged" },
  busy: { asking: "busy", open: "busy", none: "busy", unplugged: "busy" },
  insecure: { asking: "insecure" },
  ended: { open: "unplugged", interrupted: "unplugged" },
  silenced: { open: "interrupted" },
  sounding: { interrupted: "open" },
  close: { asking: "shut", open: "shut", denied: "shut", none: "shut", busy: "shut", unplugged: "shut", interrupted: "shut", insecure: "shut" },
};

const HEAL_EVERY_MS = 1500;
const INTERRUPTED_AFTER_MS = 300; // tracks flicker mute for a moment when a device starts
const TEST_MS = 5000;
const CHOICE = "hustings.microphone";
const SWITCHES = /** @type {const} */ (["noiseSuppression", "autoGainControl"]);

/** @typedef {(typeof SWITCHES)[number]} Switch */

export class Microphone extends EventTarget {
  /** @type {MicrophoneState} */
  state = "shut";
  since_ms = 0;
  /** @type {MediaStreamTrack|null} */
  track = null;
  #storage;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #healing;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #silence;
  #asked = 0;
  /** @type {AudioContext|null} */ #context = null;
  /** @type {AnalyserNode|null} */ #analyser = null;
  /** @type {MediaStreamAudioSourceNode|null} */ #tap = null;
  #block = new Float32Array(2048);

  /** @param {Storage} storage where the choices are kept */
  constructor(storage) {
    super();
    this.#storage = storage;
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      this.dispatchEvent(new Event("devices"));
      if (this.#wounded) void this.#acquire();
    });
    for (const touch of ["pointerdown", "keydown"]) {
      document.addEventListener(touch, () => void this.#context?.resume()); // asleep until a first touch after a reload
    }
    void this.#watchPermission();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      void this.#context?.resume();
      if (this.#wounded) void this.#acquire(); // after a call a phone gives the microphone back only to a page in sight
    });
  }

  /** Permission given after all: go on without another press. */
  async #watchPermission() {
    const name = /** @type {PermissionName} */ ("microphone");
    const permission = await navigator.permissions?.query({ name }).catch(() => null);
    permission?.addEventListener("change", () => permission.state === "granted" && this.state === "denied" && void this.open());
  }

  get #wounded() {
    return ["unplugged", "interrupted", "none", "busy"].includes(this.state);
  }

  /** The chosen device's id, "" for the system's own choice. */
  get chosen() {
    return this.#kept(CHOICE) ?? "";
  }

  /** @param {string} slot */
  #kept(slot) {
    try {
      return this.#storage.getItem(slot);
    } catch {
      return null;
    }
  }

  /** @param {string} slot @param {string} value */
  #keep(slot, value) {
    try {
      this.#storage.setItem(slot, value);
    } catch {
      // a browser that keeps nothing asks again next time
    }
  }

  /** @param {Switch} name */
  switched(name) {
    return this.#kept(`hustings.${name}`) !== "off";
  }

  /** Opens it; the state tells how that went. Call after consent. */
  async open() {
    if (!this.#step("ask")) return;
    await this.#acquire();
  }

  /** @param {string} id */
  async choose(id) {
    this.#keep(CHOICE, id);
    if (this.state !== "shut") await this.#acquire();
  }

  /** @param {Switch} name @param {boolean} on */
  async turn(name, on) {
    this.#keep(`hustings.${name}`, on ? "on" : "off");
    if (this.state === "open") await this.#acquire();
  }

  close() {
    this.#asked += 1;
    clearTimeout(this.#healing);
    this.#let_go(this.track);
    this.track = null;
    this.#tap?.disconnect();
    this.#step("close");
  }

  /**
   * Microphones and headphones of this machine; names are empty before permission.
   * @returns {Promise<{microphones: {id: string, label: string}[], headphones: {id: string, label: string}[]}>}
   */
  async devices() {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const of = (/** @type {MediaDeviceKind} */ kind) =>
      all.filter((one) => one.kind === kind).map((one) => ({ id: one.deviceId, label: one.label }));
    return { microphones: of("audioinput"), headphones: of("audiooutput") };
  }

  /** @param {string} event @returns {boolean} whether the table knows it here */
  #step(event) {
    const next = NEXT[event]?.[this.state];
    if (!next) return false;
    const moved = next !== this.state;
    this.state = next;
    if (moved) {
      this.since_ms = performance.now();
      this.dispatchEvent(new Event("state"));
    }
    if (this.#wounded) this.#healLater();
    return true;
  }

  #healLater() {
    clearTimeout(this.#healing);
    this.#healing = setTimeout(() => void this.#acquire(), HEAL_EVERY_MS);
  }

  /** Takes the chosen device, else any; a later call makes an earlier one void. */
  async #acquire() {
    const asked = (this.#asked += 1);
    clearTimeout(this.#healing);
    if (!navigator.mediaDevices?.getUserMedia) return void this.#step("insecure");
    try {
      const stream = await this.#ask();
      const track = stream.getAudioTracks()[0] ?? null;
      if (asked !== this.#asked || !track) return this.#let_go(track);
      this.#take(track);
    } catch (error) {
      if (asked !== this.#asked) return;
      const name = error instanceof Error ? error.name : "";
      this.#step(name === "NotAllowedError" ? "denied" : name === "NotFoundError" ? "none" : "busy");
    }
  }

  async #ask() {
    const audio = {
      echoCancellation: true,
      noiseSuppression: this.switched("noiseSuppression"),
      autoGainControl: this.switched("autoGainControl"),
      channelCount: 1,
      sampleRate: 48_000,
    };
    const id = this.chosen;
    if (!id) return navigator.mediaDevices.getUserMedia({ audio });
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: { ...audio, deviceId: { exact: id } } });
    } catch (error) {
      if (error instanceof Error && error.name === "NotAllowedError") throw error;
      return navigator.mediaDevices.getUserMedia({ audio }); // the chosen one is gone: better another than none
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    const old = this.track;
    this.track = track;
    track.enabled = old?.enabled ?? true;
    if ("contentHint" in track) track.contentHint = "speech";
    track.addEventListener("ended", () => this.track === track && this.#step("ended"));
    track.addEventListener("mute", () => this.#quietened(track));
    track.addEventListener("unmute", () => {
      clearTimeout(this.#silence);
      if (this.track === track) this.#step("sounding");
    });
    this.#listen(track);
    this.#step("opened");
    this.dispatchEvent(new Event("track"));
    this.dispatchEvent(new Event("devices"));
    this.#let_go(old); // after the new one is in place: no moment without sound
    if (track.muted) this.#quietened(track);
  }

  /** The system took the microphone (a call, another app); `muted` is the browser's word for it. @param {MediaStreamTrack} track */
  #quietened(track) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.track === track && track.muted) this.#step("silenced");
    }, INTERRUPTED_AFTER_MS);
  }

  /** @param {MediaStreamTrack|null} track */
  #let_go(track) {
    track?.stop();
  }

  /** @param {MediaStreamTrack} track */
  #listen(track) {
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    void this.#context.resume();
    if (!this.#analyser) {
      this.#analyser = this.#context.createAnalyser();
      this.#analyser.fftSize = this.#block.length; // 43 ms at 48 kHz: no sample is missed between two pictures
    }
    this.#tap?.disconnect();
    this.#tap = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#tap.connect(this.#analyser);
  }

  /** Peak of the last 43 ms, dBFS: what the level meter asks for. */
  level() {
    if (!this.#analyser || this.state !== "open") return FLOOR_DB;
    this.#analyser.getFloatTimeDomainData(this.#block);
    return peakDb(this.#block);
  }

  /**
   * Records five seconds as they would be sent.
   * @param {AbortSignal} signal ends it early
   * @returns {Promise<Blob|null>} null when there is nothing to record or it was given up
   */
  async record(signal) {
    if (!this.track || typeof MediaRecorder === "undefined") return null;
    const recorder = new MediaRecorder(new MediaStream([this.track]));
    /** @type {Blob[]} */
    const pieces = [];
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    const done = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
    const stop = () => recorder.state !== "inactive" && recorder.stop();
    const timer = setTimeout(stop, TEST_MS);
    signal.addEventListener("abort", stop, { once: true });
    recorder.start();
    await done;
    clearTimeout(timer);
    return signal.aborted ? null : new Blob(pieces, { type: recorder.mimeType });
  }
}
