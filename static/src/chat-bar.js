/** `<chat-bar>`: the conversation's title, and what can be done with the whole of it. */
import { deleteConversation } from "./deletion.js";
import { part } from "./parts.js";
import { post } from "./request.js";
import { nameTab } from "./title-marks.js";
import { chosen } from "./versions.js";
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
    part(this, "export").closest(".menu")?.addEventListener("beforetoggle", () => this.#point());
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
      deleteConversation(`/c/${this.#conversation}/`, this.heading);
    }
  }

  /** Takes along the branch that is shown now. */
  #point() {
    part(this, "export").setAttribute("href", `/c/${this.#conversation}/export/${chosen()}`);
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

  /** @param {string} type @param {string} [detail] */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}
