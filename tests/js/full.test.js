/** Lists and tables of so many items and rows that they are shown as several. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { grown, loaded, words } from "./growing.js";

/** @param {number} count @param {(at: number) => string} item */
const lines = (count, item) => Array.from({ length: count }, (_, at) => item(at)).join("");
/** @param {string} text @param {number} size */
const cut = (text, size) => Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
const row = (/** @type {number} */ at) => `| ${at} | ${at * 2} |\n`;
const table = (/** @type {number} */ rows) => `| a | b |\n|---|--:|\n${lines(rows, row)}`;

/** Items and rows of each block. @param {any} page @returns {number[]} */
const counts = (page) => page.children.map((/** @type {any} */ node) => (node.tag === "div" ? body(node) : node).children.length);
/** @param {any} node */
const body = (node) => node.children[0].children[0].children[1];

const TEXTS = {
  "a tight list": lines(2_300, (at) => `- item ${at}\n`),
  "a loose list": lines(1_100, (at) => `* item ${at}\n\n`),
  "a list that becomes loose": lines(2_100, (at) => `* item ${at}\n${at > 1_900 ? "\n" : ""}`),
  "a numbered list": `Before.\n\n${lines(1_500, (at) => `${at + 5}. item\n`)}\nAfter.`,
  "items with more in them": lines(1_200, (at) => `- item **${at}**\n  - one\n  - two\n\n    \`\`\`js\n    let a = ${at};\n    \`\`\`\n`),
  "items of tasks with notes": `${lines(1_300, (at) => `- [${at % 2 ? "x" : " "}] see[^${at % 7}]\n`)}\n${lines(7, (at) => `[^${at}]: Note.\n`)}`,
  "a table": table(2_500),
  "a table in between": `Words\n\n${table(502)}\nmore words\n\n${table(501)}`,
  "a quotation after it": `${lines(504, (at) => `- item ${at}\n`)}> quoted`,
};

for (const [name, text] of Object.entries(TEXTS)) {
  test(`however it is cut, the views of ${name} add up to the same tree`, () => {
    const whole = loaded(text);
    for (const size of [7, 64, 1_999, 30_000]) assert.deepEqual(grown(cut(text, size)), whole, `in pieces of ${size}`);
  });
}

test("a list goes on as another one after five hundred items", () => {
  assert.deepEqual(counts(loaded(lines(2_300, (at) => `- ${at}\n`))), [500, 500, 500, 500, 300]);
  assert.equal(words(loaded(lines(2_300, (at) => `- ${at}\n`))), lines(2_300, String));
});

test("none is left with a single item", () => {
  assert.deepEqual(counts(loaded(lines(501, () => "- a\n"))), [501]);
  assert.deepEqual(counts(loaded(lines(502, () => "- a\n"))), [500, 2]);
  assert.deepEqual(counts(loaded(`${lines(501, () => "- a\n")}\nWords.`)).slice(0, 1), [501]);
});

test("numbers go on, whatever they were written as", () => {
  const starts = loaded(lines(2_100, (at) => (at ? "1. a\n" : "7. a\n"))).children.map((/** @type {any} */ { attrs }) => attrs.start);
  assert.deepEqual(starts, ["7", "507", "1007", "1507", "2007"]);
});

test("a table goes on under the same head", () => {
  const page = loaded(table(2_500));
  assert.deepEqual(counts(page), [500, 500, 500, 500, 500]);
  for (const node of page.children) assert.equal(words(node.children[0].children[0].children[0]), "ab");
  assert.deepEqual(body(page.children[4]).children[0].children.map((/** @type {any} */ { attrs }) => attrs.class), body(page.children[0]).children[0].children.map((/** @type {any} */ { attrs }) => attrs.class));
  assert.equal(words(body(page.children[4]).children[499]), "24994998");
});

test("nothing that was shown goes while it becomes two", () => {
  let longest = 0;
  grown(cut(lines(510, (at) => `- item ${at}\n`), 3), (page) => {
    const length = words(page).length;
    assert.ok(length >= longest, words(page).slice(-40));
    longest = length;
  });
});
