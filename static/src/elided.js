/**
 * The lines of code that have come in an item, a quotation or a note. They cannot change any more, so they are taken out
 * of what is read again with each piece, and put back into what is shown: the work stays linear in the text.
 */

/**
 * @typedef {import("markdown-it").Token} Token
 * @typedef {{source: string, text: string}} Body lines as they were written, and without what they stood in
 */

/** Characters of a fence that are as well read again. */
const FEW = 512;

export class Elided {
  /** By where the first line of its fence begins. @type {Map<number, Body>} */
  #bodies = new Map();

  /** Tells fences what was taken out of them. @param {Token[]} tokens @param {number[]} lines @param {number} offset of the text */
  restore(tokens, lines, offset) {
    if (!this.#bodies.size) return;
    for (const token of tokens) {
      const body = token.type === "fence" && token.map && this.#bodies.get(lines[token.map[0]] - offset);
      if (body) token.meta = { before: body.text };
    }
  }

  /** So much of the text has gone. @param {number} length */
  cut(length) {
    this.#bodies = new Map([...this.#bodies].filter(([at]) => at >= length).map(([at, body]) => [at - length, body]));
  }

  /** Takes out what is certain; returns the rest. @param {string} text @param {Token[]} tokens @param {number[]} lines @param {number} offset of the text */
  take(text, tokens, lines, offset) {
    let gone = 0;
    for (const token of tokens) {
      if (token.type !== "fence" || !token.map || !token.level || lines[token.map[0]] < offset) continue;
      const first = token.map[0] + 1;
      const count = certain(token, lines);
      const from = lines[first] - offset - gone;
      const to = lines[first + count] - offset - gone;
      if (!(to - from > FEW)) continue;
      this.#put(lines[token.map[0]] - offset - gone, text.slice(from, to), inside(token, count));
      text = text.slice(0, from) + text.slice(to);
      this.#shift(from, from - to);
      gone += to - from;
    }
    return text;
  }

  /** The text as it was, with all that was taken out; nothing is remembered. @param {string} text */
  undo(text) {
    for (const [at, { source }] of [...this.#bodies].sort(([one], [other]) => other - one)) {
      const from = text.indexOf("\n", at) + 1;
      text = text.slice(0, from) + source + text.slice(from);
    }
    this.#bodies.clear();
    return text;
  }

  /** @param {number} at @param {string} source @param {string} text */
  #put(at, source, text) {
    const before = this.#bodies.get(at) ?? { source: "", text: "" };
    this.#bodies.set(at, { source: before.source + source, text: before.text + text });
  }

  /** What stands from here on has moved. @param {number} from @param {number} by */
  #shift(from, by) {
    this.#bodies = new Map([...this.#bodies].map(([at, body]) => [at < from ? at : at + by, body]));
  }
}

/** How many lines of a fence stay as they are: all before the last that says something and is whole. @param {Token} token @param {number[]} lines */
function certain({ map, content }, lines) {
  const [from, to] = /** @type {[number, number]} */ (map);
  const said = content.split("\n");
  let count = Math.min(to, lines.length - 1) - from - 2;
  while (count > 0 && !said[count].trim()) count--;
  return Math.max(0, count);
}

/** The first lines of a fence. @param {Token} token @param {number} count */
function inside({ content }, count) {
  let end = 0;
  for (let line = 0; line < count; line++) end = content.indexOf("\n", end) + 1;
  return content.slice(0, end);
}
