/** A clock that stands still until it is told, sockets that do what the test says, and the page's words. */
import { learn } from "../../static/src/words.js";

learn({
  waiting: "Waiting for {model} · {time}",
  busy_model: "{model} is busy. Trying again in {time}. Your message is kept.",
  writing: "{model} · writing",
  slow: "Nothing new for {time}. Still connected; ends by itself at {limit}.",
  heard_code: "Code, {lines}.",
  heard_code_in: "Code, {language}, {lines}.",
  heard_line: "{n} line",
  heard_lines: "{n} lines",
  heard_row: "Table, {n} row.",
  heard_rows: "Table, {n} rows.",
  heard_formula: "Formula.",
  seconds: "{n} s",
  minutes: "{minutes} min {n} s",
  whole_minutes: "{n} min",
});

export class Clock {
  time = 0;
  #timers = [];

  now = () => this.time;

  later = (act, after) => {
    const timer = { act, at: this.time + after };
    this.#timers.push(timer);
    return timer;
  };

  cancel = (timer) => {
    this.#timers = this.#timers.filter((one) => one !== timer);
  };

  get waiting() {
    return this.#timers.length;
  }

  async pass(milliseconds) {
    const until = this.time + milliseconds;
    for (;;) {
      const next = this.#timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = next.at;
      this.cancel(next);
      next.act();
      await settled();
    }
    this.time = until;
    await settled();
  }
}

export class FakeSocket {
  sent = [];
  closed = false;
  #n = 0;

  accept() {
    this.onopen?.();
  }

  say(frame) {
    this.onmessage?.({ data: JSON.stringify({ n: ++this.#n, ...frame }) });
  }

  send(data) {
    this.sent.push(JSON.parse(data));
  }

  /** The other side hangs up, or refuses. */
  async end(code = 1006) {
    this.onclose?.({ code });
    await settled();
  }

  close() {
    this.closed = true;
  }
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A text channel of a page without a page. */
export class FakeReader {
  position;
  events = [];
  calls = [];

  constructor(position = 0) {
    this.position = position;
  }

  apply(events) {
    this.events.push(...events);
  }

  waiting(notice) {
    this.calls.push(notice);
  }

  resync(away = false) {
    this.calls.push(away ? "resync, away" : "resync");
  }

  gone() {
    this.calls.push("gone");
  }

  get text() {
    return this.events.map((event) => event.text).join("");
  }
}

/** Just enough of a document for what makes text nodes. */
export function fakeDocument() {
  globalThis.document = {
    createElement: () => new FakeElement(),
    createTextNode: (data) => ({ data, get textContent() { return this.data; }, appendData(piece) { this.data += piece; } }),
  };
  return new FakeElement();
}

class FakeElement {
  childNodes = [];
  get firstChild() {
    return this.childNodes[0] ?? null;
  }
  get lastElementChild() {
    return this.childNodes[this.childNodes.length - 1] ?? null;
  }
  get textContent() {
    return this.childNodes.map((node) => node.textContent).join("");
  }
  append(...nodes) {
    this.childNodes.push(...nodes);
  }
  replaceChildren(...nodes) {
    this.childNodes = nodes;
  }
}
