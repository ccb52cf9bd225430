/** What is read of texts as models write them, and what is shown of them on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { grown, words, written } from "./growing.js";

const BACK = (/** @type {number} */ n) => `<a #mark--${n}>\u00a0↩</a>`;
const NOTE = (/** @type {number} */ n) => `<sup><a #note--${n}>${n}</a></sup>`;

for (const [text, expected] of [
  ["A[^1] and B[^2].\n\n[^1]: First.\n[^2]: Second.", `<p>A${NOTE(1)} and B${NOTE(2)}.</p><section><ol><li><p>First.${BACK(1)}</p></li><li><p>Second.${BACK(2)}</p></li></ol></section>`],
  ["A[^1]B[^2]\n\n[^1]: - one\n[^2]: > two", `<p>A${NOTE(1)}B${NOTE(2)}</p><section><ol><li><ul><li><p>one</p></li></ul>${BACK(1)}</li><li><blockquote><p>two</p></blockquote>${BACK(2)}</li></ol></section>`],
  ["[^1]\n\n> quoted\n[^1]: said", `<p>${NOTE(1)}</p><blockquote><p>quoted</p></blockquote><section><ol><li><p>said${BACK(1)}</p></li></ol></section>`],
  ["[^aeiou] is a class", "<p>[^aeiou] is a class</p>"],
  ["请访问https://example.com，然后登录。", "<p>请访问<a https://example.com>https://example.com</a>，然后登录。</p>"],
  ["（见https://example.com/a）后文", "<p>（见<a https://example.com/a>https://example.com/a</a>）后文</p>"],
  ["https://example.comをご覧", "<p><a https://example.com>https://example.com</a>をご覧</p>"],
  ["see https://a.org/__init__/x_y_.", "<p>see <a https://a.org/__init__/x_y>https://a.org/__init__/x_y</a>_.</p>"],
  ["**https://a.org/b** (https://a.org/c_(d))", "<p><strong><a https://a.org/b>https://a.org/b</a></strong> (<a https://a.org/c_(d)>https://a.org/c_(d)</a>)</p>"],
  ["https://a.org/?b=1&amp;c=2", "<p><a https://a.org/?b=1&c=2>https://a.org/?b=1&c=2</a></p>"],
  ["[https://a.org](https://a.org/b)", "<p><a https://a.org/b>https://a.org</a></p>"],
  ["http://[::1]:81/a", "<p><a http://[::1]:81/a>http://[::1]:81/a</a></p>"],
  ["这是**“重要”**的内容。以及**注意：**请看", "<p>这是<strong>“重要”</strong>的内容。以及<strong>注意：</strong>请看</p>"],
  ["**서울(Seoul)**은 크다", "<p><strong>서울(Seoul)</strong>은 크다</p>"],
  ["[![badge](https://s.io/b.svg)](https://x.org)", "<p><a https://x.org><span>badge</span><bdi> s.io</bdi></a><bdi> x.org</bdi></p>"],
  ["H<sub>2</sub>O, **x<SUP>*n*</sup>** and <kbd>Ctrl</kbd>+<kbd>`C`</kbd>", "<p>H<sub>2</sub>O, <strong>x<sup><em>n</em></sup></strong> and <kbd>Ctrl</kbd>+<kbd><code>C</code></kbd></p>"],
  ["<kbd>İİ</KBD> <sup>1</sup>", "<p><kbd>İİ</kbd> <sup>1</sup></p>"],
  ["`<sub>` and <sub>open, <sup id=a>b</sup>, </kbd>", "<p><code><sub></code> and <sub>open, <sup id=a>b</sup>, </kbd></p>"],
  ["*a <sub>b* c</sub> [d<sup>e](https://f.g)</sup>", "<p>*a <sub>b* c</sub> [d<sup>e](<a https://f.g>https://f.g</a>)</sup></p>"],
  ["one<br>two<BR />three <b>", "<p>one<br></br>two<br></br>three <b></p>"],
  ["Thus\n\\[\na = b\n\\] holds.\n\nNext", "<p>Thus\n{$$a = b} holds.</p><p>Next</p>"],
  ["$$\nx=1\n$$, where\n\nNext", "<p>{$$x=1}, where</p><p>Next</p>"],
  ["There are $3$ cases for $5 each, $2n$ in all", "<p>There are {$3} cases for $5 each, {$2n} in all</p>"],
]) {
  test(`it reads ${JSON.stringify(text)}`, () => {
    assert.equal(written(grown([text])), expected);
    assert.equal(written(grown([...text])), expected);
  });
}

for (const text of [
  "**$5** and **$6** each",
  "$1,000-$2,000 or $3k–$4k",
  "$5/$10 a month",
  "Use $HOME to find your directory, and then run **it**",
  "Let $x$ be, $x^2$ and $\\alpha$ and $E = mc^2$ too",
  "$$\nx=1\n$$\n\nand\n\n\\[\nx \\\\\ny\n\\]\n\nso",
  "[^aeiou] is a class, and [^1] is a note\n\n[^1]: a note",
  "- [x] done\n- [ ] not done",
  "a &copy; b & c AT&T &lt;d&gt;",
  "H<sub>2</sub>O, **x<sup>*n*</sup>** and <kbd>Ctrl</kbd> + <kbd>C</kbd>, 1 < 2 </b>",
  "<https://a.b/c> and a < b and <b",
  "这是**“重要”**的内容。以及**注意：**请看",
  "see https://a.org/__init__/x_y_z and a@b.org",
  "a _private_var, its __init__ and __init__.py, _it_ and _so it is_ and ___both___, _имя_дня and _private_",
  "**bold** *it* `code` [link](https://a.b) ![p](https://a.b/c.png) ~~gone~~! ***both***",
]) {
  test(`nothing flashes up in ${JSON.stringify(text)}`, () => {
    let before = "";
    grown([...text], (page) => {
      const now = words(page);
      assert.ok(now.startsWith(before), `${JSON.stringify(before)} became ${JSON.stringify(now)}`);
      before = now;
    });
  });
}
