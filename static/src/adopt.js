/** Makes a message on the page what the server says it is, touching only what differs. */
import { Blocks } from "./blocks.js";
import { part } from "./parts.js";
import { Prose } from "./prose.js";

const TEXTS = ["reasoning", "refusal"];
const PIECES = ["thinking", "tools", "note", "slot"];
const ATTRIBUTES = ["run", "after", "begun", "model", "age", "data-phase", "data-rule"];

/**
 * @param {Element} article a reply on the page
 * @param {Element} fresh the same reply, just fetched
 */
export function adopt(article, fresh) {
  Prose.of(part(article, "text")).update(part(fresh, "text").textContent ?? "", fresh.getAttribute("data-state") === "streaming");
  for (const name of TEXTS) shower(part(article, name)).update(part(fresh, name).textContent ?? "", fresh.getAttribute("data-state") === "streaming");
  for (const name of PIECES) replace(part(article, name), part(fresh, name));
  part(article, "thought").hidden = part(fresh, "thought").hidden;
  const [mine, theirs] = [article, fresh].map((one) => /** @type {Element} */ (one.querySelector("chat-message")));
  for (const name of ATTRIBUTES) copy(mine, theirs, name);
  copy(article, fresh, "data-state");
}

/** Whoever shows this text, as it is or as markdown. @param {Element} container @returns {Blocks | Prose} */
export const shower = (container) => Prose.at(container) ?? new Blocks(container);

/** Another version may have come beside it. @param {Element} article @param {Element} fresh */
export function recount(article, fresh) {
  const [mine, theirs] = [article, fresh].map((one) => one.querySelector('[data-part="versions"]'));
  if (!mine || !theirs || mine.isEqualNode(theirs)) return;
  replace(mine, theirs);
  mine.toggleAttribute("hidden", theirs.hasAttribute("hidden"));
}

/** @param {Element} mine @param {Element} theirs */
function replace(mine, theirs) {
  if (mine.isEqualNode(theirs)) return;
  const focused = mine.contains(document.activeElement);
  mine.replaceChildren(...Array.from(theirs.childNodes, (node) => document.importNode(node, true)));
  if (focused) mine.closest("article")?.focus();
}

/** @param {Element} mine @param {Element} theirs @param {string} name */
function copy(mine, theirs, name) {
  const value = theirs.getAttribute(name);
  if (value === null) mine.removeAttribute(name);
  else mine.setAttribute(name, value);
}
