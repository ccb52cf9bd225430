/**
 * The end of a text that is still being written, as it will most likely read: a half-written mark must not flash up
 * as characters. It only ever changes what is shown for a moment; what has come whole is read as it stands.
 */
import { address } from "./bare-links.js";
import { closing, opening } from "./formulas.js";
import { REACH, TAG, WIDTH } from "./pairs.js";

/** What a line stands in. */
const CONTAINERS = /^(?:[ \t>]|(?:[-+*]|\d{1,9}[.)])[ \t])*/;
/** What may become anything: nothing but marks, a number, the box of a task, the mark of a note, a definition, code whose language may still come. */
const MARKS = /^(?:[-+*=_#`~|:.<>$\\!&\s]*|\d{1,9}[.)]?|\[(?:[ xX]\]?)?[ \t]*|\[\^[^\]]{0,64}\]?|\[[^\]^][^\]]*\]:[ \t]{0,9}\S*(?:[ \t]{1,9}(?:"[^"]*"?|'[^']*'?)?)?|`{3,}[^`]{0,99}|~{3,}.{0,99})$/;
const ROW = /^(?:[ \t>]|(?:[-+*]|\d{1,9}[.)])[ \t])*\|/;
/** Characters of a line that is kept back because a table may begin with it. */
const WIDE = 300;
/** How far back a mark may have been opened and still be believed. */
const FAR = 1_000;
/** Half of a mark that may be whole with the next character: one that ends a formula or begins one, a picture, a line's end, the end of a pair, an escape, a character's name. */
const HALF = /(?<![$\\])\$\\?$|!$|<(?:[bB](?:[rR] ?\/?)?|\/[A-Za-z]{0,3})?$|(?<!\\)(?:\\\\)*\\$|&(?:#[xX]?[\da-fA-F]{0,6}|[A-Za-z][A-Za-z0-9]{0,9})?$/;
/** Half of an address: before its first dot it may still be none. */
const ADDRESS = /<?(?<![A-Za-z0-9])h(?:t(?:t(?:ps?(?::(?:\/(?:\/[^\s.:/<>]{0,63})?)?)?)?)?)?$/;
/** What makes a formula of what follows a dollar. */
const SIGN = /[\^_={}+<>]/;
/** What a formula does not begin with, or hold: an amount, a variable of a shell, a word. */
const WORDS = /^\d|^\{\w|[A-Za-z]{4}/;
const COMMAND = /\\[A-Za-z,;:!{}|]/;
/** What in `\[…\]` may still be a number in brackets, and what is one. */
const ESCAPED = /^(?:\d{1,3}|[xX]|\s*)\\?$/;
const BRACKETED = /^(?:\d{1,3}|[xX]|\s*)\\\]/;
/** Names and statements of programs: no formula holds these. */
const PROGRAM = /->|;|(?<!\\)\$|^_[A-Z]/;
/** A number and what no price has. */
const POWER = /^-?\d[\d.,]*\s?[A-Za-z]?\s?(?:[\^_<>=]|\\[A-Za-z])/;
/** What may follow a dollar and is not shown yet: a name of one or two letters, a function, a short sum or list, a brace. */
const SYMBOL = /^(?:[A-Za-z]{0,2}'{0,2}(?:[([|][^$\n]{0,12})?|[A-Za-z]\s?[-,\/*+][^$\n]{0,6}|[A-Za-z]\s?:?\s?(?:[A-Za-z]\s?)?\\?|-?(?:\d[\d.,]{0,9}\s?)?|_|\{)$/;

/** How much of the end to keep back until one knows what it is. @param {string} text */
export function undecided(text) {
  const begin = text.lastIndexOf("\n") + 1;
  const line = text.slice(begin);
  const said = line.replace(CONTAINERS, "");
  let held = line.length < FAR && MARKS.test(said) ? line.length : 0;
  // What may become a table's head is shown when the line below it has come.
  const rest = text.slice(0, text.length - held).replace(/\n$/, "");
  const row = rest.lastIndexOf("\n") + 1;
  if (!ROW.test(rest.slice(row)) || rest.length - row > WIDE) return held;
  const above = rest.slice(rest.lastIndexOf("\n", row - 2) + 1, Math.max(0, row - 1));
  if (!ROW.test(above)) held = text.length - row;
  return held;
}

/** Completes the last words of these blocks. @param {any[]} tokens @param {any} env */
export function complete(tokens, env) {
  const token = tokens[endOf(tokens)];
  if (token?.type === "inline") token.content = whole(token.content, env);
}

/** Where what is being written stands: the cells that a row has yet to get come last. @param {any[]} tokens */
export function endOf(tokens) {
  return tokens.findLastIndex(({ nesting, tag, type, content }) => nesting !== -1 && tag !== "td" && (type !== "inline" || content));
}

/** @param {string} text @param {any} [env] learns whether the last formula is open */
export function whole(text, env = {}) {
  text = text.replace(HALF, "").replace(ADDRESS, "").replace(/<(?=(?:https?:[^\s<>]*|[\w.+-]{1,64}@[\w.-]{0,99})$)|<[\w.+-]{1,64}$/, "");
  /** @type {{mark: string, at: number}[]} */
  const open = [];
  const from = Math.max(0, text.length - 4 * FAR);
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    const formula = char === "$" || char === "\\" ? opening(text, at) : "";
    if (formula) {
      const close = closing(text, at + formula.length, formula);
      if (close >= 0) {
        at = close + formula.length - 1;
        continue;
      }
      const inside = text.slice(at + formula.length);
      if (formula === "$" && SYMBOL.test(inside)) return end(text.slice(0, at), open);
      if (formula === "\\[" && ESCAPED.test(inside)) return end(text.slice(0, at), open);
      const made = believable(inside, formula) ? unfinishedFormula(text, at, formula, open, env) : null;
      if (made !== null) return made;
    }
    const web = char === "h" || char === "H" ? address(text, at) : 0;
    if (web) at += web - 1;
    else if (char === "\\") at++;
    else if (char === "<") at += tag(text, at, open);
    else if (char === "`") {
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

/** Whether what an open formula holds so far looks like one: a dollar alone may be money or a name. @param {string} inside @param {string} formula */
function believable(inside, formula) {
  if (inside.length >= FAR || (formula === "\\[" && BRACKETED.test(inside))) return false;
  if (formula !== "$") return true;
  if (PROGRAM.test(inside)) return false;
  return COMMAND.test(inside) || POWER.test(inside) || (SIGN.test(inside) && !WORDS.test(inside));
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

/** @param {string} text @param {number} at @param {string} formula @param {{mark: string, at: number}[]} open @param {any} env @returns {string | null} null if it is none */
function unfinishedFormula(text, at, formula, open, env) {
  const inside = text.slice(at + formula.length).replace(/[\s\\$]+$/, "");
  if (!inside) return end(text.slice(0, at), open);
  const close = formula === "\\(" ? "\\)" : formula === "\\[" ? "\\]" : formula;
  const made = `${text.slice(0, at + formula.length)}${inside}`;
  // An amount further on may keep this from ending one.
  if (closing(made + close, at + formula.length, formula) !== made.length) return null;
  env.openFormula = true;
  return end(made + close, open);
}

const WORD = /[A-Za-z0-9]/;
/** Marks and nothing yet, or one word that may turn out to be the name of a variable. */
const BARE = /^(?:[*_~]+|<\w{3}>|_+[\p{L}\p{N}][\p{L}\p{N}_]{0,31})$/u;
/** Where a link leads, as far as it has come: in angles or bare, and a title. */
const TITLE = String.raw`\s+(?:"[^"]*"?|'[^']*'?)?\s*`;
const TARGET = new RegExp(String.raw`^\((?:<[^<>\n]*(?:>(?:${TITLE})?)?|(?:[^()\s]|\([^()\s]*\))*(?:\([^()\s]*|${TITLE})?)$`);
const INNER = /(?<!!)\[[^[\]]*\]\(/;
/** What in brackets is as likely the number of a source, an index or a note. */
const NUMBER = /^(?:\d{1,3}[,–-] ?)*\d{0,3}$/;

/** A link without its end reads as its words. @param {string} text @param {number} at @returns {string | null} null if it is none, or whole */
function unfinishedLink(text, at) {
  if (text.length - at > FAR || (WORD.test(text[at - 1] ?? "") && /[^^]/.test(text[at + 1] ?? ""))) return null;
  const before = text.slice(0, text[at - 1] === "!" ? at - 1 : at);
  // No link stands in another one.
  if (INNER.test(text.slice(at + 1))) return null;
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === "[") depth++;
    else if (text[end] === "]" && !--depth) {
      const label = text.slice(at + 1, end);
      const rest = text.slice(end + 1);
      if (NUMBER.test(label) && /^(?:\[\d*\]?)?$/.test(rest)) return before;
      const half = !rest || TARGET.test(rest) || /^\[[^\]]*$/.test(rest);
      return half && !(label.startsWith("^") || (/^[ xX]$/.test(label) && !rest.startsWith("("))) ? before + label : null;
    }
  }
  const label = text.slice(at + 1);
  return label.startsWith("^") || NUMBER.test(label) ? before : before + label;
}

/** Remembers what this mark opens, or forgets what it closes; how much of it does nothing yet. @param {string} text @param {number} at @param {number} run @param {{mark: string, at: number}[]} open */
function emphasis(text, at, run, open) {
  const char = text[at];
  if (char === "~" && run !== 2) return run === 1 ? 1 : 0;
  const before = text[at - 1] ?? " ";
  if (char === "_" && before === "$") return 0; // the name of a variable
  const after = text[at + run] ?? " ";
  let left = run;
  /** @type {{mark: string, at: number}[]} */
  const closed = [];
  if (!/\s/.test(before)) {
    for (let last = open.length - 1; last >= 0 && left; last--) {
      if (open[last].mark[0] !== char) continue;
      // The rest of a longer end may come with the next character.
      if (open[last].mark.length > left && at + run === text.length) return open.push(...closed), run;
      if (open[last].mark.length > left) continue;
      left -= open[last].mark.length;
      closed.unshift(...open.splice(last));
    }
    // A letter behind it would make it part of a name.
    if (char === "_" && closed.length && at + run === text.length) return open.push(...closed), run;
  }
  if (left !== run || /\s/.test(after) || WORD.test(before) || run > 3) return left;
  if (run === 3) open.push({ mark: char, at }, { mark: char + char, at });
  else open.push({ mark: char.repeat(run), at });
  return 0;
}

/** Remembers the tag that stands here, or forgets what it closes; how many characters more it has. @param {string} text @param {number} at @param {{mark: string, at: number}[]} open */
function tag(text, at, open) {
  const [mark, ending, name] = TAG.exec(text.slice(at, at + WIDTH)) ?? [];
  if (!mark) return 0;
  if (!ending && text.length - at < REACH / 2) open.push({ mark, at });
  const last = ending ? open.findLastIndex((one) => one.mark.toLowerCase() === `<${name.toLowerCase()}>`) : -1;
  if (last >= 0) open.splice(last);
  return mark.length - 1;
}

/** Closes what is open. @param {string} text @param {{mark: string, at: number}[]} open */
function end(text, open) {
  // What has nothing behind it yet is not shown, nor is what may be a name.
  for (let last = open[open.length - 1]; last && BARE.test(text.slice(last.at)); last = open[open.length - 1]) {
    text = text.slice(0, last.at);
    open.pop();
  }
  let marks = "";
  for (const { mark, at } of open) if (text.length - at <= FAR && at + mark.length < text.length) marks = mark.replace("<", "</") + marks;
  return marks ? text.trimEnd() + marks : text;
}
