/** Sets formulas, by KaTeX; loaded with its faces when the first formula is met. */
import katex from "katex";
import { stamp } from "./parts.js";

const LONGEST = 4_000;

/** Without its styles a formula would be seen twice. */
export const ready = new Promise((resolve) => {
  const link = /** @type {HTMLLinkElement} */ (stamp("maths-styles"));
  link.addEventListener("load", () => resolve(true));
  link.addEventListener("error", () => resolve(false));
  document.head.append(link);
});

/** Puts the formula in the element's place for it; if it cannot be set, what stands there stays. @param {HTMLElement} element @param {string} tex @param {boolean} display */
export function typeset(element, tex, display) {
  if (tex.length > LONGEST) return;
  const set = document.createElement("span");
  try {
    katex.render(tex, set, { displayMode: display, throwOnError: true, trust: false, strict: false, maxExpand: 500, maxSize: 20 });
  } catch {
    return;
  }
  if (element.textContent === tex) element.replaceChildren(...set.childNodes);
}
