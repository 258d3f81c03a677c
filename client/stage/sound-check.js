/**
 * Microphone and headphones: which, how loud, how they sound, and the two switches. Used before joining and again on the stage.
 *
 * @import {Cast} from "./cast.js"
 * @import {Switch} from "./microphone.js"
 */
import { make } from "../room/make.js";

/** @param {Cast} cast @param {{trial: boolean}} how trial: with the five seconds played back @returns {{element: HTMLElement, leave: () => void}} */
export function soundCheck(cast, { trial }) {
  const { microphone, say } = cast;
  const meter = make("level-meter", { label: say("meter.label") });
  meter.source = () => microphone.level();
  const pickers = devices(cast);
  const recording = trial ? playedBack(cast) : null;
  const element = make("div", { class: "sound-check" },
    make("section", { class: "block" },
      make("h3", {}, say("test.microphone")), pickers.microphone, meter, make("p", { class: "soft" }, say("test.level")),
      recording?.element ?? null, switches(cast)),
    make("section", { class: "block" }, make("h3", {}, say("test.headphones")), pickers.headphones, volume(cast), make("p", { class: "soft" }, say("test.echo"))));
  return { element, leave: () => (pickers.leave(), recording?.leave()) };
}

/** @param {Cast} cast */
function devices({ microphone, monitor, say }) {
  const first = make("device-picker");
  const second = monitor.canChoose ? make("device-picker") : make("p", { class: "soft" }, say("test.headphones.system"));
  const look = async () => {
    const found = await microphone.devices();
    const standard = say("test.standard");
    const nameless = (/** @type {number} */ n) => say("test.nameless", { n });
    first.show({ label: say("test.microphone.which"), devices: found.microphones, chosen: microphone.chosen, standard, nameless });
    if ("show" in second) second.show({ label: say("test.headphones.which"), devices: found.headphones, chosen: monitor.chosen, standard, nameless });
  };
  first.addEventListener("device-chosen", (event) => void microphone.choose(/** @type {CustomEvent} */ (event).detail.id));
  second.addEventListener("device-chosen", (event) => void monitor.choose(/** @type {CustomEvent} */ (event).detail.id));
  microphone.addEventListener("devices", look);
  void look();
  return { microphone: first, headphones: second, leave: () => microphone.removeEventListener("devices", look) };
}

/** @param {Cast} cast */
function volume({ monitor, say }) {
  const slider = make("input", { type: "range", id: "volume", min: "0", max: "1", step: "0.05", value: String(monitor.volume) });
  slider.addEventListener("input", () => (monitor.volume = Number(slider.value)));
  return make("div", { class: "field" }, make("label", { htmlFor: "volume" }, say("test.volume")), slider);
}

/** @param {Cast} cast */
function switches({ microphone, say }) {
  /** @type {[Switch, string][]} */
  const both = [["noiseSuppression", "test.noise"], ["autoGainControl", "test.gain"]];
  const rows = both.map(([name, id]) => {
    const tick = make("input", { type: "checkbox", role: "switch", checked: microphone.switched(name) });
    tick.addEventListener("change", () => void microphone.turn(name, tick.checked));
    return make("label", { class: "tick" }, tick, make("span", {}, make("b", {}, say(id)), " ", make("span", { class: "soft" }, say(`${id}.why`))));
  });
  return make("fieldset", { class: "switches" }, make("legend", {}, say("test.switches")), ...rows);
}

/** Five seconds, recorded and played back. @param {Cast} cast */
function playedBack({ microphone, monitor, announce, say }) {
  const gone = new AbortController();
  const button = make("button", { type: "button", class: "quiet" }, say("test.record"));
  const line = make("progress", { max: 100, value: 0, "aria-label": say("test.record"), hidden: true });
  const run = async () => {
    button.disabled = true;
    line.hidden = false;
    button.textContent = say("test.recording");
    const began_ms = performance.now();
    const moving = setInterval(() => (line.value = Math.min(100, (performance.now() - began_ms) / 50)), 100);
    const sound = await microphone.record(gone.signal);
    clearInterval(moving);
    if (sound && !gone.signal.aborted) {
      button.textContent = say("test.playing");
      await monitor.playBack(sound, gone.signal);
      announce(say("test.played"));
    }
    button.disabled = false;
    line.hidden = true;
    button.textContent = say("test.record.again");
  };
  button.addEventListener("click", () => void run());
  const able = () => button.toggleAttribute("disabled", microphone.state !== "open");
  microphone.addEventListener("state", able);
  able();
  return {
    element: make("div", { class: "trial" }, button, line),
    leave: () => (gone.abort(), microphone.removeEventListener("state", able)),
  };
}
