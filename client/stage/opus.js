/**
 * What we ask of Opus in a session description. Pure.
 *
 * fmtp says what its writer wishes to receive (RFC 7587 section 7), so the offer asks the stage host for a 72 kbit/s mono stream with in-band
 * FEC, and the answer, tuned the same way before it is set, makes this browser send one.
 */
export const BIT_RATE = 72_000; // below it the Opus of a phone codes a voice as a hybrid, which lisps: docs/voice.md

const WISHES = { maxaveragebitrate: String(BIT_RATE), useinbandfec: "1", stereo: "0", "sprop-stereo": "0" };

/** @param {string} sdp @returns {string} the same with Opus's fmtp line as wished; unchanged when it has no Opus */
export function tuneOpus(sdp) {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1];
  if (payload === undefined) return sdp;
  const line = new RegExp(`^a=fmtp:${payload} (.*)$`, "m");
  const kept = (line.exec(sdp)?.[1] ?? "").trim();
  /** @type {Record<string, string>} */
  const parameters = {};
  for (const pair of kept ? kept.split(";") : []) {
    const [name = "", value = ""] = pair.trim().split("=");
    if (name) parameters[name] = value;
  }
  const all = { ...parameters, ...WISHES };
  const tuned = `a=fmtp:${payload} ${Object.entries(all).map(([name, value]) => `${name}=${value}`).join(";")}`;
  if (line.test(sdp)) return sdp.replace(line, tuned);
  return sdp.replace(new RegExp(`^(a=rtpmap:${payload} .*?)(\\r?)$`, "m"), `$1$2\n${tuned}$2`);
}
