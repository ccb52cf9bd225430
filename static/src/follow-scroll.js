/**
 * Keeps the end of a growing log in view for as long as the person wants it. Any move up ends that at once; reaching
 * the end takes it up again. Nothing is ever scrolled smoothly, and never away from where somebody reads.
 */

const NEAR = 48;
const FAR = 200;
const UP = new Set(["ArrowUp", "PageUp", "Home"]);

export class FollowScroll extends EventTarget {
  #log;
  #following = true;
  #top = 0;
  #height = 0;
  #finger = 0;
  #far = false;

  /** @param {HTMLElement} log */
  constructor(log) {
    super();
    this.#log = log;
  }

  get following() {
    return this.#following;
  }

  /** Whether there is much below that is not seen. */
  get far() {
    return this.#far;
  }

  toEnd() {
    this.#follow(true);
    this.settle();
  }

  /** The log has grown, or what surrounds it has changed. */
  settle() {
    if (this.#following) this.#log.scrollTop = this.#log.scrollHeight;
    this.scrolled();
  }

  /** Somebody reads, selects or works here: whatever comes must not move it. */
  hold() {
    this.#follow(false);
  }

  /** Somebody is about to move up; text that comes before the browser has moved must not undo it. @param {Event} event */
  intend(event) {
    if (event instanceof WheelEvent && event.deltaY < 0) this.hold();
    if (event instanceof KeyboardEvent && UP.has(event.key)) this.hold();
    if (event.type === "pointerdown" && this.#onScrollBar(/** @type {PointerEvent} */ (event))) this.hold();
    if (!("touches" in event)) return;
    const { clientY } = /** @type {TouchEvent} */ (event).touches[0];
    if (event.type === "touchmove" && clientY > this.#finger) this.hold();
    this.#finger = clientY;
  }

  /** The log's position has changed, by whomever. */
  scrolled() {
    const top = this.#log.scrollTop;
    const height = this.#log.scrollHeight;
    const distance = height - this.#log.clientHeight - top;
    // Where the content has shrunk, the browser has moved, not the person.
    if (top < this.#top - 1 && distance > 1 && height >= this.#height) this.#follow(false);
    else if (distance <= NEAR && top > this.#top) this.#follow(true);
    this.#top = top;
    this.#height = height;
    this.#log.toggleAttribute("data-scrolled", top > 0);
    if (this.#far === distance > FAR) return;
    this.#far = distance > FAR;
    this.dispatchEvent(new Event("far"));
  }

  /** @param {PointerEvent} event */
  #onScrollBar({ target, offsetX }) {
    return target === this.#log && (offsetX > this.#log.clientWidth || offsetX < 0);
  }

  /** While it follows, the browser's own anchoring must not count as a move. @param {boolean} following */
  #follow(following) {
    this.#following = following;
    this.#log.toggleAttribute("data-following", following);
  }
}
