/** Keys that work anywhere on the page. Those that stand alone act only outside of text, and can be switched off. */
import { stored, store } from "./single-keys.js";

/** @typedef {import("./chat-sidebar.js").ChatSidebarElement} ChatSidebarElement */
/** @typedef {import("./chat-composer.js").ChatComposerElement} ChatComposerElement */

const TEXT = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

export function serveShortcuts() {
  document.addEventListener("keydown", (event) => {
    const act = event.key === "F6" ? nextRegion : event.ctrlKey || event.metaKey ? KEYS[event.shiftKey ? `Shift ${event.key.toUpperCase()}` : event.key] : alone(event);
    if (!act) return;
    event.preventDefault();
    act(event);
  });
  document.addEventListener("click", ({ target }) => target instanceof Element && target.closest('[data-action="shortcuts"]') && list());
  document.addEventListener("change", ({ target }) => target instanceof HTMLInputElement && target.matches('#shortcuts [data-part="single"]') && store(target.checked));
}

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const KEYS = {
  "\\": () => /** @type {ChatSidebarElement | null} */ (document.querySelector("chat-sidebar"))?.toggle(),
  ".": () => /** @type {ChatComposerElement | null} */ (document.querySelector("chat-composer"))?.stop(),
  "Shift O": () => location.assign("/"),
};

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const SINGLE = {
  "?": list,
  "/": () => /** @type {ChatComposerElement | null} */ (document.querySelector("chat-composer"))?.focus(),
};

/** @param {KeyboardEvent} event */
function alone({ key, altKey, target }) {
  const act = Object.hasOwn(SINGLE, key) && !altKey ? SINGLE[key] : null;
  if (!act || !(target instanceof Element) || target.closest(TEXT) || document.querySelector("dialog[open]")) return null;
  return stored() ? act : null;
}

/** Shows what there is. */
function list() {
  const sheet = /** @type {HTMLDialogElement | null} */ (document.getElementById("shortcuts"));
  if (!sheet || sheet.open) return;
  if (navigator.platform.startsWith("Mac")) for (const key of sheet.querySelectorAll("[data-ctrl]")) key.textContent = "⌘";
  /** @type {HTMLInputElement} */ (sheet.querySelector('[data-part="single"]')).checked = stored();
  sheet.showModal();
}

/** From one region of the page to the next. @param {KeyboardEvent} event */
function nextRegion({ shiftKey }) {
  const places = ["toast-note:popover-open button", ".sidebar__start button", "chat-log, .scroll", "textarea"];
  const stops = /** @type {HTMLElement[]} */ (places.map((place) => document.querySelector(place)).filter((stop) => stop?.checkVisibility()));
  const at = stops.findIndex((stop) => stop.contains(document.activeElement) || stop.closest("nav, chat-sidebar, chat-composer")?.contains(document.activeElement));
  stops[(at + (shiftKey ? -1 : 1) + stops.length) % stops.length]?.focus();
}
