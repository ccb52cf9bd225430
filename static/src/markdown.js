/**
 * Markdown as it streams. Text goes in by pieces; `step()` reads a slice of what has come, and `view` is what shall then
 * stand on the page: the blocks that may still change, after as many as are final (`skip`). However the text is cut, the
 * views add up to the same tree.
 *
 * A block is final as soon as the first line of a later one is complete. Within a list or table that goes for its items
 * and rows, of which one list or table has only so many; an open fence only takes lines; and what is too long to be read
 * again and again is shown as it was written. So the work is linear in the text. It knows no element: `leaves.js` puts
 * views on the page.
 */
import { Elided } from "./elided.js";
import { MOST, complete, fenced, full, grouped, partsOf, shorter, starts, tooLong } from "./groups.js";
import { define, parse } from "./grammar.js";
import { Fence, Plain } from "./lines.js";
import { Notes } from "./notes.js";
import { another, bodyOf, goOn, holderOf, said } from "./open.js";
import { branch, tree } from "./tree.js";
import { undecided } from "./unfinished.js";

/**
 * @typedef {import("./groups.js").Group} Group
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Branch} Branch
 * @typedef {import("./open.js").List} List
 * @typedef {import("./open.js").Table} Table
 * @typedef {{references: Record<string, any>, notes: Set<string>}} Known
 */

/** Characters read in one step, and in the first: nothing is warm then. */
const SLICE = 2_048;
const FIRST = 512;
/** Marks whose notes will stand further down, unless they are something else, as in `[^aeiou]`. */
const LIKELY = /^(?:[a-z]*[-_]?\d{1,3}|notes?|fn)$/;

export class Markdown {
  /** All of it, as it was written. */
  source = "";
  /** Characters that have been read so far, again and again. */
  work = 0;
  /** @type {Branch} */
  view = branch("");
  ended = false;
  #slice;
  #size;
  #known;
  #pending = "";
  #return = false;
  #tail = "";
  #skip = 0;
  /** @type {Fence | Plain | null} */
  #lines = null;
  /** @type {List | Table | null} */
  #open = null;
  #elided = new Elided();
  /** @type {Record<string, any>} */
  #references;
  #notes;

  /** @param {{id?: string, slice?: number, known?: Known | null}} [options] */
  constructor({ id = "", slice = SLICE, known = null } = {}) {
    this.#notes = new Notes(id);
    this.#slice = slice;
    this.#size = slice === SLICE ? FIRST : slice;
    this.#known = known;
    this.#references = known?.references ?? Object.create(null);
  }

  /** @param {string} text */
  push(text) {
    this.source += text;
    const whole = this.#return ? `\r${text}` : text;
    this.#return = whole.endsWith("\r");
    this.#pending += (this.#return ? whole.slice(0, -1) : whole).replaceAll(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
  }

  /** No more will come. */
  end() {
    if (this.#return) this.#pending += "\n";
    this.#return = false;
    this.ended = true;
  }

  get pending() {
    return this.#pending !== "";
  }

  /** What is known at the end, if something further up may mean something else by it: it was shown before it was explained. @returns {Known | null} */
  get hindsight() {
    if (!this.ended || this.#known || !this.#skip) return null;
    if (!Object.keys(this.#references).length && !this.#notes.any) return null;
    return this.known;
  }

  /** What it defines. @returns {Known} */
  get known() {
    return { references: this.#references, notes: this.#notes.labels };
  }

  /** Reads on; true if there is more to read. */
  step() {
    const skip = this.#skip;
    this.#tail += this.#take();
    const last = this.ended && !this.#pending;
    /** @type {Node[]} */
    const out = [];
    while (this.#lines ? this.#copy(this.#lines, out, last) : this.#read(out, last));
    this.view = { ...branch("", {}, [...out, ...this.#notes.view()]), skip };
    return this.pending;
  }

  /** The next slice: whole lines where there are any. */
  #take() {
    // What is read anew with each slice, gets few.
    let size = Math.min(this.#pending.length, Math.max(this.#size, this.#tail.length >> 3));
    this.#size = Math.min(this.#slice, 2 * this.#size);
    if (size < this.#pending.length) size = this.#pending.lastIndexOf("\n", size - 1) + 1 || size;
    const piece = this.#pending.slice(0, size);
    this.#pending = this.#pending.slice(size);
    return piece;
  }

  /** Takes lines as they are; true if they have ended. @param {Fence | Plain} lines @param {Node[]} out @param {boolean} last */
  #copy(lines, out, last) {
    this.work += this.#tail.length;
    this.#tail = lines.take(this.#tail, last);
    out.push(lines.node);
    if (!lines.ended) return false;
    this.#lines = null;
    this.#skip++;
    return true;
  }

  /** Reads the tail as markdown; true if it has to go on as lines. @param {Node[]} out @param {boolean} last */
  #read(out, last) {
    const head = this.#open?.kind === "table" ? this.#open.head : "";
    const text = head + (last ? this.#tail : this.#tail.slice(0, this.#tail.length - undecided(this.#tail)));
    if (text.length === head.length && !last) return this.#keep(out);
    const env = this.#environment(last);
    const { tokens, lines, groups, shapes } = this.#parse(text, head, env, last);
    const long = tooLong(groups, lines, text, this.#open);
    if (long) return this.#giveUp(long, groups, shapes, head, env, out);
    const line = full(groups, lines, text, this.#open?.skip ?? 0, last);
    if (line !== null) return this.#turnOver(text.slice(0, lines[line]), head, out);
    const stays = last ? groups.length : complete(groups, lines, text);
    this.#settle(groups, shapes, stays, out);
    if (last) this.#commit(this.#tail, env, true);
    const group = groups[stays];
    if (last) this.#tail = "";
    else if (!group) this.#cut(spent(text), env);
    if (last || !group) return false;
    const before = this.#tail.length;
    if (stays) this.#cut(lines[group.from] - head.length, env);
    if (stays) this.#open = null;
    const base = stays ? lines[group.from] : head.length;
    if (fenced(group, lines, text)) {
      this.#cut(lines[group.from] - base, env);
      return this.#fence(group, lines, text, out);
    }
    this.#inside(group, shapes[stays], lines, text, base, env);
    this.#tail = this.#elided.take(this.#tail, tokens, lines, head.length + before - this.#tail.length);
    if (!tokens.some(({ type }) => type === "fence" || type === "code_block")) this.#tail = shorter(this.#tail);
    return false;
  }

  /** The blocks of a text, and what they look like. @param {string} text @param {string} head @param {any} env @param {boolean} last */
  #parse(text, head, env, last) {
    this.work += text.length;
    const lines = starts(text);
    const tokens = parse(text, env);
    this.#elided.restore(tokens, lines, head.length);
    const groups = grouped(tokens, (line) => !text.slice(lines[line], lines[line + 1]).trim());
    const context = { numbers: this.#notes.numbers(), id: this.#notes.id, openFormula: false, columns: /** @type {string[] | undefined} */ (undefined) };
    const end = last ? -1 : groups.length - 1;
    const shapes = groups.map((group, at) => this.#shape(group, at, { ...context, grows: at === end, openFormula: Boolean(env.openFormula) && at === end }));
    return { tokens, lines, groups, shapes };
  }

  /** Nothing new can be shown, so what is shown stays. @param {Node[]} out */
  #keep(out) {
    const { children, skip = 0 } = this.view;
    const kept = children.slice(this.#skip - skip);
    out.push(...(this.#notes.shown ? kept.filter((node) => typeof node === "string" || node.tag !== "section") : kept));
    return false;
  }

  /** @param {boolean} last */
  #environment(last) {
    const known = this.#known?.notes;
    return {
      references: Object.create(this.#references),
      live: !last,
      openFormula: false,
      defined: new Set(),
      footnotes: known ?? { has: (/** @type {string} */ label) => LIKELY.test(label) || this.#notes.labels.has(label) },
      whole: last && !known && !this.#skip && !this.#open,
    };
  }

  /** @param {Group} group @param {number} at @param {import("./tree.js").Context} context @returns {Branch | Node} */
  #shape(group, at, context) {
    const open = at ? null : this.#open;
    if (open?.kind === "table") context.columns = open.columns;
    const [node] = tree(group.tokens, context);
    group.columns = context.columns;
    if (open?.kind === "list") goOn(/** @type {Branch} */ (node), group, open);
    if (open?.kind === "table") bodyOf(node).skip = open.skip;
    // Not a list, whose items have each their own: the browser would look through all of them for each that comes.
    if (typeof node === "object" && "attrs" in node && node.tag !== "ul" && node.tag !== "ol") node.attrs.dir = "auto";
    return node;
  }

  /** The first of these are final, the others are shown. @param {Group[]} groups @param {Node[]} shapes @param {number} stays @param {Node[]} out */
  #settle(groups, shapes, stays, out) {
    this.#notes.again();
    groups.forEach((group, at) => {
      const node = shapes[at];
      if (group.kind === "footnote_open") return this.#notes.add(/** @type {Branch} */ (node), at < stays);
      out.push(node);
      if (at >= stays) return;
      this.#skip++;
      this.#notes.count(node);
    });
  }

  /** This much of the tail is final. @param {number} length @param {any} env */
  #cut(length, env) {
    this.#commit(this.#tail.slice(0, length), env);
    this.#tail = this.#tail.slice(length);
    this.#elided.cut(length);
  }

  /** Keeps what final text defines; half a line might define something else. @param {string} text @param {any} env @param {boolean} [last] */
  #commit(text, env, last = false) {
    if (last) this.#notes.end();
    if (Object.keys(env.references).length) define(text, { references: this.#references });
  }

  /** @param {Group} group @param {number[]} lines @param {string} text @param {Node[]} out */
  #fence(group, lines, text, out) {
    out.pop();
    const [token] = group.tokens;
    const first = text.slice(lines[group.from], lines[group.from + 1]);
    this.#tail = this.#tail.slice(first.length);
    this.#lines = new Fence(first.length - first.trimStart().length, token.markup, token.info);
    return true;
  }

  /** What is too long ends what stands before it, and is shown as it was written. @param {import("./groups.js").Part} long @param {Group[]} groups @param {Node[]} shapes @param {string} head @param {any} env @param {Node[]} out */
  #giveUp(long, groups, shapes, head, env, out) {
    const node = shapes[long.group];
    const kept = long.part > 0 || (long.group === 0 && this.#open?.skip);
    if (kept) holderOf(node).children.splice(long.part);
    const count = long.group + (kept ? 1 : 0);
    this.#settle(groups.slice(0, count), shapes, count, out);
    this.#cut(long.from - head.length, env);
    this.#open = null;
    this.#tail = this.#elided.undo(this.#tail);
    this.#lines = new Plain();
    return true;
  }

  /** The list or table at the end of this is full; what follows is another one. @param {string} text @param {string} head @param {Node[]} out */
  #turnOver(text, head, out) {
    const env = { ...this.#environment(false), live: false };
    const { lines, groups, shapes } = this.#parse(text, head, env, true);
    const at = groups.length - 1;
    const next = another(/** @type {Branch} */ (shapes[at]), groups[at], at ? null : this.#open, text.slice(lines[groups[at].from], lines[groups[at].from + 2]));
    this.#settle(groups, shapes, groups.length, out);
    this.#cut(text.length - head.length, env);
    this.#open = next;
    return true;
  }

  /** Of a list or table that goes on, all but the last item or row are final. @param {Group} group @param {Node} node @param {number[]} lines @param {string} text @param {number} base @param {any} env */
  #inside(group, node, lines, text, base, env) {
    const parts = partsOf(group);
    const before = this.#open?.skip ?? 0;
    // The last one waits for whether another list or table follows.
    let stays = Math.min(parts.length, MOST - before) - 1;
    while (stays > 0 && !text.includes("\n", lines[parts[stays]])) stays--;
    if (stays < 1 || (group.tight && group.loose && group.kind !== "table_open")) return;
    const branch = /** @type {Branch} */ (node);
    for (const child of holderOf(branch).children.slice(0, stays)) this.#notes.count(child);
    if (group.kind === "table_open") {
      const head = this.#open?.kind === "table" ? this.#open.head : text.slice(lines[group.from], lines[group.from + 2]);
      this.#open = { kind: "table", head, skip: before + stays, columns: group.columns ?? [] };
    } else {
      const { tag, attrs } = branch;
      this.#open = { kind: "list", tag, mark: group.tokens[0].markup, start: attrs.start, skip: before + stays, loose: group.loose, tight: (this.#open?.kind === "list" && this.#open.tight) || said(group, parts[stays]) };
    }
    this.#cut(lines[parts[stays]] - base, env);
  }
}

/** How much of a text without blocks is certain: the title of a definition may be still to come. @param {string} text */
function spent(text) {
  if (!text.trim()) return text.lastIndexOf("\n") + 1;
  const next = text.lastIndexOf("\n[") + 1;
  return next > FIRST && define(text.slice(0, next), { references: {} }) ? next : text.lastIndexOf("\n\n") + 1;
}
