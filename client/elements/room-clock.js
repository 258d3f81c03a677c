/**
 * <room-clock mode="until|since|late" at-ms="…">: the clock as a person says it. `until` speaks ("in 12 minutes", the last minute in
 * seconds, the past as "3 minutes ago"); `since` counts ("1:02:07"); a touch or Enter shows the exact date and time for a while, and it is
 * always in the label. `clock.now = () => room milliseconds`; without it the browser's own clock is used.
 */
const EXACT_MS = 4000;

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: inline-block; }
button { all: unset; box-sizing: border-box; min-block-size: var(--target); display: inline-flex; align-items: center; cursor: pointer; font-variant-numeric: tabular-nums; }
button:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: var(--radius); }`);

/**
 * @param {number} from_ms @param {number} to_ms @param {string} lang
 * @returns {string} "in 12 minutes", "42 seconds ago"
 */
export function inWords(from_ms, to_ms, lang) {
  const words = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  const seconds = Math.round((to_ms - from_ms) / 1000);
  for (const [unit, size] of UNITS) {
    const whole = Math.abs(seconds) / size;
    // an hour and a half is "in 90 minutes", not "in 1 hour": the larger word only from two of it on
    if (whole >= (unit === "minute" ? 1 : 2)) return words.format(Math.sign(seconds) * Math.round(whole), unit);
  }
  return words.format(seconds, "second");
}

/** "1:02:07" or "02:07". @param {number} ms */
export function elapsed(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** @param {number} at_ms @param {string} lang */
export function exactly(at_ms, lang) {
  return new Intl.DateTimeFormat(lang, {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  }).format(at_ms);
}

export class RoomClock extends HTMLElement {
  static observedAttributes = ["mode", "at-ms"];
  /** @type {() => number} */
  now = Date.now;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;
  #exactUntil_ms = 0;
  #button;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.#button = document.createElement("button");
    this.#button.type = "button";
    this.#button.append(document.createElement("time"));
    this.#button.addEventListener("click", () => {
      this.#exactUntil_ms = this.#exactUntil_ms > performance.now() ? 0 : performance.now() + EXACT_MS;
      this.draw();
    });
    root.append(this.#button);
  }

  connectedCallback() {
    this.draw();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.draw();
  }

  draw() {
    clearTimeout(this.#timer);
    const at_ms = Number(this.getAttribute("at-ms"));
    const lang = this.closest("[lang]")?.getAttribute("lang") || "en";
    const now_ms = this.now();
    const words = this.getAttribute("mode") === "since" ? elapsed(now_ms - at_ms) : inWords(now_ms, at_ms, lang);
    const exact = exactly(at_ms, lang);
    const time = /** @type {HTMLTimeElement} */ (this.#button.firstChild);
    time.dateTime = new Date(at_ms).toISOString();
    time.textContent = this.#exactUntil_ms > performance.now() ? exact : words;
    this.#button.title = exact;
    this.#button.setAttribute("aria-label", `${words}, ${exact}`);
    // on the second, as the room counts it
    this.#timer = setTimeout(() => this.draw(), 1000 - (Math.abs(now_ms - at_ms) % 1000 || 0) % 1000 + 5);
  }
}

customElements.define("room-clock", RoomClock);
