/**
 * Hands, in the browser. `mount(element, context)` is called by two pages; what differs is loaded only there. On the stage page
 * the queue (hosts) or one's own hand (`stage-hands.js`); on the listener page the road from a raised hand to the stage and back
 * (`listener-hand.js`). Both find their sentences in `say`.
 *
 * @import {RoomStore} from "../../room/store.js"
 * @import {StageProtocol} from "../../room/protocol.js"
 * @import {Pulse} from "../../listener/pulse.js"
 *
 * @typedef {{fadeOut: () => Promise<void>, stop: () => unknown, resume: () => unknown}} StreamPlayer what the listener page lends
 * @typedef {{store: RoomStore<any>, protocol: StageProtocol, copy: Record<string, string>}} StageContext
 * @typedef {{player: StreamPlayer, pulse: Pick<Pulse, "now"|"addEventListener"|"removeEventListener">, stageUrl: string, key: string, copy: Record<string, string>}} ListenerContext
 */
import { opened } from "../../room/panel.js";

/**
 * @param {HTMLElement} element
 * @param {StageContext|ListenerContext} context
 * @returns {() => void} how to take it down
 */
export function mount(element, context) {
  return opened(import.meta.url, context.copy, async (say) => {
    if ("player" in context) {
      const { mountListenerHand } = await import("./listener-hand.js");
      return mountListenerHand(element, { ...context, say });
    }
    const { mountStageHands } = await import("./stage-hands.js");
    return mountStageHands(element, { ...context, say });
  });
}
