/** What a page that plays does besides: fetched after the first sound, so that nobody waits for it. */
import { beacons } from "./beacon.js";
import { leap_ms } from "./leap.js";

/**
 * @typedef {{title: string, artist: string, album: string, picture: string}} Shown
 * @param {{key: string, live: import("./ear.js").Ear, pulse: import("./pulse.js").Pulse,
 *   play: () => void, stop: () => void, shown: () => Shown}} page
 */
export function settled({ key, live, pulse, play, stop, shown }) {
  void beacons(key, () => live.state === "playing" || live.state === "waiting", () => pulse.now?.beacon);
  live.leap_s = (excess_s) => leap(pulse, live.heard_ms, excess_s * 1000) / 1000;
  lockScreen(play, stop, shown);
  pulse.addEventListener("pulse", () => lockScreen(play, stop, shown));
}

/** Before it is on the air nobody is heard, and any moment is as good. @param {import("./pulse.js").Pulse} pulse @param {number|null} heard_ms @param {number} most_ms */
function leap(pulse, heard_ms, most_ms) {
  const now = pulse.now;
  if (!now || heard_ms === null) return 0;
  if (now.state === "open") return most_ms;
  return now.state === "on_air" ? leap_ms(now.talked, heard_ms, now.now_ms, most_ms) : 0;
}

let said = "";
/** What the lock screen and the headphones' buttons show and do. @param {() => void} play @param {() => void} stop @param {() => Shown} shown */
function lockScreen(play, stop, shown) {
  const session = navigator.mediaSession;
  if (!session) return;
  const { picture, ...words } = shown();
  if (said === (said = JSON.stringify(words))) return;
  session.metadata = new MediaMetadata({ ...words, artwork: picture ? [{ src: picture }] : [] });
  session.setActionHandler("play", play);
  for (const action of /** @type {const} */ (["pause", "stop"])) session.setActionHandler(action, stop);
}
