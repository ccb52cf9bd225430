/** A formula on the page: its source in the code face, until it can be set; at once, and again if that fails. */
import { faces } from "./faces.js";
import { later } from "./slices.js";

/** @type {Promise<typeof import("./maths.js") | null> | undefined} */
let loading;

/** The library, once; without it, sources stay. */
function maths() {
  return (loading ??= Promise.all([import("./maths.js"), faces()])
    .then(([library, shown]) => (shown ? library : null))
    .catch(() => null));
}

/** @type {WeakMap<globalThis.Node, Formula>} */
const formulas = new WeakMap();

export class Formula {
  element = document.createElement("span");
  #tex = "";
  #set = "";

  /** @param {globalThis.Node} element @returns {Formula} */
  static of(element) {
    return /** @type {Formula} */ (formulas.get(element));
  }

  /** @param {import("./tree.js").Formula} piece */
  constructor(piece) {
    formulas.set(this.element, this);
    this.element.className = "formula";
    this.element.dir = "ltr";
    this.show(piece);
  }

  get tex() {
    return this.#tex;
  }

  get display() {
    return this.element.hasAttribute("data-display");
  }

  /** @param {import("./tree.js").Formula} piece */
  show({ tex, display, open }) {
    this.element.toggleAttribute("data-display", display);
    if (this.#tex !== tex) {
      this.#tex = tex;
      const code = document.createElement("code");
      code.textContent = tex;
      this.element.replaceChildren(code);
      this.#set = "";
    }
    if (open || this.#set === tex) return;
    this.#set = tex;
    maths().then((library) => library && later(this.#setting(library, tex, display)));
  }

  /**
   * In place of the source, which stays where there is nothing better.
   * @param {typeof import("./maths.js")} library @param {string} tex @param {boolean} display
   * @returns {import("./slices.js").Work}
   */
  *#setting(library, tex, display) {
    if (this.#set !== tex) return;
    const signs = library.set(tex, display);
    yield 0;
    if (!signs || this.#set !== tex || this.element.textContent !== tex) return;
    const seen = signs.toNode();
    // What is read aloud follows in the next frame; its place is there, or all beside it would be styled anew.
    const heard = seen.querySelector(".katex-mathml");
    const spoken = [...(heard?.childNodes ?? [])];
    heard?.replaceChildren();
    this.element.replaceChildren(seen);
    yield count(seen);
    if (!heard) return;
    heard.append(...spoken);
    yield count(heard);
  }
}

/** @param {Element} element */
function count(element) {
  return element.getElementsByTagName("*").length;
}
