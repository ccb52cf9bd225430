"""The environment variables that the product reads, and what they are set to."""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Iterator, Mapping

from scripts.processes import ROOT

SETTINGS = ROOT / "chatsite" / "settings.py"
_READERS = re.compile(r"env|env\.\w+|_number|_choice")
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")


@functools.cache
def settings() -> frozenset[str]:
    """The names of all variables that chatsite/settings.py reads."""
    return frozenset(_read(ast.parse(SETTINGS.read_text(encoding="utf-8"))))


def without_settings(env: Mapping[str, str]) -> dict[str, str]:
    """`env` without what would set the product up."""
    ours = settings()
    return {name: value for name, value in env.items() if name not in ours}


def value(name: str, default: str = "") -> str:
    """What the product will find under `name`: the environment's word, or else that of the file .env."""
    return os.environ.get(name) or _file().get(name, default)


def _file() -> dict[str, str]:
    file = ROOT / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    pairs = (line.removeprefix("export ").partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): text.strip().strip("'\"") for name, equals, text in pairs if equals}


def _read(tree: ast.AST) -> Iterator[str]:
    """First arguments of what reads the environment; a name that a comprehension runs through stands for its values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _READERS.fullmatch(ast.unparse(node.func)):
            yield from _names(node.args[0])
        elif isinstance(node, ast.DictComp) and any(_read_name(call) for call in ast.walk(node.value)):
            yield from _names(node.generators[0].iter)


def _read_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _READERS.fullmatch(ast.unparse(node.func)) is not None


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _NAME.fullmatch(part.value):
            yield part.value
