import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE, Pace } from "../../static/src/pace.js";
import { Clock } from "./world.js";

/** A page on which showing and its frame take so many milliseconds; frames come when they are asked for. */
class Page extends Clock {
  shown = [];
  #frame = null;
  #costs;

  constructor(costs) {
    super();
    this.#costs = costs;
    this.pace = new Pace(() => {
      this.shown.push(this.time);
      this.time += costs / 2;
    }, this);
  }

  frame = (done) => {
    this.#frame = done;
    return () => (this.#frame = null);
  };

  /** The frame that was asked for is made. */
  async paint() {
    const done = this.#frame;
    this.#frame = null;
    this.time += this.#costs / 2;
    done?.(this.#costs / 2);
    await this.pass(0);
  }
}

test("what comes while the page rests is shown at once", () => {
  const page = new Page(4);
  page.pace.ask();
  assert.deepEqual(page.shown, [0]);
});

test("whatever comes before the frame is made waits for it", async () => {
  const page = new Page(0);
  for (let chunk = 0; chunk < 100; chunk++) page.pace.ask();
  assert.equal(page.shown.length, 1);
  await page.paint();
  assert.equal(page.shown.length, 2);
  await page.paint();
  assert.equal(page.shown.length, 2);
});

test("what is too much for one frame is not made to wait, not even while something waits", async () => {
  const page = new Page(10);
  page.pace.ask();
  await page.paint();
  page.pace.ask(20);
  await page.pass(60);
  assert.equal(page.shown.length, 1);
  page.pace.ask(400);
  assert.equal(page.shown.length, 2);
  page.pace.ask(800);
  await page.paint();
  await page.pass(60);
  assert.equal(page.shown.length, 3);
  await page.paint();
  await page.pass(1_000);
  assert.equal(page.shown.length, 3);
});

for (const [cost, apart, why] of [
  [1, 32, "one part in thirty-two of the page's time"],
  [4, 128, "one part in thirty-two of the page's time"],
  [16, 250, "nobody waits longer to spare the page's time"],
  [60, 300, "but the page keeps most of it"],
  [200, 500, "and half a second is the longest"],
]) {
  test(`showing that takes ${cost} ms comes every ${apart} ms: ${why}`, async () => {
    const page = new Page(cost);
    for (let turn = 0; turn < 4_000; turn++) {
      page.pace.ask();
      await page.paint();
      await page.pass(1);
    }
    const gaps = page.shown.slice(20).map((at, one) => at - page.shown[one + 19]);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.abs(mean - apart) < apart / 10 + 1, `${mean} ms`);
  });
}

test("a single dear one makes nobody wait for long, and the last of it is shown", async () => {
  const page = new Page(2_000);
  page.pace.ask();
  await page.paint();
  page.pace.ask();
  await page.pass(PATIENCE);
  assert.equal(page.shown.length, 2);
});

test("what is stopped is not shown, and can begin again", async () => {
  const page = new Page(4);
  page.pace.ask();
  page.pace.ask();
  page.pace.stop();
  await page.paint();
  await page.pass(PATIENCE);
  assert.equal(page.shown.length, 1);
  page.pace.ask();
  assert.equal(page.shown.length, 2);
});

test("a fault in showing does not keep what comes later from being shown", async () => {
  const page = new Page(4);
  let faults = 1;
  const pace = new Pace(() => {
    if (faults-- > 0) throw new Error("on purpose");
    page.shown.push(page.time);
  }, page);
  assert.throws(() => pace.ask(), /on purpose/);
  pace.ask();
  await page.paint();
  await page.pass(PATIENCE);
  assert.equal(page.shown.length, 1);
});
