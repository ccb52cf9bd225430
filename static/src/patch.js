/**
 * Puts a tree on the page by the smallest change: texts grow in place, so that a selection in them survives. Elements and
 * attributes are of a fixed set, made one by one; whatever else a tree holds is an error.
 */
import { CodeBlock, PlainBlock } from "./code-block.js";
import { Formula } from "./formula.js";
import { destination } from "./links.js";
import { watch } from "./scrollers.js";

/**
 * @typedef {import("./tree.js").Node} Piece
 * @typedef {import("./tree.js").Branch} Branch
 */

const ELEMENTS = new Set("p h3 h4 h5 h6 blockquote ul ol li hr div table thead tbody tr th td strong em del code a span bdi sub sup kbd br input section".split(" "));
const ATTRIBUTES = new Set("class dir title href rel target role start value id scope type disabled checked aria-label aria-level data-long".split(" "));
const LIVING = { "#code": CodeBlock, "#formula": Formula, "#plain": PlainBlock };
const OWN = /^#(?:note|mark)-[\w-]*$/;

/** Makes what stands below an element what `fresh` says; `before` is what was put there last. @param {Element} element @param {Branch} before @param {Branch} fresh */
export function patch(element, before, fresh) {
  const skip = fresh.skip ?? 0;
  const final = skip - (before.skip ?? 0);
  const olds = final < 0 ? [] : before.children.slice(final);
  let node = last(element, olds.length);
  fresh.children.forEach((piece, at) => {
    if (!node) return element.append(create(piece));
    const next = node.nextSibling;
    refresh(node, olds[at], piece);
    node = next;
  });
  while (node) {
    const next = node.nextSibling;
    node.remove();
    node = next;
  }
}

/** The first of so many last children. @param {Element} element @param {number} count @returns {ChildNode | null} */
function last(element, count) {
  if (!count) return null;
  let node = element.lastChild;
  while (--count) node = node?.previousSibling ?? null;
  return node;
}

/** Makes one of them what it shall be. @param {ChildNode} node @param {Piece} before @param {Piece} piece */
export function refresh(node, before, piece) {
  if (typeof before === "string" && typeof piece === "string") return write(/** @type {Text} */ (node), before, piece);
  if (typeof before === "string" || typeof piece === "string" || before.tag !== piece.tag) return node.replaceWith(create(piece));
  if (piece.tag in LIVING) return LIVING[/** @type {keyof typeof LIVING} */ (piece.tag)].of(node).show(/** @type {any} */ (piece));
  const [old, fresh] = [/** @type {Branch} */ (before), /** @type {Branch} */ (piece)];
  const element = /** @type {Element} */ (node);
  for (const name in old.attrs) if (!(name in fresh.attrs)) element.removeAttribute(name);
  for (const name in fresh.attrs) if (old.attrs[name] !== fresh.attrs[name]) set(element, name, fresh.attrs[name]);
  patch(element, old, fresh);
}

/** @param {Text} node @param {string} before @param {string} text */
function write(node, before, text) {
  if (text === before) return;
  if (text.startsWith(before)) return node.appendData(text.slice(before.length));
  let same = 0;
  while (before[same] === text[same]) same++;
  node.replaceData(same, before.length - same, text.slice(same));
}

/** @param {Piece} piece @returns {Node} */
export function create(piece) {
  if (typeof piece === "string") return document.createTextNode(piece);
  if (piece.tag in LIVING) return new LIVING[/** @type {keyof typeof LIVING} */ (piece.tag)](/** @type {any} */ (piece)).element;
  const { tag, attrs, children } = /** @type {Branch} */ (piece);
  if (!ELEMENTS.has(tag)) throw new Error(`no element ${tag}`);
  const element = document.createElement(tag);
  for (const name in attrs) set(element, name, attrs[name]);
  element.append(...children.map(create));
  if (attrs.class === "table__scroller") watch(element);
  return element;
}

/** @param {Element} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (!ATTRIBUTES.has(name)) throw new Error(`no attribute ${name}`);
  if (name === "href" && !OWN.test(value) && !destination(value)) throw new Error("no such link");
  element.setAttribute(name, value);
}
