/**
 * How often what comes is shown: at once where the page rests; then no more than once a frame, and no more than leaves the
 * page nearly all of its time. Where showing is dear, on a slow machine or in a hard block, more is shown at a time.
 */

/** Showing takes one of so many parts of the page's time, unless somebody would have to wait for it; at worst one of so few. */
const PARTS = 32;
const FEW = 5;
/** What one turn has cost counts for one of so many. */
const MEMORY = 4;
/** Milliseconds that nothing waits for that; and that nothing waits longer than, whatever it costs. */
const SOON = 200;
export const PATIENCE = 500;

/**
 * @typedef {object} World
 * @property {() => number} now milliseconds
 * @property {(act: () => void, after: number) => any} later
 * @property {(timer: any) => void} cancel
 * @property {(done: (took: number) => void) => () => void} frame calls back after the next frame, with the milliseconds that it took; calls that off
 */

export class Pace {
  #show;
  #world;
  #wanted = false;
  #cost = 0;
  #due = 0;
  /** @type {(() => void) | null} calls off what is waited for */
  #off = null;

  /** @param {() => void} show shows what has come @param {World} [world] */
  constructor(show, world = browser()) {
    this.#show = show;
    this.#world = world;
  }

  /** Something has come. */
  ask() {
    this.#wanted = true;
    if (!this.#off) this.#wait();
  }

  /** What has come is not to be shown. */
  stop() {
    this.#off?.();
    this.#off = null;
    this.#wanted = false;
  }

  #wait() {
    const rest = this.#due - this.#world.now();
    if (rest <= 0) return this.#turn();
    const timer = this.#world.later(() => this.#turn(), rest);
    this.#off = () => this.#world.cancel(timer);
  }

  /** Before the frame and not in it: the browser would need another one to say that it has scrolled. */
  #turn() {
    this.#wanted = false;
    const began = this.#world.now();
    let shown = 0;
    // Asked for first, so that a fault in showing stops nothing of what comes later.
    this.#off = this.#world.frame((took) => this.#done(began, shown + took));
    this.#show();
    shown = this.#world.now() - began;
  }

  /** @param {number} began @param {number} cost milliseconds */
  #done(began, cost) {
    this.#off = null;
    this.#cost += (cost - this.#cost) / MEMORY;
    this.#due = began + Math.min(PATIENCE, Math.max(FEW * this.#cost, Math.min(SOON, PARTS * this.#cost)));
    if (this.#wanted) this.#wait();
  }
}

/** @returns {World} */
function browser() {
  const { port1, port2 } = new MessageChannel();
  return {
    now: () => performance.now(),
    later: (act, after) => setTimeout(act, after),
    cancel: (timer) => clearTimeout(timer),
    frame: (done) => {
      const frame = requestAnimationFrame(() => {
        const began = performance.now();
        // Comes when the frame is done.
        port1.onmessage = () => done(performance.now() - began);
        port2.postMessage(null);
      });
      return () => {
        cancelAnimationFrame(frame);
        port1.onmessage = null;
      };
    },
  };
}
