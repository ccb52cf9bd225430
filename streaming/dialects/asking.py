"""Reading what programs ask of us: the parts that both dialects share."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from ..errors import PromptError
from ..prompts import ImagePart, Part, Turn
from . import loose
from .repair import clean_all

T = TypeVar("T")

_QUOTED: Final = re.compile(r"^Invalid (enum )?value .*(?= - at `\$)|^Invalid (enum )?value .*", re.DOTALL)
_DATA: Final = re.compile(r"data:(image/[\w.+-]+);base64,([A-Za-z0-9+/=]+)", re.ASCII)


def read(body: bytes, shape: type[T]) -> T:
    """The request as a struct, its texts repaired. Raises `PromptError`, which says where the fault is, never what."""
    if b"\\u0000" not in body:
        try:
            return msgspec.json.decode(body, type=shape)
        except msgspec.ValidationError as error:
            raise PromptError(said(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    try:
        plain = clean_all(loose.read_plain(body.decode(errors="replace")))
    except (loose.Broken, RecursionError):
        raise PromptError("The body is not JSON that can be read.") from None
    return shaped(plain, shape)


def shaped(plain: Any, shape: type[T], where: str = "") -> T:
    """Plain values as a struct. Raises `PromptError`."""
    try:
        return msgspec.convert(plain, shape)
    except msgspec.ValidationError as error:
        raise PromptError(where + said(error)) from None


def said(error: msgspec.ValidationError) -> str:
    """The library's words, which name the place and the types; a value that they quote is left out."""
    told = _QUOTED.sub("Unknown value", str(error)).replace("`$.", "`")
    return f"{told}."


def picture(url: str, detail: str = "auto") -> ImagePart:
    """A picture by its address, which may hold the picture itself."""
    found = _DATA.fullmatch(url)
    if found:
        return ImagePart(media_type=found[1], data=found[2], detail=detail)
    if not url.startswith(("https://", "http://")):
        raise PromptError("A picture needs an https address or base64 data.")
    return ImagePart(url=url, detail=detail)


def joined(turns: list[Turn]) -> tuple[Turn, ...]:
    """Neighbouring turns of the person as one, so that all that tools returned stands together."""
    found: list[Turn] = []
    for turn in turns:
        if found and turn.role == "user" == found[-1].role:
            parts: tuple[Part, ...] = found[-1].parts + turn.parts
            found[-1] = Turn("user", parts)
        else:
            found.append(turn)
    return tuple(found)
