/**
 * The end of a text that is still being written, as it will most likely read: a half-written mark must not flash up
 * as characters. It only ever changes what is shown for a moment; what has come whole is read as it stands.
 */
import { closing, opening } from "./formulas.js";

/** A line that is nothing but marks so far may become anything. */
const MARKS = /^[ \t>]*(?:[-+*=_#`~|:.<\s]+|\d{1,9}[.)]?[ \t]*|\[\^[^\]\n]*\]?|\[[^\]^\n][^\]\n]*\]:.*)$/;
const ROW = /^[ \t>]*\|/;
/** How far back a mark may have been opened and still be believed. */
const FAR = 1_000;

/** How much of the end to keep back until one knows what it is. @param {string} text */
export function undecided(text) {
  const begin = text.lastIndexOf("\n") + 1;
  const line = text.slice(begin);
  let held = line && MARKS.test(line) ? line.length : 0;
  // What may become a table's head is shown when the line below it has come.
  const rest = text.slice(0, text.length - held).replace(/\n$/, "");
  const row = rest.lastIndexOf("\n") + 1;
  if (!ROW.test(rest.slice(row))) return held;
  const above = rest.slice(rest.lastIndexOf("\n", row - 2) + 1, Math.max(0, row - 1));
  if (!ROW.test(above)) held = text.length - row;
  return held;
}

/** Completes the last words of these blocks. @param {any[]} tokens @param {any} env */
export function complete(tokens, env) {
  let at = tokens.length - 1;
  // The cells that a row has yet to get come last.
  while (at >= 0 && (tokens[at].nesting === -1 || tokens[at].tag === "td" || (tokens[at].type === "inline" && !tokens[at].content))) at--;
  const token = tokens[at];
  if (token?.type === "inline") token.content = whole(token.content, env);
}

/** @param {string} text @param {any} [env] learns whether the last formula is open */
export function whole(text, env = {}) {
  /** @type {{mark: string, at: number}[]} */
  const open = [];
  const from = Math.max(0, text.length - 4 * FAR);
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    const formula = char === "$" || char === "\\" ? opening(text, at) : "";
    if (formula) {
      const end = closing(text, at + formula.length, formula);
      if (end >= 0) {
        at = end + formula.length - 1;
        continue;
      }
      const inside = text.slice(at + formula.length);
      if (inside.length < FAR && !(formula === "$" && /^\d/.test(inside))) return unfinishedFormula(text, at, formula, open, env);
    }
    if (char === "\\") {
      if (at === text.length - 1) return end(text.slice(0, at), open);
      at++;
    } else if (char === "`") {
      const run = length(text, at);
      const close = closingTicks(text, at + run, run);
      if (close < 0) return end(unfinishedCode(text, at, run), open);
      at = close + run - 1;
    } else if (char === "[") {
      const cut = unfinishedLink(text, at);
      if (cut === null) continue;
      at = (text[at - 1] === "!" ? at - 1 : at) - 1;
      text = cut;
    } else if (char === "*" || char === "_" || char === "~") {
      const run = length(text, at);
      const left = emphasis(text, at, run, open);
      if (at + run === text.length && left) return end(text.slice(0, text.length - left), open);
      at += run - 1;
    }
  }
  return end(text, open);
}

/** @param {string} text @param {number} at */
function length(text, at) {
  let end = at;
  while (text[end] === text[at]) end++;
  return end - at;
}

/** @param {string} text @param {number} from @param {number} run */
function closingTicks(text, from, run) {
  for (let at = text.indexOf("`", from); at >= 0; at = text.indexOf("`", at)) {
    const found = length(text, at);
    if (found === run) return at;
    at += found;
  }
  return -1;
}

/** @param {string} text @param {number} at @param {number} run */
function unfinishedCode(text, at, run) {
  const inside = text.slice(at + run).replace(/`+$/, "");
  if (!inside.trim() || inside.length > FAR) return inside.length > FAR ? text : text.slice(0, at);
  return `${text.slice(0, at + run)}${inside}${"`".repeat(run)}`;
}

/** @param {string} text @param {number} at @param {string} formula @param {{mark: string, at: number}[]} open @param {any} env */
function unfinishedFormula(text, at, formula, open, env) {
  const inside = text.slice(at + formula.length).replace(/[\s\\$]+$/, "");
  if (!inside) return end(text.slice(0, at), open);
  env.openFormula = true;
  const close = formula === "\\(" ? "\\)" : formula === "\\[" ? "\\]" : formula;
  return end(`${text.slice(0, at + formula.length)}${inside}${close}`, open);
}

/** A link without its end reads as its words. @param {string} text @param {number} at @returns {string | null} null if it is none, or whole */
function unfinishedLink(text, at) {
  if (text.length - at > FAR) return null;
  const before = text.slice(0, text[at - 1] === "!" ? at - 1 : at);
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === "[") depth++;
    else if (text[end] === "]" && !--depth) {
      const label = text.slice(at + 1, end);
      const rest = text.slice(end + 1);
      const half = !rest || /^\((?:[^()\s]|\([^()]*\))*(?:\s+["'][^)]*)?$/.test(rest) || /^\[[^\]]*$/.test(rest);
      return half && !(label.startsWith("^") || /^[ xX]$/.test(label)) ? before + label : null;
    }
  }
  return text[at + 1] === "^" ? before : before + text.slice(at + 1);
}

const WORD = /[A-Za-z0-9]/;

/** Remembers what this mark opens, or forgets what it closes; how much of it does nothing yet. @param {string} text @param {number} at @param {number} run @param {{mark: string, at: number}[]} open */
function emphasis(text, at, run, open) {
  const char = text[at];
  if (char === "~" && run !== 2) return run === 1 ? 1 : 0;
  const before = text[at - 1] ?? " ";
  const after = text[at + run] ?? " ";
  let left = run;
  if (!/\s/.test(before)) {
    for (let last = open.length - 1; last >= 0 && left; last--) {
      if (open[last].mark[0] !== char || open[last].mark.length > left) continue;
      left -= open[last].mark.length;
      open.splice(last);
    }
  }
  if (left !== run || /\s/.test(after) || WORD.test(before) || run > 3) return left;
  if (run === 3) open.push({ mark: char, at }, { mark: char + char, at });
  else open.push({ mark: char.repeat(run), at });
  return 0;
}

/** Closes what is open. @param {string} text @param {{mark: string, at: number}[]} open */
function end(text, open) {
  let marks = "";
  for (const { mark, at } of open) if (text.length - at <= FAR && at + mark.length < text.length) marks = mark + marks;
  return marks ? text.trimEnd() + marks : text;
}
