/** The versions of one message: which button leads to which, and which branch the page's address names. */

const STEPS = /** @type {Record<string, "previous" | "next">} */ ({ ArrowLeft: "previous", ArrowRight: "next" });

/** What the address says of the branch that is shown. */
export const chosen = () => location.search;

/** The address now names the branch through this message, or the newest. @param {string} [message] */
export function choose(message) {
  history.replaceState(history.state, "", message ? `?version=${message}` : location.pathname);
}

/** @param {Element} article @param {"previous" | "next"} which @returns {HTMLButtonElement | null} */
export function step(article, which) {
  const steps = /** @type {NodeListOf<HTMLButtonElement>} */ (article.querySelectorAll('[data-action="version"]'));
  const button = steps[which === "previous" ? 0 : 1];
  return button?.disabled === false ? button : null;
}

/** The version that an arrow key on a message itself asks for. @param {KeyboardEvent} event @returns {HTMLButtonElement | null} */
export function stepOf(event) {
  const article = /** @type {Element} */ (event.target);
  if (!STEPS[event.key] || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !article.matches("article.message")) return null;
  const mirrored = getComputedStyle(article).direction === "rtl";
  return step(article, (STEPS[event.key] === "next") === mirrored ? "previous" : "next");
}
