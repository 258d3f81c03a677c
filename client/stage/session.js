/**
 * The one session of a speaker: one RTCPeerConnection with one sendrecv audio transceiver, kept alive for as long as the person wants to be on the
 * stage. States and what moves them are the table NEXT; the loop in #run only dials, watches and waits.
 *
 * A lost network is noticed by 2 s without a packet (consent would take 30 s, RFC 7675), a changed one by the browser's own word. Either way ICE is
 * restarted first: the same session, keys and streams on new paths. Where the stage host has no such session any more, or nothing flows, the old
 * connection stays open while new ones are tried: whichever carries sound first wins. A fresh POST replaces the old session at the stage host, so
 * nothing is ever taken down before its successor is up. Where no call connects at all, the voice goes by the page's own way (socket-road.js); each
 * new dial tries a call first.
 */
import { asStageError, pause, retryAfterMs } from "../room/protocol.js";
import { credentials, renewed } from "./ice.js";
import { tuneOpus } from "./opus.js";
import { SocketRoad } from "./socket-road.js";

/** @typedef {"away"|"joining"|"here"|"lost"|"closed"|"full"|"waiting"|"moved"|"refused"} SessionState */

/** @type {Record<string, Partial<Record<SessionState, SessionState>>>} */
const NEXT = {
  join: { away: "joining", moved: "joining", refused: "joining" },
  connected: { here: "here", joining: "here", lost: "here", closed: "here", full: "here", waiting: "here" },
  flowing: { lost: "here" },
  silent: { here: "lost" },
  failed: { joining: "lost", closed: "lost", full: "lost", waiting: "lost" },
  doors_closed: { joining: "closed", lost: "closed", full: "closed", waiting: "closed" },
  stage_full: { joining: "full", lost: "full", closed: "full", waiting: "full" },
  ticket_in_use: { joining: "waiting", lost: "moved", closed: "waiting", full: "waiting" },
  refused: { joining: "refused", lost: "refused", closed: "refused", full: "refused", waiting: "refused" },
  leave: { joining: "away", here: "away", lost: "away", closed: "away", full: "away", waiting: "away", moved: "away", refused: "away" },
};

/** @type {ReadonlySet<SessionState>} */
const RESTING = new Set(["away", "moved", "refused"]);

const WATCH_EVERY_MS = 400;
const SILENT_MS = 2000;
const FLOW_MS = 1500; // after an ICE restart that was answered
const FLOW_LOOK_MS = 100;
const UNANSWERED_MAX = 2;
const GATHER_MS = 500;
const CONNECT_MS = 4000;
const CONNECT_AGAIN_MS = 1500; // a network that blocked the call before will do it again
const DIAL_MS = [2000, 2000, 2000, 6000]; // a dead address must not eat the return of a good one, a slow one needs a long try now and then
const POLITE_MS = 2000; // doors closed, stage full, ticket in use: nothing is wrong, ask slowly

/** @typedef {Pick<import("../room/protocol.js").StageProtocol, "openSession"|"restartSession"|"closeSession"|"random"|"key"|"socket">} Stage */

export class StageSession extends EventTarget {
  /** @type {SessionState} */ state = "away";
  /** @type {string|null} */ code = null;
  since_ms = 0;
  #stage;
  /** @type {MediaStreamTrack|null} */ #track = null;
  /** @type {RTCPeerConnection|null} */ #pc = null;
  /** @type {SocketRoad|null} */ #socket = null;
  /** A call that has its offer already, made while its speaker looks at his microphone: to join is one question then. @type {Calling|null} */
  #ready = null;
  #location = "";
  /** What carries us: where its session is, and what was answered last. @type {{location: string, answer: string}|null} */ #standing = null;
  /** @type {Promise<Failure|null>|null} */ #restarting = null;
  #round = new AbortController();
  /** @type {ReturnType<typeof setInterval>|undefined} */ #watching;
  #packets = 0;
  #packetAt_ms = 0;
  #running = false;

  /** @param {Stage} stage */
  constructor(stage) {
    super();
    this.#stage = stage;
    addEventListener("online", () => this.renew());
    /** @type {any} */ (navigator).connection?.addEventListener?.("change", () => this.renew());
    addEventListener("pagehide", () => {
      if (this.#location) void this.#stage.closeSession(this.#location, { keepalive: true }).catch(() => undefined);
    });
    addEventListener("pageshow", (event) => event.persisted && this.#silent()); // out of the back-forward cache: we had left
  }

  /** By which road the voice goes. @returns {"call"|"socket"} */
  get road() {
    return this.#socket ? "socket" : "call";
  }

  /** @param {MediaStreamTrack} track */
  join(track) {
    this.#track = track;
    if (this.#step("join")) void this.#run();
  }

  /** A first, a healed or another microphone. @param {MediaStreamTrack} track */
  async replaceTrack(track) {
    this.#track = track;
    if (this.state === "away") this.#ready ??= this.#call();
    this.#socket?.replaceTrack(track);
    await this.#pc?.getSenders()[0]?.replaceTrack(track).catch(() => undefined);
  }

  /** Something says that the stage may be reachable now: do not wait. */
  hurry() {
    if (!RESTING.has(this.state) && this.state !== "here") this.#round.abort();
  }

  /** The network is another one: what still goes over the old one moves before it is missed. */
  renew() {
    this.#unready();
    if (this.state === "here") void this.#restart(0, this.#round.signal);
    else this.hurry();
  }

  /** The stage host no longer hears us although we hear it: only a new session will do. */
  redial() {
    if (this.state !== "here") return;
    this.#standing = null;
    this.#silent();
  }

  /** Leaves for good; the stage host hears of it as soon as it can be reached. */
  async leave() {
    const location = this.#location;
    this.#step("leave");
    this.#hangUp();
    for (let failures = 1; location && failures <= 5; failures += 1) {
      try {
        return await this.#stage.closeSession(location);
      } catch (error) {
        if (!asStageError(error).unanswered) return;
        await pause(retryAfterMs(failures, this.#stage.random));
      }
    }
  }

  /** @param {string} event @param {string|null} code */
  #step(event, code = null) {
    const next = NEXT[event]?.[this.state];
    if (!next) return false;
    this.code = code;
    if (next !== this.state) this.since_ms = performance.now();
    this.state = next;
    // what flows again lets a dial under way finish: the stage host may have made its session, and dropped ours, already
    if (event !== "flowing") this.#round.abort();
    if (this.#round.signal.aborted) this.#round = new AbortController();
    this.dispatchEvent(new Event("state"));
    return true;
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    for (let failures = 0; !RESTING.has(this.state); ) {
      const round = this.#round.signal;
      if (this.state === "here") {
        failures = 0;
        await aborted(round);
        continue;
      }
      const code = await this.#resume(failures, round);
      if (code === null || RESTING.has(this.state) || /** @type {string} */ (this.state) === "here") continue;
      failures += 1;
      if (round.aborted) this.#round = new AbortController(); // hurried: at once
      else await pause(this.#fail(code, failures), this.#round.signal);
      if (this.#round.signal.aborted) this.#round = new AbortController();
    }
    this.#running = false;
    if (this.state !== "away") this.#hangUp();
  }

  /** Says what an attempt ran into. @param {string} code @param {number} failures @returns {number} how long to wait, ms */
  #fail(code, failures) {
    if (code in NEXT) {
      this.#step(code, code);
      return POLITE_MS * (1 + this.#stage.random());
    }
    this.#step("failed", code);
    return retryAfterMs(failures, this.#stage.random);
  }

  /**
   * The session that we have, else a new one. @param {number} failures @param {AbortSignal} round
   * @returns {Promise<string|null>} null when it stands, else why not
   */
  async #resume(failures, round) {
    const failure = await this.#restart(failures, round);
    if (!failure) return null;
    const waits = failure.unanswered && failures < UNANSWERED_MAX; // past that something may stand between us that knows no PATCH
    return waits || round.aborted ? failure.code : this.#dial(failures, round);
  }

  /** One at a time. @param {number} failures @param {AbortSignal} round @returns {Promise<Failure|null>} */
  #restart(failures, round) {
    this.#restarting ??= this.#restartIce(failures, round).finally(() => (this.#restarting = null));
    return this.#restarting;
  }

  /** The same session on new paths (RFC 8445 section 9). @param {number} failures @param {AbortSignal} round @returns {Promise<Failure|null>} */
  async #restartIce(failures, round) {
    const pc = this.#pc;
    const standing = this.#standing;
    if (!pc || !standing || pc.connectionState === "closed") return { code: "no_session", unanswered: false };
    try {
      await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
      const how = { signal: round, timeoutMs: DIAL_MS[failures % DIAL_MS.length] ?? 2000 };
      const theirs = await this.#stage.restartSession(standing.location, credentials(pc.localDescription?.sdp ?? ""), how);
      standing.answer = renewed(standing.answer, theirs);
      await pc.setRemoteDescription({ type: "answer", sdp: standing.answer });
    } catch (error) {
      await pc.setLocalDescription({ type: "rollback" }).catch(() => undefined);
      const { code, unanswered } = asStageError(error);
      if (!unanswered && standing === this.#standing) this.#standing = null; // the stage host does not know it any more
      return { code, unanswered };
    }
    for (const until_ms = performance.now() + FLOW_MS; performance.now() < until_ms && !round.aborted; await pause(FLOW_LOOK_MS, round)) {
      await this.#watch(pc);
      if (this.state === "here") return null;
    }
    return { code: "silent", unanswered: false };
  }

  /**
   * One attempt. @param {number} failures @param {AbortSignal} round
   * @returns {Promise<string|null>} null when it stands, else why not
   */
  async #dial(failures, round) {
    const { pc, offer } = this.#ready ?? this.#call();
    this.#ready = null;
    try {
      const timeoutMs = DIAL_MS[failures % DIAL_MS.length] ?? 2000;
      const { answer, location } = await this.#stage.openSession(await offer, { signal: round, timeoutMs });
      this.#location = location;
      const tuned = tuneOpus(answer);
      await pc.setRemoteDescription({ type: "answer", sdp: tuned });
      await connected(pc, round, this.#socket ? CONNECT_AGAIN_MS : CONNECT_MS);
      this.#standing = { location, answer: tuned };
    } catch (error) {
      pc.close();
      if (error instanceof NoCall) return this.#bySocket(round);
      return this.#refused(error);
    }
    this.#stand(pc);
    return null;
  }

  /** @param {unknown} error @returns {string} its code; a final one ends the tries */
  #refused(error) {
    const refusal = asStageError(error);
    if (refusal.final) this.#step("refused", refusal.code);
    return refusal.code;
  }

  /** What is left where a network blocks calls. @param {AbortSignal} round @returns {Promise<string|null>} as `#dial` */
  async #bySocket(round) {
    if (!(await SocketRoad.can())) return "no_road";
    const road = new SocketRoad();
    try {
      const session = await road.open(this.#stage.socket, /** @type {MediaStreamTrack} */ (this.#track), round);
      this.#location = `/session/${this.#stage.key}/${session}`;
    } catch (error) {
      road.close();
      return this.#refused(error);
    }
    if (RESTING.has(this.state)) return road.close(), null; // left meanwhile
    this.#standing = null;
    this.#hangUpOld(null, road);
    road.addEventListener("closed", () => road === this.#socket && this.state === "here" && this.#silent());
    this.#watchEvery(async () => road === this.#socket && this.#count(road.packets, road.isOpen));
    this.dispatchEvent(new CustomEvent("stream", { detail: road.stream }));
    this.#step("connected");
    return null;
  }

  /** @returns {Calling} */
  #call() {
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const offer = this.#offer(pc);
    offer.catch(() => undefined); // whoever dials with it hears of it
    return { pc, offer };
  }

  #unready() {
    this.#ready?.pc.close();
    this.#ready = null;
  }

  /** @param {RTCPeerConnection} pc @returns {Promise<string>} */
  async #offer(pc) {
    const transceiver = pc.addTransceiver(this.#track ?? "audio", { direction: "sendrecv" });
    const codecs = RTCRtpReceiver.getCapabilities?.("audio")?.codecs.filter((one) => /\/(opus|red)$/i.test(one.mimeType)) ?? [];
    if (codecs.length && transceiver.setCodecPreferences) transceiver.setCodecPreferences(codecs);
    await pc.setLocalDescription();
    await addressed(pc);
    return tuneOpus(pc.localDescription?.sdp ?? "");
  }

  /** A new connection carries us. @param {RTCPeerConnection} pc */
  #stand(pc) {
    this.#hangUpOld(pc, null);
    void this.replaceTrack(/** @type {MediaStreamTrack} */ (this.#track)); // it may have been healed meanwhile
    pc.addEventListener("connectionstatechange", () => {
      const gone = ["disconnected", "failed", "closed"].includes(pc.connectionState);
      if (gone && pc === this.#pc && this.state === "here") this.#silent();
    });
    this.#watchEvery(() => this.#watch(pc));
    const receiver = pc.getReceivers()[0];
    if (receiver) this.dispatchEvent(new CustomEvent("stream", { detail: new MediaStream([receiver.track]) }));
    this.#step("connected");
  }

  /** Another road carries us; the old one is closed after it stands. @param {RTCPeerConnection|null} pc @param {SocketRoad|null} socket */
  #hangUpOld(pc, socket) {
    this.#pc?.close();
    this.#socket?.close();
    this.#pc = pc;
    this.#socket = socket;
    this.#packets = 0;
    this.#packetAt_ms = performance.now();
  }

  /** @param {() => Promise<unknown>} look */
  #watchEvery(look) {
    clearInterval(this.#watching);
    this.#watching = setInterval(() => void look(), WATCH_EVERY_MS);
  }

  /** @param {RTCPeerConnection} pc */
  async #watch(pc) {
    const stats = await pc.getStats().catch(() => null);
    if (!stats || pc !== this.#pc) return;
    let packets = 0;
    stats.forEach((one) => one.type === "inbound-rtp" && (packets += one.packetsReceived ?? 0));
    this.#count(packets, pc.connectionState === "connected");
  }

  /** @param {number} packets that came so far @param {boolean} isUp */
  #count(packets, isUp) {
    const now_ms = performance.now();
    if (packets > this.#packets) {
      this.#packets = packets;
      this.#packetAt_ms = now_ms;
      if (this.state === "lost" && isUp) this.#step("flowing"); // it healed by itself
    } else if (this.state === "here" && now_ms - this.#packetAt_ms >= SILENT_MS) {
      this.#silent();
    }
  }

  #silent() {
    this.#step("silent", "silent");
  }

  #hangUp() {
    clearInterval(this.#watching);
    this.#unready();
    this.#hangUpOld(null, null);
    this.#location = "";
    this.#standing = null;
  }
}

/** @typedef {{code: string, unanswered: boolean}} Failure */
/** @typedef {{pc: RTCPeerConnection, offer: Promise<string>}} Calling */

/** @param {AbortSignal} signal @returns {Promise<void>} */
function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * The stage host asks for no candidate of ours (it is ICE-lite: our checks tell it where we are), so the offer waits for the first address and not
 * for the last, which may take half a second. @param {RTCPeerConnection} pc @returns {Promise<void>}
 */
function addressed(pc) {
  return new Promise((resolve) => {
    if (pc.iceGatheringState === "complete") return resolve();
    pc.addEventListener("icecandidate", () => resolve(), { once: true });
    setTimeout(resolve, GATHER_MS);
  });
}

/** The stage host answered, and yet no way to it was found. */
class NoCall extends Error {}

/** @param {RTCPeerConnection} pc @param {AbortSignal} signal @param {number} most_ms @returns {Promise<void>} */
function connected(pc, signal, most_ms) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoCall("not connected in time")), most_ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(new Error("given up"))), { once: true });
    const look = () => {
      if (pc.connectionState === "connected") (clearTimeout(timer), resolve());
      if (pc.connectionState === "failed") (clearTimeout(timer), reject(new NoCall("failed")));
    };
    pc.addEventListener("connectionstatechange", look);
    look();
  });
}
