/**
 * How often what comes is shown: at once where the page rests; then no more than once a frame, and no more than leaves the
 * page nearly all of its time. Where showing is dear, on a slow machine or in a hard block, more is shown at a time.
 */

/** Showing takes one of so many parts of the page's time, unless somebody would have to wait for it; at worst one of so few. */
const PARTS = 32;
const FEW = 5;
/** What one turn has cost counts for one of so many. */
const MEMORY = 4;
/** Milliseconds that nothing waits for that, and characters of which no more are made to wait: they would not fit into a frame. */
const SOON = 250;
const MUCH = 300;
/** Milliseconds that nothing waits longer than, whatever it costs. */
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
  #much = false;
  #cost = 0;
  #began = -Infinity;
  /** @type {(() => void) | null} calls off what is waited for */
  #off = null;
  #painting = false;

  /** @param {() => void} show shows what has come @param {World} [world] */
  constructor(show, world = browser()) {
    this.#show = show;
    this.#world = world;
  }

  /** Something has come. @param {number} [waiting] characters that are not shown yet */
  ask(waiting = 0) {
    this.#wanted = true;
    this.#much = waiting > MUCH;
    if (!this.#painting && (!this.#off || this.#much)) this.#wait();
  }

  /** What has come is not to be shown. */
  stop() {
    this.#off?.();
    this.#off = null;
    this.#wanted = this.#painting = false;
  }

  #wait() {
    this.#off?.();
    const gentle = this.#much ? 0 : Math.min(SOON, PARTS * this.#cost);
    const rest = this.#began + Math.min(PATIENCE, Math.max(FEW * this.#cost, gentle)) - this.#world.now();
    if (rest <= 0) return this.#turn();
    const timer = this.#world.later(() => this.#turn(), rest);
    this.#off = () => this.#world.cancel(timer);
  }

  /** Before the frame and not in it: the browser would need another one to say that it has scrolled. */
  #turn() {
    this.#wanted = this.#much = false;
    this.#began = this.#world.now();
    let shown = 0;
    // Asked for first, so that a fault in showing stops nothing of what comes later.
    this.#painting = true;
    this.#off = this.#world.frame((took) => this.#done(shown + took));
    this.#show();
    shown = this.#world.now() - this.#began;
  }

  /** @param {number} cost milliseconds */
  #done(cost) {
    this.#off = null;
    this.#painting = false;
    this.#cost += (cost - this.#cost) / MEMORY;
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
