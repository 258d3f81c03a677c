/**
 * What every scene is given: the parts of the page, and the two verbs all of them use. Made once, by main.js.
 *
 * @typedef {object} Place where this page is, as the server wrote it
 * @property {string} live_url the live host's origin
 * @property {string} web_url the web host's origin
 * @property {string} lang
 *
 * @typedef {object} Cast
 * @property {import("../room/store.js").RoomStore<import("./scenes.js").Slices>} store
 * @property {import("../room/protocol.js").StageProtocol} protocol
 * @property {import("./microphone.js").Microphone} microphone
 * @property {import("./session.js").StageSession} session
 * @property {import("./monitor.js").Monitor} monitor
 * @property {import("../room/copy.js").Say & {has: (id: string) => boolean}} say
 * @property {Record<string, string>} copy the whole catalogue
 * @property {Place} place
 * @property {string} role of the ticket, before a view says it
 * @property {string} name of the ticket
 * @property {(name: string, body?: object) => Promise<any>} act sends a command; refusals are said aloud, the reply is null then
 * @property {(sentence: string) => void} announce to the live region and the line under the header
 * @property {(muted: boolean) => void} mute oneself
 *
 * @typedef {{element: HTMLElement, leave: () => void}} Playing
 */
import { exactly } from "../elements/room-clock.js";
import { make } from "../room/make.js";
import { asStageError } from "../room/protocol.js";

/**
 * The sentence for a refusal: ours if the catalogue has it, else what the stage host said.
 * @param {unknown} error @param {Cast["say"]} say
 */
export function refusalWords(error, say) {
  const refusal = asStageError(error);
  return say.has(`error.${refusal.code}`) ? say(`error.${refusal.code}`) : refusal.message;
}

/**
 * A clock on the room's time.
 * @param {Cast} cast @param {"until"|"since"} mode @param {number} at_ms
 */
export function clock(cast, mode, at_ms) {
  const made = make("room-clock", { mode, "at-ms": at_ms });
  made.now = () => cast.store.nowMs();
  return made;
}

/** A link to where the room is heard, now and afterwards. @param {Cast} cast */
export function liveLink(cast) {
  return cast.store.state.view?.room.live_url ?? `${cast.place.live_url}/${cast.protocol.key}`;
}

/** The time of an event, for a sentence. @param {Cast} cast @param {number} at_ms */
export function when(cast, at_ms) {
  return exactly(at_ms, cast.place.lang);
}

/** Whole seconds since a moment of the page's own clock. @param {number} since_ms */
export function secondsSince(since_ms) {
  return Math.max(1, Math.round((performance.now() - since_ms) / 1000));
}
