/**
 * Markdown as it streams. Text goes in by pieces; `step()` reads a slice of what has come and makes `view` what shall
 * stand on the page: the blocks that may still change, after as many as are final (`skip`). However the text is cut, the
 * views add up to the same tree.
 *
 * A block is final as soon as the first line of a later one is complete. Within a list or table that goes for its items
 * and rows; an open fence only takes lines; and what is too long to be read again and again is shown as it was written.
 * So the work is linear in the text. It knows no element: `patch.js` puts views on the page.
 */
import { define, parse } from "./grammar.js";
import { branch, code, tree } from "./tree.js";
import { undecided } from "./unfinished.js";

/**
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Branch} Branch
 * @typedef {{tokens: import("markdown-it").Token[], from: number, to: number}} Group
 *
 * @typedef {{kind: "fence", close: RegExp, indent: number, language: string, skip: number}} Fence
 * @typedef {{kind: "list", tag: string, mark: string, start?: string, skip: number, loose: boolean}} List
 * @typedef {{kind: "table", head: string, skip: number, columns: string[]}} Table
 * @typedef {{kind: "plain", skip: number, fresh: boolean}} Plain
 */

/** Characters read in one step. */
const SLICE = 8_192;
/** Characters of a block that cannot be final in parts. */
export const LONGEST = 16_384;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export class Markdown {
  /** All of it, as it was written. */
  source = "";
  /** Characters that have been read so far, again and again. */
  work = 0;
  /** @type {Branch} */
  view = branch("");
  ended = false;
  #slice;
  #id;
  #known;
  #pending = "";
  #tail = "";
  #return = false;
  #skip = 0;
  /** @type {Fence | List | Table | Plain | null} */
  #open = null;
  /** @type {Record<string, any>} */
  #references = {};
  /** @type {Map<string, number>} */
  #numbers = new Map();
  /** @type {Map<string, Branch>} */
  #notes = new Map();

  /** @param {{id?: string, slice?: number, known?: {references: Record<string, any>, notes: Set<string>}}} [options] */
  constructor({ id = "", slice = SLICE, known } = {}) {
    this.#id = id;
    this.#slice = slice;
    this.#known = known;
    if (known) this.#references = known.references;
  }

  /** @param {string} text */
  push(text) {
    this.source += text;
    const whole = this.#return ? `\r${text}` : text;
    this.#return = whole.endsWith("\r");
    this.#pending += clean(this.#return ? whole.slice(0, -1) : whole);
  }

  /** No more will come. */
  end() {
    if (this.#return) this.#pending += "\n";
    this.#return = false;
    this.ended = true;
  }

  /** What was said further up may mean something else now: a link or a footnote was explained after its use. */
  get forward() {
    return this.ended && !this.#known && this.#skip > 0 && (Object.keys(this.#references).length > 0 || this.#notes.size > 0 || this.#numbers.size > 0)
      ? { references: this.#references, notes: new Set(this.#notes.keys()) }
      : null;
  }

  /** Reads on; true if there is more to read. */
  step() {
    const before = this.#skip;
    this.#tail += this.#take();
    const last = this.ended && !this.#pending;
    /** @type {Node[]} */
    const out = [];
    while (this.#advance(out, last));
    const notes = this.#footnotes();
    this.view = { ...branch("", {}, notes ? [...out, notes] : out), skip: before };
    return this.#pending !== "";
  }

  /** The next slice: whole lines where there are any. */
  #take() {
    let size = Math.min(this.#pending.length, this.#slice);
    if (size < this.#pending.length) size = this.#pending.lastIndexOf("\n", size - 1) + 1 || size;
    const piece = this.#pending.slice(0, size);
    this.#pending = this.#pending.slice(size);
    return piece;
  }

  /** Shows what the tail holds; true if that has to go on in another way. @param {Node[]} out @param {boolean} last */
  #advance(out, last) {
    if (this.#open?.kind === "fence") return this.#fence(this.#open, out, last);
    if (this.#open?.kind === "plain") return this.#plain(this.#open, out, last);
    return this.#blocks(out, last);
  }

  /** @param {Node[]} out @param {boolean} last @returns {boolean} */
  #blocks(out, last) {
    const text = last ? this.#tail : this.#tail.slice(0, this.#tail.length - undecided(this.#tail));
    const head = this.#open?.kind === "table" ? this.#open.head : "";
    const env = this.#environment(last);
    this.work += head.length + text.length;
    const groups = grouped(parse(head + text, env));
    const lines = starts(head + text);
    const at = last ? groups.length : complete(groups, lines);
    const context = { numbers: new Map(this.#numbers), id: this.#id, openFormula: false };
    /** @type {Branch | null} */
    let note = null;
    groups.forEach((group, index) => {
      context.openFormula = Boolean(env.openFormula) && index === groups.length - 1;
      const nodes = this.#shape(group, index === 0, context);
      if (group.tokens[0].type === "footnote_open") {
        note = /** @type {Branch} */ (nodes[0]);
        if (index < at || !this.#notes.has(note.label ?? "")) this.#pendingNote(note, index < at);
      } else out.push(...nodes);
    });
    return this.#freeze(groups, lines, head.length, at, out, env, context, last);
  }

  /** @type {Map<string, Branch>} notes that may still grow */
  #growing = new Map();

  /** @param {Branch} note @param {boolean} final */
  #pendingNote(note, final) {
    const notes = final ? this.#notes : this.#growing;
    if (note.label && !notes.has(note.label)) notes.set(note.label, note);
  }

  /** @param {boolean} last */
  #environment(last) {
    this.#growing.clear();
    const known = this.#known?.notes;
    return {
      references: Object.create(this.#references),
      live: !last,
      openFormula: false,
      defined: new Set(),
      // Until all is known, any mark may have its note further down.
      footnotes: known ?? { has: () => true },
      whole: last && !known && this.#skip === 0 && this.#open === null,
    };
  }

  /** @param {Group} group @param {boolean} first @param {import("./tree.js").Context} context */
  #shape(group, first, context) {
    const open = first ? this.#open : null;
    context.columns = open?.kind === "table" ? open.columns : undefined;
    const nodes = tree(group.tokens, context);
    if (open?.kind === "list") {
      const list = /** @type {Branch} */ (nodes[0]);
      list.skip = open.skip;
      if (open.start === undefined) delete list.attrs.start;
      else list.attrs.start = open.start;
      if (open.loose) delete list.attrs.class;
    }
    if (open?.kind === "table") body(nodes[0]).skip = open.skip;
    for (const node of nodes) if (typeof node === "object" && "attrs" in node) node.attrs.dir = "auto";
    return nodes;
  }

  /**
   * @param {Group[]} groups @param {number[]} lines @param {number} head @param {number} at @param {Node[]} out
   * @param {any} env @param {import("./tree.js").Context} context @param {boolean} last
   */
  #freeze(groups, lines, head, at, out, env, context, last) {
    const nodes = groups.map((group) => group.tokens[0].type !== "footnote_open");
    const live = nodes.slice(at).filter(Boolean).length;
    const base = out.length - live;
    const done = nodes.slice(0, at).filter(Boolean).length;
    this.#number(out.slice(base - done, base));
    this.#skip += done;
    if (last) {
      if (this.#open?.kind !== "fence") this.#open = null;
      this.#references = Object.assign(Object.create(null), flat(env.references));
      for (const [label, node] of this.#growing) this.#notes.set(label, node);
      this.#tail = "";
      return this.#tooLong(groups, lines, head, out, last);
    }
    const group = groups[at];
    if (!group) return false;
    const begin = lines[group.from] - head;
    if (at > 0) {
      this.#commit(this.#tail.slice(0, begin), env);
      this.#open = null;
    }
    const cut = at > 0 ? begin : 0;
    this.#tail = this.#tail.slice(Math.max(0, cut));
    const shown = group.tokens[0].type === "footnote_open" ? null : out[base];
    return this.#inside(group, shown, lines, at > 0 ? head + cut : head, groups.length === at + 1, out, base, context, env);
  }

  /** Whatever was too long to be read as markdown is shown as it was written. */
  #tooLong() {
    return false;
  }
}
