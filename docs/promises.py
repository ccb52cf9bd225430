"""Keeps the third column of promises.md true: which tests prove which row.

    python3 docs/promises.py           write the column anew from the tests
    python3 docs/promises.py --check   only say what would change; exit 1 if anything would

A test proves the rows that its name carries (`test_I_7_…`, `test_F1_…`, `test_sse_P_01_…`), and those named by short
strings in its `parametrize` decorators or in the constants used there (`"W-01"`, a dict's keys). A bare P of a test
whose file or name speaks of `sse` is the parser's. Scripts' tests carry the row in their title: `test("I-5 …")`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "promises.md"
NOT_YET = "not yet"
SHOWN = 3
LONGEST_NAME = 60
"""A longer string in a decorator is a test's input, not its name."""

LINE = re.compile(r"^\| (?P<name>[A-Z]-\d+|F\d+|sse_P_\d+) \| (?P<promise>.+) \| (?P<proof>[^|]*) \|$", re.MULTILINE)
NAMED = re.compile(
    r"(?<![A-Za-z0-9])(?P<sse>sse[_-])?(?P<family>[IRUBDPSWHOANX](?=[_-])|F)[_-]?(?P<number>\d{1,2})(?![A-Za-z0-9])"
)
TITLE = re.compile(r"""^\s*(?:test|it|describe)\(\s*(["'`])(?P<title>.*?)\1""", re.MULTILINE)

Constants = dict[str, ast.expr]
Test = ast.FunctionDef | ast.AsyncFunctionDef


def rows_in(text: str, *, parser: bool) -> Iterator[str]:
    """The rows named in a test's name or in a string, as the page spells them."""
    for match in NAMED.finditer(text):
        family, number = match["family"], int(match["number"])
        if family in "FI":
            yield f"F{number}" if family == "F" else f"I-{number}"
        elif family == "P" and (match["sse"] or parser):
            yield f"sse_P_{number:02}"
        else:
            yield f"{family}-{number:02}"


def strings(node: ast.AST, constants: Constants, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The short strings in this piece of code and in the module's constants that it uses."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) <= LONGEST_NAME:
            yield part.value
        elif isinstance(part, ast.Name) and part.id in constants and part.id not in seen:
            yield from strings(constants[part.id], constants, seen | {part.id})


@cache
def parsed(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text())


@cache
def constants_of(path: Path) -> Constants:
    """What the module assigns at its top, and what it imports from others of the tests."""
    found: Constants = {}
    for node in parsed(path).body:
        if isinstance(node, ast.ImportFrom) and (source := imported(path, node)):
            theirs = constants_of(source)
            found |= {name.asname or name.name: theirs[name.name] for name in node.names if name.name in theirs}
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}
    return found


def imported(path: Path, node: ast.ImportFrom) -> Path | None:
    """The test module that is imported from, if it is one."""
    base = path.parents[node.level - 1] if node.level else ROOT
    source = base.joinpath(*(node.module or "").split(".")).with_suffix(".py")
    return source if source.is_file() and source.is_relative_to(ROOT / "tests") else None


def functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Test]]:
    """The tests of a module or class, with the name by which pytest calls each."""
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from functions(node.body, f"{prefix}{node.name}::")
        elif isinstance(node, Test) and node.name.startswith("test"):
            yield prefix + node.name, node


def python_tests(path: Path) -> Iterator[tuple[str, str]]:
    """Each row that a test of this module proves, with the test."""
    constants = constants_of(path)
    for name, node in functions(parsed(path).body):
        parser = "sse" in path.stem or "sse" in name
        ids = (text for decorator in node.decorator_list for text in strings(decorator, constants))
        for row in dict.fromkeys(row for text in chain([name], ids) for row in rows_in(text, parser=parser)):
            yield row, f"{path.relative_to(ROOT).as_posix()}::{name}"


def script_tests(path: Path) -> Iterator[tuple[str, str]]:
    """Each row that a test of this script proves, with the test."""
    for match in TITLE.finditer(path.read_text()):
        title = match["title"].replace("|", "/").replace("`", "'")
        for row in dict.fromkeys(rows_in(title, parser=False)):
            yield row, f"{path.relative_to(ROOT).as_posix()}::{title}"


def proofs() -> dict[str, list[str]]:
    """The tests of each row, in the order of the files."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    modules = (python_tests(path) for path in sorted((ROOT / "tests").rglob("test_*.py")))
    scripts = (script_tests(path) for path in sorted((ROOT / "tests" / "js").rglob("*.js")))
    for row, test in chain(*modules, *scripts):
        found[row].append(test)
    return dict(found)


def cell(tests: list[str]) -> str:
    """What the third column says."""
    named = ", ".join(f"`{test}`" for test in tests[:SHOWN])
    more = len(tests) - SHOWN
    return (f"{named} and {more} more" if more > 0 else named) or NOT_YET


def written(page: str, found: dict[str, list[str]]) -> str:
    """The page with its third column as the tests have it."""
    return LINE.sub(lambda row: f"| {row['name']} | {row['promise']} | {cell(found.get(row['name'], []))} |", page)


def main() -> int:
    """Writes the page, or says whether it would change."""
    page, found = PAGE.read_text(), proofs()
    names = [row["name"] for row in LINE.finditer(page)]
    new = written(page, found)
    print(f"{sum(name in found for name in names)} of {len(names)} promises are proved by a test.")
    if "--check" in sys.argv[1:]:
        return int(new != page)
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
