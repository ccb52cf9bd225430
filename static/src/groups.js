/** The blocks of a piece of markdown, and which of them can no longer change. */

/**
 * @typedef {import("markdown-it").Token} Token
 * @typedef {object} Group one block: its tokens, and from which line to which
 * @property {string} kind
 * @property {Token[]} tokens
 * @property {number} from
 * @property {number} to
 * @property {boolean} loose whether it is a list with empty lines between its items; known by its words
 * @property {boolean} tight whether it is one without; neither is known where no item holds words
 * @property {string[]} [columns] how its columns are aligned, if it is a table
 *
 * @typedef {{group: number, part: number, from: number}} Part
 */

/** Characters of a block, an item or a row beyond which it is not read as markdown. */
export const LONGEST = 16_384;
/** Items or rows of one list or table; what goes on after them is another one, so that the browser need not lay out all of them. */
export const MOST = 500;
/** Characters of empty lines that are read again. */
const MANY = 256;
/** What a character within a fence counts there: it is found, and hardly read. */
const CODE = 1 / 16;

/** @param {Token[]} tokens @param {(line: number) => boolean} empty @returns {Group[]} */
export function grouped(tokens, empty) {
  const groups = [];
  let begin = 0;
  let depth = 0;
  for (let at = 0; at < tokens.length; at++) {
    depth += tokens[at].nesting;
    if (depth) continue;
    const [from, to] = tokens[begin].map ?? [0, 0];
    const own = tokens.slice(begin, at + 1);
    const words = own.filter((token) => token.type === "paragraph_open" && token.level === 2);
    // Between two items, or two blocks of one.
    const apart = own.some(({ nesting, level, map }) => nesting >= 0 && (level === 1 || level === 2) && map && map[0] > from && empty(map[0] - 1));
    const [loose, tight] = [apart || words.some(({ hidden }) => !hidden), words.some(({ hidden }) => hidden)];
    groups.push({ kind: tokens[begin].type, tokens: own, from, to, loose, tight });
    begin = at + 1;
  }
  return groups;
}

/** Where each line begins. @param {string} text */
export function starts(text) {
  const lines = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.push(at + 1);
  return lines;
}

/**
 * The last block whose first line is complete: what stands before it cannot change any more. Behind a definition whose
 * title may still come, nothing is certain.
 *
 * @param {Group[]} groups @param {number[]} lines @param {string} text
 */
export function complete(groups, lines, text) {
  let at = groups.length - 1;
  while (at > 0 && (lines[groups[at].from + 1] === undefined || defined(groups, at, lines, text) || mayJoin(groups, at))) at--;
  return Math.max(0, at);
}

/** Whether this is a formula that may still turn out to be words, and so to go on with what it follows. @param {Group[]} groups @param {number} at */
function mayJoin(groups, at) {
  return groups[at].tokens[0].meta?.certain === false && groups[at].from === groups[at - 1].to;
}

/** Whether the line above this block belongs to none. @param {Group[]} groups @param {number} at @param {number[]} lines @param {string} text */
function defined(groups, at, lines, text) {
  const line = groups[at].from - 1;
  return line >= groups[at - 1].to && text.slice(lines[line], lines[line + 1]).trim() !== "";
}

/** In which lines the items or rows begin. @param {Group} group @returns {number[]} */
export function partsOf(group) {
  const type = { bullet_list_open: "list_item_open", ordered_list_open: "list_item_open", table_open: "tr_open" }[group.kind];
  const level = group.kind === "table_open" ? 2 : 1;
  const parts = group.tokens.filter((token) => token.type === type && token.level === level).map((token) => token.map?.[0] ?? 0);
  return group.kind === "table_open" ? parts.slice(1) : parts;
}

/** Whether this is a fence without an end so far. @param {Group} group @param {number[]} lines @param {string} text */
export function fenced(group, lines, text) {
  if (group.kind !== "fence" || lines[group.from + 1] === undefined) return false;
  const line = text.slice(lines[group.to - 1], lines[group.to] ?? text.length);
  const { markup } = group.tokens[0];
  return group.to - 1 === group.from || !closes(line, markup);
}

/** @param {string} line @param {string} markup of the fence that it may close */
export function closes(line, markup) {
  const found = /^ {0,3}(`{3,}|~{3,})[ \t]*\n?$/.exec(line);
  return found !== null && found[1][0] === markup[0] && found[1].length >= markup.length;
}

/** A text with few of the empty lines at its end. @param {string} text */
export function shorter(text) {
  const said = text.trimEnd();
  return text.length - said.length < MANY ? text : `${said}\n\n${text.slice(text.lastIndexOf("\n"))}`;
}

/**
 * The first block, item or row that is longer than we read.
 *
 * @param {Group[]} groups @param {number[]} lines @param {string} text @param {{kind: string} | null} open
 * @returns {Part | null}
 */
export function tooLong(groups, lines, text, open) {
  if (text.length <= LONGEST) return null;
  const all = groups.flatMap((group, at) => {
    const parts = partsOf(group);
    // A table's head belongs to its first row, unless that stands already.
    if (group.kind === "table_open" && !(open?.kind === "table" && at === 0)) parts[0] = group.from;
    return (parts.length ? parts : [group.from]).map((line, part) => ({ group: at, part, from: lines[line] ?? text.length, kind: group.kind }));
  });
  const line = text.lastIndexOf("\n") + 1;
  const certain = text.length - line > LONGEST ? text.length : line;
  const heavy = (/** @type {Part} */ { group, from }, /** @type {number} */ to) => to - from > LONGEST && weight(groups[group].tokens, lines, from, to) > LONGEST;
  const found = all.find((part, at) => part.kind !== "fence" && heavy(part, all[at + 1]?.from ?? certain));
  return found ?? null;
}

/**
 * Where the first list or table has its full number of items or rows, and more than one after them.
 *
 * @param {Group[]} groups @param {number[]} lines @param {string} text @param {number} skip so many of the first group stand already @param {boolean} last
 * @returns {number | null} the line
 */
export function full(groups, lines, text, skip, last) {
  if (lines.length < MOST - skip) return null;
  for (const [at, group] of groups.entries()) {
    const parts = partsOf(group).slice(MOST - (at ? 0 : skip));
    // The line that begins the second of them is complete, so the first is certain.
    if (parts.length > 1 && (last || text.includes("\n", lines[parts[1]]))) return parts[0];
  }
  return null;
}

/** What it is to read this much. @param {Token[]} tokens @param {number[]} lines @param {number} from @param {number} to */
function weight(tokens, lines, from, to) {
  let light = 0;
  for (const { type, map } of tokens) {
    if (type !== "fence" || !map) continue;
    const [begin, end] = [lines[map[0] + 1] ?? to, lines[map[1] - 1] ?? to];
    light += Math.max(0, Math.min(to, end) - Math.max(from, begin));
  }
  return to - from - light * (1 - CODE);
}
