/** Asks for another reply to the same words; the same press of a button makes one reply, however often it is tried. */
import { clientId } from "./client-id.js";
import { post } from "./request.js";

/**
 * @param {HTMLButtonElement} button
 * @param {string} model
 * @returns {Promise<{section: HTMLElement | null, sentence: string}>}
 */
export async function askAgain(button, model) {
  if (button.ariaBusy === "true") return { section: null, sentence: "" };
  button.ariaBusy = "true";
  button.dataset.client ??= clientId();
  const answer = await post(button.formAction, { client_id: button.dataset.client, model });
  button.ariaBusy = null;
  const section = answer.status < 300 ? answer.document?.querySelector("[data-conversation]") : null;
  return { section: /** @type {HTMLElement | null} */ (section ?? null), sentence: answer.sentence };
}
