"""The ways in which models' servers are spoken to. Each is a module with the same names; a third is one more line here.

PATH, headers, render_prompt and parse_prompt are about questions; Parser, Renderer, failure and render_error
about answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from . import anthropic, openai

DIALECTS: Final[Mapping[str, ModuleType]] = {"openai": openai, "anthropic": anthropic}
