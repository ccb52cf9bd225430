"""OpenAI's chat completions, which most servers speak in their own way."""

from __future__ import annotations

from typing import Final

from ..faults import in_answer as failure
from .parser import Parser
from .questions import headers, render_prompt
from .renderer import Renderer, render_error
from .requests import parse_prompt

PATH: Final = "/chat/completions"

__all__ = [
    "PATH",
    "Parser",
    "Renderer",
    "failure",
    "headers",
    "parse_prompt",
    "render_error",
    "render_prompt",
]
