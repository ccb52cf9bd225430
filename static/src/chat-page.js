/** `<chat-page>`: joins bar, log and composer into one conversation, and keeps it what the server says it is. */
import { announce } from "./announcer.js";
import { askAgain } from "./ask-again.js";
import { banner } from "./banners.js";
import { get } from "./request.js";
import { runs } from "./runs.js";
import { markTitle } from "./title-marks.js";
import { choose, chosen, step, stepOf } from "./versions.js";
import { t } from "./words.js";

/** What we did ourselves comes back as a hint, which is in no hurry. */
const OWN = 1_000;
const GATHER = 200;

export class ChatPageElement extends HTMLElement {
  /** Whether it is being deleted from here: it need not hear of that, and would only find nothing there. */
  leaving = false;
  #own = -Infinity;
  /** Grows with all that makes what is being fetched older than what is shown. */
  #age = 0;
  #listed = false;
  /** @type {any} */
  #timer = null;
  #changed = (/** @type {Event} */ event) => this.#hint(/** @type {CustomEvent} */ (event).detail);
  #resumed = () => this.refresh();

  static define(tag = "chat-page") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    for (const type of ["composer-sending", "composer-sent", "composer-failed", "reply-grow", "reply-end", "refused", "said", "click", "keydown"]) {
      this.addEventListener(type, this);
    }
    document.addEventListener("visibilitychange", this);
    runs.addEventListener("changed", this.#changed);
    runs.addEventListener("resumed", this.#resumed);
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this);
    runs.removeEventListener("changed", this.#changed);
    runs.removeEventListener("resumed", this.#resumed);
  }

  /** @param {Event} event */
  handleEvent(event) {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (event.type === "composer-sending") this.#sending(detail.text);
    if (event.type === "composer-sent") this.#sent(detail.section);
    if (event.type === "composer-failed") this.#failed(detail.signedOut);
    if (event.type === "reply-grow" || event.type === "visibilitychange") markTitle(this.#log.live ? "writing" : "");
    if (event.type === "reply-end") this.#ended();
    if (event.type === "refused") this.#composer.complain(detail);
    if (event.type === "said") announce(detail);
    if (event.type === "click") this.#click(event);
    if (event instanceof KeyboardEvent) this.#key(event);
  }

  /** What the list says of this conversation: its name, or that it is gone. @param {string | null} title */
  listed(title) {
    if (title && title !== this.#bar.heading) this.#bar.heading = title;
    if (title === null && this.#listed) this.refresh();
    this.#listed = title !== null;
  }

  /** Fetches the conversation and shows what has changed. */
  async refresh() {
    const uid = this.dataset.conversation;
    if (!uid || this.leaving) return;
    const age = ++this.#age;
    const { status, document: page } = await get(`/c/${uid}/${chosen()}`);
    if (this.dataset.conversation !== uid || this.leaving) return;
    if (age !== this.#age || this.#composer.sending) return this.#look(GATHER);
    banner("deleted", status === 404);
    const articles = page?.querySelectorAll("chat-log article");
    if (status !== 200 || !articles?.length) return;
    this.#log.reconcile(Array.from(articles));
    const title = page?.querySelector('[data-part="title"]')?.textContent?.trim();
    if (title && title !== this.#bar.heading) this.#bar.heading = title;
    this.#composer.refresh();
  }

  get #log() {
    return /** @type {import("./chat-log.js").ChatLogElement} */ (this.querySelector("chat-log"));
  }

  get #composer() {
    return /** @type {import("./chat-composer.js").ChatComposerElement} */ (this.querySelector("chat-composer"));
  }

  get #bar() {
    return /** @type {import("./chat-bar.js").ChatBarElement} */ (this.querySelector("chat-bar"));
  }

  /** @param {string} text */
  #sending(text) {
    this.removeAttribute("data-empty");
    this.#log.expect(text);
  }

  /** @param {HTMLElement} section */
  #sent(section) {
    this.#own = performance.now();
    this.#age++;
    const { conversation = "", title = "" } = section.dataset;
    if (!this.dataset.conversation) this.#become(conversation, title);
    else if (chosen()) choose();
    this.#log.forget();
    this.#log.place(section.querySelectorAll("article"));
    const model = this.#log.live?.getAttribute("model") ?? "";
    announce(t("sent", { model }));
    this.#tellListing();
  }

  /** @param {boolean} signedOut */
  #failed(signedOut) {
    this.#log.forget();
    this.toggleAttribute("data-empty", !this.dataset.conversation);
    if (signedOut) banner("signed-out", true);
  }

  /** The new chat has become a conversation. @param {string} uid @param {string} title */
  #become(uid, title) {
    this.dataset.conversation = uid;
    history.replaceState(history.state, "", `/c/${uid}/`);
    this.#bar.heading = title;
    this.#composer.belong(uid);
  }

  #ended() {
    this.#own = performance.now();
    this.#age++;
    markTitle("done");
    this.#composer.refresh();
    this.#tellListing();
  }

  /** @param {Event} event */
  #click(event) {
    const button = /** @type {Element} */ (event.target).closest('[data-action="regenerate"], [data-action="continue"], [data-action="version"]');
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    if (button.dataset.action === "version") this.#turn(button);
    else this.#regenerate(button);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const button = stepOf(event);
    if (!button) return;
    event.preventDefault();
    this.#turn(button);
  }

  /** Shows another version of a message, with what followed it. @param {HTMLButtonElement} button */
  async #turn(button) {
    const left = /** @type {HTMLElement} */ (button.closest("article"));
    const stepped = button.contains(document.activeElement);
    const which = button === step(left, "previous") ? "previous" : "next";
    const { status, document: page } = await get(`/c/${this.dataset.conversation}/?version=${button.value}`);
    const articles = page?.querySelectorAll("chat-log article");
    this.#composer.complain(status === 200 && articles?.length ? "" : t("not_done"));
    if (status !== 200 || !articles?.length || !left.isConnected) return;
    choose(button.value);
    this.#age++;
    const shown = this.#log.turn(Array.from(articles), left);
    if (!shown) return;
    const mine = stepped ? (step(shown, which) ?? step(shown, which === "next" ? "previous" : "next")) : null;
    (mine ?? shown).focus({ preventScroll: true });
    this.#composer.refresh();
    this.#tellVersion(shown);
  }

  /** @param {Element} article */
  #tellVersion(article) {
    const version = article.querySelector('[data-part="version"]')?.textContent ?? "";
    const model = article.querySelector('[data-part="slot"] > .fact bdi')?.textContent;
    announce(model ? t("heard_version", { version, model }) : t("heard_version_of_yours", { version }));
  }

  /** @param {HTMLButtonElement} button */
  async #regenerate(button) {
    // What goes on with an answer is best written by who began it.
    const model = button.dataset.action === "continue" ? "" : this.#composer.model;
    const { section, sentence } = await askAgain(button, model);
    this.#composer.complain(section ? "" : sentence || t("not_done"));
    if (!section) return;
    this.#sent(section);
    this.#composer.refresh();
    this.#composer.focus();
  }

  /** @param {{what: string, id: string}} hint */
  #hint({ what, id }) {
    if (what === "message") this.#log.find(id)?.nudge();
    if (what !== "conversation" || id !== this.dataset.conversation) return;
    // It may be somebody else's doing all the same.
    this.#look(Math.max(GATHER, this.#own + OWN - performance.now()));
  }

  /** Looks for what has changed, once for any number of reasons. @param {number} wait in milliseconds */
  #look(wait) {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.refresh();
    }, wait);
  }

  #tellListing() {
    this.dispatchEvent(new Event("listing-changed", { bubbles: true }));
  }
}
