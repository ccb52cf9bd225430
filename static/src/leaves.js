/**
 * A text stands on leaves of so many blocks. What grows on the last of them has none of the others laid out or painted
 * again; without them each change of a long answer costs what all of its blocks together do.
 */
import { create, patch, refresh } from "./patch.js";
import { branch } from "./tree.js";

/** Few enough for the one that grows, many enough that a long answer has few leaves. */
const BLOCKS = 16;

/**
 * @typedef {import("./tree.js").Branch} Branch
 * @typedef {object} Sheet
 * @property {number} from so many blocks stand before these
 * @property {import("./tree.js").Node[]} blocks
 * @property {Branch | null} foot the notes, which stand below all that comes
 */

/** Makes what stands in a container what `fresh` says; `before` is what was put there last. @param {Element} container @param {Branch} before @param {Branch} fresh */
export function lay(container, before, fresh) {
  const [old, now] = [sheet(before), sheet(fresh)];
  const foot = old.foot && container.lastElementChild;
  let at = Math.floor(now.from / BLOCKS);
  for (; at * BLOCKS < now.from + now.blocks.length; at++) patch(leaf(container, at, foot), cut(old, at), cut(now, at));
  while (container.children[at] && container.children[at] !== foot) container.children[at].remove();
  if (old.foot && foot && now.foot) refresh(foot, old.foot, now.foot);
  else if (now.foot) container.append(create(now.foot));
  else foot?.remove();
}

/** The last block of a text, as far as it is shown. @param {Element} container */
export function lastBlock(container) {
  const last = container.lastElementChild;
  return last?.className === "leaf" ? last.lastElementChild : last;
}

/** @param {Branch} view @returns {Sheet} */
function sheet({ children, skip = 0 }) {
  const last = children[children.length - 1];
  const foot = typeof last === "object" && last.tag === "section" ? /** @type {Branch} */ (last) : null;
  return { from: skip, blocks: foot ? children.slice(0, -1) : children, foot };
}

/** What of it stands on one leaf. @param {Sheet} sheet @param {number} at @returns {Branch} */
function cut({ from, blocks }, at) {
  const begin = at * BLOCKS - from;
  return { ...branch("div", {}, blocks.slice(Math.max(0, begin), Math.max(0, begin + BLOCKS))), skip: Math.max(0, -begin) };
}

/** @param {Element} container @param {number} at @param {Element | null} foot */
function leaf(container, at, foot) {
  const there = container.children[at];
  if (there && there !== foot) return there;
  const made = document.createElement("div");
  made.className = "leaf";
  container.insertBefore(made, foot);
  return made;
}
