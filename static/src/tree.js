/** From tokens to a tree of what shall stand on the page: plain values, of a fixed set of elements and attributes. */
import { unescape } from "./grammar.js";
import { destination, says } from "./links.js";
import { endOf } from "./unfinished.js";

/**
 * @typedef {import("markdown-it").Token} Token
 * @typedef {object} Branch
 * @property {string} tag
 * @property {Record<string, string>} attrs
 * @property {Node[]} children
 * @property {number} [skip] so many children before these stand already
 * @property {string} [label] of the footnote that this is or belongs to
 *
 * @typedef {{tag: "#code", language: string, skip: number, text: string, open: boolean}} Code
 * @typedef {{tag: "#formula", tex: string, display: boolean, open: boolean}} Formula
 * @typedef {{tag: "#plain", skip: number, text: string}} Plain
 * @typedef {string | Branch | Code | Formula | Plain} Node
 *
 * @typedef {object} Context
 * @property {Map<string, number>} numbers of footnotes, in the order of their first mark
 * @property {string} id what makes this text's own anchors unique
 * @property {boolean} [grows] whether more may come behind these blocks
 * @property {boolean} [openFormula] whether the last formula has no end yet
 * @property {string[]} [columns] how a table's columns are aligned, where that is known
 */

const TAGS = /** @type {Record<string, string>} */ ({ strong: "strong", em: "em", s: "del", sub: "sub", sup: "sup", kbd: "kbd", p: "p", blockquote: "blockquote", ul: "ul", ol: "ol", li: "li", table: "table", thead: "thead", tbody: "tbody", tr: "tr", th: "th", td: "td" });
const ALIGN = /** @type {Record<string, string>} */ ({ "text-align:left": "start", "text-align:center": "center", "text-align:right": "end" });
const NUMBER = /^[\p{Sc}~≈<>±+−-]{0,2}\s?\d[\d.,\u202f\u00a0]*\s?(?:%|‰|\p{Sc}|[\p{L}°µ/]{1,4})?$/u;

/** @param {string} tag @param {Record<string, string>} [attrs] @param {Node[]} [children] @returns {Branch} */
export const branch = (tag, attrs = {}, children = []) => ({ tag, attrs, children });

/** @param {Token[]} tokens @param {Context} context @returns {Node[]} */
export function tree(tokens, context) {
  const root = branch("");
  const stack = [root];
  const end = context.grows ? endOf(tokens) : -1;
  for (const [at, token] of tokens.entries()) {
    const top = stack[stack.length - 1];
    if (token.nesting === 1) {
      const made = opened(token);
      // Whether a list is loose is a matter of looks, not of elements, so that late empty lines rebuild nothing.
      if (token.hidden && top.tag === "li") stack[stack.length - 2].attrs.class = "tight";
      top.children.push(made);
      stack.push(made);
    } else if (token.nesting === -1) {
      const done = /** @type {Branch} */ (stack.pop());
      // Only of a table that is a block of its own can the rows come one by one.
      if (done.tag === "table") replaceLast(stack[stack.length - 1], table(done, stack.length > 1 ? { ...context, columns: undefined } : context));
    } else leaf(token, stack, context, at === end);
  }
  return root.children;
}

/** @param {Branch} parent @param {Node} node */
function replaceLast(parent, node) {
  parent.children[parent.children.length - 1] = node;
}

/** @param {Token} token @returns {Branch} */
function opened(token) {
  if (token.type === "heading_open") return heading(Number(token.tag[1]));
  if (token.type === "footnote_open") return { ...branch("li"), label: /** @type {any} */ (token.meta).label };
  const tag = TAGS[token.tag];
  if (!tag) throw new Error(`unknown block ${token.type}`);
  /** @type {Record<string, string>} */
  const attrs = {};
  const start = token.attrGet("start");
  if (tag === "ol" && start !== null) attrs.start = String(start);
  if (tag === "th") attrs.scope = "col";
  // Its mark stands where its own words begin.
  if (tag === "li") attrs.dir = "auto";
  const style = token.attrGet("style");
  if (style) attrs.class = ALIGN[String(style)];
  return branch(tag, attrs);
}

/** The page's own headings come first: `#` is the third level. @param {number} level */
function heading(level) {
  const attrs = level > 4 ? { "aria-level": String(level + 2) } : {};
  return branch(`h${Math.min(6, level + 2)}`, /** @type {Record<string, string>} */ (attrs));
}

/** @param {Token} token @param {Branch[]} stack @param {Context} context @param {boolean} grows */
function leaf(token, stack, context, grows) {
  const top = stack[stack.length - 1];
  switch (token.type) {
    case "inline":
      top.children.push(...inline(token.children ?? [], { ...context, openFormula: context.openFormula && grows }));
      if (token.content.startsWith("[")) task(top, stack[stack.length - 2]);
      break;
    case "fence":
    case "code_block":
      top.children.push(code(token.info, `${token.meta?.before ?? ""}${token.content}`, grows && !closed(token)));
      break;
    case "formula_block":
      top.children.push(formula(token.content, true, Boolean(/** @type {any} */ (token.meta).open)));
      break;
    case "hr":
      top.children.push(branch("hr"));
      break;
    default:
      throw new Error(`unknown block ${token.type}`);
  }
}

/** Whether a fence has its last line. @param {Token} token */
function closed({ map, content }) {
  const lines = content.split("\n").length - (content === "" || content.endsWith("\n") ? 1 : 0);
  return map !== null && map[1] - map[0] - 1 > lines;
}

/** A language's name may stand in braces, or before a file's. @param {string} info @param {string} text @returns {Code} */
export function code(info, text, open = false, skip = 0) {
  const language = unescape(info.trim().replace(/^\{\.?/, "").split(/[\s,:{}]/)[0]);
  return { tag: "#code", language, skip, text, open };
}

/** @param {string} tex @param {boolean} display @param {boolean} open @returns {Formula} */
const formula = (tex, display, open) => ({ tag: "#formula", tex, display, open });

/** `[ ]` and `[x]` at the beginning of an item. @param {Branch} p @param {Branch | undefined} li */
function task(p, li) {
  const [first] = p.children;
  if (p.tag !== "p" || li?.tag !== "li" || li.children[0] !== p || typeof first !== "string") return;
  const found = /^\[([ xX])\]\s+/.exec(first);
  if (!found) return;
  li.attrs.class = "task";
  const words = first.slice(found[0].length);
  const attrs = { type: "checkbox", disabled: "", "aria-label": wordsOf(p).slice(found[0].length, 100) || "…" };
  p.children.splice(0, 1, branch("input", found[1] === " " ? attrs : { ...attrs, checked: "" }), ...(words ? [words] : []));
}

/** @param {Token[]} tokens @param {Context} context @returns {Node[]} */
function inline(tokens, context) {
  const root = branch("");
  const stack = [root];
  for (const token of tokens) {
    const top = stack[stack.length - 1];
    if (token.nesting === 1) {
      const made = token.type === "link_open" ? branch("a", anchor(token)) : opened(token);
      top.children.push(made);
      stack.push(made);
    } else if (token.nesting === -1) {
      const done = /** @type {Branch} */ (stack.pop());
      if (done.tag === "a") stack[stack.length - 1].children.splice(-1, 1, ...link(done));
    } else for (const node of [piece(token, context, stack.some(({ tag }) => tag === "a"))].flat()) put(top, node);
  }
  if (context.openFormula && tokens.length) mark(root);
  return root.children;
}

/** The last formula has no end yet. @param {Branch} root */
function mark(root) {
  const last = root.children[root.children.length - 1];
  if (typeof last !== "object") return;
  if (last.tag === "#formula") /** @type {Formula} */ (last).open = true;
  else if ("children" in last) mark(last);
}

/** Neighbouring texts are one, as they are on the page. @param {Branch} parent @param {Node} node */
function put(parent, node) {
  const { children } = parent;
  const last = children[children.length - 1];
  if (node === "") return;
  if (typeof node === "string" && typeof last === "string") children[children.length - 1] = last + node;
  else children.push(node);
}

/** @param {Token} token @param {Context} context @param {boolean} linked whether it stands in a link @returns {Node | Node[]} */
function piece(token, context, linked) {
  switch (token.type) {
    case "text":
      return token.content;
    case "text_special":
      return token.content;
    case "softbreak":
      return "\n";
    case "hardbreak":
      return branch("br");
    case "code_inline":
      return branch("code", {}, token.content ? [token.content] : []);
    case "formula":
      return formula(token.content.trim(), token.markup === "$$" || token.markup === "\\[", false);
    case "footnote":
      return note(token.content, context);
    case "image":
      return picture(token, context, linked);
    default:
      throw new Error(`unknown piece ${token.type}`);
  }
}

/** @param {Token} token @returns {Record<string, string>} */
function anchor(token) {
  const attrs = /** @type {Record<string, string>} */ ({ href: String(token.attrGet("href") ?? "") });
  const title = token.attrGet("title");
  if (title) attrs.title = String(title);
  return attrs;
}

/** What leads elsewhere says where; what may not be followed says what it was. @param {Branch} made @param {string} [kind] @returns {Node[]} */
function link(made, kind = "") {
  const { href } = made.attrs;
  const to = destination(href);
  if (!to) return [branch("span", { ...rest(made.attrs), class: `unlinked${kind && ` ${kind}`}` }, made.children), place(shortened(href))];
  const attrs = { ...rest(made.attrs), href: to.href, rel: "noopener noreferrer", target: "_blank", ...(kind && { class: kind }) };
  const words = wordsOf(made);
  const anchor = branch("a", attrs, words.trim() ? made.children : [...made.children, to.place]);
  return says(words, to.place) && !to.long ? [anchor] : [anchor, place(to.place, to.long)];
}

/** What stays of a link that is none. @param {Record<string, string>} attrs @returns {Record<string, string>} */
const rest = ({ title }) => (title ? { title } : {});

/** What an address holds itself is no place, and may be a whole picture. @param {string} href */
function shortened(href) {
  const kind = /^data:[^,;]{0,50}/i.exec(href)?.[0] ?? "";
  return kind && kind.length < href.length ? `${kind}…` : href;
}

/** @param {string} where @param {number} [long] */
function place(where, long = 0) {
  return branch("bdi", { class: "place", ...(long && { "data-long": String(long) }) }, [` ${where}`]);
}

/** A picture from elsewhere is a link, never loaded; in a link it is its words. @param {Token} token @param {Context} context @param {boolean} linked */
function picture(token, context, linked) {
  const alt = inline(token.children ?? [], context).map(wordsOf).join("");
  const attrs = /** @type {Record<string, string>} */ ({ href: String(token.attrGet("src") ?? "") });
  const title = token.attrGet("title");
  if (title) attrs.title = String(title);
  if (linked) return [branch("span", { ...rest(attrs), class: "picture" }, alt ? [alt] : []), place(destination(attrs.href)?.place ?? shortened(attrs.href))];
  return link(branch("a", attrs, alt ? [alt] : []), "picture");
}

/** @param {string} label @param {Context} context */
function note(label, { numbers, id }) {
  const first = !numbers.has(label);
  const number = numbers.get(label) ?? numbers.size + 1;
  numbers.set(label, number);
  const anchor = branch("a", { href: `#note-${id}-${number}`, role: "doc-noteref" }, [String(number)]);
  const own = { class: "footnote", ...(first && { id: `mark-${id}-${number}` }) };
  return { ...branch("sup", /** @type {Record<string, string>} */ (own), [anchor]), label };
}

/** What it says, without where its links lead. @param {Node} node @returns {string} */
export function wordsOf(node) {
  if (typeof node === "string") return node;
  if (node.tag === "bdi") return "";
  if (node.tag === "#code" || node.tag === "#plain") return /** @type {Code} */ (node).text;
  if (node.tag === "#formula") return /** @type {Formula} */ (node).tex;
  return /** @type {Branch} */ (node).children.map(wordsOf).join("");
}

/** Scrolls by itself; columns of numbers end together. @param {Branch} made @param {Context} context */
function table(made, context) {
  const rows = made.children.flatMap((part) => /** @type {Branch} */ (part).children);
  const [head, first] = /** @type {Branch[]} */ (rows);
  // In a row that is being written, a cell says what it is when the next one has begun.
  const whole = context.grows && rows.length === 2 ? first.children.findLastIndex((cell) => /** @type {Branch} */ (cell).children.length) : Infinity;
  context.columns ??= head.children.map((cell, at) => column(/** @type {Branch} */ (cell), /** @type {Branch | undefined} */ (at < whole ? first?.children[at] : undefined)));
  for (const row of /** @type {Branch[]} */ (rows)) {
    row.children.forEach((cell, at) => context.columns?.[at] && (/** @type {Branch} */ (cell).attrs.class = context.columns[at]));
  }
  return branch("div", { class: "table" }, [branch("div", { class: "table__scroller" }, [made])]);
}

/** @param {Branch} head @param {Branch | undefined} cell */
function column(head, cell) {
  if (head.attrs.class) return head.attrs.class;
  return cell && NUMBER.test(wordsOf(cell).trim()) ? "number" : "";
}
