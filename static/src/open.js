/** A list or a table that goes on: what of it stands already, and how its later items and rows belong to it. */
import { MOST } from "./groups.js";
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

/**
 * What follows a list or table that is full: one of the same kind, in which nothing stands yet.
 *
 * @param {Branch} node @param {Group} group @param {List | Table | null} open what was known of it @param {string} head its first two lines
 * @returns {List | Table}
 */
export function another({ tag, attrs }, group, open, head) {
  if (group.kind === "table_open") return { kind: "table", head: open?.kind === "table" ? open.head : head, skip: 0, columns: group.columns ?? [] };
  const start = tag === "ol" ? String(Number(attrs.start ?? 1) + MOST) : undefined;
  return { kind: "list", tag, mark: group.tokens[0].markup, start, skip: 0, loose: false, tight: false };
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
