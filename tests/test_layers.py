"""Who may import whom: the contracts stand in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS_CODE = {
    *("eval", "exec", "__import__", "import_module", "import_string", "system", "popen", "fork"),
    *("Popen", "run_path", "run_module", "create_subprocess_exec", "create_subprocess_shell", "execv", "execve"),
    *("pickle", "marshal", "shelve", "subprocess", "importlib", "runpy"),
}
"""What runs code or programs by their names, or brings that along."""
ALLOWED = {
    "chatsite/backups/postgresql.py": {"subprocess"},
    "chatsite/server/management/commands/serve.py": {"import_string"},
    "chatsite/server/workers.py": {"create_subprocess_exec"},
    "chatsite/conversations/door.py": {"importlib", "import_module"},
}
"""PostgreSQL's own programs, the application and workers of the server, and the session engine of the settings."""


def test_every_import_points_downwards() -> None:
    """Alice's words pass from layer to layer in one direction only."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_S_29_nothing_typed_into_the_product_can_run_code_or_programs() -> None:
    """Where a program is started or a module found by its name is known, and nothing that people type gets there."""
    files = [file for folder in ("chatsite", "streaming") for file in (ROOT / folder).rglob("*.py")]
    found = {str(file.relative_to(ROOT)): _names(ast.parse(file.read_text())) & RUNS_CODE for file in files}
    assert {name: names for name, names in found.items() if names} == ALLOWED


def _names(tree: ast.AST) -> set[str]:
    """What is called, and what is imported."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            names.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
    return names
