/**
 * What is known of a voice, in words: the one sentence of `copy/{lang}/voice.json`, and the figures that it rests on. Pure.
 *
 * @import {Voice} from "./view.js"
 * @import {Say} from "./copy.js"
 */

/** Findings that need no look. */
const CALM = new Set(["fine", "unknown"]);

/** @param {Voice|null|undefined} voice */
export function isAmiss(voice) {
  return Boolean(voice) && !CALM.has(/** @type {Voice} */ (voice).finding);
}

/** About somebody; or to oneself, with what to do if that is anything. @param {Voice} voice @param {{name: string, you: boolean}} whose @param {Say} say */
export function voiceWords({ finding, figure }, { name, you }, say) {
  if (!you) return say(`voice.${finding}.host`, { name, figure });
  const own = say(`voice.${finding}.self`, { figure });
  return finding === "fine" ? own : `${own} ${say(`voice.${finding}.help`)}`;
}

/**
 * Label and value of each figure, the road first. @param {Voice} voice @param {Say} say
 * @returns {[label: string, value: string][]}
 */
export function figures(voice, say) {
  const value = (/** @type {string} */ unit, /** @type {number|null} */ n) => (n === null ? say("voice.unknown_yet") : say(`voice.unit.${unit}`, { n }).replace("-", "\u2212"));
  const khz = voice.band_hz === null ? null : voice.band_hz / 1000;
  /** @type {[string, string][]} */
  const rows = [
    ["lost", value("percent", voice.lost)],
    ["jitter", value("ms", voice.jitter_ms)],
    ["round_trip", value("ms", voice.round_trip_ms)],
    ["concealed", value("ms_lately", voice.concealed_ms)],
    ["level", value("dbfs", voice.level_db)],
    ["noise", value("dbfs", voice.noise_db)],
    ["clipped", value("percent", voice.clipped)],
    ["band", value("khz", khz)],
    ["sibilance", value("percent", voice.sibilance)],
    ["echo", voice.echo_s === null ? say("voice.echo.none") : value("late", voice.echo_s)],
  ];
  return rows.map(([name, text]) => [say(`voice.figure.${name}`), text]);
}
