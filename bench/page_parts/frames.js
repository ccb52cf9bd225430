/** The usual time to show what comes: the next frame. For comparison only. */
export class Pace {
  #show;
  #frame = 0;

  constructor(show) {
    this.#show = show;
  }

  ask() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#show();
    });
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
