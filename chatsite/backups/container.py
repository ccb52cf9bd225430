"""The file itself: a tar with a manifest and the dump, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from .scratch import scratch

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DUMP: Final = "database"
MANIFEST_BYTES: Final = 1_000_000


class BackupError(Exception):
    """What keeps a backup from being made or restored, as a sentence for whoever asked."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    vendor: str
    created: str
    migrations: list[str]
    sha256: str
    format: int = FORMAT


def digest(path: Path) -> str:
    """The checksum by which damage is noticed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settle(folder: Path) -> None:
    """Have on disk which files are in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(target: Path, make: Callable[[Path], Manifest]) -> None:
    """Put what `make` dumps into `target`; an older file there stays until the new one is whole."""
    if target.is_dir():
        raise BackupError(f"{target} is a folder. Name a file.")
    try:
        with scratch(target.parent, target.name) as folder:
            dump, whole = folder / DUMP, folder / "whole"
            manifest = make(dump)
            _pack(whole, dump, manifest)
            whole.replace(target)
            settle(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror or error}.") from error


def _pack(whole: Path, dump: Path, manifest: Manifest) -> None:
    told = dump.with_name(MANIFEST)
    told.write_text(json.dumps(asdict(manifest)), encoding="utf-8")
    with whole.open("xb") as file:
        whole.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.add(told, MANIFEST)
            tar.add(dump, DUMP)
        file.flush()
        os.fsync(file.fileno())


def read(source: Path, dump: Path) -> Manifest:
    """Unpack the dump of a backup that is whole; nothing else has been touched until this returns."""
    try:
        manifest = _unpack(source, dump)
    except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as error:
        raise BackupError(f"{source} is damaged or no backup of Chatsite. Take another one.") from error
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror or error}.") from error
    if digest(dump) != manifest.sha256:
        raise BackupError(f"{source} is damaged: its checksum is wrong. Take another backup.")
    return manifest


def _unpack(source: Path, dump: Path) -> Manifest:
    with tarfile.open(source, mode="r:") as tar:
        told, held = tar.extractfile(MANIFEST), tar.extractfile(DUMP)
        if told is None or held is None:
            raise ValueError(source)
        values = json.loads(told.read(MANIFEST_BYTES))
        if values["format"] != FORMAT:
            raise BackupError(f"{source} was made by another version of Chatsite. Restore it with that version.")
        with dump.open("xb") as file:
            dump.chmod(0o600)
            while part := held.read(1 << 20):
                file.write(part)
    return Manifest(**values)
