/** What is true of the whole page: one line at its top. */

/** @param {"signed-out" | "outdated" | "deleted"} kind @param {boolean} shown */
export function banner(kind, shown) {
  const element = /** @type {HTMLElement | null} */ (document.querySelector(`[data-banner="${kind}"]`));
  if (!element || element.hidden === !shown) return;
  element.hidden = !shown;
  const back = /** @type {HTMLAnchorElement | null} */ (element.querySelector('[data-part="sign-in"]'));
  if (back) back.search = `?next=${encodeURIComponent(location.pathname)}`;
}
