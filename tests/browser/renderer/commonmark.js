/** CommonMark's own examples beside ours: both as a tree of the elements that CommonMark speaks of. */
import { CodeBlock } from "../../../static/src/code-block.js";

/** What we made, as CommonMark would have made it. */
export function commonmark(container) {
  return merged([...container.childNodes].flatMap((node) => ours(node)));
}

/** What CommonMark wants. */
export function wanted(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return merged([...template.content.childNodes].flatMap(theirs));
}

const RENAMED = { h3: "h1", h4: "h2", h5: "h3" };

function ours(node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  const code = CodeBlock.of(node);
  if (code) return [["pre", {}, [["code", code.language ? { class: `language-${code.language}` } : {}, code.text ? [code.text] : []]]]];
  const children = () => content(node);
  if (node.className === "leaf") return children();
  switch (node.localName) {
    case "bdi":
      return [];
    case "a":
    case "span":
      return [reference(node)];
    case "p":
      return node.parentElement.localName === "li" && node.parentElement.parentElement.className === "tight" ? children() : [["p", {}, children()]];
    case "h6":
      return [[`h${(Number(node.getAttribute("aria-level")) || 6) - 2}`, {}, children()]];
    case "ol":
      return [["ol", node.hasAttribute("start") ? { start: node.getAttribute("start") } : {}, children()]];
    default:
      return [[RENAMED[node.localName] ?? node.localName, {}, children()]];
  }
}

/** A link or picture, with the address that stands beside it. */
function reference(node) {
  const place = node.nextElementSibling?.className === "place" && node.nextSibling === node.nextElementSibling ? node.nextElementSibling.textContent.slice(1) : "";
  const address = node.localName === "a" ? node.getAttribute("href") : place;
  const title = node.hasAttribute("title") ? { title: node.getAttribute("title") } : {};
  const words = node.textContent;
  if (/\bpicture\b/.test(node.className)) return ["img", { alt: words, src: address, ...title }, []];
  return ["a", { href: address, ...title }, content(node)];
}

function content(node) {
  return merged([...node.childNodes].flatMap(ours));
}

function theirs(node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const attributes = Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value]));
  return [[node.localName, attributes, merged([...node.childNodes].flatMap(theirs))]];
}

const BLOCKS = new Set("p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre hr".split(" "));

/** Neighbouring texts as one, without the line feeds that only part elements. */
function merged(nodes) {
  const out = [];
  for (const node of nodes) {
    if (typeof node === "string" && typeof out.at(-1) === "string") out[out.length - 1] += node;
    else if (node !== "") out.push(node);
  }
  const block = (node) => Array.isArray(node) && BLOCKS.has(node[0]);
  return out
    .map((node, at) => {
      if (typeof node !== "string") return sorted(node);
      if (at === 0 && out.length > 1 && block(out[1])) node = node.trimStart();
      if (block(out[at - 1]) || out[at - 1]?.[0] === "br") node = node.replace(/^\n/, "");
      if (block(out[at + 1])) node = node.replace(/\n$/, "");
      return node;
    })
    .filter((node) => node !== "" && node !== "\n");
}

function sorted([name, attributes, children]) {
  return [name, Object.fromEntries(Object.entries(attributes).sort()), children];
}
