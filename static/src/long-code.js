/**
 * Long code is shown by its beginning, until somebody asks for the rest or finds something in it. Not while it is being
 * written, nor after that for whoever has watched: nothing moves when an answer ends.
 */
import { CodeBlock } from "./code-block.js";
import { t } from "./words.js";

/** Lines up to which code is shown whole. */
const LINES = 60;

/** @type {WeakSet<Element>} */
const known = new WeakSet();

/** Folds what is long and whole below this, once. @param {ParentNode} root */
export function foldLong(root) {
  for (const element of root.querySelectorAll(".code:not([data-open])")) {
    if (known.has(element)) continue;
    known.add(element);
    const lines = CodeBlock.of(element).text.trimEnd().split("\n").length;
    if (lines > LINES) fold(/** @type {HTMLElement} */ (element), lines);
  }
}

/** @param {HTMLElement} element @param {number} lines */
function fold(element, lines) {
  const [body, more] = [".code__body", ".code__more"].map((part) => /** @type {HTMLElement} */ (element.querySelector(part)));
  element.dataset.folded = "";
  more.textContent = t("show_lines", { n: lines.toLocaleString() });
  more.hidden = false;
  body.addEventListener("scroll", () => body.scrollTop && open(element, body.scrollTop));
}

/** The browser's own search has scrolled to what it found, which stays in sight. @param {HTMLElement} element @param {number} top */
function open(element, top) {
  unfold(element);
  const scroller = element.closest(".log, .scroll") ?? document.scrollingElement;
  scroller?.scrollBy(0, top);
}

/** Shows all of it. @param {HTMLElement} element */
function unfold(element) {
  delete element.dataset.folded;
  /** @type {HTMLElement} */ (element.querySelector(".code__more")).hidden = true;
}

/** Does what the button below folded code says; the focus goes to its other buttons. @param {HTMLElement} button */
export function unfoldCode(button) {
  const element = /** @type {HTMLElement} */ (button.closest(".code"));
  unfold(element);
  /** @type {HTMLElement} */ (element.querySelector('[data-action="copy-code"]')).focus({ preventScroll: true });
}
