/** `<chat-sidebar>`: the list of conversations; beside the page where there is room, else a drawer over it. */
import { deleteConversation } from "./deletion.js";
import { part } from "./parts.js";
import { renameRow } from "./rename-row.js";
import { get } from "./request.js";
import { runs } from "./runs.js";
import { walk } from "./toolbar.js";

const GATHER = 250;

export class ChatSidebarElement extends HTMLElement {
  /** @type {any} */
  #timer = null;
  /** Whether the list has changed since it was last asked for: what is on its way may be the list before that. */
  #stale = false;
  /** How many names are being written in the list, or kept: it must not change meanwhile. */
  #renames = 0;
  /** The address of the conversation that the menu of rows is about. */
  #about = "";
  /** Whether news came while the list had to stay as it was. */
  #late = false;
  #changed = () => this.refresh();

  static define(tag = "chat-sidebar") {
    customElements.define(tag, this);
  }

  connectedCallback() {
    runs.addEventListener("changed", this.#changed);
    runs.addEventListener("resumed", this.#changed);
    document.addEventListener("listing-changed", this.#changed);
    document.addEventListener("click", this);
    this.addEventListener("toggle", this, true);
    this.addEventListener("beforetoggle", this, true);
    part(this, "list").addEventListener("keydown", (event) => this.#key(event));
    // A button that is clicked does not have the focus in every browser.
    for (const type of ["focusin", "pointerdown"]) part(this, "list").addEventListener(type, (event) => this.#look(event));
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
    if (event.type === "click") this.#click(/** @type {Element} */ (event.target).closest("[data-action]"));
    if (event instanceof ToggleEvent && event.target === this) this.#cover(event);
    if (event.type === "toggle" && this.#late) this.refresh();
    if (event.type === "beforetoggle") part(this, "row-menu").querySelector("a")?.setAttribute("href", `${this.#about}export/`);
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
    this.#stale = true;
    this.#timer ??= setTimeout(() => this.#fetch(), GATHER);
  }

  /** @param {Event} event */
  #look({ target }) {
    const row = /** @type {Element} */ (target).closest("li")?.querySelector("a");
    if (row) this.#about = row.getAttribute("href") ?? "";
  }

  /** @param {Element | null} button */
  #click(button) {
    const action = button?.getAttribute("data-action");
    if (action === "sidebar") return this.toggle();
    if (action !== "rename-row" && action !== "delete-row") return;
    /** @type {HTMLElement} */ (button?.closest(".menu")).hidePopover();
    const row = this.#row(this.#about);
    if (!row) return;
    if (action === "rename-row") this.#rename(row);
    else this.#delete(row);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = /** @type {Element} */ (event.target).closest("a");
    const act = row && { F2: this.#rename, Delete: this.#delete }[event.key];
    if (act) {
      event.preventDefault();
      act.call(this, row);
    } else if (row) walk(event, part(this, "list"), "a");
  }

  /** @param {HTMLElement} row */
  #rename(row) {
    this.#renames++;
    renameRow(row, () => {
      this.#renames--;
      this.refresh();
    });
  }

  /** The row leaves at once, and comes back where it could not be deleted. @param {HTMLElement} row */
  async #delete(row) {
    const rows = [...part(this, "list").querySelectorAll("a")];
    const at = rows.indexOf(/** @type {HTMLAnchorElement} */ (row));
    const next = rows[at + 1] ?? rows[at - 1] ?? this.querySelector(".sidebar__start button");
    /** @type {HTMLElement} */ (row.closest("li")).hidden = true;
    next.focus();
    await deleteConversation(row.getAttribute("href") ?? "", row.querySelector(".row__title")?.textContent ?? "");
    this.refresh();
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
    this.#stale = false;
    const answer = await get("/conversations/");
    this.#timer = null;
    if (this.#stale) return this.refresh();
    if (answer.status !== 200 || !answer.document || this.#renames) return;
    // The menu hangs on its row's button, and gives the focus back to it.
    this.#late = part(this, "row-menu").matches(":popover-open");
    if (!this.#late) this.#replace(answer.document);
  }

  /** Shows another list; the focus stays in its row, as long as there is one. @param {Document} fresh */
  #replace(fresh) {
    const list = part(this, "list");
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const row = focused?.closest("li")?.querySelector("a")?.getAttribute("href") ?? "";
    list.replaceChildren(...Array.from(fresh.body.childNodes, (node) => document.importNode(node, true)));
    this.#row(location.pathname)?.setAttribute("aria-current", "page");
    const its = focused && (this.#row(row)?.closest("li") ?? list).querySelector(focused.localName);
    /** @type {HTMLElement | null} */ (its)?.focus();
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
