import assert from "node:assert/strict";
import { test } from "node:test";
import { Markdown } from "../../static/src/markdown.js";
import { Spoken } from "../../static/src/spoken.js";
import { documents, pieces } from "../browser/renderer/corpus.js";
import "./world.js";

/** @param {string[]} parts */
function heard(parts) {
  const [markdown, spoken, said] = [new Markdown(), new Spoken(), []];
  const step = () => {
    do {
      markdown.step();
      said.push(...spoken.hear(markdown.view, markdown.ended && !markdown.pending));
    } while (markdown.pending);
  };
  for (const part of parts) {
    markdown.push(part);
    step();
  }
  markdown.end();
  step();
  return said;
}

for (const [text, expected] of [
  ["Use **bold** and [a link](https://example.org/a). Then `code`!", ["Use bold and a link.", "Then code!"]],
  ["# Title\n\nText goes on\nin two lines. And more", ["Title", "Text goes on in two lines.", "And more"]],
  ["- one\n- two **x**. Three\n  - four\n- five", ["one", "two x.", "Three", "four", "five"]],
  ["1. First\n\n   again\n2. Second", ["First", "again", "Second"]],
  ["Look:\n\n```sql\nselect 1;\nselect 2;\n```\n\nThat is all.", ["Look:", "Code, sql, 2 lines.", "That is all."]],
  ["```\na\n```", ["Code, 1 line."]],
  ["| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nSo.", ["Table, 2 rows.", "So."]],
  ["$$\nx^2\n$$\n\nand $y$ too", ["Formula.", "and y too"]],
  ["H<sub>2</sub>O, m<sup>2</sup>[^1] and <kbd>Ctrl</kbd>.\n\n[^1]: x<sup>2</sup> below.", ["H2O, m2 and Ctrl.", "x2 below."]],
  ["A note[^1] here.\n\n[^1]: It says so.", ["A note here.", "It says so."]],
  ["A[^1]\n\n[^1]: Said below.\n\nIt goes on. And on.", ["A", "It goes on.", "And on.", "Said below."]],
  ["> quoted.\n>\n> twice\n\nafter", ["quoted.", "twice", "after"]],
]) {
  test(`of ${JSON.stringify(text)} its words are heard, once`, () => {
    assert.deepEqual(heard([text]), expected);
    assert.deepEqual(heard([...text]), expected);
  });
}

test("however a text is cut, nothing of it is heard twice", () => {
  documents.forEach((text, at) => {
    const whole = heard([text]).join(" ").split(/\s+/);
    const cut = heard(pieces(text, at)).join(" ").split(/\s+/);
    assert.ok(cut.length <= whole.length + 3, JSON.stringify([text, whole, cut]));
  });
});

test("what stood there before is not heard", () => {
  const [markdown, spoken] = [new Markdown(), new Spoken()];
  markdown.push("One. Two words");
  markdown.step();
  spoken.pass(markdown.view);
  markdown.push(" more. Three. Fo");
  markdown.step();
  assert.deepEqual(spoken.hear(markdown.view, false), ["more.", "Three."]);
});

test("who asks for it hears an answer when it is whole, or not at all", () => {
  const parts = ["One. ", "Two.\n\n", "Three."];
  for (const [when, before, all] of [["finished", [], ["One.", "Two.", "Three."]], ["never", [], []]]) {
    const [markdown, spoken] = [new Markdown(), new Spoken(when)];
    for (const part of parts) {
      markdown.push(part);
      markdown.step();
      assert.deepEqual(spoken.hear(markdown.view, false), before);
    }
    markdown.end();
    markdown.step();
    assert.deepEqual(spoken.hear(markdown.view, true), all);
  }
});

for (const text of ["It runs in $O(n)$. That is good.", "Let $P(A)$ be it.", "**[React](https://r.dev)** and **`npm i`**.", "Known [1][2].", "So x[i].", "A<br>b."]) {
  test(`of ${JSON.stringify(text)} the same is heard, however it comes`, () => {
    for (const size of [1, 3, 5]) assert.deepEqual(heard(text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []), heard([text]));
  });
}

test("a table in an item is counted when it is whole", () => {
  const text = "1. Set up:\n\n   | a | b |\n   |---|---|\n   | 1 | 2 |\n   | 3 | 4 |\n\n2. Next.";
  assert.deepEqual(heard(Array.from(text)), ["Set up:", "Table, 2 rows.", "Next."]);
});
