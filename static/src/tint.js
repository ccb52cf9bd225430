/** Colours laid into a text that stands on the page. */
import { NODES } from "./slices.js";

/**
 * Colours the text of these elements, as much at each step as a frame has room for; the text stays the same all along.
 * @param {Element[]} elements between any two of which there is a line feed that stands in none
 * @param {[string, string][]} parts kinds and texts
 * @returns {import("./slices.js").Work}
 */
export function* tint(elements, parts) {
  const rest = parts.map(([kind, text]) => ({ kind, text }));
  for (const element of elements) {
    const plain = bare(element);
    while (plain.length && rest.length) {
      const nodes = take(rest, plain.data);
      plain.before(...nodes);
      plain.deleteData(0, nodes.reduce((sum, { textContent }) => sum + (textContent?.length ?? 0), 0));
      if (!plain.length) plain.remove();
      yield nodes.length;
    }
    if (rest[0]?.text.startsWith("\n")) rest[0].text = rest[0].text.slice(1);
  }
}

/** The one text node that holds all of its text. @param {Element} element @returns {Text} */
function bare(element) {
  const { firstChild } = element;
  if (firstChild instanceof Text && element.childNodes.length === 1) return firstChild;
  const plain = document.createTextNode(element.textContent ?? "");
  element.replaceChildren(plain);
  return plain;
}

/** Nodes for the next pieces, as far as this text goes. @param {{kind: string, text: string}[]} rest @param {string} within */
function take(rest, within) {
  const nodes = [];
  for (let left = within.length; left > 0 && rest.length && nodes.length < NODES; ) {
    const [first] = rest;
    const text = first.text.slice(0, left);
    left -= text.length;
    if (text.length === first.text.length) rest.shift();
    else first.text = first.text.slice(text.length);
    nodes.push(painted(first.kind, text));
  }
  return nodes;
}

/** @param {string} kind @param {string} text */
function painted(kind, text) {
  if (!kind) return document.createTextNode(text);
  const span = document.createElement("span");
  span.className = `syn-${kind}`;
  span.textContent = text;
  return span;
}
