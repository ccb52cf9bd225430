/** Keys that work anywhere on the page, all with a modifier, so that nobody writes them by accident. */

/** @typedef {import("./chat-sidebar.js").ChatSidebarElement} ChatSidebarElement */
/** @typedef {import("./chat-composer.js").ChatComposerElement} ChatComposerElement */

export function serveShortcuts() {
  document.addEventListener("keydown", (event) => {
    const act = event.key === "F6" ? nextRegion : event.ctrlKey || event.metaKey ? KEYS[event.shiftKey ? `Shift ${event.key.toUpperCase()}` : event.key] : null;
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const KEYS = {
  "\\": () => /** @type {ChatSidebarElement | null} */ (document.querySelector("chat-sidebar"))?.toggle(),
  ".": () => /** @type {ChatComposerElement | null} */ (document.querySelector("chat-composer"))?.stop(),
  "Shift O": () => location.assign("/"),
};

/** From one region of the page to the next. @param {KeyboardEvent} event */
function nextRegion({ shiftKey }) {
  const places = ["toast-note:popover-open button", ".sidebar__start button", "chat-log, .scroll", "textarea"];
  const stops = /** @type {HTMLElement[]} */ (places.map((place) => document.querySelector(place)).filter((stop) => stop?.checkVisibility()));
  const at = stops.findIndex((stop) => stop.contains(document.activeElement) || stop.closest("nav, chat-sidebar, chat-composer")?.contains(document.activeElement));
  stops[(at + (shiftKey ? -1 : 1) + stops.length) % stops.length]?.focus();
}
