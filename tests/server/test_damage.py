"""A SQLite file that is damaged or lost is replaced by its backup, and nothing of it gets into the new one."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chatsite.backups import sqlite

from ..sites import Database
from .product import Product

GARBAGE = "import sys; open(sys.argv[1], 'r+b').write(b'no database, whatever its name says. ' * 40)"


def spoil(file: Path) -> None:
    """Write over its beginning, in a process of its own: this one's locks would go with the closed file."""
    subprocess.run([sys.executable, "-c", GARBAGE, str(file)], check=True)


def named(product: Product) -> list[str]:
    """The groups of people."""
    return [name for (name,) in product.database.ask("SELECT name FROM auth_group")]


@pytest.fixture(scope="module")
def saved(filed: Database, tmp_path_factory: pytest.TempPathFactory) -> Product:
    """One with a group of people, and beside it a backup."""
    folder = tmp_path_factory.mktemp("saved")
    product = Product(filed.copy(folder))
    with product.database.open() as connection:
        connection.execute("INSERT INTO auth_group (name) VALUES ('teachers')")
    product.done("backup", str(folder / "backup"))
    return product


@pytest.fixture
def backup(saved: Product) -> str:
    """The backup."""
    return str(saved.database.file.with_name("backup"))


@pytest.fixture
def product(saved: Product, tmp_path: Path) -> Product:
    """A copy to damage."""
    return Product(saved.database.copy(tmp_path))


def crash(product: Product, tmp_path: Path) -> None:
    """Leave the file and its journals as a process does that is killed after a commit."""
    file, kept = product.database.file, tmp_path / "kept"
    kept.mkdir()
    with contextlib.closing(sqlite3.connect(file)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE auth_group SET name = 'after the backup'")
        writer.commit()
        for end in ("", "-wal", "-shm"):
            shutil.copy(f"{file}{end}", kept)
    for path in kept.iterdir():
        shutil.copy(path, file.parent)


def test_a_damaged_file_is_replaced_when_told_and_its_journal_is_forgotten(
    product: Product, backup: str, tmp_path: Path
) -> None:
    crash(product, tmp_path)
    spoil(product.database.file)
    said = product.refused("restore", backup)
    assert "The database is damaged" in said and "add --replace" in said
    product.done("restore", "--replace", backup)
    assert named(product) == ["teachers"]
    assert {path.name for path in tmp_path.glob("*db.sqlite3*")} == {"db.sqlite3"}


def test_the_journal_of_a_lost_file_is_forgotten(saved: Product, product: Product, tmp_path: Path) -> None:
    crash(product, tmp_path)
    product.database.file.unlink()
    sqlite.load(saved.database.file, product.database.file)
    assert named(product) == ["teachers"]


def test_a_damaged_file_that_a_server_still_has_open_is_left_to_it(product: Product, backup: str) -> None:
    with contextlib.closing(sqlite3.connect(product.database.file)) as server:
        server.execute("PRAGMA journal_mode=WAL")
        server.execute("SELECT name FROM auth_group").fetchall()
        spoil(product.database.file)
        said = product.refused("restore", "--replace", backup)
        assert "A server is using the database" in said
    product.done("restore", "--replace", backup)
    assert named(product) == ["teachers"]
