/** `<chat-message>`: one message. A reply that is still being written (`run`, `after`) comes to life here. */
import { actOnCode } from "./code-block.js";
import { LiveReply } from "./live-reply.js";
import { unfoldCode } from "./long-code.js";
import { part, stamp } from "./parts.js";
import { Prose } from "./prose.js";
import { post } from "./request.js";
import { runs } from "./runs.js";
import { walkToolbar } from "./toolbar.js";
import { t } from "./words.js";

const SHOWN = 2_000;
const STOP_PATIENCE = 2_500;

export class ChatMessageElement extends HTMLElement {
  /** @type {LiveReply | null} */
  #live = null;

  static define(tag = "chat-message") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    this.addEventListener("click", this);
    this.addEventListener("keydown", this);
    this.addEventListener("reply-end", this);
    const { state } = this.#article?.dataset ?? {};
    const text = this.querySelector('.prose[data-part="text"]');
    if (text) Prose.of(text, state === "streaming");
    const thought = this.querySelector('[data-part="thought"]');
    thought?.addEventListener("toggle", () => this.#think());
    if (state === "streaming") this.#follow();
    else this.#fold();
  }

  disconnectedCallback() {
    this.#live?.end();
    this.#live = null;
  }

  /** @param {Event} event */
  handleEvent(event) {
    if (event.type === "reply-end") this.#live = null;
    if (event instanceof KeyboardEvent) walkToolbar(event);
    const button = /** @type {Element} */ (event.target).closest?.("[data-action]");
    if (event.type !== "click" || !(button instanceof HTMLElement)) return;
    if (button.dataset.action === "copy") this.#copy(button);
    if (button.closest(".code")) actOnCode(button);
    if (button.dataset.action === "unfold-code") unfoldCode(button);
    if (button.dataset.action === "unfold") this.#unfold(button);
  }

  /** Asks the server to end this reply; true if it heard. */
  async stop() {
    if (!this.#live) return true;
    this.#live.stopping = true;
    const { status } = await post(`/m/${this.#article?.dataset.message}/stop/`);
    const heard = status >= 200 && status < 300;
    if (this.#live) this.#live.stopping = heard;
    // Where no event can reach us, the end has to be fetched.
    if (heard) setTimeout(() => this.#live?.resync(), STOP_PATIENCE);
    return heard;
  }

  /** Something has become of this reply, says a hint. */
  nudge() {
    this.#live?.nudge();
  }

  /** Follows the reply that the attributes now name. */
  refollow() {
    this.#live?.end();
    this.#live = null;
    if (this.#article?.dataset.state === "streaming") this.#follow();
  }

  get #article() {
    return this.closest("article");
  }

  #follow() {
    this.#live = new LiveReply(this, runs);
    this.#live.start();
    this.#think();
  }

  /** What the model thought is read as markdown when somebody looks at it. */
  #think() {
    if (!(/** @type {HTMLDetailsElement} */ (part(this, "thought")).open)) return;
    if (this.#live) this.#live.think();
    else Prose.of(part(this, "reasoning"), false);
  }

  /** @param {HTMLElement} button */
  async #copy(button) {
    const text = Prose.textOf(part(this, "text")) || (this.querySelector('[data-part="refusal"]')?.textContent ?? "");
    await navigator.clipboard.writeText(text);
    if (button.dataset.done) return;
    button.dataset.done = t("copied");
    const icon = /** @type {Element} */ (button.firstElementChild);
    icon.replaceWith(stamp("icon-check"));
    button.dispatchEvent(new CustomEvent("said", { bubbles: true, detail: t("copied") }));
    setTimeout(() => {
      delete button.dataset.done;
      button.replaceChildren(icon);
    }, SHOWN);
  }

  /** What is longer than twelve lines is shown in part; whoever wrote it knows the rest. */
  #fold() {
    const said = this.querySelector(".said");
    const more = this.querySelector('[data-action="unfold"]');
    if (!(said instanceof HTMLElement) || !(more instanceof HTMLElement)) return;
    said.dataset.folded = "";
    more.hidden = said.scrollHeight <= said.clientHeight + 1;
    if (more.hidden) delete said.dataset.folded;
  }

  /** @param {HTMLElement} more */
  #unfold(more) {
    delete part(this, "text").dataset.folded;
    more.hidden = true;
    this.#article?.focus({ preventScroll: true });
  }
}
