/** The text field of the composer: how high it is, how much it holds, and which key sends. */

const NEAR = 0.9;
/** On touch keyboards Enter is a new line. */
const touch = () => matchMedia("(hover: none) and (pointer: coarse)").matches;

export class MessageBox {
  #field;
  #limit;

  /** @param {HTMLTextAreaElement} field @param {number} limit */
  constructor(field, limit) {
    this.#field = field;
    this.#limit = limit;
  }

  get text() {
    return this.#field.value;
  }

  set text(text) {
    this.#field.value = text;
    this.fit();
  }

  get empty() {
    return !this.text.trim();
  }

  get over() {
    return this.#count > this.#limit;
  }

  /** How much of the limit is used, once that is nearly all. */
  get usage() {
    const n = this.#count;
    return n < this.#limit * NEAR ? null : { n: n.toLocaleString(), limit: this.#limit.toLocaleString() };
  }

  /** @param {boolean} invalid */
  set invalid(invalid) {
    if (invalid) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }

  focus() {
    this.#field.focus();
  }

  /** Empties it as a person would, who can undo that. */
  clear() {
    this.#field.select();
    if (!document.execCommand("delete")) this.text = "";
  }

  /** Puts text back that came to nothing, before whatever was typed meanwhile. @param {string} text */
  giveBack(text) {
    this.text = this.empty ? text : `${text}\n\n${this.text}`;
  }

  /** Grows with its text where the browser does not do it by itself. */
  fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.blockSize = "auto";
    this.#field.style.blockSize = `${this.#field.scrollHeight}px`;
  }

  /** While a word is being composed, Enter belongs to the input method (Safari tells so by the key code alone). @param {KeyboardEvent} event */
  sends(event) {
    return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229 && !touch();
  }

  /** Characters as the server counts them. */
  get #count() {
    return this.text.length < this.#limit * NEAR ? this.text.length : Array.from(this.text).length;
  }
}
