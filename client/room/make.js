/**
 * Makes an element with its properties, attributes and children in one line. `on…` is a listener; a name with a dash, or one the
 * element does not have, is an attribute; null and false are left out. Text is text: nothing here parses markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [with_]
 * @param {...(Node|string|null|false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, with_ = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(with_)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (!name.includes("-") && name in element && name !== "list") Reflect.set(element, name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * A line drawing of ours on a 24 × 24 grid: strokes in the ink of the text around it.
 * @param {string} path
 */
export function drawing(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("drawing");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** The drawings. */
export const LINES = {
  microphone: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11v1a6 6 0 0 0 12 0v-1M12 18v3M8.5 21h7",
  muted: "M9 9v3a3 3 0 0 0 5 2.2M15 11V6a3 3 0 0 0-5.8-1M6 11v1a6 6 0 0 0 9.5 4.9M18 12v-1M12 18v3M8.5 21h7M4 3l16 18",
  headphones: "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v6H5.5A1.5 1.5 0 0 1 4 18.5zM20 14h-3v6h1.5a1.5 1.5 0 0 0 1.5-1.5z",
  leave: "M14 4H6v16h8M11 12h9M17 8.5l3.5 3.5-3.5 3.5",
  look: "M12 4l9 16H3zM12 10v5M12 17.5v.5",
};
