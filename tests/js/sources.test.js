import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);

function read(folder, ending) {
  const names = readdirSync(new URL(folder, root), { recursive: true }).filter((name) => name.endsWith(ending));
  return names.map((name) => [`${folder}${name}`, readFileSync(new URL(`${folder}${name}`, root), "utf8")]);
}

test("no string ever becomes HTML or code", () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createContextualFragment|setHTML|document\.write|\beval\(|new Function|srcdoc/;
  for (const [name, text] of read("static/src/", ".js")) assert.doesNotMatch(text, forbidden, name);
});

test("S-20 nothing listens to messages of other windows", () => {
  // Ports and sockets of our own have `onmessage`; a window must not.
  const listens = /addEventListener\(\s*["'`]message|\b(window|self|globalThis|top|parent|opener)\??\.(onmessage|postMessage)/;
  for (const [name, text] of read("static/src/", ".js")) assert.doesNotMatch(text, listens, name);
});

test("no template has an inline script, style or handler", () => {
  for (const [name, text] of read("templates/", ".html")) {
    assert.doesNotMatch(text, /\sstyle=|<style|\son[a-z]+=|javascript:/i, name);
    for (const script of text.match(/<script[^>]*>/g) ?? []) assert.match(script, / src="/, name);
  }
});

test("only tokens.css holds raw colours", () => {
  for (const [name, text] of read("static/src/css/", ".css")) {
    if (!name.endsWith("tokens.css")) assert.doesNotMatch(text, /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i, name);
  }
});

test("only tokens.css holds raw sizes and durations", () => {
  const media = /@media[^{]*\{/g;
  for (const [name, text] of read("static/src/css/", ".css")) {
    if (name.endsWith("tokens.css")) continue;
    const bare = text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(media, "");
    assert.doesNotMatch(bare, /[\s(-]\d*\.?\d+(px|rem|ms|s)\b/, name);
  }
});

test("directions are logical, so that the page can be mirrored", () => {
  const physical = /^\s*(margin|padding|border)-(left|right)|^\s*(left|right)\s*:|text-align:\s*(left|right)|float:/m;
  for (const [name, text] of read("static/src/css/", ".css")) assert.doesNotMatch(text, physical, name);
});

test("every word a script says is among the page's phrases, and no phrase is left over", () => {
  const [, phrases] = read("chatsite/conversations/", "phrases.py")[0];
  const known = [...phrases.matchAll(/^ {4}"(\w+)":/gm)].map((found) => found[1]);
  const sources = read("static/src/", ".js").map(([, text]) => text).join("\n");
  const said = new Set([...sources.matchAll(/\bt\(([^)]*)/g)].flatMap((call) => [...call[1].matchAll(/"(\w+)"/g)].map((found) => found[1])));
  assert.deepEqual([...said].sort(), [...known].sort());
});
