/**
 * What a page knows of its room: the View of docs/protocol.md, as types, and the few readings of it that
 * more than one place needs. Pure.
 *
 * @typedef {"planned"|"open"|"on_air"|"ended"|"replay"} RoomState
 * @typedef {"host"|"cohost"|"speaker"|"listener"} Role
 *
 * @typedef {object} Room
 * @property {string} key
 * @property {string} title
 * @property {string} description
 * @property {string|null} picture
 * @property {string} picture_alt
 * @property {RoomState} state
 * @property {number} starts_at_ms
 * @property {number} doors_at_ms
 * @property {number|null} air_at_ms the scheduled moment during 3-2-1
 * @property {number|null} on_air_since_ms
 * @property {number|null} ended_at_ms
 * @property {string|null} end_reason
 * @property {string} late_reason
 * @property {string} live_url
 * @property {number} speakers_max
 * @property {"default"|"fast"} profile
 * @property {{count: number, error: number}|null} listeners null: not counted yet
 * @property {{step: number, since_ms: number|null, says: string, least: number}} brownout what is given up now, and the least that a host holds
 *
 * @typedef {object} You
 * @property {string} person
 * @property {string} name
 * @property {Role} role
 * @property {boolean} muted
 * @property {boolean} on_stage
 * @property {boolean} admitted
 *
 * @typedef {object} Person
 * @property {string} person
 * @property {string} name
 * @property {Role} role
 * @property {boolean} muted
 * @property {string|null} muted_by "self", a person's id, or null
 * @property {"here"|"reconnecting"|"away"} link
 * @property {boolean} talking
 * @property {number} level_db
 * @property {"browser"|"whip"|"whep"} kind
 * @property {{hum: boolean, noise: boolean}} treated what is taken out of his sound
 * @property {Voice|null} [voice] what is known of his sound: for hosts, and for himself
 *
 * @typedef {object} Voice figures are null while there is nothing to know them by
 * @property {string} finding names its sentences
 * @property {number} figure in them
 * @property {number} lost percent of his packets
 * @property {number} jitter_ms
 * @property {number|null} round_trip_ms
 * @property {number} concealed_ms of the last ten seconds
 * @property {number|null} level_db
 * @property {number|null} noise_db
 * @property {number|null} clipped percent of his samples
 * @property {number|null} band_hz where his voice ends
 * @property {number|null} sibilance percent of its power from 4 to 16 kHz
 * @property {number|null} echo_s how late his microphone carries the talk back
 *
 * @typedef {object} Alarm
 * @property {string} code
 * @property {number} since_ms
 * @property {string} text
 * @property {string} [device]
 * @property {string} [person]
 *
 * @typedef {object} View
 * @property {Room} room
 * @property {You} you
 * @property {Person[]} people
 * @property {Alarm[]} alarms
 * @property {Record<string, any>} features
 *
 * @typedef {{type: "view", view: View} | {type: "notice", code: string, at_ms: number}} RoomEvent
 * @typedef {{cursor: string, now_ms: number, events: RoomEvent[]}} EventsAnswer
 */

/** May this person run the room (host and co-host)? @param {View|null} view */
export function runsRoom(view) {
  return view !== null && (view.you.role === "host" || view.you.role === "cohost");
}

/** Is the talk over? @param {View|null} view */
export function isOver(view) {
  return view !== null && (view.room.state === "ended" || view.room.state === "replay");
}

/** The name of somebody in the view, or null. @param {View} view @param {string|null|undefined} person */
export function nameOf(view, person) {
  return view.people.find((one) => one.person === person)?.name ?? null;
}
