/**
 * The scenes that are a sentence or two and at most one button: no ticket, refused, in use elsewhere, over.
 *
 * @import {Cast, Playing} from "./cast.js"
 */
import { make } from "../room/make.js";
import { liveLink } from "./cast.js";
import { featureSections } from "./feature-panels.js";

/** @param {...(Node|string|null)} children */
const sheet = (...children) => make("div", { class: "narrow" }, make("div", { class: "sheet plain" }, ...children));

/** @param {Cast} cast @returns {Playing} */
export function playNoTicket(cast) {
  const { say } = cast;
  const listen = make("a", { class: "button", href: liveLink(cast) }, say("plain.listen"));
  return { element: sheet(make("h2", {}, say("no_ticket.title")), make("p", {}, say("no_ticket")), listen), leave: () => undefined };
}

/** @param {Cast} cast @returns {Playing} */
export function playRefused(cast) {
  const { say, store } = cast;
  const id = `refused.${store.state.refusal}`;
  const known = say.has(id) ? id : "refused.other";
  return {
    element: sheet(make("h2", {}, say(`${known}.title`)), make("p", {}, say(known)),
      make("a", { class: "button", href: liveLink(cast) }, say("plain.listen"))),
    leave: () => undefined,
  };
}

/** Left by one's own wish. @param {Cast} cast @returns {Playing} */
export function playLeft(cast) {
  const { say, store } = cast;
  const back = make("button", { type: "button", class: "main", onclick: () => store.set({ left: false }) }, say("left.back"));
  const listen = make("a", { class: "button quiet", href: liveLink(cast) }, say("plain.listen"));
  return { element: sheet(make("h2", {}, say("left.title")), make("p", {}, say("left")), make("div", { class: "acts" }, back, listen)), leave: () => undefined };
}

/** The ticket is at work on another device. @param {Cast} cast @returns {Playing} */
export function playWaiting(cast) {
  const { say, session, microphone, store } = cast;
  const title = make("h2");
  const words = make("p");
  const back = make("button", { type: "button", class: "main", onclick: () => microphone.track && session.join(microphone.track) }, say("moved.back"));
  const leave = store.subscribe((state) => state.session.state, (state) => {
    title.textContent = say(`${state}.title`);
    words.textContent = say(state);
    back.hidden = state !== "moved";
  });
  return { element: sheet(title, words, back), leave };
}

/** @param {Cast} cast @returns {Playing} */
export function playOver(cast) {
  const { say, store } = cast;
  const words = make("p");
  const listen = make("a", { class: "button", href: liveLink(cast) }, say("over.replay"));
  const leave = store.subscribe((state) => state.view?.room.state ?? "replay", (state) => {
    words.textContent = say(state === "ended" ? "over.soon" : "over.ready");
    listen.toggleAttribute("aria-disabled", state === "ended");
    listen.textContent = say(state === "ended" ? "over.page" : "over.replay");
  });
  const features = store.state.view ? featureSections(cast, ["recording"]) : null; // without a view the ticket opens nothing more
  const element = sheet(make("h2", {}, say("over.title")), words, listen);
  if (features) element.append(features.element);
  return { element, leave: () => (leave(), features?.leave()) };
}
