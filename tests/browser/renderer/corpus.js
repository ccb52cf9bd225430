/** Texts in which every construct stands in every other, and ways to cut them. */

const LINES = [
  "plain words, and more",
  "**bold**",
  "*slanted* and _so_",
  "***both***",
  "~~gone~~",
  "`co*de`",
  "`` a`b ``",
  '[link](https://example.org/a_b "Title")',
  "[reference][ref] and [ref]",
  "![picture](https://example.org/p.png)",
  "<https://example.org/auto>",
  "see https://example.org/bare?q=1, or a@example.org.",
  "a mark[^n] and [^none]",
  "$a^2 + b_1$",
  "\\(x_1\\) costs $5 and $10",
  "$$e = mc^2$$",
  "&eacute; &amp; &#35; \\* 5 * 3 * 2",
  "two  \nlines\\\nthree",
  "中文**粗体**，日本語",
  "H<sub>2</sub>O, x<sup>*n*</sup> and <kbd>Ctrl</kbd>, not <sub>open",
  "[a](javascript:alert(1)) <b>raw</b>",
];
const BLOCKS = [
  "# Heading",
  "##### Small heading",
  "Underlined\n===",
  "Words\nand more\n---",
  "---",
  "```js\nlet a = 1;\n\n  b();\n```",
  "~~~~\n```\nopen",
  "    indented\n\n    code",
  "| a | b |\n|---|--:|\n| x | 1 |\n| `y|z` | 22 |\n| z |",
  "$$\nx = 1\n- y\n$$",
  "- one\n- two\n  - three\n\n    more\n- [x] done\n- [ ] open",
  "3. three\n4. four\n\n5. five",
  "> quoted\nlazily\n>\n> more",
  "[ref]: https://example.org/ref\n'A title'",
  "[^n]: What the note says\n\n    and more of it",
  "A paragraph\nof two lines",
];
const INLINE = [(x) => `**${x}**`, (x) => `*${x}*`, (x) => `~~${x}~~`, (x) => `<sup>${x}</sup>`, (x) => `[${x}](https://example.com)`, (x) => `# ${x}`, (x) => `- ${x}\n- ${x}`, (x) => `| ${x} | b |\n|---|---|\n| ${x} | c |\n| d | ${x} |`];
const indented = (text, by) => text.replace(/^(?=.)/gm, by).slice(by.length);
const OUTER = [(x) => x.replace(/^/gm, "> "), (x) => `- ${indented(x, "  ")}\n- after`, (x) => `7. ${indented(x, "   ")}\n\n8. after`, (x) => `[^n]: ${indented(x, "    ")}`];

const within = BLOCKS.flatMap((block, at) => OUTER.map((outer, o) => `Before[^n]\n${outer(block)}\n\n${BLOCKS[(at * 5 + o * 3) % BLOCKS.length]}`));
const twice = BLOCKS.flatMap((block, at) => OUTER.slice(0, 3).map((outer, o) => OUTER[(o + at) % 3](outer(block))));
const next = BLOCKS.flatMap((block, at) => [1, 4, 9].map((step) => `${block}\n${BLOCKS[(at + step) % BLOCKS.length]}\n\n${LINES[(at + step) % LINES.length]}\n`));
const lines = LINES.flatMap((line) => INLINE.map((outer) => outer(line.replace(/\n/g, " "))));

export const documents = [...within, ...twice, ...next, ...lines, ...LINES];

/** The text in pieces of random lengths. @param {string} text @param {number} seed */
export function pieces(text, seed) {
  let state = seed + 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const longest = [1, 3, 12, 60][Math.floor(random() * 4)];
  const parts = [];
  for (let at = 0; at < text.length; at += parts[parts.length - 1].length) parts.push(text.slice(at, at + 1 + Math.floor(random() * longest)));
  return parts;
}
