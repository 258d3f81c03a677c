/**
 * The stage host, as calls: sessions, events, commands, and the ticket and device that go with each. No DOM, so that
 * Node tests it and the listener page can use it from another origin when a hand is called up.
 *
 * Everything here repeats until it is answered; only a final refusal of the ticket or the room ends it.
 *
 * @import {EventsAnswer} from "./view.js"
 */

const COMMAND_TIMEOUT_MS = 5000;
const EVENTS_TIMEOUT_MS = 20_000; // the stage host answers within 15 s
const RETRY_MIN_MS = 300;
const RETRY_MAX_MS = 2000;

/** No repetition changes these answers. */
const FINAL = new Set([
  "ticket_missing", "ticket_malformed", "ticket_forged", "ticket_revoked", "ticket_expired",
  "ticket_wrong_room", "room_over",
]);

/** An answer that is not one: the stage could not be reached, or told us to come again. */
const UNANSWERED_STATUS = new Set([0, 429, 502, 503, 504]);

/** What the stage host refused, or "unreachable" (status 0) when it said nothing. */
export class StageError extends Error {
  /**
   * @param {string} code stable, see docs/errors.md
   * @param {string} message plain English, for the log
   * @param {number} status HTTP status, 0 when there was no answer
   * @param {number} retryAfterMs what the answer asked for, else 0
   */
  constructor(code, message, status, retryAfterMs = 0) {
    super(message);
    this.name = "StageError";
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Asking again is useless. */
  get final() {
    return FINAL.has(this.code);
  }

  /** The stage never decided. */
  get unanswered() {
    return UNANSWERED_STATUS.has(this.status);
  }
}

/** 22 characters, 128 random bits, base64url: a device, an idempotency key. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
}

/**
 * This browser's device id, made once. A browser that keeps nothing gets a new one each time.
 * @param {Pick<Storage, "getItem"|"setItem">} storage
 */
export function deviceId(storage) {
  try {
    const kept = storage.getItem("hustings.device");
    if (kept && /^[A-Za-z0-9_-]{22}$/.test(kept)) return kept;
    const made = randomId();
    storage.setItem("hustings.device", made);
    return made;
  } catch {
    return randomId();
  }
}

/**
 * Takes the ticket out of the address bar and keeps it for this tab, so that it is neither shared nor seen by accident.
 * @param {{hash: string, key: string, storage: Pick<Storage, "getItem"|"setItem">, clean: () => void}} from
 * @returns {string|null}
 */
export function takeTicket({ hash, key, storage, clean }) {
  const slot = `hustings.ticket.${key}`;
  const fresh = new URLSearchParams(hash.replace(/^#/, "")).get("t");
  if (fresh) clean();
  try {
    if (fresh) storage.setItem(slot, fresh);
    return fresh ?? storage.getItem(slot);
  } catch {
    return fresh;
  }
}

/**
 * What a ticket says of itself, unchecked (the stage host checks). Null when it is not a ticket.
 * @param {string} ticket
 * @returns {{t: string, r: string, o: import("./view.js").Role, n: string, at: number}|null}
 */
export function readTicket(ticket) {
  const parts = ticket.split(".");
  if (parts.length !== 4 || parts[0] !== "v1") return null;
  try {
    const text = atob((parts[2] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  } catch {
    return null;
  }
}

/**
 * How long to wait before asking again: spread, so that a crowd of speakers does not come back in one moment.
 * @param {number} failures how many in a row, from 1
 * @param {() => number} random 0..1
 */
export function retryAfterMs(failures, random) {
  const most = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures);
  return RETRY_MIN_MS + random() * (most - RETRY_MIN_MS);
}

/**
 * Waits, or returns early when the signal fires.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/**
 * @typedef {object} Means what a test replaces
 * @property {typeof fetch} [fetch]
 * @property {() => number} [random]
 * @property {(ms: number, signal?: AbortSignal) => Promise<void>} [pause]
 *
 * @typedef {{status: number, headers: Headers, text: string}} Answer
 *
 * @typedef {object} Link whether the room's events reach us
 * @property {"joining"|"here"|"lost"} state
 * @property {string|null} code why it is lost
 *
 * @typedef {object} Follower
 * @property {(answer: EventsAnswer) => void} events
 * @property {(link: Link) => void} link called when it changes
 * @property {(refusal: StageError) => void} refused the end of it: nothing more is asked
 */

/** One person's ticket at one room of one stage host. */
export class StageProtocol {
  /** @type {Map<string, Promise<unknown>>} */
  #lanes = new Map();
  /** @type {AbortController|null} */
  #poll = null;

  /** @param {{base: string, key: string, ticket: string, device: string} & Means} options base: the stage host's origin, "" for our own */
  constructor({ base, key, ticket, device, ...means }) {
    this.base = base.replace(/\/$/, "");
    this.key = key;
    this.ticket = ticket;
    this.device = device;
    this.fetch = means.fetch ?? globalThis.fetch.bind(globalThis);
    this.random = means.random ?? Math.random;
    this.pause = means.pause ?? pause;
  }

  /**
   * Opens a session (WHIP's shape, RFC 9725 section 4.2): one offer, one answer, no trickle.
   * @param {string} offer SDP
   * @param {{signal?: AbortSignal, timeoutMs?: number}} [how]
   * @returns {Promise<{answer: string, location: string}>}
   */
  async openSession(offer, how = {}) {
    const reply = await this.#ask("POST", `/session/${this.key}`, {
      ...how, body: offer, headers: { "Content-Type": "application/sdp" },
    });
    return { answer: reply.text, location: reply.headers.get("Location") ?? "" };
  }

  /** Where a voice goes that no call carries, and what to say there first. */
  get socket() {
    const url = new URL(`${this.base}/session/${this.key}/socket`, globalThis.location?.href);
    url.protocol = url.protocol.replace("http", "ws");
    return { url: url.href, ticket: this.ticket, device: this.device };
  }

  /**
   * New ICE credentials for a session whose network changed (RFC 9725 section 4.3.3): ours there, the stage host's back.
   * @param {string} location as openSession gave it
   * @param {string} fragment an SDP fragment (RFC 8840 section 4.4)
   * @param {{signal?: AbortSignal, timeoutMs?: number}} [how]
   * @returns {Promise<string>} a fragment too
   */
  async restartSession(location, fragment, how = {}) {
    const headers = { "Content-Type": "application/trickle-ice-sdpfrag" };
    return (await this.#ask("PATCH", pathOf(location), { ...how, body: fragment, headers })).text;
  }

  /**
   * Leaves. With `keepalive` the browser sends it even while the page goes away.
   * @param {string} location as openSession gave it
   * @param {{keepalive?: boolean}} [how]
   */
  async closeSession(location, how = {}) {
    await this.#ask("DELETE", pathOf(location), { ...how, timeoutMs: COMMAND_TIMEOUT_MS });
  }

  /**
   * Sends a command until it is answered, always under the same key, so that it takes effect once. Commands of one name
   * keep their order: "mute, unmute" never arrives as "unmute, mute".
   * @param {string} name
   * @param {object} [body]
   * @param {AbortSignal} [signal] gives it up
   * @returns {Promise<any>} the reply
   * @throws {StageError} the stage host's refusal
   */
  command(name, body = {}, signal) {
    const send = () => this.#repeat(name, body, signal);
    const lane = (this.#lanes.get(name) ?? Promise.resolve()).then(send, send);
    this.#lanes.set(name, lane.catch(() => undefined));
    return lane;
  }

  /** @param {string} name @param {object} body @param {AbortSignal} [signal] */
  async #repeat(name, body, signal) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": randomId() };
    for (let failures = 1; ; failures += 1) {
      try {
        const how = { headers, body: JSON.stringify(body), timeoutMs: COMMAND_TIMEOUT_MS, signal };
        return parsed(await this.#ask("POST", `/command/${this.key}/${name}`, how));
      } catch (error) {
        const refusal = asStageError(error);
        if (!refusal.unanswered || signal?.aborted) throw refusal;
        await this.#waitAfter(refusal, failures, signal);
      }
    }
  }

  /**
   * Follows the room's events for ever, from where it was. Returns how to stop.
   * @param {Follower} follower
   * @returns {() => void}
   */
  follow(follower) {
    const whole = new AbortController();
    void this.#followUntil(whole.signal, follower);
    return () => {
      whole.abort();
      this.#poll?.abort();
    };
  }

  /** @param {AbortSignal} whole @param {Follower} follower */
  async #followUntil(whole, follower) {
    let cursor = "";
    let state = "joining";
    let probing = true;
    for (let failures = 0; !whole.aborted; ) {
      this.#poll = new AbortController();
      try {
        const answer = await this.#events(cursor, probing, this.#poll.signal);
        if (whole.aborted) return;
        failures = 0;
        probing = false;
        cursor = answer.cursor;
        if (state !== "here") follower.link({ state: "here", code: null });
        state = "here";
        follower.events(answer);
      } catch (error) {
        const refusal = asStageError(error);
        if (whole.aborted) return;
        probing = true;
        if (refusal.final) return follower.refused(refusal);
        if (this.#poll.signal.aborted) continue; // hurried: ask again at once
        failures += 1;
        if (state !== "lost") follower.link({ state: "lost", code: refusal.code });
        state = "lost";
        await this.#waitAfter(refusal, failures, this.#poll.signal);
      }
    }
  }

  /**
   * After a loss, or when hurried, the first poll asks for what is there now, and waits no longer than a command: it is also our probe.
   * @param {string} cursor @param {boolean} probing @param {AbortSignal} signal
   * @returns {Promise<EventsAnswer>}
   */
  async #events(cursor, probing, signal) {
    const after = cursor && !probing ? `?after=${encodeURIComponent(cursor)}` : "";
    const timeoutMs = probing ? COMMAND_TIMEOUT_MS : EVENTS_TIMEOUT_MS;
    return parsed(await this.#ask("GET", `/events/${this.key}${after}`, { signal, timeoutMs }));
  }

  /** The network may be back, or the page is: ask again now instead of waiting the poll out. */
  hurry() {
    this.#poll?.abort();
  }

  /** @param {StageError} refusal @param {number} failures @param {AbortSignal} [signal] */
  #waitAfter(refusal, failures, signal) {
    const jittered = retryAfterMs(failures, this.random);
    return this.pause(Math.max(jittered, refusal.retryAfterMs + jittered / 4), signal);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{headers?: Record<string, string>, body?: string, keepalive?: boolean, timeoutMs?: number, signal?: AbortSignal}} how
   */
  async #ask(method, path, { headers = {}, body, keepalive = false, timeoutMs = COMMAND_TIMEOUT_MS, signal }) {
    return ask(this.fetch, `${this.base}${path}`, {
      method, body, keepalive, timeoutMs, signal,
      headers: { Authorization: `Bearer ${this.ticket}`, "Hustings-Device": this.device, ...headers },
    });
  }
}

/** @param {string} location a path or an address */
function pathOf(location) {
  return location.startsWith("http") ? new URL(location).pathname : location;
}

/**
 * A listener without a ticket asks for one.
 * @param {{base: string, key: string, name: string, note?: string} & Means} from
 * @returns {Promise<{ticket: string, person: string}>}
 * @throws {StageError}
 */
export async function knock({ base, key, name, note = "", fetch = globalThis.fetch.bind(globalThis) }) {
  const reply = await ask(fetch, `${base.replace(/\/$/, "")}/knock/${key}`, {
    method: "POST", body: JSON.stringify({ name, note }), timeoutMs: COMMAND_TIMEOUT_MS,
    headers: { "Content-Type": "application/json" },
  });
  return parsed(reply);
}

/**
 * One request, whole: the time limit and the caller's signal cover its body too, which a dying network may leave half said.
 * @param {typeof globalThis.fetch} request
 * @param {string} url
 * @param {{method: string, headers: Record<string, string>, body?: string, keepalive?: boolean, timeoutMs: number, signal?: AbortSignal}} how
 * @returns {Promise<Answer>}
 */
async function ask(request, url, { timeoutMs, signal, ...init }) {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    const reply = await request(url, { ...init, cache: "no-store", credentials: "omit", signal: limit.signal });
    const answer = { status: reply.status, headers: reply.headers, text: await reply.text() };
    if (reply.ok) return answer;
    throw refusalOf(answer);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** @param {Answer} reply @returns {any} */
function parsed({ text, status }) {
  try {
    return JSON.parse(text);
  } catch {
    throw new StageError("unreachable", "an answer that is not JSON: somebody else's", status === 200 ? 0 : status);
  }
}

/** @param {Answer} reply */
function refusalOf(reply) {
  const said = /^\s*\{/.test(reply.text) ? parsed(reply) : {};
  const after = Number(reply.headers.get("Retry-After") ?? 0) * 1000;
  const code = typeof said.code === "string" ? said.code : `http_${reply.status}`;
  return new StageError(code, String(said.message ?? code), reply.status, Number.isFinite(after) ? after : 0);
}

/** Whatever fetch throws becomes "unreachable". @param {unknown} error @returns {StageError} */
export function asStageError(error) {
  return error instanceof StageError ? error : new StageError("unreachable", String(error), 0);
}
