import assert from "node:assert/strict";
import { test } from "node:test";
import { Blocks } from "../../static/src/blocks.js";
import { fakeDocument } from "./world.js";

const TEXT = "One.\n\nTwo,\nstill two.\n\n\n\nThree 👩‍👩‍👧\r\n\r\nfour\n\n";
const cut = (container) => container.childNodes.map((block) => block.textContent);

test("it cuts at empty lines, and loses nothing", () => {
  const container = fakeDocument();
  new Blocks(container).append(TEXT);
  assert.deepEqual(cut(container), ["One.\n\n", "Two,\nstill two.\n\n\n\n", "Three 👩‍👩‍👧\r\n\r\nfour\n\n"]);
  assert.equal(container.textContent, TEXT);
});

test("however the text comes, the blocks are the same", () => {
  const whole = fakeDocument();
  new Blocks(whole).append(TEXT);
  for (let size = 1; size < TEXT.length; size++) {
    const container = fakeDocument();
    const blocks = new Blocks(container);
    for (let at = 0; at < TEXT.length; at += size) blocks.append(TEXT.slice(at, at + size));
    assert.deepEqual(cut(container), cut(whole), `in pieces of ${size}`);
    assert.equal(blocks.length, TEXT.length);
  }
});

test("what stands already stays the same node while it grows", () => {
  const container = fakeDocument();
  const blocks = new Blocks(container);
  blocks.append("Hel");
  const node = container.firstChild.firstChild;
  blocks.append("lo");
  blocks.update("Hello, world");
  assert.equal(container.firstChild.firstChild, node);
  assert.equal(node.data, "Hello, world");
});

test("a text that went another way replaces it", () => {
  const container = fakeDocument();
  const blocks = new Blocks(container);
  blocks.append("Hello\n\nworld");
  blocks.update("Help");
  assert.deepEqual(cut(container), ["Help"]);
});

test("it goes on from what the server rendered", () => {
  const container = fakeDocument();
  new Blocks(container).append("a\n\nb");
  const again = new Blocks(container);
  assert.equal(again.length, 4);
  again.append("c");
  assert.deepEqual(cut(container), ["a\n\n", "bc"]);
});
