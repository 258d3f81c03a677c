/**
 * The page's own way for a voice, where a network blocks calls: Opus by WebCodecs through a WebSocket to the stage host, both ways
 * (docs/protocol.md). What it gives is what a call gives: a stream for the ear, a count of packets that came, and an end.
 */
import { StageError } from "../room/protocol.js";
import { BIT_RATE } from "./opus.js";
import { levelOf, pack, SAMPLES, unpack } from "./rtp.js";

const RATE_HZ = 48_000;
const ENCODING = { codec: "opus", sampleRate: RATE_HZ, numberOfChannels: 1, bitrate: BIT_RATE, opus: { frameDuration: 20_000 } };
const DECODING = { codec: "opus", sampleRate: RATE_HZ, numberOfChannels: 1 };
const OPEN_MS = 6000;
const UNSENT_MAX = 4096; // bytes: half a second of voice; what comes then is dropped, so that none is ever late
const TICK_US = 20_000;

export class SocketRoad extends EventTarget {
  /** Packets that came for the ear. */
  packets = 0;
  /** @type {WebSocket|null} */ #socket = null;
  #context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
  #out = this.#context.createMediaStreamDestination();
  /** @type {MediaStreamAudioSourceNode|null} */ #source = null;
  /** @type {AudioWorkletNode|null} */ #mouth = null;
  /** @type {AudioEncoder|null} */ #encoder = null;
  /** @type {AudioDecoder|null} */ #decoder = null;
  /** @type {number[]} */ #levels = [];
  #ssrc = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  #sequence = 0;
  #blocks = 0;
  #resume = () => void this.#context.resume();

  /** Whether this browser can send a voice by itself at all. */
  static async can() {
    if (typeof AudioEncoder === "undefined" || typeof AudioDecoder === "undefined" || typeof AudioWorkletNode === "undefined") return false;
    const [mouth, ear] = await Promise.all([
      AudioEncoder.isConfigSupported(/** @type {AudioEncoderConfig} */ (ENCODING)), AudioDecoder.isConfigSupported(DECODING),
    ]).catch(() => []);
    return Boolean(mouth?.supported && ear?.supported);
  }

  /** What the ear hears. */
  get stream() {
    return this.#out.stream;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /**
   * @param {{url: string, ticket: string, device: string}} stage
   * @param {MediaStreamTrack} track
   * @param {AbortSignal} signal gives it up
   * @returns {Promise<string>} the session's id
   * @throws {StageError} the stage host's refusal
   */
  async open(stage, track, signal) {
    for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, this.#resume);
    await this.#context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    const socket = (this.#socket = new WebSocket(stage.url));
    socket.binaryType = "arraybuffer";
    const session = await entered(socket, { ticket: stage.ticket, device: stage.device }, signal);
    socket.onmessage = ({ data }) => data instanceof ArrayBuffer && this.#take(data);
    socket.onclose = () => this.dispatchEvent(new Event("closed"));
    this.#listen();
    this.#speak();
    this.replaceTrack(track);
    this.#resume();
    return session;
  }

  /** @param {MediaStreamTrack} track */
  replaceTrack(track) {
    this.#source?.disconnect();
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    if (this.#mouth) this.#source.connect(this.#mouth);
  }

  close() {
    for (const touch of ["pointerdown", "keydown"]) document.removeEventListener(touch, this.#resume);
    if (this.#socket) this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket?.close();
    for (const codec of [this.#encoder, this.#decoder]) if (codec && codec.state !== "closed") codec.close();
    void this.#context.close().catch(() => undefined);
  }

  #broken = () => {
    this.#socket?.close();
    this.dispatchEvent(new Event("closed"));
  };

  #listen() {
    const ear = new AudioWorkletNode(this.#context, "ear", { numberOfInputs: 0, outputChannelCount: [1] });
    ear.connect(this.#out);
    this.#decoder = new AudioDecoder({
      output: (sound) => {
        const block = new Float32Array(sound.numberOfFrames);
        sound.copyTo(block, { planeIndex: 0, format: "f32-planar" });
        sound.close();
        ear.port.postMessage(block, [block.buffer]);
      },
      error: this.#broken,
    });
    this.#decoder.configure(DECODING);
  }

  /** @param {ArrayBuffer} raw */
  #take(raw) {
    const packet = unpack(raw);
    if (!packet || this.#decoder?.state !== "configured") return;
    this.packets += 1;
    this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: this.packets * TICK_US, data: packet.payload }));
  }

  #speak() {
    const mouth = (this.#mouth = new AudioWorkletNode(this.#context, "mouth", { outputChannelCount: [1] }));
    mouth.connect(this.#out); // silence: a node that leads nowhere is not run
    const encoder = (this.#encoder = new AudioEncoder({ output: (chunk) => this.#send(chunk), error: this.#broken }));
    encoder.configure(/** @type {AudioEncoderConfig} */ (ENCODING));
    mouth.port.onmessage = ({ data }) => {
      if (encoder.state !== "configured") return;
      this.#levels.push(levelOf(data));
      const sound = new AudioData({
        format: "f32-planar", sampleRate: RATE_HZ, numberOfFrames: SAMPLES, numberOfChannels: 1, timestamp: this.#blocks * TICK_US, data,
      });
      this.#blocks += 1;
      encoder.encode(sound);
      sound.close();
    };
  }

  /** @param {EncodedAudioChunk} chunk */
  #send(chunk) {
    const level = this.#levels.shift() ?? 127;
    this.#sequence += 1;
    if (!this.isOpen || /** @type {WebSocket} */ (this.#socket).bufferedAmount > UNSENT_MAX) return;
    const payload = new Uint8Array(chunk.byteLength);
    chunk.copyTo(payload);
    const timestamp = Math.round(chunk.timestamp / TICK_US) * SAMPLES;
    this.#socket?.send(pack({ sequence: this.#sequence, timestamp, ssrc: this.#ssrc, level }, payload));
  }
}

/**
 * Shows the ticket and waits for the session. @param {WebSocket} socket @param {{ticket: string, device: string}} first @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
function entered(socket, first, signal) {
  return new Promise((resolve, reject) => {
    const settle = () => (clearTimeout(timer), signal.removeEventListener("abort", abort));
    const fail = (code = "unreachable", message = "") => (settle(), socket.close(), reject(new StageError(code, message, 0)));
    const abort = () => fail();
    const timer = setTimeout(abort, OPEN_MS);
    signal.addEventListener("abort", abort); // no longer once we are in: our own coming in ends the round that it belongs to
    socket.onopen = () => socket.send(JSON.stringify(first));
    socket.onclose = () => fail();
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(String(data));
      if (!answer.session) return fail(answer.code, answer.message);
      settle();
      resolve(answer.session);
    };
  });
}
