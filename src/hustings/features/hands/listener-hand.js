/**
 * A raised hand on the listener page: one panel, one scene at a time. Before anybody asks for the word it costs one button; the stage's
 * own modules come when a hand goes up.
 *
 * @import {Sentences} from "../../room/copy.js"
 * @import {ListenerContext} from "./panel.js"
 * @import {Hand} from "./hand.js"
 * @import {Visit} from "./visit.js"
 *
 * @typedef {ListenerContext & {say: Sentences}} Given
 * @typedef {"down"|"form"|"up"|"called"|"stage"|"over"} SceneName
 * @typedef {{nodes: Node[], update?: () => void, leave?: () => void, first?: HTMLElement}} Scene first: where a keyboard goes on
 *
 * @typedef {object} Desk what the scenes share
 * @property {Given} given
 * @property {Hand|null} hand
 * @property {Visit|null} visit
 * @property {boolean} asking the form is open
 * @property {string} name typed last
 * @property {(sentence: string) => void} tell
 * @property {() => void} draw
 * @property {() => Promise<Hand>} engage
 * @property {() => Promise<void>} join
 */
import { make } from "../../room/make.js";
import { called, form } from "./listener-scenes.js";

const LIVES = new Set(["open", "on_air"]);

/** @param {HTMLElement} element @param {Given} given @returns {() => void} */
export function mountListenerHand(element, given) {
  const told = make("p", { class: "hand-told", role: "status" });
  const alarm = make("p", { class: "unseen", role: "alert" });
  const inside = make("div", { class: "hand-scene" });
  const root = make("div", { class: "hand-panel hand-listener" }, inside, told, alarm);
  const memory = memoryOf(given.key);
  /** @type {{name: SceneName, scene: Scene}|null} */
  let playing = null;

  const draw = () => {
    const name = sceneOf(desk);
    if (name !== playing?.name) {
      const byHand = root.contains(document.activeElement);
      playing?.scene.leave?.();
      playing = { name, scene: SCENES[name](desk) };
      root.dataset.scene = name;
      document.body.dataset.hand = name; // the listener page's own controls rest while one is on the stage
      inside.replaceChildren(...playing.scene.nodes);
      if (byHand || name === "stage") playing.scene.first?.focus({ preventScroll: true });
      if (name === "called" || name === "stage") root.scrollIntoView({ block: "nearest" });
      alarm.textContent = name === "called" ? given.say("hands.called.title") : "";
    }
    playing?.scene.update?.();
  };
  /** @type {Desk} */
  const desk = {
    given, hand: null, visit: null, asking: false, name: memory.read()?.name ?? "", draw,
    tell: (sentence) => void (told.textContent = sentence),
    engage: async () => (desk.hand ??= await engage(desk, memory)),
    join: () => join(desk),
  };
  const pulsed = () => playing?.name !== "form" && draw();
  given.pulse.addEventListener("pulse", pulsed);
  element.replaceChildren(root);
  draw();
  if (memory.read()) void desk.engage().then((hand) => hand.resume());
  return () => {
    given.pulse.removeEventListener("pulse", pulsed);
    playing?.scene.leave?.();
    desk.hand?.leave();
    desk.visit?.leave("stepped_down");
  };
}

/** @param {Desk} desk @returns {SceneName} */
function sceneOf({ hand, visit, asking, given }) {
  if (visit) return "stage";
  if (hand?.state === "called") return "called";
  if (hand?.state === "up") return "up";
  const room = given.pulse.now?.state;
  if (room !== undefined && !LIVES.has(room)) return "over";
  return asking ? "form" : "down";
}

/** @type {Record<SceneName, (desk: Desk) => Scene>} */
const SCENES = {
  down, form, up, called,
  stage: (desk) => ({ nodes: [], ...(strips.get(/** @type {Visit} */ (desk.visit)) ?? {}) }),
  over: () => ({ nodes: [] }),
};

/** The strip of each visit, made by a module that comes late. @type {WeakMap<Visit, Scene>} */
const strips = new WeakMap();

/** @param {Desk} desk @returns {Scene} */
function down(desk) {
  const { say, pulse } = desk.given;
  const line = make("p", { class: "hand-soft" });
  const button = make("button", { type: "button", class: "hand-quiet", "data-act": "raise", onclick: () => {
    desk.asking = true;
    desk.tell("");
    desk.draw();
  } }, say("hands.listener.raise"));
  const update = () => {
    const hands = pulse.now?.hands ?? 0;
    line.textContent = hands ? say("hands.listener.waiting", {}, hands) : say("hands.listener.waiting.none");
  };
  return { nodes: [make("h2", {}, say("hands.listener.title")), make("p", {}, say("hands.listener.words")), button, line], update, first: button };
}

/** @param {Desk} desk @returns {Scene} */
function up(desk) {
  const { say } = desk.given;
  const place = make("p", { class: "hand-place", role: "status" });
  const lost = make("p", { class: "hand-look", role: "status" });
  const lower = make("button", { type: "button", class: "hand-quiet", "data-act": "lower", onclick: () => void desk.hand?.lower() }, say("hands.up.lower"));
  const title = make("h2", { tabIndex: -1 }, say("hands.up.title"));
  void import("./stage-strip.js"); // there before it is needed: the click that joins must not wait for the network
  const update = () => {
    const words = say("hands.up.place", {}, desk.hand?.place ?? 0);
    if (place.textContent !== words) place.textContent = words;
    const trouble = desk.hand?.lost ? say("hands.up.lost") : "";
    if (lost.textContent !== trouble) lost.textContent = trouble;
  };
  return { nodes: [title, place, make("p", { class: "hand-soft" }, say("hands.up.words")), lost, lower], update, first: title };
}

/** Loads what talks to the stage. @param {Desk} desk @param {ReturnType<typeof memoryOf>} memory */
async function engage(desk, memory) {
  const { key, stageUrl, say } = desk.given;
  const [{ Hand }, { StageProtocol, deviceId, knock, readTicket }] = await Promise.all([import("./hand.js"), import("../../room/protocol.js")]);
  const device = deviceId(memory.storage);
  const hand = new Hand({
    protocol: (ticket) => new StageProtocol({ base: stageUrl, key, ticket, device }),
    knock: (name, note) => knock({ base: stageUrl, key, name, note }),
    idOf: (ticket) => readTicket(ticket)?.t ?? ticket,
    memory,
  });
  let was = hand.state;
  hand.addEventListener("change", () => {
    if (hand.state !== was) {
      if (hand.state !== "sending" && hand.state !== "away") desk.tell(hand.said ? say(`hands.said.${hand.said}`) : "");
      if (hand.state === "up") desk.asking = false;
      was = hand.state;
    }
    desk.draw();
  });
  return hand;
}

/** To the stage and back. @param {Desk} desk */
async function join(desk) {
  const { say, player, key, stageUrl } = desk.given;
  const { makeVisit, strip } = await import("./stage-strip.js");
  const ticket = desk.hand?.go();
  if (!ticket) return;
  const visit = makeVisit({ player, key, stageUrl, ticket, storage: memoryOf(key).storage });
  desk.visit = visit;
  strips.set(visit, strip(visit, say));
  visit.addEventListener("change", () => {
    if (visit.state === "over" && desk.visit === visit) {
      desk.visit = null;
      desk.hand?.back(visit.why);
    }
    desk.draw();
  });
  desk.tell("");
  desk.draw();
  await visit.begin();
}

/** The ticket of the hand, for as long as the tab lives; a browser that keeps nothing keeps it for the page. @param {string} key */
function memoryOf(key) {
  const slot = `hustings.hand.${key}`;
  return {
    storage: openStorage("localStorage"),
    /** @returns {import("./hand.js").Kept|null} */
    read: () => JSON.parse(openStorage("sessionStorage").getItem(slot) ?? "null"),
    /** @param {import("./hand.js").Kept|null} kept */
    write: (kept) => openStorage("sessionStorage").setItem(slot, JSON.stringify(kept)),
  };
}

/** @type {Map<string, string>} */
const forgotten = new Map();

/** @param {"localStorage"|"sessionStorage"} which @returns {Storage} */
function openStorage(which) {
  try {
    window[which].getItem("hustings");
    return window[which];
  } catch {
    const stand = { getItem: (/** @type {string} */ slot) => forgotten.get(slot) ?? null, setItem: (/** @type {string} */ slot, /** @type {string} */ value) => void forgotten.set(slot, value) };
    return /** @type {Storage} */ (/** @type {unknown} */ (stand));
  }
}
