/** Renames a conversation where it is listed: a field in its row, which Enter keeps and Escape gives up. */
import { stamp } from "./parts.js";
import { post } from "./request.js";
import { t } from "./words.js";

/** @param {HTMLElement} row @param {() => void} over is told when the row stands again */
export function renameRow(row, over) {
  const title = /** @type {HTMLElement} */ (row.querySelector(".row__title"));
  const before = title.textContent ?? "";
  const field = /** @type {HTMLInputElement} */ (stamp("row-name"));
  field.value = before;
  row.hidden = true;
  row.after(field);
  field.select();
  const end = (/** @type {string} */ name) => {
    if (!row.hidden) return;
    row.hidden = false;
    const focused = document.activeElement === field;
    field.remove();
    if (focused) row.focus();
    if (name && name !== before) keep(row, title, name, over);
    else over();
  };
  field.addEventListener("blur", () => end(""));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    end(event.key === "Enter" ? field.value.trim() : "");
  });
}

/** @param {HTMLElement} row @param {HTMLElement} title @param {string} name @param {() => void} over */
async function keep(row, title, name, over) {
  const before = title.textContent;
  title.textContent = name;
  const { status, sentence } = await post(`${row.getAttribute("href")}title/`, { title: name });
  if (status < 200 || status >= 300) {
    title.textContent = before;
    document.querySelector("chat-page")?.dispatchEvent(new CustomEvent("refused", { detail: sentence || t("not_done") }));
  }
  over();
}
