/** Footnotes in markdown: `[^label]` in the text, `[^label]: …` for what it says, wherever that stands. */

/** @typedef {import("markdown-it").MarkdownIt} MarkdownIt */

const MARK = /^\[\^([^\]\s^]{1,64})\]/;

/** What labels have in common is their meaning, not their case. @param {string} label */
export const key = (label) => label.toLowerCase();

/** @param {MarkdownIt} md */
export function footnotes(md) {
  md.block.ruler.before("reference", "footnote", definition, { alt: ["paragraph", "reference", "blockquote"] });
  md.inline.ruler.before("link", "footnote", (state, silent) => {
    if (state.src[state.pos] !== "[" || state.src[state.pos + 1] !== "^") return false;
    const found = MARK.exec(state.src.slice(state.pos, state.pos + 70));
    if (!found || !(/** @type {any} */ (state.env.footnotes)?.has(key(found[1])))) return false;
    if (!silent) state.push("footnote", "", 0).content = key(found[1]);
    state.pos += found[0].length;
    return true;
  });
}

/** @param {any} state @param {number} startLine @param {number} endLine @param {boolean} silent */
function definition(state, startLine, endLine, silent) {
  const indent = state.sCount[startLine];
  // Beside the text of an item or of another note it ends that; what stands within them is none.
  const ends = silent && indent >= 0 && indent < Math.min(2, state.blkIndent);
  if ((state.level && !ends) || state.parentType === "list" || indent - state.blkIndent >= 4) return false;
  const start = state.bMarks[startLine] + state.tShift[startLine];
  const found = MARK.exec(state.src.slice(start, state.eMarks[startLine]));
  if (!found || state.src[start + found[0].length] !== ":") return false;
  if (silent) return true;
  const label = key(found[1]);
  state.env.defined?.add(label);
  const open = state.push("footnote_open", "", 1);
  open.meta = { label };
  open.map = [startLine, 0];
  inside(state, startLine, endLine, start + found[0].length + 1);
  open.map[1] = state.line;
  state.push("footnote_close", "", -1);
  return true;
}

/** What belongs to it: the rest of the line, and what is indented by four. @param {any} state @param {number} startLine @param {number} endLine @param {number} from */
function inside(state, startLine, endLine, from) {
  const kept = [state.bMarks[startLine], state.tShift[startLine], state.sCount[startLine], state.blkIndent, state.parentType];
  let at = from;
  while (at < state.eMarks[startLine] && /[ \t]/.test(state.src[at])) at++;
  state.bMarks[startLine] = from;
  state.tShift[startLine] = at - from;
  state.sCount[startLine] = 4;
  state.blkIndent += 4;
  state.parentType = "footnote";
  state.md.block.tokenize(state, startLine, endLine);
  [state.bMarks[startLine], state.tShift[startLine], state.sCount[startLine], state.blkIndent, state.parentType] = kept;
}
