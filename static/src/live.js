/** What is said beside an answer while it is being written: one line, and how the margin rule stands. */
import { duration, t } from "./words.js";

/**
 * @typedef {object} Moment
 * @property {"waiting" | "thinking" | "writing"} phase
 * @property {import("./run-socket.js").State} connection
 * @property {number} disconnected seconds since the connection took this state
 * @property {boolean} behind whether we are fetching what was missed
 * @property {boolean} delayed whether the answer comes only as it is stored
 * @property {number} waited seconds since the question
 * @property {number} quiet seconds since anything new
 * @property {boolean} stopping
 * @property {number} busy seconds until a busy model is asked again, 0 if none is
 * @property {string} model
 * @property {number} limit seconds without anything new after which the run ends by itself
 *
 * @typedef {{line: string, rule: "still" | "breathing" | "held", icon?: "offline" | "busy"}} Look
 */

export const SLOW = 15;
/** The kinds of failure of which one can say that the model is busy; of others there is nothing to be said yet. */
export const BUSY = ["rate_limited", "overloaded"];
/** A connection that is gone for less than this is not worth a word. */
const PATIENCE = 2;

/** @param {Moment} moment @returns {Look} */
export function look(moment) {
  const { phase, model, quiet, limit } = moment;
  if (moment.connection === "offline" && moment.disconnected >= PATIENCE) return { line: t("offline"), rule: "held", icon: "offline" };
  if (moment.connection === "blocked") return { line: t("blocked"), rule: "still" };
  if (moment.delayed && moment.connection === "open") return { line: t("delayed"), rule: "still" };
  if (moment.stopping) return { line: t("stopping"), rule: "breathing" };
  if (moment.behind) return { line: t("catching_up"), rule: "held" };
  if (moment.connection !== "open" && moment.disconnected >= PATIENCE) return { line: t("reconnecting"), rule: "held" };
  if (phase === "waiting" && moment.busy > 0) return { line: t("busy_model", { model, time: duration(Math.ceil(moment.busy)) }), rule: "breathing", icon: "busy" };
  if (phase === "waiting") return { line: t("waiting", { model, time: duration(moment.waited) }), rule: "breathing" };
  if (quiet >= SLOW) return { line: t("slow", { time: duration(quiet), limit: duration(limit) }), rule: "breathing" };
  return { line: phase === "thinking" ? model : t("writing", { model }), rule: "still" };
}
