/**
 * Panels of the room's features: each is `features/{name}/panel.js` beside this build, exporting `mount(element, {store, protocol, copy, view, say})`, which may return
 * how to take it down. A feature without a panel leaves its section hidden.
 *
 * @import {Cast} from "./cast.js"
 */
import { make } from "../room/make.js";

/** @param {Cast} cast @param {string[]} names */
export function featureSections(cast, names) {
  /** @type {(() => void)[]} */
  const leave = [];
  let here = true;
  const sections = names.map((name) => {
    const inside = make("div", { class: "inside" });
    const section = make("section", { class: "sheet feature", hidden: true, "data-feature": name }, inside);
    const mount = async () => {
      const panel = await import(new URL(`../features/${name}/panel.js`, import.meta.url).href).catch(() => null);
      if (!panel || !here) return;
      const { store, protocol, copy, say } = cast;
      const stop = panel.mount(inside, { store, protocol, copy, say, view: store.state.view });
      if (typeof stop === "function") leave.push(stop);
      section.hidden = false;
    };
    // a panel that breaks takes nothing with it
    mount().catch((error) => console.error(`the panel of ${name}:`, error));
    return section;
  });
  return { element: make("div", { class: "features" }, ...sections), leave: () => ((here = false), leave.forEach((one) => one())) };
}
