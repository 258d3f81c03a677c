/**
 * What a person who does not look is told: turns of the room and of one's own standing, once each, in the order they happen. Pure: the state
 * before and after, and the sentences between.
 *
 * @import {Say} from "../room/copy.js"
 * @import {State} from "./scenes.js"
 * @import {View} from "../room/view.js"
 */

/** @param {State} before @param {State} after @param {Say} say @returns {string[]} */
export function announcements(before, after, say) {
  /** @type {string[]} */
  const all = [];
  const turned = (/** @type {(state: State) => unknown} */ read) => read(before) !== read(after);
  if (turned((state) => state.view?.room.state) && before.view && after.view) all.push(say(`said.room.${after.view.room.state}`));
  if (after.view?.room.air_at_ms && !before.view?.room.air_at_ms && before.view) all.push(say("said.count_in"));
  if (before.view?.room.air_at_ms && !after.view?.room.air_at_ms && after.view?.room.state === "open") all.push(say("said.held"));
  if (turned((state) => state.session.state) && ["here", "lost"].includes(after.session.state)) all.push(say(`said.session.${after.session.state}`));
  if (after.joined && turned((state) => state.microphone.state) && before.microphone.state !== "shut") {
    all.push(say(after.microphone.state === "open" ? "said.microphone.open" : "said.microphone.lost"));
  }
  if (before.view && after.view) all.push(...comings(before.view, after.view, say));
  return all;
}

/** @param {View} before @param {View} after @param {Say} say */
function comings(before, after, say) {
  const were = new Map(before.people.map((one) => [one.person, one]));
  const are = new Set(after.people.map((one) => one.person));
  const you = after.you.person;
  return [
    ...after.people.filter((one) => one.person !== you && !were.has(one.person)).map((one) => say("said.came", { name: one.name })),
    ...before.people.filter((one) => one.person !== you && !are.has(one.person)).map((one) => say("said.went", { name: one.name })),
    ...(after.you.muted !== before.you.muted ? [say(after.you.muted ? "said.muted" : "said.unmuted")] : []),
  ];
}
