"""Colours and formulas come to a text that stands there already: a frame's worth at a time, and never in its way.

Where all of the colours are looked at, the page's clock stands still: on a busy machine some of them are given up.
"""

from __future__ import annotations

from itertools import pairwise

from .rendering import Renderer

SEE = """async ([text, seen]) => {
  performance.now = () => 0;
  const [container, prose] = renderer.begin();
  prose.append(text);
  prose.end();
  renderer.hurry(Infinity);
  const look = new Function("container", `return ${seen}`);
  const states = [look(container)];
  let changed = Date.now() + 15_000;
  // Told after each task, however many of them there are before a frame.
  new MutationObserver(() => {
    states.push(look(container));
    changed = Date.now();
  }).observe(container, { subtree: true, childList: true, characterData: true });
  while (Date.now() - changed < 3_000) await new Promise((go) => setTimeout(go, 50));
  return states;
}"""
LINE = "def words(of: str) -> list[str]:  # all of them\n    return of.split()\n"


async def test_long_code_is_coloured_a_frame_at_a_time_and_stays_the_same_text(renderer: Renderer) -> None:
    code = LINE * 100
    seen = "[container.querySelectorAll('[class^=syn-]').length, container.querySelector('code').textContent]"
    states = await renderer.run(SEE, [f"```python\n{code}```\n", seen])
    counts = [count for count, _ in states]
    assert counts[0] == 0 and counts[-1] > 600
    assert max(after - before for before, after in pairwise(counts)) <= 100
    # Runs of lines stand in blocks of their own, with no line feed between them.
    assert {text.replace("\n", "") for _, text in states} == {code.replace("\n", "")}


async def test_a_large_formula_is_seen_in_one_frame_and_can_be_heard_in_another(renderer: Renderer) -> None:
    seen = """[
      container.querySelectorAll(".formula > code").length,
      container.querySelectorAll(".katex-html").length,
      container.querySelectorAll(".katex-mathml math").length,
    ]"""
    formula = " + ".join(rf"\frac{{x_{{{n}}}}}{{\sqrt{{{n}}}}}" for n in range(8))
    assert await renderer.run(SEE, [f"$$\n{formula}\n$$\n", seen]) == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert await renderer.page.locator(".katex-mathml annotation").text_content() == formula


async def test_code_that_goes_on_while_it_is_coloured_has_the_colours_of_what_it_became(renderer: Renderer) -> None:
    seen = await renderer.run(
        """async (line) => {
          performance.now = () => 0;
          const frame = () => new Promise(requestAnimationFrame);
          const [container, prose] = renderer.begin();
          prose.append("```python\\n" + line.repeat(100) + "```\\n");
          prose.end();
          renderer.hurry(Infinity);
          while (!container.querySelector("[class^=syn-]")) await frame();
          const block = renderer.CodeBlock.of(container.querySelector(".code"));
          block.show({ language: "python", skip: 0, text: line.repeat(101), open: true });
          const grown = block.text === line.repeat(101);
          block.show({ language: "python", skip: 0, text: line.repeat(101), open: false });
          const words = () => [...container.querySelectorAll(".syn-keyword")].map((one) => one.textContent);
          const returns = () => words().filter((word) => word === "return").length;
          for (const end = Date.now() + 20_000; returns() < 101 && Date.now() < end; ) await frame();
          return [grown, returns(), container.querySelector("code").textContent.replaceAll("\\n", "")];
        }""",
        LINE,
    )
    assert seen == [True, 101, (LINE * 101).replace("\n", "")]


async def test_long_code_in_an_item_grows_in_place_and_is_coloured_once(renderer: Renderer) -> None:
    seen = await renderer.run(
        """async () => {
          const [container, prose] = renderer.begin();
          prose.append("1. Make it:\\n\\n   ```python\\n");
          const states = new Set();
          let first;
          for (let line = 0; line < 200; line++) {
            prose.append(`   def f${line}(): return ${line}\\n`);
            renderer.hurry(Infinity);
            first ??= container.querySelector("code .run").firstChild;
            if (line === 70) getSelection().setBaseAndExtent(first, 4, first, 6);
            states.add([first.isConnected, container.querySelectorAll("[class^=syn-]").length].join());
            await new Promise(requestAnimationFrame);
          }
          const selected = getSelection().toString();
          getSelection().removeAllRanges();
          prose.append("   ```\\n\\n2. Then\\n");
          const end = Date.now() + 10_000;
          while (Date.now() < end && !container.querySelector(".syn-keyword")) {
            await new Promise((go) => setTimeout(go, 20));
          }
          return [[...states], selected, Boolean(container.querySelector(".syn-keyword"))];
        }"""
    )
    assert seen == [["true,0"], "f0", True]
