/** Marks that markdown lacks and everybody writes as HTML: lowered, raised, a key. Without attributes, and only as pairs. */

/** @typedef {import("markdown-it").MarkdownIt} MarkdownIt */

/** The tags, at the beginning of a text. */
export const TAG = /^<(\/?)(sub|sup|kbd)>/i;
const ENDS = /** @type {Record<string, RegExp>} */ ({ sub: /<\/sub>/i, sup: /<\/sup>/i, kbd: /<\/kbd>/i });
/** Characters of the longest one. */
export const WIDTH = 6;
/** Characters behind an opening one in which its end is looked for. */
export const REACH = 300;

/** @param {MarkdownIt} md */
export function pairs(md) {
  md.inline.ruler.before("autolink", "pair", (state, silent) => {
    const [mark, ending, name] = (state.src[state.pos] === "<" && TAG.exec(state.src.slice(state.pos, state.pos + WIDTH))) || [];
    if (!mark || ending) return false;
    const tag = name.toLowerCase();
    const begin = state.pos + mark.length;
    const end = state.src.slice(begin, Math.min(state.posMax, begin + REACH)).search(ENDS[tag]);
    if (end < 0) return false;
    if (!silent) inside(md, state, tag, begin, begin + end);
    state.pos = begin + end + mark.length + 1;
    return true;
  });
}

/** Reads what stands between the two. @param {MarkdownIt} md @param {import("markdown-it").StateInline} state @param {string} tag @param {number} begin @param {number} end */
function inside(md, state, tag, begin, end) {
  const last = state.posMax;
  state.pos = begin;
  state.posMax = end;
  state.push(`${tag}_open`, tag, 1);
  md.inline.tokenize(state);
  state.push(`${tag}_close`, tag, -1);
  state.posMax = last;
}
