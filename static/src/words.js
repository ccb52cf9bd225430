/** The page's words, in the person's language, as the server put them there. */

/** @type {Record<string, string> | undefined} */
let words;

/** @param {Record<string, string>} phrases */
export function learn(phrases) {
  words = phrases;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  words ??= JSON.parse(document.getElementById("words")?.textContent ?? "{}");
  const phrase = words?.[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

const NARROW = "\u202f";

/** A duration in whole seconds, at least one. @param {number} seconds */
export function duration(seconds) {
  const all = Math.max(1, Math.floor(seconds));
  const minutes = Math.floor(all / 60);
  const rest = all % 60;
  const said = !minutes ? t("seconds", { n: all }) : rest ? t("minutes", { minutes, n: rest }) : t("whole_minutes", { n: minutes });
  return said.replaceAll(" ", NARROW);
}
