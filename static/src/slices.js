/** Work that can wait, done in slices: one after each frame, so that no frame has to lay out more than one has made. */

/** Milliseconds of a slice. */
const SLICE = 6;
const PATIENCE = 100;

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
  let asked = false;
  const ask = () => {
    if (!asked) port2.postMessage(null);
    asked = true;
  };
  requestAnimationFrame(ask);
  // A page that nobody sees has no frames.
  setTimeout(ask, PATIENCE);
}

function run() {
  waiting = false;
  hurry(SLICE);
  if (tasks.length) wake();
}

function once() {
  const task = /** @type {() => unknown} */ (tasks.pop());
  try {
    if (task() === true) tasks.push(task);
  } catch (error) {
    // What waits behind it must not wait for ever.
    reportError(error);
  }
}
