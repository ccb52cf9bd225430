/** Makes one text on the page like another that was made aside, keeping every node that is right already. */
import { CodeBlock } from "./code-block.js";
import { Formula } from "./formula.js";

/** @param {Element} mine @param {Element} theirs whose nodes are taken */
export function merge(mine, theirs) {
  const fresh = [...theirs.childNodes];
  const old = [...mine.childNodes];
  fresh.forEach((node, at) => {
    if (!old[at]) mine.append(node);
    else if (!same(old[at], node)) old[at].replaceWith(node);
  });
  old.slice(fresh.length).forEach((node) => node.remove());
}

/** Whether they are alike, or could be made so. @param {Node} mine @param {Node} theirs @returns {boolean} */
function same(mine, theirs) {
  if (mine.isEqualNode(theirs)) return true;
  const [code, other] = [CodeBlock.of(mine), CodeBlock.of(theirs)];
  if (code && other) return code.text === other.text && code.language === other.language;
  const [formula, another] = [Formula.of(mine), Formula.of(theirs)];
  if (formula && another) return formula.tex === another.tex && formula.display === another.display;
  if (code || other || formula || another || !(mine instanceof Element) || !(theirs instanceof Element)) return false;
  if (!mine.cloneNode(false).isEqualNode(theirs.cloneNode(false))) return false;
  merge(mine, theirs);
  return true;
}
