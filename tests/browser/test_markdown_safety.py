"""Whatever a model writes stays words: no script, no request, no link but to the web and to mailboxes, no dead page."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import Complaints
from .payloads import PAYLOADS
from .rendering import ADDRESS, Renderer

BLOCKS = "p h3 h4 h5 h6 blockquote ul ol li hr div table thead tbody tr th td section pre"
ELEMENTS = f"{BLOCKS} strong em del code a span bdi sub sup kbd br input button i".split(" ")
LOOK = """([payloads, elements]) => {
  const found = [];
  for (const payload of payloads) {
    for (const container of [renderer.load(payload), renderer.stream(payload)]) {
      for (const node of container.querySelectorAll("*")) {
        if (node.closest(".formula") && node.localName !== "a") continue;
        if (!elements.includes(node.localName)) found.push([payload, node.outerHTML]);
        for (const { name, value } of node.attributes) {
          if (/^on|^src|^style$|^srcset$|^action$|^formaction$|^ping$/.test(name)) found.push([payload, name]);
          if (name !== "href") continue;
          if (!/^(https?:\\/\\/|mailto:|#note-|#mark-)/i.test(value)) found.push([payload, value]);
          const apart = node.rel === "noopener noreferrer" && node.target === "_blank";
          if (!value.startsWith("#") && !apart) found.push([payload, "rel"]);
        }
      }
      const over = new MouseEvent("mouseover", { bubbles: true });
      for (const link of container.querySelectorAll("a[target]")) link.dispatchEvent(over);
    }
  }
  return found;
}"""


async def test_I_18_S_24_three_hundred_attacks_stay_words_though_no_policy_stands_in_their_way(
    renderer: Renderer,
) -> None:
    assert len(set(PAYLOADS)) >= 300
    assert await renderer.run(LOOK, [PAYLOADS, ELEMENTS]) == []
    await renderer.page.wait_for_timeout(1_000)
    assert await renderer.run("document.hit") is None
    assert (
        await renderer.run("document.querySelectorAll('script:not([src=\"parts.js\"], #words), img, iframe').length")
        == 0
    )


SET = """() => {
  const [html, math] = ["http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"];
  const sign = ({ localName, namespaceURI }) => namespaceURI === math ? !/xml|action|href/.test(localName)
    : namespaceURI === html ? localName === "span" : /^(svg|path|line)$/.test(localName);
  const acts = ({ attributes }) => [...attributes].some(({ name }) => /^on|src|href|action|ping/.test(name));
  const set = [...document.querySelectorAll("#main .katex, #main .katex *, #main .code code *")];
  const found = set.filter((node) => !sign(node) || acts(node)).map((node) => node.outerHTML);
  return [...[".katex", ".code code *"].map((what) => document.querySelectorAll(`#main ${what}`).length), found];
}"""


async def test_I_18_S_24_formulas_and_colours_made_of_attacks_are_signs_and_nothing_else(renderer: Renderer) -> None:
    attacks = [payload for payload in PAYLOADS if "\n" not in payload]
    texts = [f"${payload}$ and $x_1 \\text{{{payload}}}$" for payload in attacks]
    texts += [f"```{language}\n{payload}\n```" for language in ("html", "js", "markdown") for payload in attacks]
    signs = colours = 0
    await renderer.load("$x$\n\n```js\nlet a;\n```")
    for what in (".katex", ".code code *"):
        await expect(renderer.page.locator(f"#main {what}").first).to_be_attached()
    for begin in range(0, len(texts), 200):
        await renderer.load("\n\n".join(texts[begin : begin + 200]))
        await renderer.page.wait_for_timeout(1_000)
        await renderer.run("renderer.hurry(Infinity)")
        found = await renderer.run(SET)
        assert found[2] == []
        signs, colours = signs + found[0], colours + found[1]
    assert signs > 400 and colours > 1_000
    assert await renderer.run("document.hit") is None
    assert renderer.asked == []


async def test_I_18_S_26_no_text_makes_a_request_to_anybody(renderer: Renderer) -> None:
    for begin in range(0, len(PAYLOADS), 60):
        await renderer.load("\n\n".join(PAYLOADS[begin : begin + 60]))
        await renderer.page.wait_for_timeout(200)
    await renderer.stream(*"![a](http://evil.test/p.png) $x^2$ ![b][c]\n\n[c]: http://evil.test/q.png\n")
    await renderer.page.wait_for_timeout(500)
    assert renderer.asked == []


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("mermaid", "graph TD\n  A[<img src=x onerror=alert(1)>] --> B\n  click A call alert(1)"),
        ("dot", 'digraph { a [URL="javascript:alert(1)"] }'),
        ("html", "<h1 onclick=alert(1)>Press me</h1><script>alert(1)</script>"),
        ("svg", '<svg onload="alert(1)"><circle r="9"/></svg>'),
        ("plantuml", "!include https://evil.test/a\nBob -> Alice"),
    ],
)
async def test_S_22_diagrams_and_html_stay_code_to_read(renderer: Renderer, language: str, source: str) -> None:
    fence = f"```{language}\n{source}\n```\n"
    assert await renderer.load(fence) == await renderer.stream(*fence)
    await renderer.page.wait_for_timeout(500)
    code = renderer.page.locator(".code code")
    assert await code.text_content() == source
    assert await code.locator("*:not(span)").count() == 0
    assert await renderer.page.locator("#main :is(iframe, svg:not(.icon), canvas, object, embed, img)").count() == 0
    assert renderer.asked == []


@pytest.mark.parametrize(
    ("written", "shown", "place"),
    [
        ("[the bank](https://evil.test/a)", "the bank", "evil.test"),
        ("[https://bank.test](https://evil.test/a)", "https://bank.test", "evil.test"),
        ("[bank.test](https://bank.test@evil.test/)", "bank.test", "evil.test"),
        ("[bank.test.evil](https://bank.test/)", "bank.test.evil", "bank.test"),
        ("[somebody](mailto:a@b.test)", "somebody", "a@b.test"),
        ("![a picture](https://evil.test/p.png)", "a picture", "evil.test"),
        ("https://example.org/a", "https://example.org/a", ""),
        ("[example.org](https://example.org/a)", "example.org", ""),
    ],
)
async def test_S_30_a_link_says_whose_place_it_leads_to(
    renderer: Renderer, written: str, shown: str, place: str
) -> None:
    await renderer.load(written)
    assert await renderer.page.locator("#main a").text_content() == shown
    assert (await renderer.page.locator("#main .place").all_text_contents() or [""])[0].strip() == place


async def test_S_30_a_picture_within_its_own_address_is_not_spelt_out(renderer: Renderer) -> None:
    await renderer.load(f"![a chart](data:image/png;base64,{'iVBORw0KGgo' * 200})")
    assert await renderer.page.locator("#main").inner_text() == "a chart data:image/png…"


async def test_S_30_a_link_that_could_carry_much_away_says_how_much(renderer: Renderer) -> None:
    await renderer.load(f"[a](https://evil.test/?q={'x' * 200})")
    assert await renderer.page.locator("#main .place").get_attribute("data-long") == "203"


@pytest.mark.parametrize("error", ["RangeError('deep')", "SyntaxError('odd')", "new Error('out of memory')", "null"])
@pytest.mark.parametrize(
    "where", ["renderer.Markdown.prototype.step", "document.createElement", "Element.prototype.append"]
)
async def test_S_23_whatever_breaks_in_rendering_the_text_is_shown_as_it_is(
    renderer: Renderer, where: str, error: str
) -> None:
    """It breaks in the middle, and goes on as plain text."""
    text = "Some **bold** words.\n\n<img src=x onerror=document.hit=1>\n\n- and\n- more\n"
    shown = await renderer.run(
        f"""text => {{
          const [container, prose] = renderer.begin();
          prose.append(text.slice(0, 20));
          renderer.hurry(Infinity);
          const whole = {where};
          let broken = false;
          {where} = function (...rest) {{
            if (broken) return whole.apply(this, rest);
            broken = true;
            throw {error};
          }};
          prose.append(text.slice(20, 40));
          prose.append(text.slice(40));
          prose.end();
          renderer.hurry(Infinity);
          {where} = whole;
          return [container.textContent, container.querySelectorAll("img, strong").length, document.hit ?? 0];
        }}""",
        text,
    )
    assert shown == [text, 0, 0]


@pytest.mark.parametrize(
    "tex",
    [
        "\\frac{a",
        "\\unknown{b}",
        "{" * 3_000,
        "\\def\\a{\\a\\a}\\a x",
        "\\sqrt" * 1_000 + "x",
        "<img src=x onerror=document.hit=1>",
    ],
)
async def test_S_23_a_formula_that_cannot_be_set_shows_its_source(renderer: Renderer, tex: str) -> None:
    await renderer.load(f"$$\nx={tex}\n$$")
    await renderer.page.wait_for_timeout(300)
    assert await renderer.page.locator("#main img").count() == 0
    if "<" not in tex:
        assert f"x={tex}" in (await renderer.page.locator("#main").text_content() or "")
    assert await renderer.run("document.hit") is None


async def test_S_23_without_colours_and_formulas_their_sources_stay(renderer: Renderer, complaints: Complaints) -> None:
    complaints.expect("ERR_FAILED")
    await renderer.page.route(f"{ADDRESS}assets/*.js", lambda route: route.abort())
    await renderer.load("```js\nlet a;\n```\n\nand $x^2$ so")
    await renderer.page.wait_for_timeout(500)
    assert await renderer.page.locator("#main").inner_text() == "js\nWrap\nCopy\nlet a;\n\nand x^2 so"


async def test_prices_are_no_formulas(renderer: Renderer) -> None:
    prices = "It costs $5 or $10, from $3.50 to $4, US$5 and A$6; $20 and that’s it$."
    assert "formula" not in await renderer.load(prices)
    assert (await renderer.load("$x$, $5x = 3$, \\(y\\), \\[z\\], $$w$$")).count("<formula") == 5


async def test_code_that_is_being_selected_gets_its_colours_when_the_selection_has_left(renderer: Renderer) -> None:
    await renderer.run(
        """() => {
          const [container, prose] = renderer.begin();
          prose.append("```js\\nconst one = 1;\\n");
          renderer.hurry(Infinity);
          getSelection().selectAllChildren(container.querySelector(".code code"));
          prose.append("```\\n");
          prose.end();
        }"""
    )
    await renderer.page.wait_for_timeout(500)
    assert "const one = 1;" in await renderer.run("getSelection().toString()")
    assert await renderer.page.locator(".syn-keyword").count() == 0
    await renderer.run("getSelection().removeAllRanges()")
    await renderer.page.wait_for_selector(".syn-keyword")


async def test_code_is_coloured_without_moving_and_can_be_wrapped_and_copied(renderer: Renderer) -> None:
    await renderer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = "def a(b: int) -> str:\n    # so\n    return 'c'\n" * 40
    await renderer.run("text => renderer.load(text)", f"```python\n{code}```\n")
    before = await renderer.page.locator("#main .code").bounding_box()
    await renderer.page.wait_for_selector(".syn-keyword")
    assert await renderer.page.locator("#main .code").bounding_box() == before
    assert await renderer.run("renderer.CodeBlock.of(document.querySelector('.code')).text") == code
    assert {"def", "return"} <= set(await renderer.page.locator(".syn-keyword").all_text_contents())
    text = await renderer.page.locator("#main pre").inner_text()
    assert text.strip("\n") == code.strip("\n")
