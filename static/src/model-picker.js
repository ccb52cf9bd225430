/** `<model-picker>`: which model answers. A plain select until this takes over; the select stays what the form sends. */
import { part } from "./parts.js";
import { post } from "./request.js";

export class ModelPickerElement extends HTMLElement {
  #select = /** @type {HTMLSelectElement} */ (this.querySelector("select"));
  #button = /** @type {HTMLButtonElement} */ (part(this, "button"));
  #popover = part(this, "popover");
  #find = /** @type {HTMLInputElement} */ (part(this, "find"));
  #list = part(this, "list");

  static define(tag = "model-picker") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    this.#select.hidden = true;
    this.#button.hidden = false;
    this.#button.popoverTargetElement = this.#popover;
    // A finger would rather see the list than a keyboard over it.
    (matchMedia("(pointer: coarse)").matches ? this.#list : this.#find).autofocus = true;
    this.#button.addEventListener("keydown", (event) => this.#opens(event));
    this.#popover.addEventListener("beforetoggle", (event) => this.#toggles(/** @type {ToggleEvent} */ (event)));
    this.#popover.addEventListener("toggle", () => this.#active?.scrollIntoView({ block: "nearest" }));
    this.#popover.addEventListener("keydown", (event) => this.#key(event));
    this.#find.addEventListener("input", () => this.#filter());
    this.#list.addEventListener("click", (event) => this.#take(/** @type {Element} */ (event.target).closest('[role="option"]')));
    this.#list.addEventListener("pointermove", (event) => this.#activate(/** @type {Element} */ (event.target).closest('[role="option"]')));
    this.#show();
  }

  get #shown() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll('[role="option"]:not([hidden])')]);
  }

  get #active() {
    return this.#list.querySelector("[data-active]");
  }

  /** @param {KeyboardEvent} event */
  #opens(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    this.#popover.showPopover();
  }

  /** @param {ToggleEvent} event */
  #toggles({ newState }) {
    const open = newState === "open";
    this.#button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.#find.value = "";
    this.#filter();
    this.#activate(this.#list.querySelector('[aria-selected="true"]'));
  }

  #filter() {
    const wanted = this.#find.value.trim().toLowerCase();
    for (const option of this.#list.querySelectorAll('[role="option"]')) {
      /** @type {HTMLElement} */ (option).hidden = !option.textContent?.toLowerCase().includes(wanted);
    }
    part(this, "none").hidden = this.#shown.length > 0;
    this.#activate(this.#shown[0] ?? null);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const options = this.#shown;
    const at = options.indexOf(/** @type {HTMLElement} */ (this.#active));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") this.#activate(options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
    else if (event.key === "Enter") this.#take(this.#active);
    else if (event.key === "Tab") return this.#take(this.#active, true);
    else return;
    event.preventDefault();
  }

  /** @param {Element | null} option */
  #activate(option) {
    this.#active?.removeAttribute("data-active");
    option?.setAttribute("data-active", "");
    option?.scrollIntoView({ block: "nearest" });
    for (const owner of [this.#find, this.#list]) {
      if (option) owner.setAttribute("aria-activedescendant", option.id);
      else owner.removeAttribute("aria-activedescendant");
    }
  }

  /** @param {Element | null} option @param {boolean} [leaving] */
  #take(option, leaving = false) {
    const value = option?.getAttribute("data-value");
    if (!value) return;
    const changed = this.#select.value !== value;
    this.#select.value = value;
    this.#show();
    this.#popover.hidePopover();
    if (!leaving) this.#button.focus();
    if (changed) post("/account/model/", { model: value });
  }

  #show() {
    const { value, selectedOptions } = this.#select;
    part(this, "name").textContent = selectedOptions[0]?.textContent ?? value;
    for (const option of this.#list.querySelectorAll('[role="option"]')) option.setAttribute("aria-selected", String(option.getAttribute("data-value") === value));
  }
}
