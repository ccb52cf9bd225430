/** The line under the message box. It speaks only if it has something to say: a refusal first, then the network, then facts. */
import { part } from "./parts.js";
import { t } from "./words.js";

/** Milliseconds after which one may have forgotten what one typed. */
const LONG_AGO = 600_000;

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
    this.#facts();
  }

  /** What stands in the box was typed then; 0: just now. @param {number} since milliseconds */
  draft(since) {
    const old = since > 0 && Date.now() - since > LONG_AGO;
    part(this.#root, "draft").hidden = !old;
    if (old) part(this.#root, "draft-since").textContent = t("draft", { when: when(new Date(since)) });
    this.#facts();
  }

  /** Only where there is nothing else to say. */
  #facts() {
    part(this.#root, "offline").hidden = navigator.onLine;
    part(this.#root, "facts").hidden = !navigator.onLine || !part(this.#root, "draft").hidden;
  }

  /** What was said of a conversation that had not begun. */
  begun() {
    this.#root.querySelector('[data-part="privacy"]')?.remove();
  }
}

/** "14:05", "yesterday", "3 days ago", "12 May": shorter, the longer ago. @param {Date} then @param {Date} [now] */
export function when(then, now = new Date()) {
  const day = (/** @type {Date} */ date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000;
  const days = day(now) - day(then);
  const language = document.documentElement.lang;
  if (days < 1) return then.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  if (days < 7) return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
  return then.toLocaleDateString(language, { day: "numeric", month: "long" });
}
