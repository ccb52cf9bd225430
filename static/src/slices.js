/** Work that can wait, done in slices between which the page has its turn. */

/** Milliseconds of a slice. */
const SLICE = 8;

/** @type {(() => unknown)[]} */
const tasks = [];
const { port1, port2 } = new MessageChannel();
let waiting = false;
port1.onmessage = run;

/** Does this soon, and again as long as it returns true. What came last goes first. @param {() => unknown} task */
export function soon(task) {
  tasks.push(task);
  wake();
}

/** Does this when there is nothing else to do. @param {() => unknown} task */
export function later(task) {
  tasks.unshift(task);
  wake();
}

/** Does what waits, at once, for no longer than this. @param {number} milliseconds */
export function hurry(milliseconds) {
  const end = performance.now() + milliseconds;
  while (tasks.length && performance.now() < end) once();
}

function wake() {
  if (waiting) return;
  waiting = true;
  port2.postMessage(null);
}

function run() {
  waiting = false;
  hurry(SLICE);
  if (tasks.length) wake();
}

function once() {
  const task = /** @type {() => unknown} */ (tasks.pop());
  if (task() === true) tasks.push(task);
}
