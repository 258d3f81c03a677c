/**
 * A sampled sign of life, by which edge counts a crowd without knowing anybody: `docs/protocol.md`, "Being counted". Once in each `every_s`,
 * from a random moment after the first sound on, a beacon goes out with the probability of the newest pulse.
 *
 * @typedef {{p: number, every_s: number}} Rate
 */
const UNKNOWN_S = 10;

/**
 * Counts for as long as the page lives.
 * @param {string} key @param {() => boolean} plays @param {() => Rate|undefined} rate of the newest pulse
 * @param {(seconds: number) => Promise<unknown>} [wait] @param {() => number} [draw] 0 to 1
 */
export async function beacons(key, plays, rate, wait = (s) => new Promise((done) => setTimeout(done, s * 1000)), draw = Math.random) {
  const every_s = () => Math.max(1, rate()?.every_s ?? UNKNOWN_S);
  for (let first = true; ; first = false) {
    await wait(every_s() * (first ? draw() : 1));
    const p = rate()?.p ?? 0;
    // A beacon that is lost is lost: the next draw is as good.
    if (plays() && draw() < p) void fetch(`/live/${key}/beacon?p=${p}`, { method: "POST", credentials: "omit", keepalive: true }).catch(() => {});
  }
}
