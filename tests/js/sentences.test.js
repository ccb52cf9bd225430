import assert from "node:assert/strict";
import { test } from "node:test";
import { Sentences } from "../../static/src/sentences.js";

const heard = (...pieces) => {
  const sentences = new Sentences();
  return [...pieces.flatMap((_, at) => sentences.read(pieces.slice(0, at + 1).join(""))), ...sentences.end()];
};

test("it speaks whole sentences only", () => {
  const sentences = new Sentences();
  assert.deepEqual(sentences.read("It is 3.5 m"), []);
  assert.deepEqual(sentences.read("It is 3.5 m high. And"), ["It is 3.5 m high."]);
  assert.deepEqual(sentences.end(), ["And"]);
});

test("Chinese sentences need no space after them", () => {
  assert.deepEqual(heard("一天有两次潮汐。为什么？因为"), ["一天有两次潮汐。", "为什么？", "因为"]);
});

test("the end of a line ends what has no full stop", () => {
  assert.deepEqual(heard("# Title\nText"), ["# Title", "Text"]);
});

test("what never ends is cut where one can breathe", () => {
  const long = "word ".repeat(100);
  const parts = heard(long);
  assert.ok(parts.every((part) => part.length <= 201));
  assert.equal(parts.join(" "), long.trim());
});
