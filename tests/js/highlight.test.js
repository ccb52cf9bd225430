import assert from "node:assert/strict";
import { test } from "node:test";
import hljs from "highlight.js/lib/core";
import { colours } from "../../static/src/highlight.js";
import { GRAMMARS } from "../../static/src/languages.js";

const FOREVER = 1e9;
const join = (/** @type {[string, string][]} */ parts) => parts.map(([, text]) => text).join("");
const kindsOf = (/** @type {[string, string][]} */ parts, /** @type {string} */ text) => parts.filter(([, piece]) => piece === text).map(([kind]) => kind);

test("words have the colours of what they are, by any name of the language", () => {
  for (const name of ["javascript", "js", "JS"]) {
    const parts = colours('const a = "b"; // c', name);
    assert.deepEqual([kindsOf(parts, "const"), kindsOf(parts, '"b"'), kindsOf(parts, "// c")], [["keyword"], ["string"], ["comment"]]);
  }
});

test("a page's styles and script have colours of their own, and every character is kept", () => {
  const page = '<style>a { color: red }</style><script>const one = "1";</script>';
  const parts = colours(page, "HTML");
  assert.equal(join(parts), page);
  assert.deepEqual(kindsOf(parts, "const"), ["keyword"]);
});

test("what goes on from one piece to the next keeps its colour", () => {
  const text = `def f():\n    """Said\n${"    on and on\n".repeat(200)}    """\n    return 1\n`;
  const parts = colours(text, "python", FOREVER);
  assert.equal(join(parts), text);
  const said = text.slice(text.indexOf('"""'), text.lastIndexOf('"""') + 3);
  assert.equal(parts.filter(([kind]) => kind === "string").map(([, piece]) => piece).join(""), said);
  assert.deepEqual(kindsOf(parts, "return"), ["keyword"]);
});

test("when the time is over the rest stands as it is, but never all of it", () => {
  const text = "return 1;\n".repeat(2_000);
  const parts = colours(text, "js", -1);
  assert.equal(join(parts), text);
  const last = parts.findLastIndex(([kind]) => kind !== "");
  assert.equal(join(parts.slice(0, last + 1)).length, 500 - ";\n".length);
});

test("what we cannot colour is nothing, and never an error", () => {
  assert.equal(colours("what", "klingon"), null);
  assert.equal(colours("a\u0001b", "js"), null);
  assert.equal(colours(`${"a".repeat(2_000)}\n`, "js"), null);
});

test("S-23 a grammar that breaks leaves the words", (t) => {
  t.mock.method(console, "error", () => {});
  hljs.registerLanguage("lua", () => {
    throw new Error("broken");
  });
  assert.deepEqual(colours("a = 1", "lua"), [["", "a = 1"]]);
});

test("S-55 no code in any language takes longer than a blink", () => {
  // Each took seconds in some language, by the square of its length.
  const nasty = ["a", "a b", "$", '"', "/*", "${", "a(", '\\"'];
  for (const language of Object.keys(GRAMMARS)) {
    for (const mark of nasty) {
      const text = `${mark.repeat(400).slice(0, 400)}\n`.repeat(60);
      const begin = process.cpuUsage();
      const parts = colours(text, language);
      const { user, system } = process.cpuUsage(begin);
      if (parts) assert.equal(join(parts), text, `${language} ${mark}`);
      assert.ok((user + system) / 1_000 < 1_000, `${language} ${mark}: ${(user + system) / 1_000} ms`);
    }
  }
});
