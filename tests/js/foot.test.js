import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { lang: "en-GB" } };
const { when } = await import("../../static/src/foot.js");
const now = new Date(2026, 10, 25, 9, 30);

for (const [then, words] of [
  [new Date(2026, 10, 25, 8, 5), "08:05"],
  [new Date(2026, 10, 24, 23, 59), "yesterday"],
  [new Date(2026, 10, 22, 12), "3 days ago"],
  [new Date(2026, 4, 12, 12), "12 May"],
]) {
  test(`a draft of ${then.toDateString()} is from ${words}`, () => assert.equal(when(then, now), words));
}
