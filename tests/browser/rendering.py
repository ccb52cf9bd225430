"""The renderer of answers in a page of its own, without a site around it and without a content policy."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Request, Route

from scripts.processes import ROOT

ADDRESS = "http://renderer.test/"
SOURCE = ROOT / "tests" / "browser" / "renderer"
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".woff2": "font/woff2"}


class Renderer:
    """A page that can render; `asked` are the addresses of others that it has asked for."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self._folder = folder

    async def open(self) -> None:
        """Load it, from files of ours."""
        await self.page.route("**/*", self._serve)
        self.page.on("request", self._request)
        await self.page.goto(f"{ADDRESS}page.html")
        await self.page.wait_for_function("globalThis.renderer")

    async def run(self, script: str, argument: Any = None) -> Any:
        """What a function of the page returns."""
        return await self.page.evaluate(script, argument)

    async def stream(self, *parts: str) -> str:
        """What stands on the page after these pieces have come."""
        return str(await self.run("parts => renderer.written(renderer.stream(parts))", list(parts)))

    async def load(self, text: str) -> str:
        """What stands on a page that was loaded with this text."""
        return str(await self.run("text => renderer.written(renderer.load(text))", text))

    def _request(self, request: Request) -> None:
        if not request.url.startswith((ADDRESS, "data:")):
            self.asked.append(request.url)

    async def _serve(self, route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS).split("?")[0]
        file = SOURCE / name if name == "page.html" else self._folder / name
        if not route.request.url.startswith(ADDRESS) or not file.is_file():
            return await route.abort()
        await route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The renderer as browsers load it."""
    folder = tmp_path_factory.mktemp("renderer")
    subprocess.run(["node", SOURCE / "bundle.js", folder], cwd=ROOT, check=True, timeout=60)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def renderer(visit: Callable[..., Awaitable[Page]], bundle: Path) -> Renderer:
    """A page that can render, with nothing between a text and harm but the renderer itself."""
    made = Renderer(await visit(bypass_csp=True), bundle)
    await made.open()
    return made
