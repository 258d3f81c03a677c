/**
 * Which scene the page plays. Pure: one table, first match wins.
 *
 * @typedef {"no-ticket"|"refused"|"over"|"notice"|"left"|"test"|"waiting"|"stage"} Scene
 *
 * @typedef {object} Slices what the page itself knows, beside the view
 * @property {boolean} ticket there is one
 * @property {string|null} refusal the code that ended it: the ticket or the room
 * @property {boolean} consented to being recorded
 * @property {boolean} joined pressed "join", and did not leave
 * @property {boolean} left pressed "leave"
 * @property {import("../room/protocol.js").Link & {since_ms: number}} link of the events
 * @property {{state: import("./session.js").SessionState, code: string|null, since_ms: number, heard: boolean, road: "call"|"socket"}} session
 * @property {{state: import("./microphone.js").MicrophoneState, since_ms: number}} microphone
 * @property {boolean} hushed one's own wish to be muted, at once and without the stage
 * @property {boolean} blocked the browser holds sound back until a touch
 * @property {string[]} pending commands not yet answered
 *
 * @typedef {Slices & {view: import("../room/view.js").View|null}} State
 */
import { isOver } from "../room/view.js";

/** @type {[Scene, (state: State) => boolean][]} */
const SCENES = [
  ["no-ticket", (state) => !state.ticket],
  ["over", (state) => isOver(state.view) || state.refusal === "room_over" || state.refusal === "ticket_expired"],
  ["refused", (state) => state.refusal !== null],
  ["notice", (state) => !state.consented],
  ["left", (state) => state.left],
  ["test", (state) => !state.joined],
  ["waiting", (state) => state.session.state === "waiting" || state.session.state === "moved"],
  ["stage", () => true],
];

/** @param {State} state @returns {Scene} */
export function sceneFor(state) {
  return SCENES.find(([, plays]) => plays(state))?.[0] ?? "stage";
}
