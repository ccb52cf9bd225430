"""Reads our pages without a browser: the messages in them, as a person would see them."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser


@dataclass
class Article:
    """One message on a page."""

    message: str
    state: str
    run: str = ""
    after: int = 0
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.articles: list[Article] = []
        self.section: dict[str, str] = {}
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self._depth:
            self._depth += tag == "div"
        elif tag == "section" and "data-conversation" in values:
            self.section = values
        elif tag == "article":
            self.articles.append(Article(values.get("data-message", ""), values.get("data-state", "")))
        elif tag == "chat-message" and self.articles:
            self.articles[-1].run, self.articles[-1].after = values.get("run", ""), int(values.get("after") or 0)
        elif tag == "div" and values.get("data-part") == "text" and self.articles:
            self._depth = 1

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag == "div":
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.articles[-1].text += data


def articles(html: str) -> list[Article]:
    """All messages of a page or a fragment."""
    return _read(html).articles


def conversation(html: str) -> str:
    """The conversation that a fragment's messages belong to."""
    return _read(html).section.get("data-conversation", "")


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader
