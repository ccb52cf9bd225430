/**
 * What is typed and not sent yet, with the id under which it was tried. Kept in memory and in the browser's storage,
 * by account and conversation, until the server has it.
 */

/** @typedef {{text: string, client: string, at: number}} Draft */

/** @type {Map<string, string>} for browsers that store nothing */
const memory = new Map();

export class Drafts {
  #account;
  #storage;

  /** @param {string} account @param {Storage | null} [storage] */
  constructor(account, storage = browserStorage()) {
    this.#account = account;
    this.#storage = storage;
  }

  /** @param {string} conversation @returns {Draft | null} */
  read(conversation) {
    const key = this.#key(conversation);
    try {
      return JSON.parse(memory.get(key) ?? this.#storage?.getItem(key) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {string} conversation @param {string} text @param {string} client */
  keep(conversation, text, client) {
    if (!text.trim()) return this.forget(conversation);
    const key = this.#key(conversation);
    const value = JSON.stringify({ text, client, at: Date.now() });
    memory.set(key, value);
    try {
      this.#storage?.setItem(key, value);
    } catch {
      // The storage is full or forbidden: memory holds it as long as the tab lives.
    }
  }

  /** @param {string} conversation */
  forget(conversation) {
    const key = this.#key(conversation);
    memory.delete(key);
    try {
      this.#storage?.removeItem(key);
    } catch {
      // As above.
    }
  }

  /** @param {string} conversation */
  #key(conversation) {
    return `draft:${this.#account}:${conversation || "new"}`;
  }
}

function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
