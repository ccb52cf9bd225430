"""JSON from strangers: one typed decode where everything is as it should be, a patient one where not.

The wire's structs name only what we read, and type only what has to be an object or a list; msgspec
skips the rest without building it. What it refuses is read again by `json`, which takes the lone
surrogates that some servers send, and is then pressed into the same structs: a member of the wrong
type counts as missing. So there is one code that handles a chunk, and it never meets a surprise.

Broken means: not JSON, nested too deep, or with numbers that are none (NaN, Infinity) or that no
computer counts to. No message of ours quotes what was broken.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, Generic, NoReturn, TypeVar, get_args, get_origin

import msgspec

from .repair import clean_all

T = TypeVar("T", bound=msgspec.Struct)

COUNT: Final = 2**53
"""No number that means something to us is as large as this."""

_LARGE: Final = 256 * 1024
_MEMBERS: Final = 100_000
"""Members that a large text may have: one event then costs a tenth of a second at most, however it is read."""
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_DIGITS: Final = 309  # as many as the largest float has


class Broken(Exception):
    """This is not JSON that anybody could read."""


class Reader(Generic[T]):
    """Reads JSON texts as one kind of struct."""

    def __init__(self, shape: type[T]) -> None:
        self.shape = shape
        self._decoder = msgspec.json.Decoder(shape)

    def read(self, text: str) -> T | None:
        """The struct; None if the JSON is fine but no object. Raises `Broken`."""
        _weigh(text)
        try:
            return self._decoder.decode(text)
        except (msgspec.DecodeError, RecursionError):
            plain = read_plain(text)
        return press(plain, self.shape) if isinstance(plain, dict) else None


def read_plain(text: str) -> Any:
    """Any JSON as plain values. Raises `Broken`."""
    _weigh(text)
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_float, parse_int=_int)
    except (ValueError, RecursionError):
        raise Broken from None


def members(text: str) -> dict[str, Any]:
    """The members of an object in JSON; none if it is no object."""
    try:
        plain = read_plain(text) if text else {}
    except Broken:
        plain = {}
    return plain if isinstance(plain, dict) else {}


def press(plain: dict[str, Any], shape: type[T]) -> T:
    """The struct with those members that are of the right type."""
    members = {}
    for field in msgspec.structs.fields(shape):
        if field.encode_name in plain:
            members[field.name] = _pressed(plain[field.encode_name], field.type)
    return shape(**members)


def _pressed(value: Any, kind: Any) -> Any:
    """A member's value, or None if it is of another kind than `Any`, `Struct | None` or `list[Struct] | None`."""
    if kind is Any:
        return value
    inner = get_args(kind)[0]
    if get_origin(inner) is list:
        item = get_args(inner)[0]
        return [press(each, item) for each in value if isinstance(each, dict)] if isinstance(value, list) else None
    return press(value, inner) if isinstance(value, dict) else None


def text(value: Any) -> str:
    """The value if it is text, else nothing."""
    return value if type(value) is str else ""


def count(value: Any) -> int | None:
    """The value if it counts something, else None. Raises `Broken` for numbers beyond all sense."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0:
        return None
    if value >= COUNT:
        raise Broken
    return value


def compact(value: Any) -> str:
    """Plain values as JSON text, repaired, without blanks or escapes that JSON does not demand."""
    try:
        text = msgspec.json.encode(value).decode()
    except (ValueError, OverflowError):  # lone surrogates, numbers beyond 64 bits
        text = "\\u0000"
    if "\\u0000" not in text:
        return text
    return json.dumps(clean_all(value), ensure_ascii=False, separators=(",", ":"))


def _weigh(text: str) -> None:
    """Large JSON of very many members holds everybody up while it is built; no server means that (I-20)."""
    if len(text) > _LARGE and _members(text) > _MEMBERS and _members(_STRING.sub("", text)) > _MEMBERS:
        raise Broken


def _members(text: str) -> int:
    return sum(map(text.count, ",[{"))


def _refuse(_constant: str) -> NoReturn:
    raise Broken


def _int(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise Broken
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise Broken
    return value
