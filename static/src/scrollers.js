/** What scrolls within a text says so: it can be reached by keyboard, has a name, and fades where it is cut. */
import { t } from "./words.js";

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => look(/** @type {HTMLElement} */ (target))));

/** @param {HTMLElement} scroller */
export function watch(scroller) {
  sizes.observe(scroller);
  scroller.addEventListener("scroll", () => look(scroller), { passive: true });
}

/** @param {HTMLElement} scroller */
function look(scroller) {
  const hidden = scroller.scrollWidth - scroller.clientWidth;
  scroller.toggleAttribute("data-cut", hidden - Math.abs(scroller.scrollLeft) > 1);
  if (hidden > 1 === scroller.hasAttribute("tabindex")) return;
  const attributes = { tabindex: "0", role: "region", "aria-label": name(scroller) };
  for (const [attribute, value] of Object.entries(attributes)) {
    if (hidden > 1) scroller.setAttribute(attribute, value);
    else scroller.removeAttribute(attribute);
  }
}

/** @param {HTMLElement} scroller */
function name(scroller) {
  if (!scroller.matches(".code__body")) return t("table");
  const language = scroller.parentElement?.querySelector(".code__language")?.textContent;
  return language ? `${t("code")}, ${language}` : t("code");
}
