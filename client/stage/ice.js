/**
 * ICE credentials in session descriptions, for a restart. Pure.
 */
const CREDENTIAL = /^a=ice-(?:ufrag|pwd):.*$/gm;

/** @param {string} sdp @returns {string} its credentials alone, as a fragment (RFC 8840 section 4.4) */
export function credentials(sdp) {
  return [...new Set(sdp.match(CREDENTIAL)?.map((line) => line.trim()))].map((line) => `${line}\r\n`).join("");
}

/** @param {string} answer @param {string} fragment @returns {string} the answer with the fragment's credentials in place of its own */
export function renewed(answer, fragment) {
  let sdp = answer;
  for (const line of fragment.match(CREDENTIAL) ?? []) {
    const [name = ""] = line.split(":");
    sdp = sdp.replace(new RegExp(`^${name}:[^\\r\\n]*`, "gm"), () => line.trim());
  }
  return sdp;
}
