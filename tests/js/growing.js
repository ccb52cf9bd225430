/** Reads markdown as it grows, as the page does, into one tree. */
import { Markdown } from "../../static/src/markdown.js";

/** What stands on a page that shows these views one after the other, as a tree. */
function shown(before, fresh) {
  if (typeof fresh === "string" || fresh.tag === "#formula") return fresh;
  const old = before?.tag === fresh.tag ? before : undefined;
  const skip = fresh.skip ?? 0;
  if ("text" in fresh) return { ...fresh, skip: 0, text: (old?.text ?? "").slice(0, skip) + fresh.text };
  const stands = (old?.children ?? []).slice(0, skip);
  return { ...fresh, skip: 0, children: [...stands, ...fresh.children.map((child, at) => shown(old?.children[skip + at], child))] };
}

/** @param {Markdown} markdown @param {string[]} parts @param {(page: any) => void} [look] sees each state of the page */
export function read(markdown, parts, look) {
  let page = shown(undefined, markdown.view);
  const step = () => {
    do {
      markdown.step();
      page = shown(page, markdown.view);
    } while (markdown.pending);
    look?.(page);
  };
  for (const part of parts) {
    markdown.push(part);
    step();
  }
  markdown.end();
  step();
  return page;
}

/** What stands at the end, with what is known only then. @param {string[]} parts @param {(page: any) => void} [look] */
export function grown(parts, look) {
  const markdown = new Markdown();
  return known(markdown, read(markdown, parts, look));
}

/** What stands on a page that is loaded when the text is whole. @param {string} text */
export function loaded(text) {
  const markdown = new Markdown();
  return known(markdown, whole(markdown, text));
}

/** @param {Markdown} markdown that has ended @param {any} page */
function known({ hindsight, source }, page) {
  return hindsight ? whole(new Markdown({ known: hindsight }), source) : page;
}

/** @param {Markdown} markdown @param {string} text */
function whole(markdown, text) {
  markdown.push(text);
  markdown.end();
  return read(markdown, []);
}

/** Its words, without the names of places and the ways back. @param {any} node @returns {string} */
export function words(node) {
  if (typeof node === "string") return node;
  if (node.tag === "bdi" || node.attrs?.role === "doc-backlink") return "";
  return node.text ?? node.tex ?? node.children.map(words).join("");
}

/** In one line, for people: elements, and of their attributes where they lead. @param {any} node @returns {string} */
export function written(node) {
  if (typeof node === "string") return node;
  if (node.tag === "#formula") return `{${node.display ? "$$" : "$"}${node.tex}}`;
  if ("text" in node) return `{${node.language ?? ""}|${node.text}}`;
  const inside = node.children.map(written).join("");
  if (!node.tag) return inside;
  const href = node.attrs.href ? ` ${node.attrs.href}` : "";
  return `<${node.tag}${href}>${inside}</${node.tag}>`;
}
