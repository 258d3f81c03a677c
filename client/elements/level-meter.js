/**
 * <level-meter label="Your microphone">: a horizontal peak meter, −60 to 0 dBFS, with the needle of room/ballistics and a held peak.
 * Above −6 dBFS it is
 * amber. `meter.source = () => dBFS` is read some thirty times a second while the element is in the page; `compact` leaves the scale out.
 */
import { FLOOR_DB, Needle } from "../room/ballistics.js";

const MARKS_DB = [-60, -48, -36, -24, -18, -12, -6, 0];
const SPOKEN_EVERY_MS = 1000;
const REST_MS = 20; // a picture each 37 ms at the most, within the 43 that a microphone's `level` looks back; sixty a second cost a twelfth of the page's processor

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: block; direction: ltr; font: var(--size-1)/1 var(--sans); font-variant-numeric: tabular-nums; color: var(--ink-soft); }
.track { position: relative; block-size: 16px; border: 1px solid var(--rule-strong); border-radius: 2px; background: var(--sheet); overflow: hidden; }
.good { position: absolute; inset-block: 0; background: color-mix(in srgb, var(--meter) 16%, transparent); }
.bar { position: absolute; inset: 0; background: linear-gradient(to right, var(--meter) 90%, var(--look) 90%); clip-path: inset(0 100% 0 0); }
.hold { position: absolute; inset-block: 0; inline-size: 3px; margin-inline-start: -3px; background: var(--ink); }
.marks { position: absolute; inset: 0; }
.marks i { position: absolute; inset-block: 0; inline-size: 1px; background: var(--rule-strong); opacity: 0.5; }
.scale { position: relative; block-size: 1.35em; margin-block-start: 5px; }
.scale span { position: absolute; transform: translateX(-50%); }
.scale span:first-child { transform: none; } .scale span:last-child { transform: translateX(-100%); }
:host([compact]) .scale, :host([compact]) .good { display: none; }
@media (max-width: 30rem) { .scale span:nth-child(2), .scale span:nth-child(5), .scale span:nth-child(7) { display: none; } }
@media (forced-colors: active) { .bar { forced-color-adjust: none; background: Highlight; } .hold { forced-color-adjust: none; background: CanvasText; } .track { border-color: CanvasText; } }`);

/** @param {number} db */
const share = (db) => Math.min(1, Math.max(0, 1 - db / FLOOR_DB));

export class LevelMeter extends HTMLElement {
  /** Gives the peak in dBFS since it was last asked. @type {() => number} */
  source = () => FLOOR_DB;
  #needle = new Needle();
  #frame = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #rest;
  #spoken_ms = 0;
  /** @type {HTMLElement} */ #bar;
  /** @type {HTMLElement} */ #hold;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    const marks = MARKS_DB.slice(1, -1).map((db) => `<i data-db="${db}"></i>`).join("");
    const scale = MARKS_DB.map((db) => `<span data-db="${db}">${String(db).replace("-", "\u2212")}</span>`).join("");
    root.innerHTML = `<div class="track"><div class="good"></div><div class="bar"></div><div class="marks">${marks}</div>
      <div class="hold"></div></div><div class="scale" aria-hidden="true">${scale}</div>`;
    // set one by one: a page's Content-Security-Policy may forbid style attributes
    for (const mark of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-db]"))) mark.style.left = `${share(Number(mark.dataset.db)) * 100}%`;
    const good = /** @type {HTMLElement} */ (root.querySelector(".good"));
    good.style.left = `${share(-24) * 100}%`;
    good.style.right = `${(1 - share(-9)) * 100}%`;
    this.#bar = /** @type {HTMLElement} */ (root.querySelector(".bar"));
    this.#hold = /** @type {HTMLElement} */ (root.querySelector(".hold"));
  }

  connectedCallback() {
    this.setAttribute("role", "meter");
    this.setAttribute("aria-valuemin", String(FLOOR_DB));
    this.setAttribute("aria-valuemax", "0");
    this.setAttribute("aria-label", this.getAttribute("label") ?? "");
    const turn = (/** @type {number} */ now_ms) => {
      this.#draw(now_ms);
      this.#rest = setTimeout(() => (this.#frame = requestAnimationFrame(turn)), REST_MS);
    };
    this.#frame = requestAnimationFrame(turn);
  }

  disconnectedCallback() {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
  }

  /** @param {number} now_ms */
  #draw(now_ms) {
    const { level_db, hold_db } = this.#needle.push(this.source(), now_ms);
    this.#bar.style.clipPath = `inset(0 ${((1 - share(level_db)) * 100).toFixed(2)}% 0 0)`;
    this.#hold.style.left = `${(share(hold_db) * 100).toFixed(2)}%`;
    this.#hold.style.visibility = hold_db > FLOOR_DB ? "visible" : "hidden";
    if (now_ms - this.#spoken_ms < SPOKEN_EVERY_MS) return; // a screen reader needs no sixty values a second
    this.#spoken_ms = now_ms;
    this.setAttribute("aria-valuenow", String(Math.round(hold_db)));
    this.setAttribute("aria-valuetext", `${Math.round(hold_db)} dBFS`);
  }
}

customElements.define("level-meter", LevelMeter);
