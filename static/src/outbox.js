/**
 * Sends what a person wrote, once: the same text keeps its id however often it is tried, and stays a draft until the
 * server has it.
 */
import { clientId } from "./client-id.js";

/**
 * @typedef {import("./request.js").Answer} Answer
 * @typedef {{read: (conversation: string) => import("./drafts.js").Draft | null,
 *   keep: (conversation: string, text: string, client: string) => void, forget: (conversation: string) => void}} DraftStore
 */

export class Outbox {
  sending = false;
  /** When what was restored had been typed, in milliseconds; 0 if nothing was. */
  restored = 0;
  #tried = { text: "", client: "" };
  #drafts;
  #post;

  /**
   * @param {DraftStore} drafts
   * @param {(address: string, fields: Record<string, string>) => Promise<Answer>} post
   */
  constructor(drafts, post) {
    this.#drafts = drafts;
    this.#post = post;
  }

  /** What was typed here before and not sent. @param {string} conversation */
  restore(conversation) {
    const draft = this.#drafts.read(conversation);
    this.restored = draft?.at ?? 0;
    if (draft?.client) this.#tried = { text: draft.text, client: draft.client };
    return draft?.text ?? "";
  }

  /** Remembers what is in the box; not while something is under way, which is worth more. @param {string} conversation @param {string} text */
  keep(conversation, text) {
    if (!this.sending) this.#drafts.keep(conversation, text, this.#tried.text === text ? this.#tried.client : "");
  }

  /**
   * The two messages, if they are stored; else why not.
   *
   * @param {string} conversation
   * @param {string} address
   * @param {string} text
   * @param {Record<string, string>} fields
   * @returns {Promise<{section: HTMLElement | null, answer: Answer}>}
   */
  async send(conversation, address, text, fields) {
    if (this.#tried.text !== text) this.#tried = { text, client: clientId() };
    this.#drafts.keep(conversation, text, this.#tried.client);
    this.sending = true;
    const answer = await this.#post(address, { ...fields, text, client_id: this.#tried.client });
    this.sending = false;
    const stored = answer.status === 200 || answer.status === 201;
    const section = stored ? /** @type {HTMLElement | null} */ (answer.document?.querySelector("[data-conversation]") ?? null) : null;
    if (section) {
      this.#drafts.forget(conversation);
      this.#tried = { text: "", client: "" };
    }
    return { section, answer };
  }
}
