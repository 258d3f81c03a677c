/**
 * <tally-lamp state="off|standby|air">On the air</tally-lamp>: the lamp over the studio door. The words are its content. Red, here and
 * nowhere else on a page, means that the program bus is open; standby (3-2-1) is a lit frame without red.
 */
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: inline-flex; align-items: center; gap: 0.6em; box-sizing: border-box; min-height: 34px; padding: 4px 14px 4px 11px;
  border: 2px solid var(--rule-strong); border-radius: var(--radius); color: var(--ink-soft); background: var(--sheet);
  font: 600 var(--size-1)/1.2 var(--sans); letter-spacing: 0.08em; text-transform: uppercase; white-space: nowrap; }
svg { inline-size: 14px; block-size: 14px; flex: none; }
circle { fill: none; stroke: currentColor; stroke-width: 2; }
.glow { opacity: 0; stroke: none; fill: currentColor; }
:host([state="standby"]) { color: var(--ink); border-color: var(--ink); border-style: double; border-width: 4px; padding-block: 2px; }
:host([state="air"]) { color: var(--on-air); background: var(--air); border-color: var(--air);
  box-shadow: 0 0 0 3px color-mix(in srgb, var(--air) 22%, transparent); }
:host([state="air"]) .glow { opacity: 1; }
@media (prefers-reduced-motion: no-preference) { :host { transition: background 240ms, box-shadow 240ms; } }
@media (forced-colors: active) {
  :host([state="air"]) { forced-color-adjust: none; background: Highlight; color: HighlightText; border-color: HighlightText; box-shadow: none; }
}`);

export class TallyLamp extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = `<svg viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" cy="7" r="5.5"/><circle class="glow" cx="7" cy="7" r="3.5"/></svg><slot></slot>`;
  }
}

customElements.define("tally-lamp", TallyLamp);
