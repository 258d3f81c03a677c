/**
 * What every feature's panel needs before it can draw: its sentences and its style.
 *
 * @import {Sentences} from "./copy.js"
 */
import { reader } from "./copy.js";

/**
 * Mounts a panel once its sentences and its style are there; a panel that is taken down before never shows.
 *
 * @param {string} url the feature's own `import.meta.url`
 * @param {Record<string, string>} copy the page's catalogue
 * @param {(say: Sentences) => (() => void) | Promise<() => void>} draw gives back how to take it down
 * @returns {() => void} how to take it down
 */
export function opened(url, copy, draw) {
  let here = true;
  let leave = () => {};
  const open = async () => {
    const [say] = await Promise.all([sentences(url, copy), styled(url)]);
    if (!here) return;
    leave = await draw(say);
    if (!here) leave();
  };
  open().catch((error) => console.error(nameOf(url), error));
  return () => {
    here = false;
    leave();
  };
}

/** @param {string} url */
const nameOf = (url) => new URL(url).pathname.split("/").at(-2) ?? "";

/** The page's catalogue goes first, so that a translated page stays one. @param {string} url @param {Record<string, string>} copy @returns {Promise<Sentences>} */
async function sentences(url, copy = {}) {
  const lang = document.documentElement.lang || "en";
  if (`${nameOf(url)}.title` in copy) return reader(copy, lang);
  const own = await (await fetch(new URL("./copy/en.json", url))).json();
  return reader({ ...own, ...copy }, lang);
}

/** Nothing is drawn before it can be drawn rightly; a style that does not come is done without. @param {string} url @returns {Promise<void>} */
function styled(url) {
  const href = new URL("./panel.css", url).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    for (const end of ["load", "error"]) link.addEventListener(end, () => resolve());
    document.head.append(link);
  });
}
