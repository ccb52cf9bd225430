/** Addresses in a text that nobody marked as links: of the web and of people. */

/** @typedef {import("markdown-it").MarkdownIt} MarkdownIt */

/** A host in letters of one kind, so that words which follow without a space are none of it; then all but what ends words. */
const WEB = /https?:\/\/(?:[A-Za-z0-9.@:%_~+-]{2,255}|\[[\da-f:.]{2,45}\](?::\d+)?|[\p{L}\p{N}.-]{2,255})(?:[/?#][^\s<>"“”`{}|\\^*。，；：！？、（）「」『』【】《》〈〉…]{0,2048})?/iuy;
const PERSON = /\b[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/gi;
/** What ends a sentence belongs to it. */
const AFTER = /[.,:;!?'’_~]+$/;
const SCHEME = /(?:^|[^A-Za-z0-9_])(https?)$/i;

/** How long the address of the web is that begins here; 0 if none does. @param {string} text @param {number} at */
export function address(text, at) {
  WEB.lastIndex = at;
  return trimmed(WEB.exec(text)?.[0] ?? "").length;
}

/** @param {MarkdownIt} md */
export function bareLinks(md) {
  // Before emphasis, or an underscore would be a mark. A text ends at a colon, and the scheme has been read by then.
  md.inline.ruler.push("address", (state, silent) => {
    if (state.src[state.pos] !== ":" || /** @type {any} */ (state).linkLevel > 0) return false;
    const scheme = SCHEME.exec(state.src.slice(Math.max(0, state.pos - 6), state.pos))?.[1] ?? "";
    if (!scheme || (!silent && !state.pending.endsWith(scheme))) return false;
    const begin = state.pos - scheme.length;
    const length = address(state.src.slice(0, state.posMax), begin);
    if (!length) return false;
    if (!silent) {
      state.pending = state.pending.slice(0, -scheme.length);
      const [open, words] = link(state, md.utils.unescapeAll(state.src.slice(begin, begin + length)));
      state.push("link_open", "a", 1).attrs = open.attrs;
      state.push("text", "", 0).content = words.content;
      state.push("link_close", "a", -1);
    }
    state.pos = begin + length;
    return true;
  });
  md.core.ruler.before("text_join", "bare", (state) => {
    for (const block of state.tokens) {
      if (block.type !== "inline" || !block.children || !block.content.includes("@")) continue;
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
  for (const found of text.matchAll(PERSON)) {
    const mailbox = trimmed(found[0]);
    parts.push(words(state, text.slice(at, found.index)), ...link(state, mailbox));
    at = found.index + mailbox.length;
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
