/**
 * Keeps the end of a growing log in view for as long as the person wants it. Any move up ends that at once; reaching
 * the end takes it up again. Nothing is ever scrolled smoothly, and never away from where somebody reads.
 */

const NEAR = 48;
const FAR = 200;

export class FollowScroll extends EventTarget {
  following = true;
  #log;
  #top = 0;
  #far = false;

  /** @param {HTMLElement} log */
  constructor(log) {
    super();
    this.#log = log;
  }

  get #distance() {
    return this.#log.scrollHeight - this.#log.clientHeight - this.#log.scrollTop;
  }

  /** Whether there is much below that is not seen. */
  get far() {
    return this.#far;
  }

  toEnd() {
    this.following = true;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.scrolled();
  }

  /** The log has grown, or what surrounds it has changed. */
  settle() {
    if (this.following) this.#log.scrollTop = this.#log.scrollHeight;
    this.scrolled();
  }

  /** Somebody reads, selects or works here: whatever comes must not move it. */
  hold() {
    this.following = false;
  }

  /** The log's position has changed, by whomever. */
  scrolled() {
    const top = this.#log.scrollTop;
    const distance = this.#distance;
    if (top < this.#top - 1 && distance > 1) this.following = false;
    else if (distance <= NEAR && top > this.#top) this.following = true;
    this.#top = top;
    this.#log.toggleAttribute("data-scrolled", top > 0);
    if (this.#far === distance > FAR) return;
    this.#far = distance > FAR;
    this.dispatchEvent(new Event("far"));
  }
}
