/**
 * What a run has said so far: the fold of its events. The twin of `streaming/transcript.py`; both run the same
 * `tests/fixtures/transcripts/*.json`.
 */

/**
 * @typedef {import("./run-socket.js").RunEvent} RunEvent
 * @typedef {{id: string, name: string, arguments: string, extra?: string}} Call
 */

export class Transcript {
  id = "";
  model = "";
  text = "";
  reasoning = "";
  refusal = "";
  /** @type {Call[]} */
  toolCalls = [];
  /** @type {RunEvent[]} */
  blocks = [];
  /** @type {RunEvent | null} */
  usage = null;
  /** @type {RunEvent | null} the event that ended it */
  outcome = null;
  #hadShown = false;

  /** @param {RunEvent[]} events */
  applyAll(events) {
    for (const event of events) this.apply(event);
    return this;
  }

  /** @param {RunEvent} event */
  apply(event) {
    if (this.outcome) return;
    switch (event.type) {
      case "started":
        this.id = event.id ?? "";
        this.model = event.model ?? "";
        break;
      case "text":
      case "reasoning":
      case "refusal":
        this[event.type] += event.text;
        break;
      case "reasoning_block":
        this.blocks.push(event);
        break;
      case "tool_call":
        this.#call(event);
        break;
      case "usage":
        this.usage = event;
        break;
      case "finished":
      case "stopped":
      case "failed":
        this.#end(event);
    }
  }

  /** Whether a person has anything to see. */
  get shown() {
    return Boolean(this.text || this.reasoning || this.refusal || this.toolCalls.length);
  }

  get state() {
    if (!this.outcome) return "streaming";
    if (this.outcome.type === "finished") return "complete";
    if (this.outcome.type === "stopped") return "stopped";
    return this.#hadShown ? "interrupted" : "failed";
  }

  /** @param {RunEvent} event */
  #call({ position, id = "", name = "", arguments: piece = "", extra = "" }) {
    const call = (this.toolCalls[position] ??= { id: "", name: "", arguments: "" });
    call.id ||= id;
    call.name ||= name;
    call.arguments += piece;
    if (extra) call.extra = extra;
  }

  /** A call that was cut may be half of one, and thinking that was cut cannot be sent back. @param {RunEvent} event */
  #end(event) {
    this.#hadShown = this.shown;
    this.outcome = event;
    if (event.type === "finished") return;
    this.toolCalls = [];
    this.blocks = [];
  }
}
