/**
 * The one sign that an answer is being written: a rule in the margin, drawn by what it stands beside. Nothing above that
 * says so in an attribute that styles ask for: each change of one would have all of a long answer styled anew.
 */
export class MarginRule {
  /** @type {Element | null} */
  #beside = null;

  /** @param {Element | null} beside @param {import("./live.js").Look["rule"]} look */
  stand(beside, look) {
    if (beside !== this.#beside) this.leave();
    this.#beside = beside;
    if (beside && beside.getAttribute("data-beside") !== look) beside.setAttribute("data-beside", look);
  }

  leave() {
    this.#beside?.removeAttribute("data-beside");
    this.#beside = null;
  }
}
