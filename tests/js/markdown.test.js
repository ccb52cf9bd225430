import assert from "node:assert/strict";
import { test } from "node:test";
import { closing, opening } from "../../static/src/formulas.js";
import { Markdown } from "../../static/src/markdown.js";
import { documents, pieces } from "../browser/renderer/corpus.js";
import { grown, loaded, read, words } from "./growing.js";

const ATOMS = "a|word |*|**|_|`|``|```|~~~|~~|[|]|(|)|!|[^n]|[^n]: |[^1]|\n[^1]: |[r]: |https://x.org/a|<b>|<br>|$|$$|\\(|\\)|\\[|\\]|\\|\\||\\|a\\|b\\|\n|\\|-\\|-\\|\n|\n|\n\n|\n\n\n|  |    |\t|- |* |1. |2) |> |# |---\n|===\n|- [ ] |- [x] |&amp;|&copy|；|中文|“|”|👍|\r\n|\r|$5|x=1|10|\n    |\n- |\n  - |\n1. |\n> |\n```js\n|\n```a\\|b\n|\n```\n|\n$$\n|\n\\[\n|[r][r]|![a](b)|a@b.co|\0| :|+ |<https://a.b>|- - |\n***\n"
  .split(/(?<!\\)\|/)
  .map((atom) => atom.replaceAll("\\|", "|"));

/** Numbers that come again with the same seed. @param {number} seed */
function dice(seed) {
  return (/** @type {number} */ below) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
}

/** @param {(below: number) => number} roll @param {number} most */
const sown = (roll, most) => Array.from({ length: 1 + roll(most) }, () => ATOMS[roll(ATOMS.length)]).join("");

/** @param {string} text @param {(below: number) => number} roll @param {number} longest */
function cut(text, roll, longest) {
  const parts = [];
  for (let at = 0; at < text.length; at += parts[parts.length - 1].length) parts.push(text.slice(at, at + 1 + roll(longest)));
  return parts;
}

/** All nodes below one that pass. @param {any} node @param {(node: any) => boolean} wanted @returns {any[]} */
const all = (node, wanted) => [...(wanted(node) ? [node] : []), ...(node.children ?? []).flatMap((child) => all(child, wanted))];

test("however a text is cut, its views add up to the same tree", () => {
  documents.forEach((text, at) => {
    const whole = loaded(text);
    for (let round = 0; round < 5; round++) assert.deepEqual(grown(pieces(text, at + round * 7_919)), whole, JSON.stringify(text));
  });
  assert.ok(documents.length * 5 >= 1_000);
});

test("whatever marks follow each other, their cuttings add up to the same tree", () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const roll = dice(seed);
    const text = sown(roll, seed % 10 ? 18 : 120);
    assert.deepEqual(grown(cut(text, roll, [1, 3, 8][seed % 3])), loaded(text), JSON.stringify(text));
  }
});

test("the same goes for texts that are longer than is read at once, or at all", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const roll = dice(seed);
    const text = sown(roll, 200) + "words and more words ".repeat(seed % 2 ? 150 : 900) + sown(roll, 2_000);
    assert.deepEqual(grown(cut(text, roll, 4_000)), loaded(text), `seed ${seed}`);
  }
});

test("ten times the text is ten times the work", () => {
  const work = (/** @type {number} */ times) => {
    const markdown = new Markdown();
    read(markdown, Array.from("Words and **more** words.\n\n- one\n- two\n\n".repeat(times)));
    return markdown.work;
  };
  assert.ok(work(100) < 11 * work(10));
});

test("a fence of one long line is read once, and ends where it should", () => {
  const line = `{"a": ${"[1,2],".repeat(3_300)}}`;
  const markdown = new Markdown();
  const page = read(markdown, `\`\`\`json\n${line}\n\`\`\`\n\nend\n`.match(/[^]{1,24}/g));
  assert.equal(page.children[0].text, `${line}\n`);
  assert.equal(page.children.length, 2);
  assert.ok(markdown.work < 2 * line.length, String(markdown.work));
});

for (const [text, tex] of [
  ["$x^2$", "x^2"],
  ["\\(a\\)", "a"],
  ["$$e = mc^2$$", "e = mc^2"],
  ["$3$", "3"],
  ["$2n$", "2n"],
  ["$5 and $10", null],
  ["$20-$30", null],
  ["$HOME/$USER", null],
  ["$PATH:$HOME/bin", null],
  ["$AAPL,$TSLA", null],
  ["$k$th", "k"],
  ["\\[1\\]", null],
  ["$5 or 10 euros$", null],
  ["US$5$", null],
  ["$ x$", null],
]) {
  test(`${text} is ${tex ? "a formula" : "none"}`, () => {
    const at = text.search(/[$\\]/);
    const open = opening(text, at);
    const end = open ? closing(text, at + open.length, open) : -1;
    assert.equal(end < 0 ? null : text.slice(at + open.length, end), tex);
  });
}

for (const text of ["Use $(date) and `$(pwd)`.", "Or $FOO then `$BAR`.", "Use $x in `a$b` ok.", '"$HOME" "$PATH"', "$(a)/$(b)"]) {
  test(`${text} holds no formula`, () => {
    assert.deepEqual(all(loaded(text), ({ tag }) => tag === "#formula"), []);
    assert.deepEqual(grown(Array.from(text)), loaded(text));
  });
}

for (const text of [
  "```\nx\n    ",
  "> $$ x\n# a\n",
  "- > $$ x\n- b\n",
  " 10. .\n    $$\n",
  "> >    ls\n      $$\n1. a\n",
  "1. |\n1.     a\n\n   -",
  `**a** b${"\n".repeat(17_000)}**c** d\n`,
  `- \`\`\`\n${"  line\n".repeat(500)}\n  more\n  \`\`\`\n\n  and *so*\n- \`\`\`js\n${"  b\n\n".repeat(300)}- end\n`,
  `> ~~~\n${"> line\n".repeat(500)}words\n\n[^1]: a\n\n    \`\`\`\n${"    c\n".repeat(400)}\nso[^1]\n`,
]) {
  test(`${JSON.stringify(text.slice(0, 30))} is the same for who sees it come and who comes later`, () => {
    for (const size of [1, 7, 900]) assert.deepEqual(grown(text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []), loaded(text));
  });
}

for (const [what, head, part] of [
  ["code in an item", "1. a\n\n   ```py\n", "   line = 1\n"],
  ["code in a quotation", "> ```py\n", "> line = 1\n"],
  ["code in a note", "[^1]: a\n\n    ```\n", "    line\n"],
  ["items of code alone", "", "- ```\n  a\n  ```\n"],
  ["items of formulas alone", "", "- $$\n  a\n  $$\n"],
  ["empty items", "", "-\n"],
  ["empty lines", "", "\n"],
  ["empty lines behind words", "**a** b\n", "\n"],
  ["definitions", "", "[a]: http://b.c\n"],
]) {
  test(`${what} are read a few times at most`, () => {
    const text = head + part.repeat(60_000 / part.length);
    const markdown = new Markdown();
    read(markdown, text.match(/[^]{1,24}/g) ?? []);
    assert.ok(markdown.work < 25 * text.length, String(markdown.work / text.length));
  });
}

for (const [text, tag] of [["```a|b\n|-|-|\n", "#code"], ["# a|b\n|-|-|\n", "h3"], ["- a|b\n-|-|\n", "ul"], ["> a|b\n-|-|\n", "blockquote"], ["a|b\n-|-\n", "div"]]) {
  test(`${JSON.stringify(text)} begins as it ends, as ${tag}`, () => {
    assert.equal(grown([text]).children[0].tag, tag);
    assert.deepEqual(grown(Array.from(text)), grown([text]));
  });
}

/** All code below a node. @param {any} node @returns {any[]} */
const codes = (node) => (node.tag === "#code" ? [node] : (node.children ?? []).flatMap(codes));

for (const [where, text] of [
  ["an item", "1. Make it:\n\n   ```python\n   a = 1\n\n   b = `2`\n   ```\n\n2. Then\n"],
  ["the line of an item", "- ```python\n  a = 1\n\n  b = `2`\n  ```\n- Then\n"],
  ["a quotation", "> Make it:\n>\n> ~~~python\n> a = 1\n>\n> b = `2`\n> ~~~\n>\n> Then\n"],
  ["an item of an item", "- One\n  1. Make it:\n\n     ~~~~python\n     a = 1\n\n     b = `2`\n     ~~~~\n  2. Then\n"],
]) {
  test(`code in ${where} grows as it will stand, and is whole once`, () => {
    let before = "";
    let whole = false;
    read(new Markdown(), Array.from(text), (page) => {
      const [code] = codes(page);
      if (!code) return assert.equal(before, "");
      assert.equal(code.language, "python");
      assert.ok(code.text.startsWith(before), JSON.stringify([before, code.text]));
      assert.ok(!whole || !code.open, "open again");
      before = code.text;
      whole = !code.open;
    });
    assert.equal(before, "a = 1\n\nb = `2`\n");
    assert.ok(whole);
  });
}

test("a long file in an item is code to its end, and not read too often", () => {
  const lines = Array.from({ length: 3_000 }, (_, at) => `   line ${at} of *this*\n`).join("");
  const text = `1. Make it:\n\n   \`\`\`\n${lines}   \`\`\`\n\n2. Then\n`;
  const markdown = new Markdown();
  const page = read(markdown, [text]);
  assert.equal(codes(page)[0].text, lines.replaceAll(/^ {3}/gm, ""));
  assert.equal(page.children[0].children.length, 2);
  assert.ok(markdown.work < 12 * text.length, String(markdown.work / text.length));
  assert.deepEqual(grown(text.match(/[^]{1,5000}/g) ?? []), page);
});

for (const text of [
  "See [the tides](https://example.org/a_(b) \"Of (both) sides\"), <https://x.org> and 1 < 2.\n",
  "As [1] and [2](https://example.org) say, a[0] is [ ] or [12].\n",
  "From $5–$10, US$ 3 to \\$4, `$HOME`, ${VAR}, $x_1$ and \\(y\\).\n",
  "1. **Make** it:\n   - on Linux: `a|b`\n\n     More of *it*.\n2. Then\n",
  "> **Note:** some `code`\n> - of one\n> - of two\n",
  "It runs in $O(n)$, $P(A)$ or $n-1$, and $[0,1]$ holds.\n",
  "- **[React](https://r.dev)** and **`npm i`**, *$x$*, ~~**so**~~.\n",
  "Known [1][2], [3, 4], x[i]; see https://example.org/a.\n",
  "| a | b |\n|---|---|\n| one<br>two | three |\n",
  "As \\[2\\] says, **this** is [linked](https://x.org) text.\n",
  "It is \\[x\\] or \\[ \\], and a list: [[1](https://x.org), [2](https://y.org)].\n",
  "The $5 plan. If $\\alpha = 1$ then $\\beta + 1$ and $n \\geq 1$, $A \\in B$, $f: X \\to Y$.\n",
  "There are $2^{10} = 1024$ of them, $10^6$, $0 < x$ or $-1^n$.\n",
  "**bold and *slanted*** end, write to <foo@bar.com> or to b@c.org.\n",
  "Set $obj->a and $obj->b, $_POST['x'] and $_GET['y'], or $x; and $y.\n",
  "- | a | b |\n  |--|--|\n  | 1 | 2 |\n",
]) {
  test(`of ${JSON.stringify(text.slice(0, 30))} nothing that was shown is taken back`, () => {
    let before = "";
    read(new Markdown(), Array.from(text), (page) => {
      const now = words(page).replaceAll(/\s+/g, " ").trim();
      assert.ok(now.startsWith(before), JSON.stringify([before, now]));
      before = now;
    });
  });
}

test("bold words in an item do not begin as a list", () => {
  read(new Markdown(), Array.from("1. **Make** it\n   - on **Linux**\n\n\\[ x \\]\n\n$$ y $$\n"), (page) => {
    const empty = (node) => /^(?:p|li|ul)$/.test(node.tag) && !node.children.length;
    assert.deepEqual(all(page, empty), []);
    assert.ok(all(page, ({ tag }) => tag === "ul").length <= 1);
    assert.ok(!page.children.some(({ tag }) => tag === "p"));
  });
});

test("only the formula that is being written is open", () => {
  read(new Markdown(), Array.from("- first \\(x\\)\n- second \\[ y = 1 \\]\n- | a | b |\n  |---|---|\n  | $x$ | \\(y + 1\\) |\n"), (page) => {
    const formulas = all(page, ({ tag }) => tag === "#formula");
    assert.ok(formulas.slice(0, -1).every(({ open }) => !open));
  });
});

test("a formula that begins in a line of words ends there", () => {
  const page = grown(["where $$\nx = 1\n$$\nand\n$$\ny = 2\n$$\nend\n"]);
  assert.deepEqual(all(page, ({ tag }) => tag === "#formula").map(({ tex }) => tex.trim()), ["x = 1", "y = 2"]);
  assert.equal(words(page).includes("and"), true);
});

test("a column of numbers is known by its first whole number", () => {
  const seen = new Set();
  read(new Markdown(), Array.from("| Plan | Time | Date |\n|---|---|---|\n| Basic | 3 days a week | 2024-01-15 |\n"), (page) => {
    for (const cell of all(page, ({ tag }) => tag === "th")) seen.add(cell.attrs.class);
  });
  assert.deepEqual([...seen], [undefined]);
});

for (const [info, language] of [["{.python}", "python"], ["{r}", "r"], ["ts:src/a.ts", "ts"], ["js{1,3}", "js"], ["c++", "c++"], ["sql x=1", "sql"]]) {
  test(`code in ${info} is in ${language}`, () => assert.equal(codes(grown([`\`\`\`${info}\na\n\`\`\`\n`]))[0].language, language));
}

test("notes in the middle keep their place below what comes", () => {
  const text = "A[^1].\n\n[^1]: Note.\n\nB\n\nC\n";
  read(new Markdown(), Array.from(text), (page) => {
    const at = page.children.findIndex(({ tag }) => tag === "section");
    assert.ok(at < 0 || at === page.children.length - 1);
  });
});
