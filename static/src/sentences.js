/** Cuts growing text into what a screen reader should hear: whole sentences, no code, nothing half. */

const END = /[.!?](?=\s)|[。！？]|\n/g;
const LONGEST = 200;
const FENCE = /^\s*(```|~~~)/;

export class Sentences {
  #rest = "";
  #inCode = false;

  /** The sentences that have come to their end with this piece. @param {string} piece @returns {string[]} */
  push(piece) {
    this.#rest += piece;
    const whole = [];
    for (;;) {
      END.lastIndex = 0;
      const end = END.exec(this.#rest);
      if (!end && this.#rest.length < LONGEST) return whole.filter(Boolean);
      whole.push(this.#take(end ? end.index + 1 : this.#breath()));
    }
  }

  /** What is left when the text ends. @returns {string[]} */
  end() {
    return [this.#take(this.#rest.length)].filter(Boolean);
  }

  /** Where one can pause in a sentence without an end. */
  #breath() {
    const space = this.#rest.lastIndexOf(" ", LONGEST);
    return space > 0 ? space + 1 : LONGEST;
  }

  /** @param {number} length */
  #take(length) {
    const sentence = this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    if (FENCE.test(sentence)) {
      this.#inCode = !this.#inCode;
      return "";
    }
    return this.#inCode ? "" : sentence.trim();
  }
}
