/** What the tests of the renderer ask of it, in a page. */
import { CodeBlock } from "../../../static/src/code-block.js";
import { Formula } from "../../../static/src/formula.js";
import { Markdown } from "../../../static/src/markdown.js";
import { Prose } from "../../../static/src/prose.js";
import { hurry } from "../../../static/src/slices.js";
import { commonmark, wanted } from "./commonmark.js";
import { documents, pieces } from "./corpus.js";

const main = () => document.getElementById("main");

/** A container on the page that shows what comes. */
function begin() {
  const container = document.createElement("div");
  container.className = "prose";
  main().replaceChildren(container);
  return [container, Prose.of(container)];
}

/** Renders these pieces one after the other. */
function stream(parts) {
  const [container, prose] = begin();
  for (const part of parts) {
    prose.append(part);
    hurry(Infinity);
  }
  prose.end();
  hurry(Infinity);
  return container;
}

/** Renders it as a page does that has just been loaded. */
function load(text) {
  const container = document.createElement("div");
  container.className = "prose";
  container.textContent = text;
  main().replaceChildren(container);
  Prose.of(container, false);
  hurry(Infinity);
  return container;
}

/** What stands there, whatever colours it has got meanwhile. */
function written(node) {
  if (node.nodeType === Node.TEXT_NODE) return JSON.stringify(node.data);
  const code = CodeBlock.of(node);
  if (code) return `<code ${code.language} ${JSON.stringify(code.text)}>`;
  const formula = Formula.of(node);
  if (formula) return `<formula ${formula.display} ${JSON.stringify(formula.tex)}>`;
  const attributes = [...node.attributes].filter(({ name }) => !["tabindex", "data-cut", "data-tall"].includes(name));
  const said = attributes.map(({ name, value }) => `${name}=${value.replace(/(note|mark)-\d+-/, "$1-")}`).sort();
  return `<${[node.localName, ...said].join(" ")}>${[...node.childNodes].map(written).join("")}</>`;
}

/** The documents that came out otherwise when they came in pieces: document, size of the pieces, both results. */
function chunkings(from, to, rounds) {
  const failures = [];
  let count = 0;
  documents.slice(from, to).forEach((text, at) => {
    const whole = written(load(text));
    for (let round = 0; round < rounds; round++, count++) {
      const parts = pieces(text, from + at + round * 7919);
      const grown = written(stream(parts));
      if (grown !== whole) failures.push([text, parts.length, whole, grown]);
    }
  });
  return { count, failures: failures.slice(0, 5), documents: documents.length };
}

/** How much is read for each character of a text that comes in such pieces, and the longest turn in milliseconds. */
function work(text, size) {
  const markdown = new Markdown();
  let longest = 0;
  const go = () => {
    do {
      const begin = performance.now();
      markdown.step();
      longest = Math.max(longest, performance.now() - begin);
    } while (markdown.pending);
  };
  for (let at = 0; at < text.length; at += size) {
    markdown.push(text.slice(at, at + size));
    go();
  }
  markdown.end();
  go();
  return { each: markdown.work / text.length, longest };
}

globalThis.renderer = { CodeBlock, Formula, Markdown, Prose, begin, chunkings, commonmark, hurry, load, stream, wanted, work, written };
