/**
 * What a host and a co-host hold: doors, air, the reason for being late, invitations, what a rush may cost. One main button, for what comes next.
 *
 * @import {Cast} from "./cast.js"
 * @import {View} from "../room/view.js"
 */
import { drawing, LINES, make } from "../room/make.js";
import { brownout } from "./brownout.js";

const COUNT_IN_MS = 3000;

/** @param {Cast} cast */
export function controlRoom(cast) {
  const { store, say } = cast;
  const next = make("div", { class: "next" });
  const late = lateReason(cast), rush = brownout(cast);
  const leave = store.subscribe(
    (state) => state.view && [step(state.view), state.pending.filter((one) => ["open_doors", "go_on_air", "hold", "end"].includes(one))],
    () => {
      const view = store.state.view;
      if (!view) return;
      next.replaceChildren(...nextStep(cast, step(view)));
      late.element.hidden = view.room.on_air_since_ms !== null;
    });
  const element = make("section", { class: "sheet control-room", "aria-label": say("control.title") },
    make("h2", {}, say("control.title")), next, late.element, invitation(cast), rush.element);
  return { element, leave: () => (leave(), late.leave(), rush.leave()) };
}

/** @param {View} view */
function step({ room }) {
  if (room.state === "open" && room.air_at_ms !== null) return "counting";
  return room.state;
}

/** @param {Cast} cast @param {string} at @returns {Node[]} */
function nextStep(cast, at) {
  const { say, store } = cast;
  const press = (/** @type {string} */ name, /** @type {object} */ body, kind = "main") => {
    const waits = store.state.pending.includes(name);
    return make("button", { type: "button", class: kind, disabled: waits, "data-command": name, onclick: () => void cast.act(name, body) }, say(waits ? "control.asking" : `control.${name}`));
  };
  const words = make("p", { class: "soft" }, say(`control.${at}.words`));
  if (at === "planned") return [press("open_doors", {}), words];
  if (at === "open") return [press("go_on_air", { in_ms: COUNT_IN_MS }), words];
  if (at === "counting") return [press("hold", {}), words];
  if (at === "on_air") return [ending(cast), words];
  return [];
}

/** Ending shuts the program at once and for good: it is asked twice. @param {Cast} cast */
function ending(cast) {
  const { say } = cast;
  const dialog = make("dialog", { class: "sheet", "aria-labelledby": "end-title" },
    make("h2", { id: "end-title" }, say("end.title")), make("p", {}, say("end.words")),
    make("div", { class: "acts" },
      make("button", { type: "button", class: "main", "data-command": "end", onclick: () => (dialog.close(), void cast.act("end")) }, say("end.sure")),
      make("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, say("end.keep"))));
  const button = make("button", { type: "button", class: "main quiet", "data-command": "ask-end", onclick: () => dialog.showModal() }, say("control.end"));
  return make("div", {}, button, dialog);
}

/** @param {Cast} cast */
function lateReason(cast) {
  const { say, store } = cast;
  const reason = make("input", { id: "late", maxLength: 200, placeholder: say("late.example") });
  const told = make("p", { class: "soft", role: "status" });
  const form = make("form", {}, make("label", { htmlFor: "late" }, say("late.label")), make("div", { class: "row" }, reason, make("button", { type: "submit", class: "quiet" }, say("late.tell"))), told);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void cast.act("late", { reason: reason.value.trim() });
  });
  const leave = store.subscribe((state) => state.view?.room.late_reason ?? "", (now) => {
    told.textContent = now ? say("late.told", { reason: now }) : say("late.nothing");
  });
  const element = make("details", { class: "fold" }, make("summary", {}, say("late.title")), form);
  return { element, leave };
}

/** @param {Cast} cast */
function invitation(cast) {
  const { say, store } = cast;
  const roles = store.state.view?.you.role === "host" ? ["speaker", "cohost"] : ["speaker"];
  const name = make("input", { id: "invite-name", maxLength: 60, autocomplete: "off" });
  const role = make("select", { id: "invite-role" }, ...roles.map((one) => make("option", { value: one }, say(`role.${one}`))));
  const made = make("div", { class: "made" });
  const form = make("form", {},
    make("div", { class: "field" }, make("label", { htmlFor: "invite-name" }, say("invite.name")), name),
    make("div", { class: "field" }, make("label", { htmlFor: "invite-role" }, say("invite.role")), role),
    make("button", { type: "submit", class: "quiet" }, say("invite.make")), made);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reply = await cast.act("invite", { role: role.value, name: name.value.trim() });
    if (reply) made.replaceChildren(link(cast, String(reply.url), name.value.trim()));
  });
  return make("details", { class: "fold invite" }, make("summary", {}, say("invite.title")), form);
}

/** @param {Cast} cast @param {string} url @param {string} name */
function link({ say, announce }, url, name) {
  const field = make("input", { id: "invite-link", readOnly: true, value: url, dir: "ltr", onfocus: () => field.select() });
  const copied = make("button", { type: "button", class: "quiet" }, say("invite.copy"));
  copied.addEventListener("click", async () => {
    field.select();
    const done = await (navigator.clipboard?.writeText(url) ?? Promise.reject(new Error("no clipboard"))).then(() => true, () => document.execCommand("copy"));
    if (!done) return;
    copied.replaceChildren(say("invite.copied"));
    announce(say("invite.copied"));
  });
  const label = name ? say("invite.link", { name }) : say("invite.link.nameless");
  return make("div", { class: "field" }, make("label", { htmlFor: "invite-link" }, label), make("div", { class: "row" }, field, copied),
    make("p", { class: "soft" }, drawing(LINES.look), say("invite.private")));
}
