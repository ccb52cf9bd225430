/** Cuts growing text into what a screen reader should hear: whole sentences, nothing half. */

const END = /[.!?](?=\s)|[。！？]|\n/g;
const LONGEST = 200;

export class Sentences {
  /** How much has been said. */
  #said = 0;
  #rest = "";

  /** The sentences that have come to their end; what stands behind them may have changed. @param {string} text all of it @returns {string[]} */
  read(text) {
    this.#rest = text.slice(this.#said);
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
    const rest = this.#take(this.#rest.length);
    this.#said = 0;
    return rest ? [rest] : [];
  }

  /** None of it needs to be said. */
  pass() {
    this.#take(this.#rest.length);
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
    this.#said += length;
    return sentence.trim();
  }
}
