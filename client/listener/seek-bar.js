/** The position in a recording: shown, said, and set. */

/** "02:07" or "01:02:07". @param {number} s */
const length = (s) => new Date(Math.max(0, s) * 1000).toISOString().slice(s < 3600 ? 14 : 11, 19);

/**
 * @param {import("./replay.js").Replay} replay @param {HTMLElement} place holds a range input and an output
 * @returns {() => void} draws it as it is now
 */
export function seekBar(replay, place) {
  const bar = /** @type {HTMLInputElement} */ (place.querySelector("input"));
  const word = /** @type {HTMLOutputElement} */ (place.querySelector("output"));
  bar.addEventListener("change", () => (replay.position_s = Number(bar.value)));
  return () => {
    place.hidden = !(replay.duration_s > 0);
    if (place.hidden) return;
    bar.max = String(Math.floor(replay.duration_s));
    if (document.activeElement !== bar || replay.state === "playing") bar.value = String(Math.floor(replay.position_s));
    const words = `${length(replay.position_s)} / ${length(replay.duration_s)}`;
    if (word.textContent !== words) word.textContent = words;
    bar.setAttribute("aria-valuetext", words);
  };
}
