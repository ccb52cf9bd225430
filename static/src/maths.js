/** Reads formulas, by KaTeX, into the signs that shall stand there. Loaded when the first formula is met. */
import katex from "katex";

const LONGEST = 4_000;
const OPTIONS = { throwOnError: true, trust: false, strict: false, maxExpand: 500, maxSize: 20 };

/**
 * @typedef {{toNode: () => Element, toMarkup: () => string}} Signs
 * @param {string} tex @param {boolean} display on a line of its own
 * @returns {Signs | null} nothing for what cannot be set
 */
export function set(tex, display) {
  if (tex.length > LONGEST) return null;
  try {
    return /** @type {any} */ (katex).__renderToDomTree(tex, { ...OPTIONS, displayMode: display });
  } catch {
    return null;
  }
}
