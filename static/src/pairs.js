/** Marks that markdown lacks and everybody writes as HTML: lowered, raised, a key. Without attributes, and only as pairs. */

/** @typedef {import("markdown-it").MarkdownIt} MarkdownIt */

/** The tags, at the beginning of a text. */
export const TAG = /^<(\/?)(sub|sup|kbd)>/i;
/** Characters of any of the opening ones, and of those that are looked at in search of its end. */
export const WIDTH = 5;
export const FAR = 300;

/** @param {MarkdownIt} md */
export function pairs(md) {
  md.inline.ruler.before("autolink", "pair", (state, silent) => {
    const [mark, ending, name] = (state.src[state.pos] === "<" && TAG.exec(state.src.slice(state.pos, state.pos + WIDTH))) || [];
    if (!mark || ending) return false;
    const begin = state.pos + mark.length;
    const last = state.posMax;
    const end = state.src.slice(begin, Math.min(last, begin + FAR)).toLowerCase().indexOf(`</${name.toLowerCase()}>`);
    if (end < 0) return false;
    if (!silent) inside(md, state, name.toLowerCase(), begin, begin + end);
    state.pos = begin + end + mark.length + 1;
    state.posMax = last;
    return true;
  });
}

/** Reads what stands between the two. @param {MarkdownIt} md @param {import("markdown-it").StateInline} state @param {string} tag @param {number} begin @param {number} end */
function inside(md, state, tag, begin, end) {
  state.pos = begin;
  state.posMax = end;
  state.push(`${tag}_open`, tag, 1);
  md.inline.tokenize(state);
  state.push(`${tag}_close`, tag, -1);
}
