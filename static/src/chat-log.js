/** `<chat-log>`: the conversation's messages along one branch, and where one stands in them. */
import { adopt, recount } from "./adopt.js";
import { FollowScroll } from "./follow-scroll.js";
import { part, stamp } from "./parts.js";
import { rememberPlace, rememberedPlace } from "./remember-place.js";

const SENDING = 400;

/** @typedef {import("./chat-message.js").ChatMessageElement} ChatMessageElement */

export class ChatLogElement extends HTMLElement {
  #scroll = new FollowScroll(this);
  #sizes = new ResizeObserver(() => this.#scroll.settle());
  /** @type {HTMLElement | null} */
  #pending = null;
  #chosen = () => this.#hold();

  static define(tag = "chat-log") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    this.addEventListener("scroll", () => this.#scroll.scrolled(), { passive: true });
    for (const type of ["wheel", "touchstart", "touchmove", "keydown", "pointerdown"]) this.addEventListener(type, (event) => this.#scroll.intend(event), { passive: true });
    this.addEventListener("focusin", (event) => event.target !== this && this.#scroll.hold());
    this.addEventListener("reply-grow", () => this.#scroll.settle());
    this.addEventListener("keydown", (event) => event.key === "End" && event.target === this && this.#scroll.toEnd());
    this.#scroll.addEventListener("far", () => (this.#jump.hidden = !this.#scroll.far));
    this.#jump.addEventListener("click", () => this.toEnd());
    document.addEventListener("selectionchange", this.#chosen);
    this.#sizes.observe(this);
    this.#sizes.observe(this.#column);
    this.#open();
  }

  disconnectedCallback() {
    document.removeEventListener("selectionchange", this.#chosen);
    this.#sizes.disconnect();
  }

  toEnd() {
    this.#scroll.toEnd();
  }

  /** @returns {ChatMessageElement | null} the reply that is being written */
  get live() {
    // Asked once a frame: whoever looks through all of a long conversation for it is slow.
    for (let article = this.#column.lastElementChild; article; article = article.previousElementSibling) {
      if (article.getAttribute("data-state") === "streaming") return article.querySelector("chat-message");
    }
    return null;
  }

  /** @param {string} message @returns {ChatMessageElement | null} */
  find(message) {
    return this.#find(message)?.querySelector("chat-message") ?? null;
  }

  /** @returns {string} the last message of the branch that is shown, if it is a reply */
  get end() {
    const last = /** @type {HTMLElement | undefined} */ ([...this.#column.querySelectorAll(":scope > article")].at(-1));
    return last?.matches(".message--assistant") ? (last.dataset.message ?? "") : "";
  }

  /** Shows at once what is being sent. @param {string} text */
  expect(text) {
    const pending = /** @type {HTMLElement} */ (stamp("pending"));
    part(pending, "text").textContent = text;
    setTimeout(() => (part(pending, "fact").hidden = false), SENDING);
    this.#column.append(pending);
    this.#pending = pending;
    this.toEnd();
  }

  /** Leaves no ghost of what was not sent, or has arrived. */
  forget() {
    this.#pending?.remove();
    this.#pending = null;
  }

  /** Puts these messages where they belong: each after its parent, in place of what followed that before. @param {Iterable<Element>} articles */
  place(articles) {
    for (const fresh of articles) {
      const { message = "", parent = "" } = /** @type {HTMLElement} */ (fresh).dataset;
      if (this.#find(message)) continue;
      const after = this.#find(parent);
      while (after?.nextElementSibling) after.nextElementSibling.remove();
      this.#column.append(document.importNode(fresh, true));
    }
    this.toEnd();
  }

  /** Goes over to another branch; what is shown in this one's place stands where it stood. @param {Element[]} articles @param {HTMLElement} left @returns {HTMLElement | null} */
  turn(articles, left) {
    this.#scroll.hold();
    const place = [...this.#column.children].indexOf(left);
    const top = left.getBoundingClientRect().top;
    this.reconcile(articles);
    const now = /** @type {HTMLElement | null} */ (this.#column.children[place] ?? null);
    if (now) this.scrollTop += now.getBoundingClientRect().top - top;
    return now;
  }

  /** Makes the log what these messages say. @param {Element[]} articles */
  reconcile(articles) {
    const wanted = new Set(articles.map((one) => /** @type {HTMLElement} */ (one).dataset.message));
    for (const old of this.#column.querySelectorAll("article")) if (!wanted.has(old.dataset.message)) old.remove();
    for (const fresh of /** @type {HTMLElement[]} */ (articles)) {
      const mine = this.#find(fresh.dataset.message ?? "");
      if (!mine) this.#column.insertBefore(document.importNode(fresh, true), this.#pending);
      else if (mine.dataset.state !== fresh.dataset.state) this.#adopt(mine, fresh);
      else recount(mine, fresh);
    }
    this.#scroll.settle();
  }

  get #column() {
    return /** @type {HTMLElement} */ (this.firstElementChild);
  }

  get #jump() {
    return part(/** @type {Element} */ (this.closest("chat-page")), "jump");
  }

  /** @param {HTMLElement} mine @param {HTMLElement} fresh */
  #adopt(mine, fresh) {
    adopt(mine, fresh);
    const message = /** @type {ChatMessageElement} */ (mine.querySelector("chat-message"));
    message.refollow();
    message.dispatchEvent(new Event("reply-end", { bubbles: true }));
  }

  /** @param {string} message @returns {HTMLElement | null} */
  #find(message) {
    return message ? this.#column.querySelector(`:scope > [data-message="${CSS.escape(message)}"]`) : null;
  }

  #open() {
    this.toEnd();
    rememberPlace(() => (this.#scroll.following ? undefined : this.scrollTop));
    const top = rememberedPlace();
    if (top === undefined) return;
    this.#scroll.hold();
    this.scrollTop = top;
  }

  #hold() {
    const selection = getSelection();
    if (selection && !selection.isCollapsed && this.contains(selection.anchorNode)) this.#scroll.hold();
  }
}
