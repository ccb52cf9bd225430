/**
 * What is heard of an answer while it grows: its words as they stand on the page, in whole sentences; of code, tables and
 * formulas that they are there.
 */
import { Sentences } from "./sentences.js";
import { t } from "./words.js";

/**
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Branch} Branch
 * @typedef {{block: number, item: number, text: string, waits: boolean}} Unit a block or an item, by its place; some are said only when whole
 */

export class Spoken {
  #sentences = new Sentences();
  /** The unit that is being said. */
  #at = { block: 0, item: 0 };
  /** What will be said of a unit when it is whole. */
  #whole = "";
  /** Lines of the code that goes on from view to view. */
  #lines = 0;
  #when;
  /** What is kept until all is written. @type {string[]} */
  #kept = [];

  /** @param {string} [when] "writing", "finished" or "never" */
  constructor(when = "writing") {
    this.#when = when;
  }

  /** What is to be said now that this view is there. @param {Branch} view @param {boolean} last @returns {string[]} */
  hear(view, last) {
    if (this.#when === "never") return [];
    const said = this.#ended(view, last);
    if (this.#when === "writing") return said;
    this.#kept.push(...said);
    return last ? this.#kept.splice(0) : [];
  }

  /** Nothing of this view is news. @param {Branch} view */
  pass(view) {
    this.#ended(view, false);
    this.#sentences.pass();
  }

  /** The sentences that have come to their end with this view. @param {Branch} view @param {boolean} last @returns {string[]} */
  #ended(view, last) {
    const units = this.#units(view, last);
    return units.flatMap((unit, at) => this.#say(unit, last || at < units.length - 1));
  }

  /** @param {Unit} unit @param {boolean} whole */
  #say({ block, item, text, waits }, whole) {
    const at = this.#at;
    if (block < at.block || (block === at.block && item < at.item)) return [];
    const before = block > at.block || item > at.item ? this.#leave({ block, item }) : [];
    this.#whole = waits ? text : "";
    if (waits && !whole) return before;
    const said = waits ? [] : this.#sentences.read(text);
    return [...before, ...said, ...(whole ? this.#leave({ block, item: item + 1 }) : [])];
  }

  /** Goes on to the next; what is left of this one is said. @param {{block: number, item: number}} next */
  #leave(next) {
    const rest = [...this.#sentences.end(), this.#whole].filter(Boolean);
    this.#at = next;
    this.#whole = "";
    return rest;
  }

  /** @param {Branch} view @param {boolean} last @returns {Unit[]} */
  #units(view, last) {
    // Notes stand behind all that is still to come.
    const nodes = last ? view.children : view.children.filter((node) => typeof node === "string" || node.tag !== "section");
    return nodes.flatMap((node, at) => {
      const block = (view.skip ?? 0) + at;
      const grows = !last && at === nodes.length - 1;
      if (typeof node === "object" && "children" in node && (node.tag === "ul" || node.tag === "ol")) {
        const end = node.children.length - 1;
        return node.children.map((item, number) => ({ block, item: (node.skip ?? 0) + number, text: words(item, grows && number === end), waits: false }));
      }
      return [{ block, item: 0, text: isCode(node) ? this.#code(node) : words(node, grows && !silent(node)), waits: silent(node) }];
    });
  }

  /** @param {import("./tree.js").Code} node */
  #code(node) {
    this.#lines = (node.skip ? this.#lines : 0) + lines(node.text);
    return code(node.language, this.#lines);
  }
}

/** @param {string} text */
const lines = (text) => text.split("\n").length - 1;

/** @param {string} language @param {number} n */
function code(language, n) {
  const long = t(n === 1 ? "heard_line" : "heard_lines", { n: Math.max(1, n) });
  return language ? t("heard_code_in", { language, lines: long }) : t("heard_code", { lines: long });
}

/** @param {Node} node @returns {node is import("./tree.js").Code} */
const isCode = (node) => typeof node === "object" && node.tag === "#code";
/** @param {Node} node @returns {node is import("./tree.js").Formula} */
const isFormula = (node) => typeof node === "object" && node.tag === "#formula";

/** Whether it is said only when it is whole, and not by its words. @param {Node} node */
function silent(node) {
  if (typeof node === "string") return false;
  return isCode(node) || node.tag === "#plain" || (isFormula(node) && node.display) || ("attrs" in node && node.attrs.class === "table");
}

/** What one would read aloud of it; of a table when it is whole. @param {Node} node @param {boolean} grows @returns {string} */
function words(node, grows) {
  if (typeof node === "string") return node.replaceAll("\n", " ");
  if (isCode(node)) return node.open ? "" : code(node.language, lines(node.text));
  if (node.tag === "#plain") return "";
  if (isFormula(node)) return node.display ? t("heard_formula") : node.tex;
  const branch = /** @type {Branch} */ (node);
  if (branch.tag === "bdi" || (branch.tag === "sup" && branch.label) || branch.attrs.role === "doc-backlink") return "";
  if (branch.tag === "br") return " ";
  if (branch.attrs.class === "table") return grows ? "" : table(branch);
  const between = BLOCKS.has(branch.tag) ? "\n" : "";
  const end = branch.children.length - 1;
  return branch.children.map((child, at) => words(child, grows && at === end)).filter(Boolean).join(between);
}

/** What holds blocks, which are said one after the other. */
const BLOCKS = new Set(["li", "ul", "ol", "blockquote", "section"]);

/** @param {Branch} made */
function table(made) {
  const [scroller] = /** @type {Branch[]} */ (made.children);
  const [element] = /** @type {Branch[]} */ (scroller.children);
  const body = /** @type {Branch | undefined} */ (element.children[1]);
  const n = (body?.skip ?? 0) + (body?.children.length ?? 0);
  return t(n === 1 ? "heard_row" : "heard_rows", { n });
}
