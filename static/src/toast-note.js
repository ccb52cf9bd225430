/** `<toast-note>`: a sentence about what was just done, and at most one way to undo it. */
import { part } from "./parts.js";
import { post } from "./request.js";
import { t } from "./words.js";

const SHOWN = 6_000;
const SHOWN_WITH_UNDO = 10_000;
const KEY = "toast";

/** @typedef {{words: string, undo?: string, back?: string}} Toast what to say, what to post to undo it, where to go then, if anywhere */

export class ToastNoteElement extends HTMLElement {
  /** @type {any} */
  #timer = null;
  /** @type {Toast | null} */
  #toast = null;

  static define(tag = "toast-note") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    for (const name of ["pointerenter", "focusin"]) this.addEventListener(name, () => clearTimeout(this.#timer));
    for (const name of ["pointerleave", "focusout"]) this.addEventListener(name, () => this.#wait());
    part(this, "act").addEventListener("click", () => this.#undo());
    const kept = takeKept();
    if (kept) this.show(kept);
  }

  /** @param {Toast} toast */
  show(toast) {
    this.#toast = toast;
    part(this, "words").textContent = toast.words;
    part(this, "act").textContent = t("undo");
    part(this, "act").hidden = !toast.undo;
    if (!this.matches(":popover-open")) this.showPopover();
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hidePopover(), this.#toast?.undo ? SHOWN_WITH_UNDO : SHOWN);
  }

  async #undo() {
    const { undo = "", back } = this.#toast ?? {};
    const { status, sentence } = await post(undo);
    if (status >= 200 && status < 300) this.#undone(back);
    else this.show({ words: status === 404 ? t("too_late") : sentence || t("not_done") });
  }

  /** @param {string} [back] */
  #undone(back) {
    if (back) return location.assign(back);
    this.hidePopover();
    document.dispatchEvent(new Event("listing-changed"));
  }
}

/** @param {Toast} toast */
export function keepForNextPage(toast) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(toast));
  } catch {
    // Without storage the deed is done all the same, only unsaid.
  }
}

/** @returns {Toast | null} */
function takeKept() {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return kept && JSON.parse(kept);
  } catch {
    return null;
  }
}
