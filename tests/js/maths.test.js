import assert from "node:assert/strict";
import { test } from "node:test";
import { set } from "../../static/src/maths.js";

const signs = (/** @type {string} */ tex, display = false) => set(tex, display)?.toMarkup() ?? null;

test("a formula is set, on a line of its own where it is one", () => {
  assert.match(signs("x^2"), /^<span class="katex">.*<msup><mi>x<\/mi><mn>2<\/mn><\/msup>/);
  assert.match(signs("x^2", true), /^<span class="katex-display">/);
});

test("S-23 what cannot be set is nothing, and never an error", () => {
  for (const tex of ["\\frac{a", "\\unknown{b}", "{".repeat(3_000), "\\def\\a{\\a\\a}\\a x", "\\sqrt".repeat(1_000) + "x", "x".repeat(4_001)]) assert.equal(signs(tex), null, tex.slice(0, 20));
});

test("S-24 a formula leads nowhere, fetches nothing and says nothing of how it looks to others", () => {
  for (const tex of ["\\href{javascript:alert(1)}{x}", "\\url{https://evil.test}", "\\includegraphics{https://evil.test/a.png}", "\\htmlClass{a}{x}", "\\htmlData{a=b}{x}", "\\htmlStyle{position:fixed}{x}", "\\htmlId{a}{x}"]) {
    const made = (signs(tex) ?? "").replace(/<annotation.*?<\/annotation>/, "");
    assert.doesNotMatch(made, /<a |<img| href=|class="a"| data-|position:fixed| id="a"/, tex);
  }
});

test("S-55 a formula that grows as it is read takes no longer than a blink", () => {
  const begin = process.cpuUsage();
  for (const tex of ["\\def\\a{xx}\\def\\b{\\a\\a\\a\\a}\\def\\c{\\b\\b\\b\\b}\\def\\d{\\c\\c\\c\\c}\\d\\d\\d", "\\rule{1e9em}{1e9em}", "\\begin{matrix}" + "a&".repeat(900) + "\\end{matrix}"]) signs(tex);
  const { user, system } = process.cpuUsage(begin);
  assert.ok((user + system) / 1_000 < 2_000);
});
