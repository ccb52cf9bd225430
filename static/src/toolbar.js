/** Arrow keys within a toolbar, menu or list of rows: from one control to the next, Home and End to the ends. */

const STEPS = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 });

/** @param {KeyboardEvent} event */
export function walkToolbar(event) {
  const toolbar = /** @type {Element} */ (event.target).closest('[role="toolbar"]');
  if (toolbar && !event.key.endsWith("Up") && !event.key.endsWith("Down")) walk(event, toolbar, "button:enabled");
}

/**
 * @param {KeyboardEvent} event
 * @param {Element} within
 * @param {string} what
 */
export function walk(event, within, what) {
  const stops = /** @type {HTMLElement[]} */ ([...within.querySelectorAll(what)].filter((one) => one.checkVisibility()));
  const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const mirrored = event.key.match(/Left|Right/) && getComputedStyle(within).direction === "rtl" ? -1 : 1;
  const step = (STEPS[event.key] ?? 0) * mirrored;
  const to = event.key === "Home" ? 0 : event.key === "End" ? stops.length - 1 : at + step;
  if ((!step && to === at) || !stops.length) return;
  event.preventDefault();
  stops[(to + stops.length) % stops.length].focus();
}
