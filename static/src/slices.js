/** Work that can wait, done in slices: one after each frame, so that no frame has to lay out more than one has made. */

/** Milliseconds of a slice; fewer of one that only adorns what stands there, which is dearer to lay out than to make. */
const SLICE = 6;
const ADORNING = 2;
/** Nodes of that kind which one frame has room for. */
export const NODES = 60;
const PATIENCE = 100;

/** @typedef {Generator<number, void>} Work at each step it yields how many nodes it has put on the page */
/** @type {(() => unknown)[]} */
const tasks = [];
/** @type {Work[]} */
const adornments = [];
const { port1, port2 } = new MessageChannel();
let waiting = false;
port1.onmessage = run;

/** Does this soon, and again as long as it returns true. What came last goes first. @param {() => unknown} task */
export function soon(task) {
  tasks.push(task);
  wake();
}

/** Does this step by step when there is nothing else to do, in the order of asking. @param {Work} work */
export function later(work) {
  adornments.unshift(work);
  wake();
}

/** Does what waits, at once, for no longer than this. @param {number} milliseconds */
export function hurry(milliseconds) {
  const end = performance.now() + milliseconds;
  while (tasks.length + adornments.length && performance.now() < end) tasks.length ? once() : step();
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
  const begin = performance.now();
  const within = (/** @type {number} */ milliseconds) => performance.now() - begin < milliseconds;
  while (tasks.length && within(SLICE)) once();
  for (let nodes = 0; !tasks.length && adornments.length && nodes < NODES && within(ADORNING); ) nodes += step();
  if (tasks.length || adornments.length) wake();
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

/** How many nodes that has put on the page. */
function step() {
  const work = /** @type {Work} */ (adornments.pop());
  try {
    const { done, value } = work.next();
    if (!done) adornments.push(work);
    return value ?? 0;
  } catch (error) {
    // As above.
    reportError(error);
    return 0;
  }
}
