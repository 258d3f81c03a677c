/**
 * The stage page, put together: every part is made here once, wired to the store, and handed to the scenes as their cast.
 *
 * @import {Cast, Place, Playing} from "./cast.js"
 * @import {Scene, Slices} from "./scenes.js"
 */
import "../elements/alarm-bar.js";
import "../elements/count-in.js";
import "../elements/device-picker.js";
import "../elements/hands-queue.js";
import "../elements/level-meter.js";
import "../elements/person-card.js";
import "../elements/room-clock.js";
import "../elements/tally-lamp.js";
import "../elements/voice-line.js";
import { reader } from "../room/copy.js";
import { deviceId, readTicket, StageProtocol, takeTicket } from "../room/protocol.js";
import { RoomStore } from "../room/store.js";
import { refusalWords } from "./cast.js";
import { raiseFrame } from "./frame.js";
import { Microphone } from "./microphone.js";
import { Monitor } from "./monitor.js";
import { isMuted, playStage } from "./scene-stage.js";
import { playNotice } from "./scene-notice.js";
import { playLeft, playNoTicket, playOver, playRefused, playWaiting } from "./scene-plain.js";
import { playTest } from "./scene-test.js";
import { sceneFor } from "./scenes.js";
import { StageSession } from "./session.js";
import { WakeLock } from "./wake-lock.js";

/** @type {Record<Scene, (cast: Cast) => Playing>} */
const SCENES = {
  "no-ticket": playNoTicket, refused: playRefused, over: playOver, notice: playNotice, left: playLeft, test: playTest, waiting: playWaiting, stage: playStage,
};

const UNHEARD_MS = 4000;

/** @param {string} id */
const embedded = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

/** @returns {Cast} */
function castOf() {
  /** @type {Place} */
  const place = embedded("place");
  const copy = embedded("copy");
  const say = reader(copy, place.lang);
  const key = decodeURIComponent(location.pathname.split("/")[1] ?? "");
  const clean = () => history.replaceState(null, "", location.pathname + location.search);
  const ticket = takeTicket({ hash: location.hash, key, storage: sessionStorage, clean });
  const claims = ticket ? readTicket(ticket) : null;
  const progress = sessionStorage.getItem(`hustings.progress.${key}`) ?? ""; // a reload in mid-talk goes straight back to the stage
  /** @type {Slices} */
  const slices = {
    ticket: ticket !== null, refusal: null, consented: progress !== "", joined: progress === "joined", left: false,
    link: { state: "joining", code: null, since_ms: performance.now() },
    session: { state: "away", code: null, since_ms: 0, heard: false, road: "call" },
    microphone: { state: "shut", since_ms: 0 },
    hushed: false, blocked: false, pending: [],
  };
  const store = new RoomStore(slices);
  const protocol = new StageProtocol({ base: "", key, ticket: ticket ?? "", device: deviceId(localStorage) });
  const frame = raiseFrame();
  /** @type {Cast} */
  const cast = {
    store, protocol, say, copy, place, role: claims?.o ?? "speaker", name: claims?.n ?? "",
    microphone: new Microphone(localStorage), session: new StageSession(protocol), monitor: new Monitor(localStorage),
    announce: frame.announce,
    act: (name, body) => act(cast, name, body),
    mute: (muted) => mute(cast, muted),
  };
  frame.play(cast);
  return cast;
}

/** Sends a command and says a refusal aloud. @param {Cast} cast @param {string} name @param {object} [body] */
async function act({ store, protocol, say, announce }, name, body) {
  store.set({ pending: [...store.state.pending, name] });
  try {
    return await protocol.command(name, body);
  } catch (error) {
    announce(refusalWords(error, say));
    return null;
  } finally {
    const left = [...store.state.pending];
    left.splice(left.indexOf(name), 1);
    store.set({ pending: left });
  }
}

/** Muting is at once, here; unmuting waits for the stage host's word. @param {Cast} cast @param {boolean} muted */
function mute(cast, muted) {
  cast.store.set({ hushed: muted });
  const person = cast.store.state.view?.you.person;
  if (person) void cast.act("mute", { person, muted });
}

/** @param {Cast} cast */
function wireSound({ store, microphone, session, monitor, protocol }) {
  const obey = () => {
    if (microphone.track) microphone.track.enabled = !isMuted(store.state);
  };
  microphone.addEventListener("state", () => store.set({ microphone: { state: microphone.state, since_ms: microphone.since_ms } }));
  microphone.addEventListener("track", () => {
    obey();
    if (microphone.track) void session.replaceTrack(microphone.track);
    go();
  });
  store.subscribe(isMuted, obey);
  monitor.addEventListener("state", () => store.set({ blocked: monitor.blocked }));
  session.addEventListener("stream", (event) => void monitor.hear(/** @type {CustomEvent} */ (event).detail));
  session.addEventListener("state", () => {
    const { state, code, since_ms, road } = session;
    store.set({ session: { state, code, since_ms, road, heard: store.state.session.heard || state === "here" } });
    document.body.dataset.session = state; // what a test in a browser waits for
    if (state === "lost") protocol.hurry();
    if (state === "refused") store.set({ refusal: code });
  });
  const lock = new WakeLock();
  const go = () => {
    const { joined, consented, refusal } = store.state;
    const scene = sceneFor(store.state);
    if (joined && consented && !refusal && scene !== "over") {
      lock.want(true);
      if (microphone.state === "shut") void microphone.open();
      if (microphone.track && session.state === "away") session.join(microphone.track);
      return;
    }
    lock.want(false);
    if (session.state !== "away") void session.leave().then(() => monitor.stop());
    if (scene !== "test") microphone.close();
  };
  store.subscribe((state) => [state.joined, state.consented, state.left, sceneFor(state)], go);
}

/** @param {Cast} cast */
function wireRoom({ store, protocol, session }) {
  if (!store.state.ticket) return;
  const stop = protocol.follow({
    events: (answer) => store.take(answer),
    link: (link) => {
      store.set({ link: { ...link, since_ms: performance.now() } });
      if (link.state === "here") session.hurry(); // the stage answers again
    },
    refused: (refusal) => store.set({ refusal: refusal.code }),
  });
  addEventListener("online", () => protocol.hurry());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && protocol.hurry());
  store.subscribe((state) => [state.view?.room.state, state.view?.you.admitted], () => session.hurry());
  store.subscribe((state) => state.refusal, (refusal) => refusal && stop());
  let unheardSince_ms = 0;
  setInterval(() => {
    const { view, session: ours, link } = store.state;
    const unheard = link.state === "here" && ours.state === "here" && view?.people.some((one) => one.person === view.you.person && one.link === "reconnecting");
    if (!unheard) unheardSince_ms = 0;
    else if (!unheardSince_ms) unheardSince_ms = performance.now();
    else if (performance.now() - unheardSince_ms > UNHEARD_MS) (unheardSince_ms = 0), session.redial();
  }, 1000);
}

/** @param {Cast} cast */
function wireScenes(cast) {
  const { store, protocol } = cast;
  const main = /** @type {HTMLElement} */ (document.getElementById("scene"));
  /** @type {Playing|null} */
  let playing = null;
  store.subscribe(sceneFor, (scene) => {
    playing?.leave();
    const first = playing === null;
    playing = SCENES[scene](cast);
    main.replaceChildren(playing.element);
    document.body.dataset.scene = scene;
    scrollTo(0, 0);
    if (!first) main.focus({ preventScroll: true }); // a keyboard or a screen reader starts where the new scene does
  });
  store.subscribe((state) => (state.joined ? "joined" : state.consented ? "consented" : ""), (progress) => {
    if (progress) sessionStorage.setItem(`hustings.progress.${protocol.key}`, progress);
  });
}

/** Space and m mute, unless they are typed or press a button. @param {Cast} cast */
function wireKeys(cast) {
  addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || sceneFor(cast.store.state) !== "stage") return;
    const at = event.composedPath()[0];
    const within = at instanceof Element ? at : document.body;
    const typed = within.matches("input:not([type=checkbox]):not([type=range]), select, textarea, [contenteditable]");
    const pressed = within.closest("button, a, summary, input, select") !== null;
    if (document.querySelector("dialog[open]") || typed) return;
    if (event.key.toLowerCase() !== "m" && !(event.key === " " && !pressed)) return;
    event.preventDefault();
    cast.mute(!isMuted(cast.store.state));
  });
}

const cast = castOf();
wireScenes(cast);
wireSound(cast);
wireRoom(cast);
wireKeys(cast);
addEventListener("hashchange", () => location.hash.startsWith("#t=") && location.reload());
