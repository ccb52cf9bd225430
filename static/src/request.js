/**
 * Asks the server. What it answers in HTML comes as a document whose parts are moved in by `importNode`, so no string
 * ever becomes HTML (`trusted-types 'none'`); that takes an XMLHttpRequest.
 */

/**
 * @typedef {object} Answer
 * @property {number} status 0 if nothing came: no network, or too late
 * @property {Document | null} document
 * @property {string} location the header, for what was made
 * @property {string} reason why it was refused, one word
 * @property {string} sentence the same for people
 */

export const TIMEOUT = 30_000;

/**
 * @param {string} method
 * @param {string} address
 * @param {FormData | null} [body]
 * @returns {Promise<Answer>}
 */
export function request(method, address, body = null) {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, address);
    xhr.responseType = "document";
    xhr.timeout = TIMEOUT;
    xhr.setRequestHeader("X-Fragment", "1");
    xhr.onload = () => resolve(read(xhr));
    xhr.onerror = xhr.ontimeout = xhr.onabort = () => resolve({ status: 0, document: null, location: "", reason: "", sentence: "" });
    xhr.send(body);
  });
}

/** @param {string} address */
export const get = (address) => request("GET", address);

/**
 * Posts fields with the page's token. A token that another sign-in has made stale is replaced once.
 *
 * @param {string} address
 * @param {Record<string, string>} [fields]
 */
export async function post(address, fields = {}) {
  const answer = await request("POST", address, form(fields));
  if (answer.reason !== "csrf" || !(await renew())) return answer;
  return request("POST", address, form(fields));
}

/** The status of the session: 204, 401, or 0 if nobody answers. */
export async function session() {
  try {
    return (await fetch("/session", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) })).status;
  } catch {
    return 0;
  }
}

/**
 * What has come of a reply's run after this position: 200 with a frame as the socket has them, 204 for nothing yet, 410
 * where that cannot be told.
 *
 * @param {string} message
 * @param {number} after
 * @returns {Promise<{status: number, frame: {run: string, after: number, position: number, events: any[]} | null}>}
 */
export async function events(message, after) {
  try {
    const answer = await fetch(`/m/${message}/events/?after=${after}`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    return { status: answer.status, frame: answer.status === 200 ? await answer.json() : null };
  } catch {
    return { status: 0, frame: null };
  }
}

/** @param {XMLHttpRequest} xhr @returns {Answer} */
function read(xhr) {
  const alert = xhr.response?.querySelector("[data-reason]");
  return {
    status: xhr.status,
    document: xhr.response,
    location: xhr.getResponseHeader("Location") ?? "",
    reason: alert?.dataset.reason ?? "",
    sentence: alert?.textContent.trim() ?? "",
  };
}

const tokens = () => /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=csrfmiddlewaretoken]"));

/** @param {Record<string, string>} fields */
function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: tokens()[0]?.value ?? "", ...fields })) data.set(name, value);
  return data;
}

async function renew() {
  const { document: page } = await request("GET", "/");
  const fresh = /** @type {HTMLInputElement | null} */ (page?.querySelector("input[name=csrfmiddlewaretoken]") ?? null);
  for (const token of tokens()) token.value = fresh?.value ?? token.value;
  return Boolean(fresh);
}
