import assert from "node:assert/strict";
import { test } from "node:test";
import hljs from "highlight.js/lib/core";
import { GRAMMARS, learn } from "../../static/src/languages.js";

const library = hljs.newInstance();

/** Every language that a grammar names as part of it. */
function within(grammar, seen = new Set()) {
  if (!grammar || typeof grammar !== "object" || grammar instanceof RegExp || seen.has(grammar)) return [];
  seen.add(grammar);
  return Object.entries(grammar).flatMap(([key, value]) => (key === "subLanguage" ? [value].flat() : within(value, seen)));
}

test("a language is known by each name that its grammar knows, in capitals too", () => {
  for (const [name, grammar] of Object.entries(GRAMMARS)) {
    const fresh = hljs.newInstance();
    for (const alias of [name, ...(grammar(hljs).aliases ?? [])]) assert.ok(learn(fresh, alias.toUpperCase()), alias);
    assert.deepEqual(fresh.listLanguages().includes(name), true);
  }
});

test("a language is known by the names that models give it", () => {
  for (const name of "console sh-session bat cmd python3 scss less vue svelte postgresql psql mysql jsonl ndjson".split(" ")) assert.ok(learn(library, name), name);
});

test("what may stand within a language is known with it", () => {
  for (const name of Object.keys(GRAMMARS)) {
    const fresh = hljs.newInstance();
    learn(fresh, name);
    for (const inner of within(fresh.getLanguage(name))) assert.ok(!GRAMMARS[inner] || fresh.getLanguage(inner), `${inner} in ${name}`);
  }
});

test("nothing is made of a language that is not met", () => {
  const fresh = hljs.newInstance();
  learn(fresh, "python");
  assert.deepEqual(fresh.listLanguages(), ["python"]);
  assert.equal(learn(fresh, "klingon"), "");
});
