/**
 * A text on the page that is shown as markdown and may still grow. It takes over a container that holds the text as the
 * server wrote it, and keeps the source. Whatever goes wrong in between, the text is shown as it is.
 */
import { Blocks } from "./blocks.js";
import { learning } from "./entities.js";
import { lay } from "./leaves.js";
import { foldLong } from "./long-code.js";
import { Markdown } from "./markdown.js";
import { merge } from "./merge.js";
import { soon } from "./slices.js";
import { branch } from "./tree.js";

/** Milliseconds that one turn may take. */
const TURN = 6;
/** What is not longer is shown in one go, in place of what stood there. */
const SHORT = 32_768;

/** @type {WeakMap<Element, Prose>} */
const proses = new WeakMap();
let count = 0;

export class Prose {
  #container;
  /** Where the next view goes: the container, or, as long as that shows the text as it came, another. */
  #target;
  #markdown;
  /** Whether it stood there when the page came, and nobody has seen it being written. */
  #finished = false;
  #id = `${++count}`;
  #shown = branch("");
  #scheduled = false;
  /** Is told of each view, and whether it is the last. @type {((view: import("./tree.js").Branch, last: boolean) => void) | null} */
  listener = null;
  /** @type {Blocks | null} the text as it is, if it cannot be shown otherwise */
  #plain = null;

  /** The one that shows this container's text. @param {Element} container @param {boolean} [grows] */
  static of(container, grows = true) {
    const known = proses.get(container);
    if (known) return known;
    const made = new Prose(container);
    proses.set(container, made);
    made.#begin(container.textContent ?? "", grows);
    return made;
  }

  /** The one that shows this container's text, if it is shown as markdown. @param {Element} container */
  static at(container) {
    return proses.get(container) ?? null;
  }

  /** What a container's text is, whoever shows it. @param {Element} container */
  static textOf(container) {
    return proses.get(container)?.text ?? container.textContent ?? "";
  }

  /** @param {Element} container */
  constructor(container) {
    this.#container = this.#target = container;
    this.#markdown = new Markdown({ id: this.#id });
  }

  get text() {
    return this.#markdown.source;
  }

  get view() {
    return this.#markdown.view;
  }

  /** Whether there is text that has not been read yet. */
  get pending() {
    return this.#markdown.pending;
  }

  get length() {
    return this.#markdown.source.length;
  }

  /** @param {string} piece */
  append(piece) {
    if (!piece) return;
    this.#markdown.push(piece);
    if (this.#plain) return this.#plain.append(piece);
    this.#turn();
  }

  /** Makes it this text, whatever stood there. @param {string} text @param {boolean} [grows] whether more may come */
  update(text, grows = true) {
    const before = this.text;
    if (!text.startsWith(before) || this.#markdown.ended) {
      if (text === before) return;
      this.#again();
      this.#begin(text, grows);
    } else {
      this.append(text.slice(before.length));
      if (!grows) this.end();
    }
  }

  /** No more will come. */
  end() {
    if (this.#markdown.ended) return;
    this.#markdown.end();
    if (!this.#plain) this.#turn();
  }

  #again() {
    this.#markdown = new Markdown({ id: this.#id });
    this.#shown = branch("");
    this.#plain = null;
    this.#target = this.#container;
    this.#container.replaceChildren();
  }

  /** @param {string} text @param {boolean} grows */
  #begin(text, grows) {
    this.#markdown.push(text);
    this.#finished = !grows;
    if (!grows) this.#markdown.end();
    if (!text) return;
    if (text.length <= SHORT) this.#target = document.createElement("div");
    else this.#container.replaceChildren();
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    soon(() => {
      const more = this.#work();
      this.#scheduled = more;
      return more;
    });
  }

  /** Shows what has come, as far as this turn allows. */
  #turn() {
    if (this.#scheduled) return;
    const begin = performance.now();
    while (this.#work()) if (performance.now() - begin > TURN) return this.#schedule();
  }

  /** One step; true if there is more to do. */
  #work() {
    try {
      const more = this.#markdown.step();
      lay(this.#target, this.#shown, this.#markdown.view);
      this.#shown = this.#markdown.view;
      if (this.#finished) foldLong(this.#target);
      this.#tell(this.#markdown.ended && !more);
      if (more) return true;
      this.#settle();
      const known = this.#markdown.hindsight;
      if (known) this.#hindsight(known);
      if (this.#markdown.ended) learning()?.then(() => this.#hindsight(this.#markdown.known));
    } catch (error) {
      this.#fail(error);
    }
    return false;
  }

  /** @param {boolean} last */
  #tell(last) {
    try {
      this.listener?.(this.#shown, last);
    } catch (error) {
      // Whoever only listens must not keep anybody from seeing it.
      reportError(error);
    }
  }

  #settle() {
    if (this.#target === this.#container) return;
    this.#container.replaceChildren(...this.#target.childNodes);
    this.#target = this.#container;
  }

  /** Reads it once more with what is known at its end, aside, and takes over what differs. @param {import("./markdown.js").Known} known */
  #hindsight(known) {
    const again = new Markdown({ id: this.#id, known });
    again.push(this.text);
    again.end();
    const aside = document.createElement("div");
    let shown = branch("");
    soon(() => {
      try {
        const more = again.step();
        lay(aside, shown, again.view);
        shown = again.view;
        if (!more) merge(this.#container, aside);
        return more;
      } catch (error) {
        this.#fail(error);
        return false;
      }
    });
  }

  /** @param {unknown} error */
  #fail(error) {
    console.warn("shown as plain text:", error instanceof Error ? error.name : "unknown");
    this.#container.replaceChildren();
    this.#target = this.#container;
    this.#plain = new Blocks(this.#container);
    this.#plain.append(this.text);
  }
}
