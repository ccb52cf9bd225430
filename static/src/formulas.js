/** Formulas in markdown: `$…$` and `\(…\)` within a line, `$$…$$` and `\[…\]` on their own. Prices are no formulas. */

/** @typedef {import("markdown-it").MarkdownIt} MarkdownIt */

const PAIRS = /** @type {Record<string, string>} */ ({ "$$": "$$", "\\[": "\\]", "\\(": "\\)", $: "$" });
/** A formula says more than spaces and backslashes. */
const SAYS = /[^\s\\]/;
/** `$5 and then some$`: begins like a price, goes on in words, and has nothing that only a formula has. */
const PRICE = /^[\d.,]+(?:\s*[a-z]{1,3}\b)?[\s–-].*[a-z]{2}/i;
const BETWEEN = /[([\/:,.<>=&|+*"'-]$/;
/** `\[1\]`, `\[x\]`: brackets that are to be no link, and no box. */
const ESCAPED = /^(?:\d{1,3}|[xX])$/;
const TEX = /[\\^_={}<>+*/]/;
const LONGEST = 2_000;

/** How a formula may begin here, or nothing. @param {string} text @param {number} at */
export function opening(text, at) {
  const two = text.slice(at, at + 2);
  if (two === "$$" || two === "\\(" || two === "\\[") return two;
  if (text[at] !== "$" || !text[at + 1] || /\s/.test(text[at + 1])) return "";
  return at && /[\p{L}\p{N}$\\]/u.test(text[at - 1]) && /[A-Za-z0-9$\\]/.test(text[at - 1]) ? "" : "$";
}

/** Where the formula that begins here ends (before its closing marks), or -1. @param {string} text @param {number} from @param {string} open */
export function closing(text, from, open) {
  const close = PAIRS[open];
  const far = Math.min(text.length, from + LONGEST);
  for (let at = from; at < far; at++) {
    if (text.startsWith(close, at)) {
      if (fits(text, from, at, open)) return at;
      if (open === "\\[") return -1;
    }
    if (text[at] === "\\") at++;
    else if (text[at] === "$" && open === "$") return -1;
    else if (text[at] === "\n" && text[at + 1] === "\n") return -1;
  }
  return -1;
}

/** @param {string} text @param {number} from @param {number} at @param {string} open */
function fits(text, from, at, open) {
  const inside = text.slice(from, at);
  if (!SAYS.test(inside) || (open === "\\[" && ESCAPED.test(inside))) return false;
  if (open !== "$") return true;
  // Code, or a command's output, begins between the two.
  if (inside.includes("`") || /\s$/.test(inside) || /\d/.test(text[at + 1] ?? "")) return false;
  // Two names of a shell, with what stands between them.
  if (BETWEEN.test(inside) && /[A-Za-z_({]/.test(text[at + 1] ?? "")) return false;
  return TEX.test(inside) || !PRICE.test(inside);
}

/** @param {MarkdownIt} md */
export function formulas(md) {
  md.inline.ruler.before("escape", "formula", (state, silent) => {
    const open = opening(state.src, state.pos);
    if (!open) return false;
    const from = state.pos + open.length;
    if (!mayClose(state, from, open)) return false;
    const end = closing(state.src.slice(0, state.posMax), from, open);
    if (end < 0) return false;
    if (!silent) {
      const token = state.push("formula", "", 0);
      token.content = state.src.slice(from, end);
      token.markup = open;
    }
    state.pos = end + open.length;
    return true;
  });
  // A paragraph that begins so is looked at as a whole, or an equals sign would make a heading of it.
  md.block.ruler.before("fence", "formula", (state, startLine, endLine, silent) => {
    const start = state.bMarks[startLine] + state.tShift[startLine];
    const open = state.src.slice(start, start + 2);
    // Of a line that only goes on with a paragraph further in, nobody asks how far out it stands.
    const within = state.sCount[startLine] < 0 || (state.sCount[startLine] >= 4 && state.sCount[startLine] < state.blkIndent);
    if (within || (open !== "$$" && open !== "\\[") || state.sCount[startLine] - state.blkIndent >= 4) return false;
    if (silent && open === "$$" && endsThere(state, startLine)) return false;
    const close = PAIRS[open];
    for (let line = startLine; line < endLine; line++) {
      if (line > startLine && (state.isEmpty(line) || state.sCount[line] < state.blkIndent)) return false;
      const from = line === startLine ? start + 2 : state.bMarks[line] + state.tShift[line];
      const found = state.src.slice(from, state.eMarks[line]).indexOf(close);
      if (found < 0) continue;
      if (state.src.slice(from + found + 2, state.eMarks[line]).trim()) return false;
      const inside = `${line === startLine ? "" : state.getLines(startLine, line, state.blkIndent, true)}${state.src.slice(from, from + found)}`;
      const tex = (line === startLine ? inside : inside.slice(inside.indexOf(open) + 2)).trim();
      if (!SAYS.test(tex)) return false;
      // More may follow in its last line, and make words of it.
      const certain = !state.env.live || state.eMarks[line] < state.src.length;
      if (!silent) push(state, startLine, line, tex, { certain });
      return true;
    }
    const last = state.lineMax === endLine && !state.src.slice(state.eMarks[endLine - 1]).trim();
    return state.env.live && last ? pending(state, startLine, endLine, silent) : false;
  }, { alt: ["paragraph", "reference", "blockquote", "list"] });
}

/** Whether its end stands anywhere near; where that is, is looked for once. @param {any} state @param {number} from @param {string} open */
function mayClose(state, from, open) {
  const ends = (state.formulaEnds ??= {});
  if (!(ends[open] >= from)) ends[open] = (state.src.indexOf(PAIRS[open], from) + 1 || Infinity) - 1;
  return ends[open] - from < LONGEST;
}

/** Whether the paragraph above this line has a formula that this ends. Asked line by line, it counts each line once. @param {any} state @param {number} line */
function endsThere(state, line) {
  if (state.line >= line) return false;
  let above = state.formulaMarks;
  if (above?.from !== state.line || above.level !== state.level || above.to > line) above = { from: state.line, level: state.level, to: state.line, count: 0 };
  above.count += state.src.slice(state.bMarks[above.to], state.bMarks[line]).split("$$").length - 1;
  above.to = line;
  state.formulaMarks = above;
  return above.count % 2 === 1;
}

/** @param {any} state @param {number} from @param {number} to @param {string} tex @param {{open?: boolean, certain: boolean}} meta */
function push(state, from, to, tex, meta) {
  const token = state.push("formula_block", "", 0);
  token.block = true;
  token.content = tex;
  token.map = [from, to + 1];
  token.meta = meta;
  state.line = to + 1;
}

/** Still being written. @param {any} state @param {number} from @param {number} end @param {boolean} silent */
function pending(state, from, end, silent) {
  if (silent) return true;
  // What may be half of its end is none of it yet.
  const tex = state.getLines(from, end, state.blkIndent, true).trim().slice(2).replace(/[\\$]+$/, "");
  push(state, from, end - 1, tex.trim(), { open: true, certain: false });
  return true;
}
