/**
 * <count-in>: the 3-2-1 over every stage page, on the room's time. `count.now = () => room ms`, `count.at = ms|null`, its slot holds the
 * words above the numeral, the slot `act` a button below it. It covers nothing that can be pressed: one must be able to mute or hold while it counts.
 */
const SHOWN_MS = 10_000;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { position: fixed; inset: 0; z-index: 5; display: grid; place-items: center; pointer-events: none; }
:host([hidden]) { display: none; }
.card { display: grid; justify-items: center; gap: var(--s2); padding: var(--s6) var(--s12) var(--s8); min-inline-size: 15rem; color: var(--ink); background: var(--sheet);
  border: 2px solid var(--ink); border-radius: 6px; box-shadow: 0 12px 48px rgb(0 0 0 / 28%); }
.words { font: var(--size-3)/1.3 var(--serif); }
.numeral { font: 400 clamp(7rem, 28vmin, 13rem)/1 var(--serif); font-variant-numeric: lining-nums tabular-nums; }
::slotted(button) { pointer-events: auto; margin-block-start: var(--s4); }
.ticks { display: flex; gap: var(--s3); }
.ticks i { inline-size: 12px; block-size: 12px; border: 2px solid var(--ink); border-radius: 50%; }
.ticks i.past { background: var(--ink); }
@media (prefers-reduced-motion: no-preference) {
  .numeral.new { animation: fall 900ms ease-out; }
  @keyframes fall { from { transform: scale(1.12); opacity: 0.25; } 20% { transform: none; opacity: 1; } }
}
@media (forced-colors: active) { .ticks i.past { forced-color-adjust: none; background: CanvasText; } }`);

export class CountIn extends HTMLElement {
  /** @type {() => number} */
  now = Date.now;
  /** @type {number|null} */ #at_ms = null;
  #frame = 0;
  #shown = 0;
  #numeral;
  #ticks;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = `<div class="card" role="timer"><div class="words"><slot></slot></div><div class="numeral"></div><div class="ticks" aria-hidden="true"><i></i><i></i><i></i></div><slot name="act"></slot></div>`;
    this.#numeral = /** @type {HTMLElement} */ (root.querySelector(".numeral"));
    this.#ticks = [...root.querySelectorAll("i")];
  }

  connectedCallback() {
    this.#turn();
  }

  /** @param {number|null} at_ms */
  set at(at_ms) {
    this.#at_ms = at_ms;
    this.#turn();
  }

  get at() {
    return this.#at_ms;
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
  }

  #turn() {
    cancelAnimationFrame(this.#frame);
    const left_ms = this.#at_ms === null ? 0 : this.#at_ms - this.now();
    this.hidden = left_ms <= 0 || left_ms > SHOWN_MS;
    const number = this.hidden ? 0 : Math.ceil(left_ms / 1000);
    if (number !== this.#shown) this.#show(number);
    if (left_ms > 0) this.#frame = requestAnimationFrame(() => this.#turn());
  }

  /** @param {number} number */
  #show(number) {
    this.#shown = number;
    const lang = this.closest("[lang]")?.getAttribute("lang") || "en";
    this.#numeral.textContent = number ? new Intl.NumberFormat(lang).format(number) : "";
    this.#numeral.classList.remove("new");
    void this.#numeral.offsetWidth; // restarts the animation
    this.#numeral.classList.add("new");
    this.#ticks.forEach((tick, i) => tick.classList.toggle("past", number <= 3 - i));
  }
}

customElements.define("count-in", CountIn);
