/** The markdown we read: CommonMark, tables, strikethrough, bare links, footnotes, formulas; of HTML a line's end, and what is lowered, raised or a key. */
import MarkdownIt from "markdown-it";
import cjk from "markdown-it-cjk-friendly";
import { bareLinks } from "./bare-links.js";
import { footnotes } from "./footnotes.js";
import { formulas } from "./formulas.js";
import { pairs } from "./pairs.js";
import { complete } from "./unfinished.js";

const md = new MarkdownIt();
// A table's head is the line of a paragraph (GFM): what begins anything else, such as a fence, has begun that. The
// library asks for tables first, and would make another thing of it when the dashes come.
const [table] = md.block.ruler.getRules("");
md.block.ruler.disable("table");
md.block.ruler.before("lheading", "rows", table, { alt: ["paragraph", "reference"] });
// Where a link may lead is decided where links are made; what may not be one still reads as what it says.
md.validateLink = () => true;
md.normalizeLinkText = (url) => url;
// Where words have no spaces between them, marks stand beside letters.
md.use(cjk);
formulas(md);
footnotes(md);
bareLinks(md);
pairs(md);
// In the cell of a table a line cannot end otherwise.
md.inline.ruler.before("autolink", "break", (state, silent) => {
  const found = state.src[state.pos] === "<" && /^<br ?\/?>/i.exec(state.src.slice(state.pos, state.pos + 6));
  if (!found) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += found[0].length;
  return true;
});
// Blocks are all known by now, so marks whose note was never written can stay as they are.
md.core.ruler.after("block", "notes", ({ env, tokens }) => {
  if (env.whole) env.footnotes = env.defined;
  if (env.live) complete(tokens, env);
});

/** @typedef {import("markdown-it").Token} Token */

/** @param {string} text @param {Record<string, any>} env @returns {Token[]} */
export function parse(text, env) {
  return md.parse(text, env);
}

/** A language's name, as it was meant. */
export const unescape = md.utils.unescapeAll;

/** Only its blocks: finds what links and footnotes it defines; true if it holds nothing else. @param {string} text @param {Record<string, any>} env */
export function define(text, env) {
  /** @type {Token[]} */
  const blocks = [];
  md.block.parse(text, md, env, blocks);
  return blocks.every(({ type }) => type === "reference_definition");
}
