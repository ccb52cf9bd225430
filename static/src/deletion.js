/** Deletes a conversation; for a while it can be had back. What did not work is said. */
import { post } from "./request.js";
import { keepForNextPage } from "./toast-note.js";
import { t } from "./words.js";

/** Whoever stands on it goes to a new one. @param {string} address of the conversation @param {string} title */
export async function deleteConversation(address, title) {
  const note = /** @type {import("./toast-note.js").ToastNoteElement} */ (document.querySelector("toast-note"));
  const here = /** @type {import("./chat-page.js").ChatPageElement | null} */ (
    location.pathname === address ? document.querySelector("chat-page") : null
  );
  if (here) here.leaving = true;
  const { status, sentence } = await post(`${address}deletion/`);
  const done = status >= 200 && status < 300;
  const toast = { words: t("deleted", { title }), undo: `${address}restoration/` };
  if (done && here) return leave(here, { ...toast, back: address });
  if (here) here.leaving = false;
  note.show(done ? toast : { words: sentence || t("not_done") });
}

/** @param {import("./chat-page.js").ChatPageElement} page @param {import("./toast-note.js").Toast} toast */
function leave(page, toast) {
  // Back may show it again, and then it has to find out.
  addEventListener("pagehide", () => (page.leaving = false), { once: true });
  keepForNextPage(toast);
  location.assign("/");
}
