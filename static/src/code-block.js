/** Code on the page: its head, its lines in runs that are laid out apart, and its colours once it is whole. */
import { stamp } from "./parts.js";
import { watch } from "./scrollers.js";
import { later } from "./slices.js";
import { tint } from "./tint.js";
import { t } from "./words.js";

/** Lines, or characters of long ones, that are laid out together: only the last run is ever laid out again. */
const LINES = 60;
const CHARACTERS = 8_192;
const SHOWN = 2_000;
const WRAP = "wrap-code";

/** @type {Promise<typeof import("./highlight.js") | null> | undefined} */
let loading;

/** The library, once; without it, code stays as it is. */
function highlight() {
  return (loading ??= import("./highlight.js").catch(() => null));
}

/** @type {WeakMap<globalThis.Node, any>} */
const blocks = new WeakMap();

/** Text that grows at its end, in runs. */
class Runs {
  /** @type {{text: string, node: Text, element: HTMLElement}[]} */
  #runs = [];
  #host;
  /** What stands before the last run. */
  #settled = "";
  #end = "";

  /** @param {Element} host */
  constructor(host) {
    this.#host = host;
  }

  get text() {
    return this.#settled + (this.#runs[this.#runs.length - 1]?.text ?? "") + this.#end;
  }

  get elements() {
    return this.#runs.map(({ element }) => element);
  }

  /** From `skip` on it is this text. @param {number} skip @param {string} text */
  write(skip, text) {
    if (skip === 0 && !text.startsWith(this.#settled)) this.#clear();
    const from = this.#settled.length;
    const last = this.#runs[this.#runs.length - 1];
    text = skip < from ? text.slice(from - skip) : ((last?.text ?? "") + this.#end).slice(0, skip - from) + text;
    // A line feed at the end is not seen.
    this.#end = text.endsWith("\n") ? "\n" : "";
    if (this.#end) text = text.slice(0, -1);
    for (;;) {
      const cut = cutAt(text);
      if (!cut) return this.#put(text);
      const whole = text.slice(0, cut);
      this.#put(whole.endsWith("\n") ? whole.slice(0, -1) : whole);
      this.#begin();
      this.#settled += whole;
      text = text.slice(cut);
    }
  }

  #clear() {
    this.#runs = [];
    this.#settled = this.#end = "";
    this.#host.replaceChildren();
  }

  /** @param {string} text */
  #put(text) {
    const run = this.#runs[this.#runs.length - 1] ?? this.#begin();
    if (run.text === text) return;
    if (text.startsWith(run.text) && run.node.isConnected) run.node.appendData(text.slice(run.text.length));
    else {
      run.node = document.createTextNode(text);
      run.element.replaceChildren(run.node);
    }
    run.text = text;
  }

  #begin() {
    const element = document.createElement("span");
    element.className = "run";
    const node = document.createTextNode("");
    element.append(node);
    const run = { text: "", node, element };
    this.#runs.push(run);
    this.#host.append(element);
    return run;
  }
}

/** Where the first run ends, if there is more. @param {string} text */
function cutAt(text) {
  let at = 0;
  for (let lines = 0; lines < LINES; lines++) {
    const end = text.indexOf("\n", at);
    if ((end < 0 ? text.length : end) >= CHARACTERS) return at || CHARACTERS;
    if (end < 0) return 0;
    at = end + 1;
  }
  return at < text.length ? at : 0;
}

export class PlainBlock {
  element = document.createElement("div");
  #runs = new Runs(this.element);

  /** @param {globalThis.Node} element @returns {PlainBlock} */
  static of(element) {
    return blocks.get(element);
  }

  /** @param {{skip: number, text: string}} piece */
  constructor(piece) {
    this.element.className = "plain";
    this.element.dir = "auto";
    blocks.set(this.element, this);
    this.show(piece);
  }

  /** @param {{skip: number, text: string}} piece */
  show({ skip, text }) {
    this.#runs.write(skip, text);
  }
}

export class CodeBlock {
  element = /** @type {HTMLElement} */ (stamp("code"));
  #body = /** @type {HTMLElement} */ (this.element.querySelector("code"));
  #runs = new Runs(this.#body);
  #language = "";
  #coloured = "";
  #waits = false;

  /** @param {globalThis.Node} element @returns {CodeBlock} */
  static of(element) {
    return blocks.get(element);
  }

  /** @param {import("./tree.js").Code} piece */
  constructor(piece) {
    blocks.set(this.element, this);
    watch(/** @type {HTMLElement} */ (this.element.querySelector(".code__body")));
    if (wrapped()) this.#wrap(true);
    this.show(piece);
  }

  get text() {
    return this.#runs.text;
  }

  get language() {
    return this.#language;
  }

  /** @param {import("./tree.js").Code} piece */
  show({ language, skip, text, open }) {
    if (this.#language !== language) /** @type {HTMLElement} */ (this.element.querySelector(".code__language")).textContent = this.#language = language;
    if (!open && this.#coloured && !skip && this.#coloured === text) return;
    this.#coloured = "";
    this.#runs.write(skip, text);
    this.element.toggleAttribute("data-open", open);
    if (!open && language && !this.#waits) this.#colour();
  }

  #colour() {
    this.#waits = true;
    highlight().then((library) => library && later(this.#colouring(library.colours)));
  }

  /** @param {typeof import("./highlight.js").colours} colours @returns {import("./slices.js").Work} */
  *#colouring(colours) {
    const text = this.text;
    if (!this.#wants(text)) return;
    const parts = colours(text, this.#language);
    if (!parts) return;
    const work = tint(this.#runs.elements, parts);
    let painted = 0;
    for (let done = false; !done; ) {
      this.#waits = true;
      yield painted;
      if (!this.#wants(text)) return;
      const step = work.next();
      [painted, done] = [step.value || 0, Boolean(step.done)];
    }
    this.#coloured = text;
  }

  /** Whether this text is to be coloured now; if another one is, or this one later, that is seen to. @param {string} text */
  #wants(text) {
    this.#waits = false;
    if (this.element.hasAttribute("data-open")) return false;
    if (this.text !== text) this.#colour();
    // Whoever is selecting here goes first.
    else if (selected(this.element)) this.#colourLater();
    else return true;
    return false;
  }

  /** As soon as the selection has left. */
  #colourLater() {
    this.#waits = true;
    const retry = () => {
      if (selected(this.element)) return;
      document.removeEventListener("selectionchange", retry);
      this.#waits = false;
      if (this.element.isConnected) this.#colour();
    };
    document.addEventListener("selectionchange", retry);
  }

  /** @param {boolean} on */
  #wrap(on) {
    this.element.toggleAttribute("data-wrap", on);
    this.element.querySelector('[data-action="wrap"]')?.setAttribute("aria-pressed", String(on));
  }

  wrap() {
    const on = !this.element.hasAttribute("data-wrap");
    keepWrapped(on);
    for (const other of document.querySelectorAll(".code")) blocks.get(other)?.wrapAs(on);
  }

  /** @param {boolean} on */
  wrapAs(on) {
    this.#wrap(on);
  }

  /** @param {HTMLElement} button */
  async copy(button) {
    await navigator.clipboard.writeText(this.text);
    const word = /** @type {HTMLElement} */ (button.querySelector("span"));
    if (button.dataset.done) return;
    button.dataset.done = word.textContent ?? "";
    const icon = /** @type {Element} */ (button.firstElementChild);
    icon.replaceWith(stamp("icon-check"));
    word.textContent = t("copied");
    button.dispatchEvent(new CustomEvent("said", { bubbles: true, detail: t("copied") }));
    setTimeout(() => {
      button.firstElementChild?.replaceWith(icon);
      word.textContent = button.dataset.done ?? "";
      delete button.dataset.done;
    }, SHOWN);
  }
}

/** Whether somebody has selected something of it; asked of the range, which has nothing laid out for that. @param {Element} element */
function selected(element) {
  const selection = getSelection();
  const range = selection?.rangeCount ? selection.getRangeAt(0) : null;
  return Boolean(range && !range.collapsed && range.intersectsNode(element));
}

/** Does what a button in a code's head says. @param {HTMLElement} button */
export function actOnCode(button) {
  const block = /** @type {CodeBlock | undefined} */ (blocks.get(/** @type {Element} */ (button.closest(".code"))));
  if (button.dataset.action === "copy-code") block?.copy(button);
  if (button.dataset.action === "wrap") block?.wrap();
}

/** Whether lines were wrapped when it was last asked for. A browser that stores nothing forgets it. */
function wrapped() {
  try {
    return Boolean(localStorage.getItem(WRAP));
  } catch {
    return false;
  }
}

/** @param {boolean} on */
function keepWrapped(on) {
  try {
    if (on) localStorage.setItem(WRAP, "1");
    else localStorage.removeItem(WRAP);
  } catch {
    // As above.
  }
}
