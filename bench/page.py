"""What an answer costs the page while it streams, beside the usual way to show it, in a real Chromium.

    python3 dev.py bench page             the whole table, about three minutes
    python3 dev.py bench page -- --quick  fewer chunks

A real server relays a scripted model's answers to the real page over its WebSocket. The usual way is the same page
with two modules replaced: it renders all of the text anew as HTML once a frame. Seconds and tasks of the main thread
are time of the processor, the seconds those of the best of three rounds: a busy machine must not count. Only numbers of
one run may be compared.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from tests.browser.people import answers, choose, send, sign_up  # noqa: E402
from tests.sites import OPENAI_MODEL, Database, Site  # noqa: E402
from tests.upstream import Pause, Upstream, openai_answer  # noqa: E402

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--enable-precise-memory-info",
]
TOUR = (ROOT / "streaming" / "tour.md").read_text(encoding="utf-8").partition("## Every script")[0]
WATCH = """() => {
  globalThis.frames = [];
  let before = performance.now();
  const turn = now => { frames.push(now - before); before = now; requestAnimationFrame(turn); };
  requestAnimationFrame(turn);
}"""

ENDS = """() => {
  globalThis.ended = new Promise(done => document.addEventListener("reply-end", () => done(true), { once: true }));
}"""


@dataclass
class Figures:
    """What one way to show markdown was measured to cost."""

    seconds: float = 0.0
    script: float = 0.0
    whole: float = 0.0
    longest: float = 0.0
    idle: float = 0.0
    frames: float = 0.0
    kilobytes: float = 0.0
    files: int = 0
    heap: float = 0.0
    notes: list[str] = field(default_factory=list)


class Bench:
    """One browser's person on one site, with one way to show markdown."""

    def __init__(self, page: Page, upstream: Upstream, quick: bool) -> None:
        self.page = page
        self.upstream = upstream
        self.share = 4 if quick else 1
        self.rounds = 1 if quick else 3
        self.figures = Figures()

    async def run(self) -> Figures:
        """Measure all of it."""
        self.devtools = await self.page.context.new_cdp_session(self.page)
        await self.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        await sign_up(self.page, email=f"{time.time_ns()}@example.com")
        await choose(self.page, OPENAI_MODEL)
        await self._first()
        rounds = [await self._chunks() for _ in range(self.rounds)]
        self.figures.seconds, self.figures.script = min(rounds)
        await self._frames()
        await self._at_once()
        await self._heap()
        return self.figures

    async def _answer(self, *pieces: str, pause: float = 0) -> float:
        """Ask, and be given these pieces; seconds until the last of them was shown."""
        scripted = openai_answer(*pieces)
        self.upstream.script(scripted.between(Pause(pause)) if pause else scripted)
        count = await answers(self.page).count()
        last = "".join(pieces).split()[-1]
        begin = time.monotonic()
        await send(self.page, "Go on")
        shown = """([count, last]) => {
          const all = document.querySelectorAll(".message--assistant");
          return all.length > count && all[count].querySelector(".prose[data-part=text]").textContent.includes(last);
        }"""
        # Looking every frame would cost more than what is measured.
        await self.page.wait_for_function(shown, arg=[count, last], timeout=300_000, polling=100)
        took = time.monotonic() - begin
        await self.page.wait_for_selector('.message--assistant:last-child[data-state="complete"]', timeout=60_000)
        return took

    async def _metrics(self) -> dict[str, float]:
        return {one["name"]: one["value"] for one in (await self.devtools.send("Performance.getMetrics"))["metrics"]}

    async def _first(self) -> None:
        await self._answer("A first", " answer", " of", " words.")
        script = """() => performance.getEntriesByType("resource").filter(one => one.name.includes(".js"))
          .map(one => one.encodedBodySize)"""
        sizes = await self.page.evaluate(script)
        self.figures.kilobytes, self.figures.files = sum(sizes) / 1_000, len(sizes)

    async def _chunks(self) -> tuple[float, float]:
        """1,000 chunks of 4 characters at 100 a second, while nothing of ours looks at the page or points at it."""
        await self._new()
        text = _text(4_000 // self.share)
        pieces = (text[at : at + 4] for at in range(0, len(text), 4))
        self.upstream.script(openai_answer(*pieces).between(Pause(0.01)))
        await self.page.evaluate(ENDS)
        await self.page.locator("textarea").fill("Go on")
        before = await self._metrics()
        await self.page.keyboard.press("Enter")
        await self.page.evaluate("globalThis.ended")
        after = await self._metrics()
        seconds, script = (after[name] - before[name] for name in ("TaskDuration", "ScriptDuration"))
        return seconds * self.share, script * self.share

    async def _frames(self) -> None:
        """4,000 chunks of 20 characters at 200 a second, beside a page that does nothing."""
        await self._new()
        await self.page.evaluate(WATCH)
        await asyncio.sleep(5)
        self.figures.idle = _p99(await self.page.evaluate("frames.splice(0)"))
        text = _text(80_000 // self.share)
        await self._answer(*(text[at : at + 20] for at in range(0, len(text), 20)), pause=0.005)
        self.figures.frames = _p99(await self.page.evaluate("frames.splice(0)"))

    async def _at_once(self) -> None:
        """80 kB as fast as they come."""
        await self._new()
        browser = self.page.context.browser
        assert browser
        await browser.start_tracing(page=self.page, categories=["toplevel", "__metadata"])
        text = _text(80_000)
        self.figures.whole = await self._answer(*(text[at : at + 2_000] for at in range(0, len(text), 2_000)))
        await asyncio.sleep(2)
        self.figures.longest = _longest(json.loads(await browser.stop_tracing()))

    async def _heap(self) -> None:
        """A conversation of 400 kB, loaded anew."""
        for number in range(4):
            text = _text(80_000, number)
            await self._answer(*(text[at : at + 2_000] for at in range(0, len(text), 2_000)))
        await self.page.reload()
        headings = "document.querySelectorAll('.message--assistant .prose :is(h1, h3)').length"
        await self.page.wait_for_function(f"() => {headings} > 20")
        await asyncio.sleep(4)
        await self.devtools.send("HeapProfiler.collectGarbage")
        self.figures.heap = (await self._metrics())["JSHeapUsedSize"] / 1_000_000

    async def _new(self) -> None:
        await self.page.goto("/")
        await self.page.wait_for_selector("textarea")


def _text(size: int, number: int = 0) -> str:
    """So much of what answers hold, ending in a word of its own."""
    return (TOUR * (size // len(TOUR) + 1))[: size - 20].rstrip("`$*|\n ") + f"\n\nEnd{size}n{number}."


def _longest(trace: dict[str, Any]) -> float:
    """Milliseconds of the processor that the longest task of the page's main thread took."""
    events = trace["traceEvents"]
    tasks: dict[tuple[int, int], list[float]] = {}
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    for one in events:
        thread = (one["pid"], one["tid"])
        if one["ph"] == "X" and one["name"].endswith("RunTask") and thread in mains and "tdur" in one:
            tasks.setdefault(thread, []).append(one["tdur"])
    busiest = max(tasks.values(), key=sum)
    return max(busiest) / 1_000


def _p99(values: list[float]) -> float:
    return sorted(values[1:])[int(len(values) * 0.99) - 1]


async def measured(browser: Browser, site: Site, upstream: Upstream, naive: Path | None, quick: bool) -> Figures:
    """The figures of our way, or of the usual one."""
    options: dict[str, Any] = {"base_url": site.url, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
    context: BrowserContext = await browser.new_context(**options, bypass_csp=naive is not None)
    context.set_default_timeout(60_000)
    if naive is not None:
        body = naive.read_bytes()
        await context.route("**/static/app*.js", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    figures = await Bench(await context.new_page(), upstream, quick).run()
    await context.close()
    return figures


def table(ours: Figures, usual: Figures) -> str:
    """The table of what was measured."""
    rows = [
        ("main thread, 1,000 chunks of 4 characters at 100/s", "s", 2, "seconds", "≤ 0.8"),
        ("of which script", "s", 2, "script", ""),
        ("80 kB at once, until the last character", "s", 2, "whole", "< 2"),
        ("longest task of that, in time of the processor", "ms", 0, "longest", "≤ 50"),
        ("frames, p99, page at rest", "ms", 1, "idle", ""),
        ("frames, p99, 4,000 chunks at 200/s", "ms", 1, "frames", "≤ 1.2 × at rest"),
        ("script before the first answer, gzip", "kB", 1, "kilobytes", "≤ 60"),
        ("heap after a conversation of 400 kB", "MB", 1, "heap", "≤ 40"),
    ]
    lines = ["| | unit | ours | all anew each frame | to reach |", "|---|---|--:|--:|---|"]
    for what, unit, digits, name, goal in rows:
        values = (f"{getattr(one, name):.{digits}f}" for one in (ours, usual))
        lines.append(f"| {what} | {unit} | {' | '.join(values)} | {goal} |")
    return "\n".join(lines)


async def bench(quick: bool) -> None:
    """Measure both ways and print them."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subprocess.run(["node", ROOT / "bench/page_parts/bundle.js", folder], cwd=ROOT, check=True)
        (folder / "site").mkdir()
        database = stack.enter_context(Database.migrated(folder))
        upstream = stack.enter_context(Upstream.in_thread())
        site = stack.enter_context(Site(database, folder / "site", upstream, {"SIGNUP": "open"}))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            ours = await measured(browser, site, upstream, None, quick)
            print("ours:", ours, flush=True)
            usual = await measured(browser, site, upstream, folder / "app.js", quick)
            print(f"\nChromium {browser.version}, {os.cpu_count()} cores\n\n{table(ours, usual)}")
            await browser.close()


if __name__ == "__main__":
    asyncio.run(bench("--quick" in sys.argv))
