/**
 * One socket per tab, over which any number of runs is followed.
 *
 * It promises order without holes: a reader gets an event only if it has all before it, and is told to `resync` where
 * that cannot be proved. It comes back by itself for as long as there is something to come back for.
 */

/**
 * @typedef {{type: string, [member: string]: any}} RunEvent as `docs/protocol.md` lists them
 * @typedef {object} Reader what follows a run
 * @property {number} position the position up to which it has the run's events
 * @property {(events: RunEvent[]) => void} apply takes the next events; `position` has moved on already
 * @property {(notice: {seconds: number, reason: string}) => void} waiting nothing comes yet, and why
 * @property {(away: boolean) => void} resync fetches its message anew, then follows again; `away`: and again, every few seconds
 * @property {() => void} gone the run is unknown here: takes what is stored
 * @typedef {"idle"|"connecting"|"open"|"waiting"|"offline"|"blocked"|"signed-out"|"outdated"} State
 */

export const PROTOCOL = "chat.v1";
export const ACK_EVERY = 500;
/** The server pings every 20 s; a socket that is silent for longer than two of them is dead. */
const SILENCE = 45_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** Handshakes that are refused although the session is good: something between us lets no socket through. */
const BLOCKED_AFTER = 3;
const HANDSHAKE = 10_000;
/** Milliseconds by which a page may be older than its first socket without having missed much. */
const LATE = 2_000;
const CLOSE = { malformed: 4400, signedOut: 4401, restarting: 4012, tooLarge: 4413, outdated: 4426, tooMany: 4429, silent: 1006 };

export class RunSocket extends EventTarget {
  /** @type {State} */
  state = "idle";
  /** Since when there is a connection, or none, by the clock of timers. */
  since = 0;
  /** @type {Map<string, {reader: Reader, following: boolean}>} */
  #runs = new Map();
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #refused = 0;
  #received = 0;
  #acknowledgedAt = -Infinity;
  #seen = 0;
  /** @type {any} */
  #retry = null;
  /** @type {any} */
  #ack = null;
  /** @type {any} */
  #watch = null;
  #open;
  #session;
  #clock;
  #random;

  /**
   * @param {object} world
   * @param {() => WebSocket} world.open makes a socket
   * @param {() => Promise<number>} world.session the status of `GET /session`, 0 if it cannot be reached
   * @param {{now: () => number, later: (act: () => void, after: number) => any, cancel: (timer: any) => void}} [world.clock]
   * @param {() => number} [world.random]
   */
  constructor({ open, session, clock = browserClock, random = Math.random }) {
    super();
    this.#open = open;
    this.#session = session;
    this.#clock = clock;
    this.#random = random;
  }

  start() {
    if (!this.#socket && this.state !== "outdated") this.#connect();
  }

  /** Gives the line back, for as long as the page sleeps. */
  rest() {
    this.#drop();
    this.#become("idle");
  }

  /** There is no network. */
  lose() {
    if (this.state === "outdated" || this.state === "signed-out") return;
    this.#drop();
    this.#become("offline");
  }

  /** Something may have changed for the better: the network, the time of day, the person's attention. */
  wake() {
    const silent = this.#socket && this.#clock.now() - this.#seen > SILENCE;
    if (silent) this.#drop();
    if (!this.#socket && this.state !== "outdated") this.#connect();
  }

  /** @param {string} run @param {Reader} reader */
  follow(run, reader) {
    this.#runs.set(run, { reader, following: false });
    if (this.state === "open") this.#ask(run);
    else if (this.state !== "blocked") this.start();
  }

  /** @param {string} run */
  leave(run) {
    if (this.#runs.delete(run)) this.#send({ type: "leave", run });
  }

  #connect() {
    this.#clock.cancel(this.#retry);
    this.#retry = null;
    // Where sockets are blocked, one more attempt is not news.
    if (this.state !== "blocked") this.#become("connecting");
    const socket = this.#open();
    let opened = false;
    this.#socket = socket;
    // Some that let no socket through do not even say so.
    this.#watch = this.#clock.later(() => closed(CLOSE.silent), HANDSHAKE);
    const closed = (/** @type {number} */ code) => {
      if (this.#socket !== socket) return;
      this.#drop();
      this.#closed(code, opened);
    };
    socket.onopen = () => {
      opened = true;
      this.#opened();
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => closed(event.code);
  }

  #opened() {
    this.#refused = 0;
    this.#received = 0;
    this.#acknowledgedAt = -Infinity;
    this.#seen = this.#clock.now();
    this.#clock.cancel(this.#watch);
    this.#watchOver();
    const again = this.#attempt > 0;
    this.#become("open");
    for (const run of this.#runs.keys()) this.#ask(run);
    // Hints that came meanwhile are lost: whoever depends on them has to look for itself. So they are where the page
    // is older than its socket.
    if (again || this.#clock.now() > LATE) this.dispatchEvent(new Event("resumed"));
  }

  /** @param {string} run */
  #ask(run) {
    const entry = this.#runs.get(run);
    if (!entry) return;
    entry.following = true;
    this.#send({ type: "follow", run, after: entry.reader.position });
  }

  /** @param {unknown} data */
  #receive(data) {
    if (typeof data !== "string") return;
    const frame = JSON.parse(data);
    this.#attempt = 0;
    this.#seen = this.#clock.now();
    if (typeof frame.n === "number") this.#acknowledge(frame.n);
    if (frame.type === "events") this.#events(frame);
    else if (frame.type === "waiting") this.#waits(frame);
    else if (frame.type === "resync") this.#lost(frame.run, false, frame.away === true);
    else if (frame.type === "gone") this.#gone(frame.run);
    else if (frame.type === "changed") this.dispatchEvent(new CustomEvent("changed", { detail: { what: frame.what, id: frame.id } }));
  }

  /** @param {{run: string, after: number, position: number, events: RunEvent[]}} frame */
  #events({ run, after, position, events }) {
    const entry = this.#runs.get(run);
    if (!entry?.following) return;
    if (after !== entry.reader.position) return this.#lost(run, true);
    entry.reader.position = position;
    entry.reader.apply(events);
  }

  /** @param {{run: string, seconds: number, reason: string}} frame */
  #waits({ run, seconds, reason }) {
    const entry = this.#runs.get(run);
    if (entry?.following) entry.reader.waiting({ seconds, reason });
  }

  /**
   * @param {string} run
   * @param {boolean} leave whether the server still believes that we follow
   * @param {boolean} [away] whether the server cannot say what comes, only what is stored
   */
  #lost(run, leave, away = false) {
    const entry = this.#runs.get(run);
    if (!entry?.following) return;
    entry.following = false;
    if (leave) this.#send({ type: "leave", run });
    entry.reader.resync(away);
  }

  /** @param {string} run */
  #gone(run) {
    const entry = this.#runs.get(run);
    this.#runs.delete(run);
    entry?.reader.gone();
  }

  /** At once where that is not too often: in a hidden tab a timer may take a minute. @param {number} n */
  #acknowledge(n) {
    this.#received = n;
    const due = this.#acknowledgedAt + ACK_EVERY - this.#clock.now();
    if (due <= 0) this.#sayReceived();
    else this.#ack ??= this.#clock.later(() => this.#sayReceived(), due);
  }

  #sayReceived() {
    this.#clock.cancel(this.#ack);
    this.#ack = null;
    this.#acknowledgedAt = this.#clock.now();
    this.#send({ type: "ack", n: this.#received });
  }

  /** Notices a socket that died without a word. */
  #watchOver() {
    this.#watch = this.#clock.later(() => {
      this.wake();
      if (this.#socket) this.#watchOver();
    }, SILENCE / 3);
  }

  /** @param {number} code @param {boolean} opened */
  async #closed(code, opened) {
    if (code === CLOSE.outdated) return this.#become("outdated");
    if (!opened) this.#refused += 1;
    // A refused handshake tells a browser nothing, and a code may be older than a new sign-in: the session decides.
    if (!opened || code === CLOSE.signedOut) {
      const blocked = this.state === "blocked";
      if (!blocked) this.#become("waiting");
      const status = await this.#session();
      if (this.#socket || this.state !== (blocked ? "blocked" : "waiting")) return;
      if (status === 401) return this.#become("signed-out");
      if (status === 0) this.#refused = 0;
    }
    this.#become(this.#refused >= BLOCKED_AFTER ? "blocked" : "waiting");
    this.#retry = this.#clock.later(() => this.#connect(), this.#wait(code));
  }

  /** How long to stay away: longer each time, and never all at once. @param {number} code */
  #wait(code) {
    const slow = code === CLOSE.tooMany || code === CLOSE.malformed || code === CLOSE.tooLarge;
    // A worker that goes sends all of its pages away at once, and a whole school may have one address.
    const least = slow ? 10_000 : code === CLOSE.restarting ? 1_000 + 2_000 * this.#random() : 0;
    const grown = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempt);
    this.#attempt += 1;
    return least + grown * (0.5 + this.#random() / 2);
  }

  /** @param {object} frame */
  #send(frame) {
    if (this.state === "open" && this.#socket) this.#socket.send(JSON.stringify(frame));
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    for (const timer of [this.#retry, this.#ack, this.#watch]) this.#clock.cancel(timer);
    this.#retry = this.#ack = this.#watch = null;
    for (const entry of this.#runs.values()) entry.following = false;
    if (!socket) return;
    this.#attempt = Math.max(1, this.#attempt);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {State} state */
  #become(state) {
    if (state === this.state) return;
    // Trying again and failing again is one absence.
    if (state === "open" || this.state === "open" || this.state === "idle") this.since = this.#clock.now();
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

const browserClock = {
  now: () => performance.now(),
  later: (/** @type {() => void} */ act, /** @type {number} */ after) => setTimeout(act, after),
  cancel: (/** @type {any} */ timer) => clearTimeout(timer),
};
