/** `<chat-composer>`: the message box. What is typed here survives whatever happens to it. */
import { Drafts } from "./drafts.js";
import { Foot } from "./foot.js";
import { MessageBox } from "./message-box.js";
import { Outbox } from "./outbox.js";
import { part } from "./parts.js";
import { post } from "./request.js";
import { t } from "./words.js";

export class ChatComposerElement extends HTMLElement {
  #outbox = new Outbox(new Drafts(document.body.dataset.account ?? ""), post);
  #foot = new Foot(this);
  #form = /** @type {HTMLFormElement} */ (part(this, "form"));
  #box = new MessageBox(/** @type {HTMLTextAreaElement} */ (this.querySelector("textarea")), Number(this.dataset.limit) || Infinity);

  static define(tag = "chat-composer") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#form.addEventListener("click", (event) => event.target === this.#form && this.focus());
    this.#form.addEventListener("input", () => this.#typed());
    this.#form.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("online", this);
    addEventListener("offline", this);
    this.addEventListener("click", ({ target }) => /** @type {Element} */ (target).closest('[data-action="discard"]') && this.#discard());
    if (this.#box.empty) this.#box.text = this.#outbox.restore(this.#conversation);
    this.#foot.draft(this.#outbox.restored);
    this.refresh();
    this.handleEvent();
  }

  disconnectedCallback() {
    removeEventListener("online", this);
    removeEventListener("offline", this);
  }

  /** The network has come or gone. */
  handleEvent() {
    this.#foot.network();
  }

  get sending() {
    return this.#outbox.sending;
  }

  get model() {
    return String(new FormData(this.#form).get("model") ?? "");
  }

  focus() {
    this.#box.focus();
  }

  /** The box now belongs to this conversation. @param {string} uid */
  belong(uid) {
    this.#form.action = `/c/${uid}/messages/`;
    this.#form.querySelector("textarea")?.setAttribute("placeholder", t("reply"));
    this.#foot.begun();
  }

  /** Says at the foot what did not work; nothing, if all is well. @param {string} sentence */
  complain(sentence) {
    this.#foot.problem = sentence;
    this.#box.invalid = Boolean(sentence);
  }

  /** Send becomes Stop in its place while an answer is written, and back. */
  refresh() {
    const live = this.#live;
    const [send, stop] = [part(this, "send"), part(this, "stop")];
    const focused = document.activeElement === send || document.activeElement === stop;
    this.closest("chat-page")?.toggleAttribute("data-live", Boolean(live));
    send.hidden = Boolean(live);
    stop.hidden = !live;
    stop.removeAttribute("aria-disabled");
    stop.setAttribute("formaction", live ? `/m/${live.closest("article")?.dataset.message}/stop/` : "");
    if (focused) (live ? stop : this).focus();
    send.setAttribute("aria-disabled", String(this.#box.empty));
  }

  async stop() {
    const live = this.#live;
    const button = part(this, "stop");
    if (!live || button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const stopped = await live.stop();
    this.complain(stopped ? "" : t("not_stopped"));
    if (!stopped) button.removeAttribute("aria-disabled");
  }

  async send() {
    const { text } = this.#box;
    if (this.sending || this.#box.empty) return;
    if (this.#live || this.#box.over) return this.complain(t(this.#live ? "busy" : "too_long"));
    this.complain("");
    this.#foot.draft(0);
    this.#box.text = "";
    const fields = { model: this.model, ...(this.#log?.end && { parent: this.#log.end }) };
    this.#tell("composer-sending", { text });
    const { section, answer } = await this.#outbox.send(this.#conversation, this.#form.action, text, fields);
    if (section) this.#tell("composer-sent", { section });
    else this.#failed(text, answer);
    this.#outbox.keep(this.#conversation, this.#box.text);
    this.refresh();
  }

  get #conversation() {
    return this.closest("chat-page")?.getAttribute("data-conversation") ?? "";
  }

  get #log() {
    return /** @type {import("./chat-log.js").ChatLogElement | null | undefined} */ (this.closest("chat-page")?.querySelector("chat-log"));
  }

  get #live() {
    return this.#log?.live;
  }

  /** @param {string} text @param {import("./request.js").Answer} answer */
  #failed(text, answer) {
    this.#box.giveBack(text);
    this.#tell("composer-failed", { signedOut: answer.status === 401 });
    this.complain(answer.sentence || t(answer.status === 413 ? "too_long" : "not_sent"));
    this.focus();
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    if (event.submitter === part(this, "stop")) this.stop();
    else this.send();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(event.target instanceof HTMLTextAreaElement) || !this.#box.sends(event)) return;
    event.preventDefault();
    this.send();
  }

  #typed() {
    this.complain(this.#box.over ? t("too_long") : "");
    this.#outbox.keep(this.#conversation, this.#box.text);
    this.#box.fit();
    this.#foot.count(this.#box.usage);
    this.#foot.draft(0);
    this.refresh();
  }

  #discard() {
    this.focus();
    this.#box.clear();
    this.#typed();
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}
