/** `<chat-bar>`: the conversation's title, and what can be done with the whole of it. */
import { part } from "./parts.js";
import { post } from "./request.js";
import { keepForNextPage } from "./toast-note.js";
import { nameTab } from "./title-marks.js";
import { t } from "./words.js";

export class ChatBarElement extends HTMLElement {
  #form = /** @type {HTMLFormElement} */ (part(this, "rename"));
  #field = /** @type {HTMLInputElement} */ (this.#form.elements.namedItem("title"));

  static define(tag = "chat-bar") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    this.addEventListener("click", (event) => this.#click(event));
    this.#form.addEventListener("submit", (event) => this.#rename(event));
    this.#form.addEventListener("keydown", (event) => event.key === "Escape" && this.#edit(false));
    this.#field.addEventListener("blur", () => this.#edit(false));
  }

  get heading() {
    return part(this, "title").textContent?.trim() ?? "";
  }

  /** @param {string} title */
  set heading(title) {
    part(this, "title").textContent = title;
    part(this, "more").hidden = false;
    nameTab(title, this.getAttribute("site") ?? "");
  }

  get #conversation() {
    return this.closest("chat-page")?.getAttribute("data-conversation") ?? "";
  }

  /** @param {Event} event */
  #click(event) {
    const { action } = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-action]"))?.dataset ?? {};
    if (action === "rename") this.#edit(true);
    if (action === "delete") {
      event.preventDefault();
      this.#delete();
    }
  }

  /** @param {boolean} editing */
  #edit(editing) {
    if (this.#form.hidden === !editing) return;
    if (editing) /** @type {HTMLElement} */ (this.querySelector("#more")).hidePopover();
    this.#form.hidden = !editing;
    part(this, "title").hidden = editing;
    this.#field.value = this.heading;
    if (editing) this.#field.select();
    else part(this, "more").focus();
  }

  /** @param {Event} event */
  async #rename(event) {
    event.preventDefault();
    const title = this.#field.value.trim();
    const before = this.heading;
    if (!title || title === before) return this.#edit(false);
    this.heading = title;
    this.#edit(false);
    const { status, sentence } = await post(`/c/${this.#conversation}/title/`, { title });
    if (status >= 200 && status < 300) return this.#tell("listing-changed");
    this.heading = before;
    this.#tell("refused", sentence || t("not_done"));
  }

  async #delete() {
    const uid = this.#conversation;
    const { status, sentence } = await post(`/c/${uid}/deletion/`);
    if (status < 200 || status >= 300) return this.#tell("refused", sentence || t("not_done"));
    keepForNextPage({ words: t("deleted", { title: this.heading }), undo: `/c/${uid}/restoration/`, back: `/c/${uid}/` });
    location.assign("/");
  }

  /** @param {string} type @param {string} [detail] */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}
