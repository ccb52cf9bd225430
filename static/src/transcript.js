/**
 * What a run has said so far: the fold of its events. The twin of `streaming/transcript.py`; both run the same
 * `tests/fixtures/transcripts/*.json`.
 */

/**
 * @typedef {import("./run-socket.js").RunEvent} RunEvent
 * @typedef {{id: string, name: string, arguments: string, extra?: string}} Call
 */

const CONTENT = new Set(["text", "reasoning", "refusal", "tool_call"]);

export class Transcript {
  id = "";
  model = "";
  text = "";
  reasoning = "";
  refusal = "";
  /** Whether a person could see anything yet. */
  shown = false;
  /** @type {RunEvent[]} */
  blocks = [];
  /** @type {RunEvent | null} */
  usage = null;
  /** @type {RunEvent | null} the event that ended it */
  outcome = null;
  /** @type {Call[]} by their position */
  #calls = [];

  /** @param {RunEvent[]} events */
  applyAll(events) {
    for (const event of events) this.apply(event);
    return this;
  }

  /** @param {RunEvent} event */
  apply(event) {
    if (this.outcome) return;
    this.shown ||= CONTENT.has(event.type);
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

  /** The calls in their order. */
  get toolCalls() {
    return this.#calls.filter(Boolean);
  }

  set toolCalls(calls) {
    this.#calls = calls;
  }

  get state() {
    if (!this.outcome) return "streaming";
    if (this.outcome.type === "finished") return "complete";
    if (this.outcome.type === "stopped") return "stopped";
    return this.shown ? "interrupted" : "failed";
  }

  /** Why a complete answer ended. */
  get finishReason() {
    return this.outcome?.type === "finished" ? this.outcome.reason : "";
  }

  /** @param {RunEvent} event */
  #call({ position, id = "", name = "", arguments: piece = "", extra = "" }) {
    const call = (this.#calls[position] ??= { id: "", name: "", arguments: "" });
    call.id ||= id;
    call.name ||= name;
    call.arguments += piece;
    if (extra) call.extra = extra;
  }

  /** Half of a call is never run, and half of a turn's thinking is never sent back. @param {RunEvent} event */
  #end(event) {
    this.outcome = event;
    if (event.type === "finished") return;
    this.#calls = [];
    this.blocks = [];
  }
}
