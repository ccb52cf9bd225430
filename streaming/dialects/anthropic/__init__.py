"""Anthropic's Messages, which aggregators also speak for other models."""

from __future__ import annotations

from typing import Final

from ..faults import in_answer as failure
from .parser import Parser
from .questions import headers, render_prompt
from .renderer import Renderer, render_error
from .requests import parse_prompt

PATH: Final = "/v1/messages"

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
