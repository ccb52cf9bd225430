/** The one place that speaks to screen readers: whole sentences, at most one batch every two seconds. */

const EVERY = 2_000;

/** @type {string[]} */
let waiting = [];
let spoke = -Infinity;
/** @type {any} */
let timer = null;

/** Says it in its turn; a hidden tab stays silent. @param {...string} sentences */
export function announce(...sentences) {
  if (document.hidden || !sentences.length) return;
  waiting.push(...sentences);
  timer ??= setTimeout(speak, Math.max(0, spoke + EVERY - performance.now()));
}

function speak() {
  timer = null;
  spoke = performance.now();
  const status = document.getElementById("status");
  if (status) status.textContent = waiting.join(" ");
  waiting = [];
}
