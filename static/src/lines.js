/** Text that is taken line by line, and read no further: what stands in an open fence, and what is too long to read. */
import { LONGEST, closes } from "./groups.js";
import { code } from "./tree.js";

/** The inside of a fence that has not ended. */
export class Fence {
  ended = false;
  #indent;
  #markup;
  #info;
  #skip = 0;
  #text = "";
  /** Whether the last line goes on: what has come of it is text already, and not read again. */
  #within = false;

  /** @param {number} indent @param {string} markup @param {string} info */
  constructor(indent, markup, info) {
    this.#indent = indent;
    this.#markup = markup;
    this.#info = info;
  }

  /** What has come, after as many characters as were shown before for good. */
  get node() {
    return code(this.#info, this.#text, !this.ended, this.#skip);
  }

  /** Takes what it can; returns the rest. @param {string} tail @param {boolean} last */
  take(tail, last) {
    this.#skip += this.#text.length;
    this.#text = "";
    let at = 0;
    for (let end = tail.indexOf("\n"); end >= 0; end = tail.indexOf("\n", at)) {
      const line = tail.slice(at, end + 1);
      at = end + 1;
      this.ended = !this.#within && closes(line, this.#markup);
      if (this.ended) return tail.slice(at);
      this.#put(line);
      this.#within = false;
    }
    const rest = tail.slice(at);
    this.ended = last;
    if (!rest || !this.#says(rest, last)) return last ? "" : rest;
    this.#put(rest);
    this.#within = true;
    return "";
  }

  /** Whether this is no fence that ends it, nor can become one. @param {string} rest of the text @param {boolean} last */
  #says(rest, last) {
    // A last line of nothing but spaces is none.
    return this.#within || (last ? rest.trim() !== "" && !closes(rest, this.#markup) : !/^ {0,3}[`~]*[ \t]*$/.test(rest));
  }

  /** @param {string} line or a piece of it */
  #put(line) {
    this.#text += this.#within ? line : outdented(line, this.#indent);
  }
}

/** What is shown as it was written, up to the next paragraph that begins at the margin. */
export class Plain {
  ended = false;
  #skip = 0;
  #text = "";

  get node() {
    return { .../** @type {const} */ ({ tag: "#plain" }), skip: this.#skip, text: this.#text };
  }

  /** @param {string} tail @param {boolean} last */
  take(tail, last) {
    this.#skip += this.#text.length;
    const from = Math.max(0, LONGEST - this.#skip);
    const between = /\n{2,}(?=\S)/g;
    between.lastIndex = from;
    const found = between.exec(tail);
    this.ended = last || found !== null;
    const end = found ? found.index : last ? tail.length : tail.trimEnd().length;
    this.#text = tail.slice(0, end);
    return found ? tail.slice(found.index + found[0].length) : last ? "" : tail.slice(end);
  }
}

/** @param {string} line @param {number} indent of the fence, which its lines lose */
function outdented(line, indent) {
  let at = 0;
  let column = 0;
  while (column < indent && (line[at] === " " || line[at] === "\t")) column += line[at++] === "\t" ? 4 - (column % 4) : 1;
  return " ".repeat(Math.max(0, column - indent)) + line.slice(at);
}
