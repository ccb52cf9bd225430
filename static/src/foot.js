/** The line under the message box. It speaks only if it has something to say: a refusal first, then the network, then facts. */
import { part } from "./parts.js";
import { t } from "./words.js";

export class Foot {
  #root;

  /** @param {Element} root */
  constructor(root) {
    this.#root = root;
  }

  get problem() {
    return part(this.#root, "problem").textContent ?? "";
  }

  set problem(sentence) {
    part(this.#root, "problem").textContent = sentence;
  }

  /** How much of the limit is used, once that is nearly all. @param {{n: string, limit: string} | null} usage */
  count(usage) {
    const count = part(this.#root, "count");
    count.hidden = !usage;
    if (usage) count.textContent = t("count", usage);
  }

  /** The network has come or gone. */
  network() {
    part(this.#root, "offline").hidden = navigator.onLine;
    part(this.#root, "facts").hidden = !navigator.onLine;
  }

  /** What was said of a conversation that had not begun. */
  begun() {
    this.#root.querySelector('[data-part="privacy"]')?.remove();
  }
}
