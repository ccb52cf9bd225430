/** Addresses in a text that nobody marked as links: of the web and of people. */

/** @typedef {import("markdown-it").MarkdownIt} MarkdownIt */

const ADDRESS = /\bhttps?:\/\/[^\s<>"“”`{}|\\^]{2,2048}|\b[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/gi;
/** What ends a sentence belongs to it. */
const AFTER = /[.,:;!?'’*_~。，；：！？、）」』】]+$/;

/** @param {MarkdownIt} md */
export function bareLinks(md) {
  md.core.ruler.before("text_join", "bare", (state) => {
    for (const block of state.tokens) {
      if (block.type !== "inline" || !block.children || !/:\/\/|@/.test(block.content)) continue;
      let depth = 0;
      block.children = block.children.flatMap((token) => {
        if (token.type === "link_open") depth++;
        if (token.type === "link_close") depth--;
        return token.type === "text" && !depth ? linked(state, token) : [token];
      });
    }
  });
}

/** @param {any} state @param {any} token @returns {any[]} */
function linked(state, token) {
  const text = token.content;
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = trimmed(found[0]);
    parts.push(words(state, text.slice(at, found.index)), ...link(state, address));
    at = found.index + address.length;
  }
  return at ? [...parts, words(state, text.slice(at))].filter(({ type, content }) => type !== "text" || content) : [token];
}

/** Without what follows the address; a bracket belongs to it if it was opened in it. @param {string} address */
function trimmed(address) {
  for (;;) {
    const next = address.replace(AFTER, "").replace(/[)\]]$/, (bracket) => (balanced(address.replace(AFTER, ""), bracket) ? bracket : ""));
    if (next === address) return address;
    address = next;
  }
}

/** @param {string} text @param {string} close */
function balanced(text, close) {
  const open = close === ")" ? "(" : "[";
  return text.split(open).length >= text.split(close).length;
}

/** @param {any} state @param {string} text */
function words(state, text) {
  const token = new state.Token("text", "", 0);
  token.content = text;
  return token;
}

/** @param {any} state @param {string} address */
function link(state, address) {
  const [open, close] = [new state.Token("link_open", "a", 1), new state.Token("link_close", "a", -1)];
  const href = address.includes("://") ? address : `mailto:${address}`;
  open.attrs = [["href", state.md.normalizeLink(href)]];
  return [open, words(state, address), close];
}
