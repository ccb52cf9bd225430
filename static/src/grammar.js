/** The markdown we read: CommonMark, tables, strikethrough, bare links, footnotes, formulas; never HTML. */
import MarkdownIt from "markdown-it";
import { bareLinks } from "./bare-links.js";
import { footnotes } from "./footnotes.js";
import { formulas } from "./formulas.js";
import { complete } from "./unfinished.js";

const md = new MarkdownIt();
// Where a link may lead is decided where links are made; what may not be one still reads as what it says.
md.validateLink = () => true;
md.normalizeLinkText = (url) => url;
formulas(md);
footnotes(md);
bareLinks(md);
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

/** Only its blocks: finds what links and footnotes it defines. @param {string} text @param {Record<string, any>} env */
export function define(text, env) {
  md.block.parse(text, md, env, []);
}
