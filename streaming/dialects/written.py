"""JSON as we write it."""

from __future__ import annotations

from typing import Any

import msgspec

from . import loose
from .repair import clean_all

_ENCODER = msgspec.json.Encoder()


def written(value: Any) -> bytes:
    """The value as one line of JSON, for every reader.

    Line ends that JSON allows inside a text are escaped: some clients cut streams at them.
    """
    try:
        line = _ENCODER.encode(value)
    except UnicodeEncodeError:
        line = _ENCODER.encode(clean_all(value))
    if line.isascii():
        return line
    return (
        line.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029").replace(b"\xc2\x85", b"\\u0085")
    )


def raw_object(text: str) -> msgspec.Raw | None:
    """JSON text to be written inside other JSON, its numbers as they stand; None if it is no object."""
    try:
        return msgspec.Raw(_ENCODER.encode(msgspec.json.decode(text, type=dict[str, msgspec.Raw])))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        pass
    try:
        plain = loose.read_plain(text)
    except loose.Broken:
        return None
    return msgspec.Raw(written(plain)) if isinstance(plain, dict) else None
