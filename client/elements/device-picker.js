/**
 * <device-picker>: which microphone, or which headphones. `picker.show({label, devices, chosen, standard, nameless})` draws a labelled list;
 * a choice is the event `device-chosen`, detail {id} ("" is the system's own choice).
 *
 * @typedef {{id: string, label: string}} Device
 * @typedef {{label: string, devices: Device[], chosen: string, standard: string, nameless: (n: number) => string}} Shown
 */
import { make } from "../room/make.js";

let made = 0;

export class DevicePicker extends HTMLElement {
  #select = make("select", { id: `device-${(made += 1)}` });
  #label = make("label", { htmlFor: this.#select.id });
  #drawn = "";

  connectedCallback() {
    if (this.childElementCount) return;
    this.append(this.#label, this.#select);
    this.#select.addEventListener("change", () =>
      this.dispatchEvent(new CustomEvent("device-chosen", { bubbles: true, detail: { id: this.#select.value } })));
  }

  /** @param {Shown} shown */
  show({ label, devices, chosen, standard, nameless }) {
    const rows = [{ id: "", label: standard }, ...devices.filter((one) => one.id !== "" && one.id !== "default")];
    const reading = JSON.stringify([label, rows, chosen]);
    if (reading === this.#drawn) return; // a list that is rebuilt while open closes under the finger
    this.#drawn = reading;
    this.#label.textContent = label;
    this.#select.replaceChildren(...rows.map((row, n) => make("option", { value: row.id }, row.label || nameless(n))));
    this.#select.value = rows.some((row) => row.id === chosen) ? chosen : "";
  }
}

customElements.define("device-picker", DevicePicker);
