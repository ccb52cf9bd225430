/**
 * Shows growing text as it is, in blocks that end with an empty line; joined, the blocks are the text. Text nodes grow
 * in place, so a selection survives, and only the last block is ever laid out again.
 *
 * Whatever renders answers has this shape: made for a container that holds the text so far, `append` and `update`.
 */

/** `chat.py` cuts alike. */
const BETWEEN = /(?<=\n\n)(?=[^\n])/;

export class Blocks {
  /** How much is shown. */
  length = 0;
  #container;
  /** @type {Text | null} */
  #tail;

  /** @param {Element} container */
  constructor(container) {
    this.#container = container;
    this.length = this.text.length;
    this.#tail = /** @type {Text | null} */ (container.lastElementChild?.firstChild ?? null);
  }

  get text() {
    return this.#container.textContent ?? "";
  }

  /** @param {string} piece */
  append(piece) {
    if (!piece) return;
    this.length += piece.length;
    const before = this.#tail?.data ?? "";
    const [first, ...more] = (before + piece).split(BETWEEN);
    if (this.#tail) this.#tail.appendData(first.slice(before.length));
    else this.#begin(first);
    more.forEach((block) => this.#begin(block));
  }

  /** Makes it this text, whatever stood there; what is right already stays untouched. @param {string} text @param {boolean} [_grows] is nothing to it */
  update(text, _grows) {
    const before = this.text;
    if (text.startsWith(before)) return this.append(text.slice(before.length));
    this.#container.replaceChildren();
    this.#tail = null;
    this.length = 0;
    this.append(text);
  }

  /** @param {string} block */
  #begin(block) {
    const element = document.createElement("div");
    element.dir = "auto";
    this.#tail = document.createTextNode(block);
    element.append(this.#tail);
    this.#container.append(element);
  }
}
