/** A hidden tab shows in its title that an answer is being written, or has come; nothing else. */

const WRITING = "… ";
const DONE = "• ";

/** @param {"writing" | "done" | ""} state */
export function markTitle(state) {
  const plain = document.title.replace(/^[…•] /, "");
  const mark = document.hidden ? { writing: WRITING, done: DONE, "": "" }[state] : "";
  if (document.title !== mark + plain) document.title = mark + plain;
}

/** The page is now about this. @param {string} title @param {string} site */
export function nameTab(title, site) {
  document.title = `${title} · ${site}`;
}
