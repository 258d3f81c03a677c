/**
 * Hands, in the browser. `mount(element, context)` is called by two pages; what differs is loaded only there. On the stage page
 * the queue (hosts) or one's own hand (`stage-hands.js`); on the listener page the road from a raised hand to the stage and back
 * (`listener-hand.js`). Both find their sentences in `say`.
 *
 * @import {RoomStore} from "../../room/store.js"
 * @import {StageProtocol} from "../../room/protocol.js"
 * @import {Say} from "../../room/copy.js"
 * @import {Pulse} from "../../listener/pulse.js"
 *
 * @typedef {Say & {has: (id: string) => boolean}} Sentences
 * @typedef {{fadeOut: () => Promise<void>, stop: () => unknown, resume: () => unknown}} StreamPlayer what the listener page lends
 * @typedef {{store: RoomStore<any>, protocol: StageProtocol, copy: Record<string, string>}} StageContext
 * @typedef {{player: StreamPlayer, pulse: Pick<Pulse, "now"|"addEventListener"|"removeEventListener">, stageUrl: string, key: string, copy: Record<string, string>}} ListenerContext
 */
import { reader } from "../../room/copy.js";

/**
 * @param {HTMLElement} element
 * @param {StageContext|ListenerContext} context
 * @returns {() => void} how to take it down
 */
export function mount(element, context) {
  let here = true;
  let leave = () => {};
  const open = async () => {
    const [say] = await Promise.all([sentences(context.copy), styled()]);
    if ("player" in context) {
      const { mountListenerHand } = await import("./listener-hand.js");
      if (here) leave = mountListenerHand(element, { ...context, say });
    } else {
      const { mountStageHands } = await import("./stage-hands.js");
      if (here) leave = mountStageHands(element, { ...context, say });
    }
  };
  open().catch((error) => console.error("hands:", error));
  return () => {
    here = false;
    leave();
  };
}

/** The page's catalogue goes first, so that a translated page stays one. @param {Record<string, string>} copy @returns {Promise<Sentences>} */
async function sentences(copy = {}) {
  const lang = document.documentElement.lang || "en";
  if ("hands.title" in copy) return reader(copy, lang);
  const own = await (await fetch(new URL("./copy/en.json", import.meta.url))).json();
  return reader({ ...own, ...copy }, lang);
}

/** Nothing is drawn before it can be drawn rightly; a style that does not come is done without. @returns {Promise<void>} */
function styled() {
  const href = new URL("./panel.css", import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
    document.head.append(link);
  });
}
