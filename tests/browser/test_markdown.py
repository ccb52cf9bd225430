"""Markdown as it streams: the same page however it comes, all of CommonMark, and no more work than the text is long."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from scripts.processes import ROOT

from .rendering import Renderer

BARE = {602, 608, 611, 612}
"""Examples of addresses that CommonMark leaves alone, and that are links here."""
LOWER = {597}
"""Its `MAILTO:` is written in lower case here."""
RAW_HTML = 72
"""Examples that differ because HTML stays text."""
SHARE = 90
"""A quarter of the texts, or a little more."""
ROUNDS = 4


def examples() -> list[dict[str, Any]]:
    """CommonMark's own, as its package has them."""
    script = 'console.log(JSON.stringify(require("commonmark-spec").tests))'
    done = subprocess.run(["node", "-e", script], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("share", range(4))
async def test_however_it_is_cut_the_page_is_the_same(renderer: Renderer, share: int) -> None:
    found = await renderer.run(f"renderer.chunkings({share * SHARE}, {(share + 1) * SHARE}, {ROUNDS})")
    assert found["failures"] == []
    documents = found["documents"]
    assert found["count"] == min(SHARE, documents - share * SHARE) * ROUNDS
    assert 1_000 <= documents * ROUNDS <= 4 * SHARE * ROUNDS


@pytest.mark.long
async def test_however_it_is_cut_a_hundred_times_the_page_is_the_same(renderer: Renderer) -> None:
    for begin in range(0, 400, 20):
        found = await renderer.run(f"renderer.chunkings({begin}, {begin + 20}, 60)")
        assert found["failures"] == []


async def test_the_652_examples_of_commonmark_stand_as_they_should(renderer: Renderer) -> None:
    """What differs does so for our rules: HTML stays text, and bare addresses are links."""
    ours = [
        {**example, "markdown": example["markdown"].replace("→", "\t"), "html": example["html"].replace("→", "\t")}
        for example in examples()
    ]
    assert len(ours) == 652
    differ = await renderer.run(
        """async examples => {
          // The rarer names of characters are fetched when the first is met.
          renderer.load("&ngE;");
          const here = () => renderer.load("&ngE;").textContent !== "&ngE;";
          for (let tries = 0; tries < 600 && !here(); tries++) await new Promise(done => setTimeout(done, 100));
          return examples.filter(({ markdown, html }) => {
            const mine = JSON.stringify(renderer.commonmark(renderer.load(markdown)));
            return mine !== JSON.stringify(renderer.wanted(html));
          }).map(({ number }) => number);
        }""",
        ours,
    )
    left = [(one["number"], one["markdown"], one["html"]) for one in ours if one["number"] in differ]
    assert [
        one for one in left if one[0] not in BARE | LOWER and not re.search(r"<[a-z/!?]", one[1], re.IGNORECASE)
    ] == []
    assert len(left) == RAW_HTML + len(BARE | LOWER)


async def test_what_is_half_written_does_not_flash_up_as_marks(renderer: Renderer) -> None:
    text = (
        "Some **bold** and *slanted* words, `code`, ~~gone~~, [a link](https://example.org/with_a_path), "
        "![a picture](https://example.org/p.png).\n\n## Heading\n\n- one\n- two **x**\n\n```js\nlet a;\n```\n\n"
        "| a | b |\n|---|---|\n| **c** | d |\n\nSo $x^2$ it is.\n\nTitle\n---\n\n1. first\n2. second\n"
    )
    seen = await renderer.run(
        """text => {
          const [container, prose] = renderer.begin();
          const seen = [];
          for (const letter of text) {
            prose.append(letter);
            renderer.hurry(Infinity);
            const blocks = [...container.querySelectorAll("p, li, h3, h4, h5, h6, td, th")];
            const said = blocks.map(block => block.textContent).join("¶");
            if (/[*`~|#\\]$]|https:|\\]\\(|-{2}/.test(said)) seen.push(said.slice(-40));
          }
          return seen;
        }""",
        text,
    )
    assert seen == []


async def test_each_item_has_its_mark_on_the_side_where_its_words_begin(renderer: Renderer) -> None:
    """Alice's list in several languages: the space for a mark is on the right of Arabic, and on the left of English."""
    items = "- English\n- العربية تبدأ من اليمين\n  - עברית\n  - inside\n\n1. [ ] مهمة\n2. two\n\n"
    text = f"{items}[^1]: ملاحظة\n\nA mark.[^1]\n"
    seen = await renderer.run(
        """async text => {
          const [container, prose] = renderer.begin();
          for (const letter of text) {
            prose.append(letter);
            renderer.hurry(Infinity);
          }
          prose.end();
          renderer.hurry(Infinity);
          return [...container.querySelectorAll("li")].map(item => {
            const [list, own] = [item.parentElement.getBoundingClientRect(), item.getBoundingClientRect()];
            return [own.left - list.left, list.right - own.right].map(Math.round);
          });
        }""",
        text,
    )
    left, right = [24, 0], [0, 24]
    assert seen == [left, right, right, left, right, left, right]
    assert await renderer.stream(*text) == await renderer.load(text)


async def test_a_selection_survives_what_comes_after_it(renderer: Renderer) -> None:
    kept = await renderer.run(
        """() => {
          const [container, prose] = renderer.begin();
          prose.append("The **first** words stand here, and ");
          renderer.hurry(Infinity);
          const strong = container.querySelector("strong").firstChild;
          getSelection().setBaseAndExtent(strong, 0, container.querySelector("p").lastChild, 6);
          const before = getSelection().toString();
          const said = ["more *come*, ", "`code`,", "", "- one", "- two", "", "```js", "let a;", "```", "", "end"];
          for (const more of said) {
            prose.append(more + "\\n");
            renderer.hurry(Infinity);
          }
          prose.end();
          renderer.hurry(Infinity);
          return [before, getSelection().toString(), strong.isConnected];
        }"""
    )
    assert kept == ["first words", "first words", True]


async def test_what_is_explained_later_is_understood_in_the_end_without_touching_the_rest(renderer: Renderer) -> None:
    kept = await renderer.run(
        """async () => {
          const [container, prose] = renderer.begin();
          const said = ["First, see [the book][b] and a mark[^n].", "Second."];
          said.push("[b]: https://example.org/", "[^n]: A note.");
          for (const part of said) prose.append(part + "\\n\\n");
          while (!container.querySelectorAll("p")[1]) await new Promise(requestAnimationFrame);
          const second = container.querySelectorAll("p")[1];
          prose.end();
          renderer.hurry(Infinity);
          const links = container.querySelectorAll("a[href='https://example.org/']").length;
          return [second.isConnected, links, container.querySelector(".footnotes li").textContent];
        }"""
    )
    assert kept == [True, 1, "A note.\N{NO-BREAK SPACE}↩"]


async def test_a_long_answer_stands_on_leaves_of_which_only_the_last_one_changes(renderer: Renderer) -> None:
    paragraphs = [f"Paragraph {number}, with **some** words.\n\n" for number in range(200)]
    seen = await renderer.run(
        """paragraphs => {
          const [container, prose] = renderer.begin();
          const changed = new Set();
          const observer = new MutationObserver((records) => records.forEach(note));
          const leaves = () => [...container.children];
          const note = ({ target }) => changed.add(leaves().findIndex(leaf => leaf.contains(target)));
          const grow = part => {
            prose.append(part);
            renderer.hurry(Infinity);
          };
          paragraphs.slice(0, -1).forEach(grow);
          observer.observe(container, { childList: true, characterData: true, attributes: true, subtree: true });
          [...paragraphs.at(-1)].forEach(grow);
          observer.takeRecords().forEach(note);
          return [leaves().map(leaf => leaf.children.length), [...changed]];
        }""",
        paragraphs,
    )
    assert seen == [[16] * 12 + [8], [12]]
    assert await renderer.stream(*paragraphs) == await renderer.load("".join(paragraphs))


async def test_a_leaf_goes_with_the_last_block_that_stood_on_it(renderer: Renderer) -> None:
    """A definition shows its label before it vanishes; here it is the first on its leaf, above a note."""
    text = "A paragraph.[^1]\n\n" + "[^1]: A note.\n\n" + "Words.\n\n" * 15 + "[label]: https://example.org\n"
    leaves = """text => {
      const [container, prose] = renderer.begin();
      const counts = new Set();
      for (const letter of text) {
        prose.append(letter);
        renderer.hurry(Infinity);
        counts.add(container.querySelectorAll(".leaf").length);
      }
      return [...counts, container.querySelectorAll(".leaf").length, container.lastElementChild.className];
    }"""
    assert await renderer.run(leaves, text) == [1, 2, 1, "footnotes"]
    assert await renderer.stream(*text) == await renderer.load(text)


GROWING = {
    "paragraphs": "A paragraph of **some** words, with a [link](https://example.org).\n\n",
    "one fence": "    let number = value + 1;\n",
    "one list": "- an item of *some* words\n",
    "one loose list": "- an item of *some* words\n\n",
    "one table": "| some | words | 12 |\n",
}
HEADS = {"one fence": "```js\n", "one table": "| a | b | c |\n|---|---|---|\n"}


@pytest.mark.parametrize("what", GROWING)
async def test_S_55_the_work_grows_with_the_text_and_not_with_its_square(renderer: Renderer, what: str) -> None:
    """Characters read for each that came: with ten times the text it must not be more."""
    each = []
    for size in (20_000, 200_000):
        text = HEADS.get(what, "") + GROWING[what] * (size // len(GROWING[what]))
        each.append((await renderer.run("([text]) => renderer.work(text, 24)", [text]))["each"])
    assert each[1] < 1.3 * each[0] + 1
    assert each[1] < 25


WORST = {
    "stars": "*", "brackets": "[", "quotation marks": '"', "comments": "<!--", "backticks": "`",
    "uneven backticks": "` ``", "pictures": "![[]()", "tildes": "~~ ", "underscores": "_a ",
    "stars and words": "*a **a ", "less than": "<", "quotes": "> ", "dashes": "- ", "half links": "[a](",
    "dollars": "$a ", "addresses": "http://a.b ", "mail": "a@", "entities": "&#x", "backslashes": "\\", "pipes": "|",
    "marks": "[^a]", "small tables": "|a|b|\n|-|-|\n", "items": "* a\n", "lines of one": "a\n",
    "deep lists": "".join(f"{'  ' * depth}- a\n" for depth in range(60)), "deep quotes": "> > > > > > > > > a\n",
    "definitions": "[a]: b\n", "fences": "```\na\n```\n", "bold in slanted": "a**b_c*", "words": "word ",
    "formulas": "$x_1$ ", "chinese": "**“是”**的", "open formulas": "$$\n\\[\n", "notes": "[^1]: a\n",
    "pairs": "a<sub>b</sub>", "open pairs": "<sub>*", "code": "```c\n" + "aaaa aaaa\n" * 200 + "```\n",
}  # fmt: skip


async def worst(renderer: Renderer, what: str, size: int) -> None:
    """Render so much of the worst, and see that the page had its turn all the time."""
    text = (WORST[what] * (size // len(WORST[what]) + 1))[:size]
    # Meant are 200 ms. The machine does other things meanwhile, though hardly three times at the worst moment; what
    # grows with the square takes far longer each time.
    for _ in range(3):
        found = await stillness(renderer, text)
        assert found["length"] > 0 and found["whole"]
        if found["longest"] < 2_000:
            return
    pytest.fail(f"{what}: {found}")


async def stillness(renderer: Renderer, text: str) -> dict[str, Any]:
    """How long the page had no turn, at most, while it rendered this."""
    found: dict[str, Any] = await renderer.run(
        """async text => {
          let longest = 0, begin = performance.now();
          const [container, prose] = renderer.begin();
          prose.append(text);
          prose.end();
          for (let quiet = 0; quiet < 20;) {
            await new Promise(done => setTimeout(done));
            const now = performance.now();
            quiet = prose.pending ? 0 : quiet + 1;
            longest = Math.max(longest, now - begin);
            begin = now;
          }
          return { longest, length: container.textContent.length, whole: prose.text === text };
        }""",
        text,
    )
    return found


@pytest.mark.parametrize("what", WORST)
async def test_S_55_the_page_stays_alive_under_the_worst(renderer: Renderer, what: str) -> None:
    await worst(renderer, what, 32_768)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", WORST)
async def test_S_55_the_page_stays_alive_under_a_mebibyte_of_the_worst(renderer: Renderer, what: str) -> None:
    await worst(renderer, what, 1_048_576)
