"""A real Chromium, and people in it.

`page` shows the site to somebody new. `visit()` gives a test further people, each with cookies of their own.
A page that complains (an error in the console, an uncaught exception, a breach of the content policy) fails its test at
the end, unless the test has said `complaints.expect("409")`. What a failed test's pages looked like is kept under var/;
with `--traces` all that happened on them, too, which makes a browser test take half as long again.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, async_playwright, expect

from scripts.processes import ROOT
from tests.conftest import FAILED
from tests.sites import Site

from .rendering import bundle, renderer

__all__ = ["bundle", "renderer"]

UNWANTED = (
    # Chromium draws the list under its address bar as pages: two for each window, which take longer to start than ours.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    # And what Playwright leaves out, whose list this one replaces.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""Features of the browser that no test is about."""
FLAGS = [
    f"--disable-features={','.join(UNWANTED)}",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 15_000
"""Milliseconds to wait for what should happen at once: the machine may be busy."""

expect.set_options(timeout=PATIENCE)


class Complaints:
    """What the pages of a test complained of, less what the test expected of them."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._expected: list[str] = []

    def expect(self, *parts: str) -> None:
        """Let pass whatever contains one of these."""
        self._expected.extend(parts)

    def listen(self, context: BrowserContext) -> None:
        """Hear every page of `context`, now and later."""
        context.on("console", self._console)
        context.on("weberror", self._error)

    @property
    def unexpected(self) -> list[str]:
        """What remains."""
        return [text for text in self._heard if not any(part in text for part in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"{message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self._heard.append(str(error.error))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one Chromium of this test process."""
    assert CHROMIUM, "Chromium is not installed: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def complaints() -> Complaints:
    """What the pages of this test complained of."""
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser,
    site: Site,
    complaints: Complaints,
    request: pytest.FixtureRequest,
    start_site: object,  # whose sites end after everybody has left
) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Brings people: `await visit(color_scheme="dark")` is a page at somebody's who has no cookie of ours yet."""
    contexts: list[BrowserContext] = []
    traced = bool(request.config.getoption("--traces"))

    async def arrive(**options: Any) -> Page:
        # Each from an address of their own, or the site would think that one of them makes all the accounts.
        home = {"X-Forwarded-For": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}
        context = await browser.new_context(
            **{"base_url": site.url, "locale": "en-GB", "extra_http_headers": home, **options}
        )
        context.set_default_timeout(PATIENCE)
        complaints.listen(context)
        if traced:
            await context.tracing.start(screenshots=True, snapshots=True)
        contexts.append(context)
        return await context.new_page()

    yield arrive
    failed = request.node.stash.get(FAILED, False) or bool(complaints.unexpected)
    for number, context in enumerate(contexts, 1):
        await _leave(context, f"{request.node.nodeid}-{number}" if failed else "", traced)
    assert not complaints.unexpected, "\n".join(complaints.unexpected)


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit: Callable[..., Awaitable[Page]]) -> Page:
    """A page at somebody's who has no cookie of ours yet."""
    return await visit()


@pytest.fixture
def context(page: Page) -> BrowserContext:
    """The cookies and tabs that `page` is one of."""
    return page.context


async def _leave(context: BrowserContext, keep_as: str, traced: bool) -> None:
    """Close what somebody had open; of a failed test keep a picture of each tab and what it held, and a trace."""
    if keep_as:
        path = ROOT / "var" / "failures" / re.sub(r"[^\w-]+", "-", keep_as)
        path.parent.mkdir(parents=True, exist_ok=True)
        for number, tab in enumerate(context.pages, 1):
            await tab.screenshot(path=f"{path}-{number}.png")
            Path(f"{path}-{number}.html").write_text(await tab.content(), encoding="utf-8")
        if traced:
            await context.tracing.stop(path=f"{path}.zip")
    await context.close()
