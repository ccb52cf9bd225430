/** Shows a password on demand; whoever types it knows who looks on. */
export class SecretFieldElement extends HTMLElement {
  static define(tag = "secret-field") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    const button = /** @type {HTMLButtonElement} */ (this.querySelector("button"));
    button.hidden = false;
    button.addEventListener("click", () => this.#toggle(button));
  }

  /** @param {HTMLButtonElement} button */
  #toggle(button) {
    const field = /** @type {HTMLInputElement} */ (this.querySelector("input"));
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  }
}
