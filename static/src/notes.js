/** Footnotes of a text that grows: their numbers, by the order of their marks, and what they say. */
import { branch } from "./tree.js";

/**
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Branch} Branch
 */

export class Notes {
  /** Whose they are: no two texts of a page have the same. */
  id;
  /** By the marks of final text. @type {Map<string, number>} */
  #final = new Map();
  /** By all marks that are shown. @type {Map<string, number>} */
  #shown = new Map();
  /** @type {Map<string, Branch>} */
  #notes = new Map();
  /** Those that may still change. @type {Map<string, Branch>} */
  #growing = new Map();

  /** @param {string} id */
  constructor(id) {
    this.id = id;
  }

  /** Whether anything depends on them. */
  get any() {
    return this.#notes.size > 0 || this.#shown.size > 0;
  }

  /** Whether there are any at the end of what is shown. */
  get shown() {
    return this.#notes.size > 0 || this.#growing.size > 0;
  }

  /** Of those that are final. */
  get labels() {
    return new Set(this.#notes.keys());
  }

  /** The numbers so far, for what is read next: whoever reads it adds its marks. */
  numbers() {
    return (this.#shown = new Map(this.#final));
  }

  /** The marks in this are final. @param {Node} node */
  count(node) {
    number(node, this.#final);
  }

  /** What may still change is read once more. */
  again() {
    this.#growing.clear();
  }

  /** The first of a name counts. @param {Branch} note @param {boolean} final */
  add(note, final) {
    const label = note.label ?? "";
    if (!this.#notes.has(label) && !this.#growing.has(label)) (final ? this.#notes : this.#growing).set(label, note);
  }

  /** None will change any more. */
  end() {
    for (const [label, note] of this.#growing) this.#notes.set(label, note);
  }

  /** What they say, in the order of their marks. */
  view() {
    const notes = new Map([...this.#growing, ...this.#notes]);
    if (!notes.size) return [];
    const numbers = new Map(this.#shown);
    for (const label of notes.keys()) if (!numbers.has(label)) numbers.set(label, numbers.size + 1);
    const items = [...notes].map(([label, { children }]) => ({ children: this.#shown.has(label) ? this.#back(children, numbers.get(label)) : children, value: numbers.get(label) ?? 0 })).sort((a, b) => a.value - b.value);
    const list = items.map(({ children, value }) => branch("li", { id: `note-${this.id}-${value}`, value: String(value), dir: "auto" }, children));
    return [branch("section", { class: "footnotes" }, [branch("ol", {}, list)])];
  }

  /** The same with a way back to the first mark, at the end of the last words. @param {Node[]} children @param {number | undefined} number */
  #back(children, number) {
    const back = branch("a", { href: `#mark-${this.id}-${number}`, role: "doc-backlink" }, ["\u00a0↩"]);
    const last = children[children.length - 1];
    if (typeof last !== "object" || last.tag !== "p") return [...children, back];
    const p = /** @type {Branch} */ (last);
    return [...children.slice(0, -1), { ...p, children: [...p.children, back] }];
  }
}

/** @param {Node} node @param {Map<string, number>} numbers */
function number(node, numbers) {
  if (typeof node === "string" || !("children" in node)) return;
  if (node.tag === "sup" && node.label && !numbers.has(node.label)) numbers.set(node.label, numbers.size + 1);
  for (const child of node.children) number(child, numbers);
}
