/** `<chat-sidebar>`: the list of conversations; beside the page where there is room, else a drawer over it. */
import { part } from "./parts.js";
import { renameRow } from "./rename-row.js";
import { get } from "./request.js";
import { runs } from "./runs.js";
import { walk } from "./toolbar.js";

const GATHER = 250;

export class ChatSidebarElement extends HTMLElement {
  /** @type {any} */
  #timer = null;
  /** Whether a name is being written in the list, which must not change meanwhile. */
  #renames = false;
  #changed = () => this.refresh();

  static define(tag = "chat-sidebar") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    runs.addEventListener("changed", this.#changed);
    runs.addEventListener("resumed", this.#changed);
    document.addEventListener("listing-changed", this.#changed);
    document.addEventListener("click", this);
    this.addEventListener("toggle", this);
    this.addEventListener("beforetoggle", this);
    part(this, "list").addEventListener("keydown", (event) => this.#key(event));
    if (!part(this, "list").childElementCount) this.refresh();
    this.#compare();
    part(this, "list").querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" });
  }

  disconnectedCallback() {
    runs.removeEventListener("changed", this.#changed);
    runs.removeEventListener("resumed", this.#changed);
    document.removeEventListener("listing-changed", this.#changed);
    document.removeEventListener("click", this);
  }

  /** @param {Event} event */
  handleEvent(event) {
    if (event.type === "click" && /** @type {Element} */ (event.target).closest('[data-action="sidebar"]')) this.toggle();
    if (event instanceof ToggleEvent && event.target === this) this.#cover(event);
  }

  /** Hides or shows it where it stands beside the page, and remembers that; opens or closes the drawer. */
  toggle() {
    if (!matchMedia("(width >= 67.5rem)").matches) return void this.togglePopover();
    const root = document.documentElement;
    const closed = root.dataset.sidebar !== "closed";
    if (closed) root.dataset.sidebar = "closed";
    else delete root.dataset.sidebar;
    document.cookie = `sidebar=${closed ? "closed" : "open"};path=/;max-age=31536000;samesite=lax`;
    const button = closed ? ".bar__open" : ".sidebar__hide";
    /** @type {HTMLElement | null} */ (document.querySelector(button))?.focus();
  }

  /** Fetches the list anew, once for any number of reasons. */
  refresh() {
    this.#timer ??= setTimeout(() => this.#fetch(), GATHER);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = /** @type {Element} */ (event.target).closest("a");
    if (row && event.key === "F2") {
      event.preventDefault();
      this.#renames = true;
      renameRow(row, () => {
        this.#renames = false;
        this.refresh();
      });
    } else if (row) walk(event, part(this, "list"), "a");
  }

  /** What lies under the open drawer is out of reach; before it closes it is not, so that the focus can go back. @param {ToggleEvent} event */
  #cover({ type, newState }) {
    const main = /** @type {HTMLElement} */ (document.getElementById("main"));
    if (type === "beforetoggle" && newState === "closed") main.inert = false;
    if (type !== "toggle" || newState !== "open") return;
    main.inert = true;
    /** @type {HTMLElement | null} */ (this.querySelector(".sidebar__close"))?.focus();
  }

  async #fetch() {
    const answer = await get("/conversations/");
    this.#timer = null;
    if (answer.status !== 200 || !answer.document || this.#renames) return;
    const list = part(this, "list");
    const focused = list.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    const nodes = Array.from(answer.document.body.childNodes, (node) => document.importNode(node, true));
    list.replaceChildren(...nodes);
    this.#row(location.pathname)?.setAttribute("aria-current", "page");
    if (focused) (this.#row(focused) ?? list.querySelector("a"))?.focus();
    this.#compare();
  }

  /** Lets the page know what the list says of it. */
  #compare() {
    const page = /** @type {import("./chat-page.js").ChatPageElement | null} */ (document.querySelector("chat-page[data-conversation]"));
    page?.listed(this.#row(location.pathname)?.querySelector(".row__title")?.textContent ?? null);
  }

  /** @param {string} address @returns {HTMLElement | null} */
  #row(address) {
    return this.querySelector(`nav a[href="${CSS.escape(address)}"]`);
  }
}
