import assert from "node:assert/strict";
import { test } from "node:test";
import { look } from "../../static/src/live.js";
import "./world.js";

const moment = { phase: "writing", connection: "open", disconnected: 0, behind: false, delayed: false, waited: 3.4, quiet: 0.2, stopping: false, busy: 0, model: "tour", limit: 900 };
const line = (changes) => look({ ...moment, ...changes }).line;

test("waiting tells how long, and breathes", () => {
  assert.deepEqual(look({ ...moment, phase: "waiting" }), { line: "Waiting for tour · 3\u202fs", rule: "breathing" });
});

test("U-07 a busy model is said to be so, and when it is asked again", () => {
  const busy = { ...moment, phase: "waiting", busy: 13.2 };
  assert.deepEqual(look(busy), { line: "tour is busy. Trying again in 14\u202fs. Your message is kept.", rule: "breathing", icon: "busy" });
  assert.equal(line({ ...busy, busy: -1 }), "Waiting for tour · 3\u202fs");
  assert.equal(line({ ...busy, stopping: true }), "stopping");
  assert.equal(line({ ...busy, phase: "writing" }), "tour · writing");
});

test("while text comes no time is told, and the rule stands still", () => {
  assert.deepEqual(look(moment), { line: "tour · writing", rule: "still" });
});

test("after 15 s of silence it says so, and how it will end", () => {
  assert.equal(line({ quiet: 22 }), "Nothing new for 22\u202fs. Still connected; ends by itself at 15\u202fmin.");
  assert.equal(line({ quiet: 14.9 }), "tour · writing");
});

test("a short gap of the network is not worth a word", () => {
  assert.equal(line({ connection: "waiting", disconnected: 1.9 }), "tour · writing");
  assert.equal(line({ connection: "waiting", disconnected: 2 }), "reconnecting");
});

test("without network the rule is held, and words and an icon say so too", () => {
  assert.deepEqual(look({ ...moment, connection: "offline", disconnected: 5 }), { line: "offline", rule: "held", icon: "offline" });
});

test("D-07 where only what is stored can be shown, it says so", () => {
  assert.deepEqual(look({ ...moment, delayed: true }), { line: "delayed", rule: "still" });
  assert.equal(line({ delayed: true, connection: "waiting", disconnected: 2 }), "reconnecting");
});

test("stopping is said at once", () => {
  assert.equal(line({ stopping: true }), "stopping");
});
