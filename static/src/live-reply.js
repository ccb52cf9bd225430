/**
 * A reply that is being written: follows its run from where the page stands, shows what comes once a frame, says how it
 * goes, and takes the final word from the server when the run has ended.
 */
import { adopt, shower } from "./adopt.js";
import { announce } from "./announcer.js";
import { lastBlock } from "./leaves.js";
import { BUSY, SLOW, look } from "./live.js";
import { MarginRule } from "./margin-rule.js";
import { Pace } from "./pace.js";
import { part, stamp } from "./parts.js";
import { Prose } from "./prose.js";
import { events, get } from "./request.js";
import { Spoken } from "./spoken.js";
import { Transcript } from "./transcript.js";
import { duration, t } from "./words.js";

const BEAT = 500;
const POLL = 2_000;
/** How long we may seem to catch up with what was missed, when there was nothing to miss. */
const CATCH_UP = 1_500;
const PLAIN = /** @type {const} */ (["reasoning", "refusal"]);
const CHANNELS = /** @type {const} */ (["text", ...PLAIN]);

export class LiveReply {
  position = 0;
  stopping = false;
  #host;
  #article;
  #runs;
  #run = "";
  #transcript = new Transcript();
  #texts;
  #spoken = new Spoken(document.documentElement.dataset.speech);
  /** Whether the text that stood here before has been read. */
  #begun = false;
  #asked = 0;
  #thoughtFrom = 0;
  #heard = 0;
  #busyUntil = 0;
  #behindSince = 0;
  #fetched = 0;
  #pace = new Pace(() => this.#patch());
  #rule = new MarginRule();
  #unknown = false;
  /** Whether its end has been told: two may have asked for it. */
  #finished = false;
  /** Grows with each time that the message is fetched. */
  #turn = 0;
  #delayed = false;
  /** @type {any} */
  #beat = null;
  /** @type {any} */
  #retry = null;
  #stateChanged = () => this.#connection();

  /** @param {HTMLElement} host @param {import("./run-socket.js").RunSocket} runs */
  constructor(host, runs) {
    this.#host = host;
    this.#article = /** @type {HTMLElement} */ (host.closest("article"));
    this.#runs = runs;
    this.#texts = { text: Prose.of(part(host, "text")), reasoning: shower(part(host, "reasoning")), refusal: shower(part(host, "refusal")) };
    this.#hear(this.#texts.text.view, false);
    this.#texts.text.listener = (view, last) => this.#hear(view, last);
  }

  start() {
    this.#heard = performance.now();
    this.#thoughtFrom = this.#asked = this.#heard - Number(this.#host.getAttribute("age")) * 1_000;
    this.#runs.addEventListener("state", this.#stateChanged);
    this.#beat = setInterval(() => this.#tick(), BEAT);
    this.#follow();
    this.#say();
  }

  end() {
    this.#runs.leave(this.#run);
    this.#runs.removeEventListener("state", this.#stateChanged);
    clearInterval(this.#beat);
    clearTimeout(this.#retry);
    this.#pace.stop();
    this.#rule.leave();
  }

  /** @param {import("./run-socket.js").RunEvent[]} events */
  apply(events) {
    const before = this.#phase;
    this.#transcript.applyAll(events);
    this.#heard = performance.now();
    this.#delayed = false;
    this.#behind(false);
    if (before === "waiting" && this.#phase === "thinking") this.#thinks();
    this.#pace.ask(CHANNELS.reduce((sum, channel) => sum + this.#transcript[channel].length - this.#texts[channel].length, 0));
    if (this.#transcript.outcome) this.resync();
  }

  /** The model could not be asked just now, and will be again. @param {{seconds: number, reason: string}} notice */
  waiting({ seconds, reason }) {
    if (!BUSY.includes(reason)) return;
    const first = !this.#busyUntil;
    this.#busyUntil = performance.now() + seconds * 1_000;
    this.#say();
    if (first) announce(part(this.#host, "status").textContent ?? "");
  }

  /** Takes the message as the server has it, and goes on from there. @param {boolean} [away] whether that is all there is */
  async resync(away = false) {
    if (away && !this.#delayed) announce(t("delayed"));
    this.#delayed ||= away;
    this.#fetched = performance.now();
    clearTimeout(this.#retry);
    this.#retry = null;
    const turn = ++this.#turn;
    const answer = await get(`/m/${this.#article.dataset.message}/${this.#host.closest("[data-readonly]") ? "?readonly" : ""}`);
    const fresh = answer.document?.querySelector(`[data-message="${this.#article.dataset.message}"]`);
    // Answers may overtake each other: the last one asked for is the newest.
    if (!this.#host.isConnected || turn !== this.#turn) return;
    if (answer.status === 404 || answer.status === 401) return this.end();
    if (answer.status !== 200 || !fresh) return this.#later();
    this.#pace.stop();
    adopt(this.#article, fresh);
    if (this.#article.dataset.state === "streaming") this.#resume();
    else this.#finish();
  }

  /** Where no socket comes through, the same events at the same positions come by HTTP. */
  async #poll() {
    this.#fetched = Infinity;
    const run = this.#run;
    const { status, frame } = await events(this.#article.dataset.message ?? "", this.position);
    this.#fetched = performance.now();
    if (!this.#host.isConnected || this.#runs.state !== "blocked" || run !== this.#run) return;
    if (frame?.run === run && frame.after === this.position) {
      this.position = frame.position;
      this.apply(frame.events);
    } else if (![0, 204, 429].includes(status)) this.resync();
  }

  /** Nobody writes it now, as after a restart; the server will say what becomes of it. */
  gone() {
    this.#unknown = true;
    this.resync();
  }

  /** Something has become of it. */
  nudge() {
    if (this.#retry) this.resync();
  }

  #later() {
    this.#retry = setTimeout(() => this.resync(), POLL);
  }

  get #phase() {
    const { text, refusal, reasoning, toolCalls } = this.#transcript;
    // What is continued was there before: nothing has come yet.
    if (this.position <= Number(this.#host.getAttribute("begun"))) return "waiting";
    if (text || refusal || toolCalls.length) return "writing";
    return reasoning ? "thinking" : "waiting";
  }

  #follow() {
    this.#run = this.#host.getAttribute("run") ?? "";
    this.position = Number(this.#host.getAttribute("after"));
    this.#transcript = new Transcript();
    for (const channel of CHANNELS) this.#transcript[channel] = this.#texts[channel].text;
    this.#transcript.toolCalls = Array.from(part(this.#host, "tools").children, readCall);
    this.#runs.follow(this.#run, this);
  }

  #resume() {
    for (const channel of PLAIN) this.#texts[channel] = shower(part(this.#host, channel));
    if (this.#unknown) this.#later();
    else this.#follow();
    this.#unknown = false;
    this.#say();
    this.#grown();
  }

  #finish() {
    if (this.#finished) return;
    this.#finished = true;
    this.end();
    const { state } = this.#article.dataset;
    if (state === "stopped") announce(t("heard_stopped"));
    if (state === "complete") announce(t("heard_finished"));
    this.#host.dispatchEvent(new Event("reply-end", { bubbles: true }));
    this.#grown();
  }

  /** What is looked at is read as markdown. */
  think() {
    this.#texts.reasoning = Prose.of(part(this.#host, "reasoning"));
  }

  #patch() {
    for (const channel of CHANNELS) this.#texts[channel].append(this.#transcript[channel].slice(this.#texts[channel].length));
    this.#showCalls();
    const thought = part(this.#host, "thought");
    // Each write of it, of the same word too, would have it styled anew.
    if (thought.hidden === (this.#transcript.reasoning !== "")) thought.hidden = !thought.hidden;
    this.#say();
    this.#grown();
  }

  #showCalls() {
    const tools = part(this.#host, "tools");
    this.#transcript.toolCalls.forEach((call, at) => {
      const fold = tools.children[at] ?? tools.appendChild(stamp("tool"));
      const [name, body] = [fold.querySelector("bdi"), fold.querySelector(".fold__code > div")];
      if (name && name.textContent !== call.name) name.textContent = call.name;
      if (body) grow(body, call.arguments);
    });
  }

  #thinks() {
    this.#thoughtFrom = performance.now();
    announce(t("heard_thinking"));
  }

  /** What stood here before is no news. @param {import("./tree.js").Branch} view @param {boolean} last */
  #hear(view, last) {
    if (this.#begun) announce(...this.#spoken.hear(view, last));
    else this.#spoken.pass(view);
    this.#begun ||= !this.#texts.text.pending;
  }

  #grown() {
    this.#host.dispatchEvent(new Event("reply-grow", { bubbles: true }));
  }

  #connection() {
    const back = this.#runs.state === "open" && this.#host.dataset.rule === "held";
    if (back) this.#behind(true);
    this.#say();
  }

  /** @param {boolean} behind */
  #behind(behind) {
    if (!behind && this.#behindSince && this.#host.dataset.rule === "held") announce(t("heard_caught_up"));
    this.#behindSince = behind ? performance.now() : 0;
  }

  #tick() {
    const now = performance.now();
    if (this.#behindSince && now - this.#behindSince > CATCH_UP) this.#behind(false);
    if (this.#runs.state === "blocked" && now - this.#fetched > POLL) this.#poll();
    if (Math.abs(now - this.#heard - SLOW * 1_000) < BEAT / 2 && this.#phase !== "waiting") announce(t("heard_slow"));
    this.#say();
  }

  get #growing() {
    if (this.#phase !== "writing") return part(this.#host, this.#phase === "thinking" ? "thought" : "slot");
    return lastBlock(part(this.#host, this.#transcript.refusal ? "refusal" : "text"));
  }

  /** The status line, the margin rule and the head of the fold. */
  #say() {
    const now = performance.now();
    const phase = this.#phase;
    const { line, rule, icon } = look({
      phase,
      connection: this.#runs.state,
      disconnected: (now - this.#runs.since) / 1_000,
      behind: this.#behindSince > 0,
      delayed: this.#delayed,
      waited: (now - this.#asked) / 1_000,
      quiet: (now - this.#heard) / 1_000,
      stopping: this.stopping,
      busy: (this.#busyUntil - now) / 1_000,
      model: this.#host.getAttribute("model") ?? "",
      limit: Number(/** @type {HTMLElement | null} */ (this.#host.closest("[data-quiet]"))?.dataset.quiet),
    });
    const before = this.#host.dataset.phase;
    // Each write, of the same word too, would have all of the answer styled anew.
    if (before !== phase) this.#host.dataset.phase = phase;
    if (this.#host.dataset.rule !== rule) this.#host.dataset.rule = rule;
    this.#rule.stand(this.#growing, rule);
    const status = part(this.#host, "slot").querySelector('[data-part="status"]');
    if (status && status.textContent !== line) status.replaceChildren(...(icon ? [stamp(`icon-${icon}`)] : []), line);
    status?.classList.toggle("status--busy", icon === "busy");
    const thought = (now - this.#thoughtFrom) / 1_000;
    if (phase === "thinking") part(this.#host, "thinking").textContent = t("thinking", { time: duration(thought) });
    else if (before === "thinking") part(this.#host, "thinking").textContent = t("thought", { time: duration(thought) });
  }
}

/** What stands there already stays, and with it what is selected of it. @param {Element} element @param {string} text */
function grow(element, text) {
  const before = element.textContent ?? "";
  if (text === before) return;
  if (element.firstChild instanceof Text && text.startsWith(before)) element.firstChild.appendData(text.slice(before.length));
  else element.textContent = text;
}

/** @param {Element} fold */
function readCall(fold) {
  return { id: "", name: fold.querySelector("bdi")?.textContent ?? "", arguments: fold.querySelector(".fold__code > div")?.textContent ?? "" };
}
