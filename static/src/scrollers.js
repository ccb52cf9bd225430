/** What scrolls within a text says so: it can be reached by keyboard, has a name, and fades where it is cut. */
import { t } from "./words.js";

const SCROLLER = ".table__scroller, .code__body";

const sizes = new ResizeObserver((entries) => {
  const scrollers = entries.map(({ target }) => target.closest(SCROLLER));
  look(/** @type {HTMLElement[]} */ ([...new Set(scrollers)].filter(Boolean)));
});

/** @param {HTMLElement} scroller */
export function watch(scroller) {
  sizes.observe(scroller);
  // What it holds may grow while it keeps its size.
  if (scroller.firstElementChild) sizes.observe(scroller.firstElementChild);
  scroller.addEventListener("scroll", () => look([scroller]), { passive: true });
}

/** Looks at all of them before it touches one: otherwise the page would be laid out anew for each. @param {HTMLElement[]} scrollers */
function look(scrollers) {
  const half = innerHeight / 2;
  const seen = scrollers.map(({ scrollWidth, clientWidth, clientHeight, scrollLeft }) => {
    const hidden = scrollWidth - clientWidth;
    return { scrolls: hidden > 1, cut: hidden - Math.abs(scrollLeft) > 1, tall: clientHeight > half };
  });
  scrollers.forEach((scroller, at) => {
    // The head of long code stays in sight.
    scroller.parentElement?.toggleAttribute("data-tall", seen[at].tall);
    say(scroller, seen[at].scrolls, seen[at].cut);
  });
}

/** @param {HTMLElement} scroller @param {boolean} scrolls @param {boolean} cut */
function say(scroller, scrolls, cut) {
  scroller.toggleAttribute("data-cut", cut);
  if (scrolls === scroller.hasAttribute("tabindex")) return;
  const attributes = { tabindex: "0", role: "region", "aria-label": name(scroller) };
  for (const [attribute, value] of Object.entries(attributes)) {
    if (scrolls) scroller.setAttribute(attribute, value);
    else scroller.removeAttribute(attribute);
  }
}

/** @param {HTMLElement} scroller */
function name(scroller) {
  if (!scroller.matches(".code__body")) return t("table");
  const language = scroller.parentElement?.querySelector(".code__language")?.textContent;
  return language ? `${t("code")}, ${language}` : t("code");
}
