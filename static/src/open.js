/** A list or a table that goes on: what of it stands already, and how its later items and rows belong to it. */
import { branch } from "./tree.js";

/**
 * @typedef {import("./groups.js").Group} Group
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Branch} Branch
 * @typedef {{kind: "list", tag: string, mark: string, start?: string, skip: number, loose: boolean, tight: boolean}} List
 * @typedef {{kind: "table", head: string, skip: number, columns: string[]}} Table
 */

/** A list's later items, read alone, belong to it. @param {Branch} node @param {Group} group @param {List} open */
export function goOn(node, group, open) {
  node.skip = open.skip;
  if (open.start === undefined) delete node.attrs.start;
  else node.attrs.start = open.start;
  group.loose ||= open.loose;
  if (group.loose) delete node.attrs.class;
  else if (open.tight) node.attrs.class = "tight";
}

/** Whether the items above this line hold words that stand close together. @param {Group} group @param {number} line */
export function said(group, line) {
  return group.tokens.some((token) => token.type === "paragraph_open" && token.level === 2 && token.hidden && (token.map?.[0] ?? line) < line);
}

/** The part of a list or table that holds its items or rows. @param {Node} node @returns {Branch} */
export function holderOf(node) {
  return /** @type {Branch} */ (node).tag === "div" ? bodyOf(node) : /** @type {Branch} */ (node);
}

/** @param {Node} node @returns {Branch} */
export function bodyOf(node) {
  const [scroller] = /** @type {Branch[]} */ (/** @type {Branch} */ (node).children);
  const [table] = /** @type {Branch[]} */ (scroller.children);
  return /** @type {Branch} */ (table.children[1] ?? branch("tbody"));
}
