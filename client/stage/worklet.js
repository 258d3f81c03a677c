/**
 * Two ends of sound in the page's audio thread: `mouth` cuts the microphone into blocks of 20 ms, `ear` plays blocks as they come.
 * The ear waits for three of them, so that an uneven network is not heard, and lets old ones go when more than twelve have gathered.
 */
const BLOCK = 960;
const START = 3;
const MOST = 12;

class Mouth extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK);
  #filled = 0;

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0] ?? [];
    const length = channels[0]?.length ?? 128;
    for (let at = 0; at < length; at += 1) {
      let sample = 0;
      for (const channel of channels) sample += channel[at] ?? 0;
      this.#block[this.#filled] = channels.length ? sample / channels.length : 0;
      this.#filled += 1;
      if (this.#filled === BLOCK) {
        this.port.postMessage(this.#block, [this.#block.buffer]);
        this.#block = new Float32Array(BLOCK);
        this.#filled = 0;
      }
    }
    return true;
  }
}

class Ear extends AudioWorkletProcessor {
  /** @type {Float32Array[]} */ #blocks = [];
  #at = 0;
  #plays = false;

  constructor() {
    super();
    this.port.onmessage = (/** @type {MessageEvent<Float32Array>} */ { data }) => {
      this.#blocks.push(data);
      if (this.#blocks.length > MOST) this.#blocks.splice(0, this.#blocks.length - START);
      if (this.#blocks.length >= START) this.#plays = true;
    };
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const out = outputs[0]?.[0];
    if (!out || !this.#plays) return true;
    for (let at = 0; at < out.length; at += 1) {
      const block = this.#blocks[0];
      if (!block) {
        this.#plays = false;
        break;
      }
      out[at] = block[this.#at] ?? 0;
      this.#at += 1;
      if (this.#at >= block.length) (this.#blocks.shift(), (this.#at = 0));
    }
    return true;
  }
}

registerProcessor("mouth", Mouth);
registerProcessor("ear", Ear);
