/** Where links may lead: to the web and to a mailbox, never to a script, and never without saying whose place it is. */

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
/** A query that is longer could carry away what was said here. */
const LONG = 100;

/**
 * @param {string} href as written
 * @returns {{href: string, place: string, long: number} | null} null where one must not go
 */
export function destination(href) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return null;
  let url;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  if (!SCHEMES.has(url.protocol)) return null;
  const place = url.protocol === "mailto:" ? decoded(url.pathname) : url.host;
  if (!place) return null;
  const long = url.search.length + url.hash.length;
  return { href: url.protocol === "mailto:" ? `mailto:${url.pathname}` : href, place, long: long > LONG ? long : 0 };
}

/** Whether a link's own words already say where it leads. @param {string} words @param {string} place */
export function says(words, place) {
  const bare = words.trim().replace(/^(https?:\/\/|mailto:)/i, "").toLowerCase();
  const rest = bare.slice(place.length);
  return bare.startsWith(place.toLowerCase()) && (!rest || /^[/?#]/.test(rest));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
