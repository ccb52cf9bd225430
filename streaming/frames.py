"""The frames of the socket: what a page may say, read strictly, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

PROTOCOL: Final = "chat.v1"
LIMIT: Final = 65_536
"""Bytes of one frame from a page."""

MALFORMED: Final = 4400
SIGNED_OUT: Final = 4401
NOT_READING: Final = 4408
GOING_DOWN: Final = 4012
TOO_LARGE: Final = 4413
OUTDATED: Final = 4426
TOO_MANY: Final = 4429

Run: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", max_length=36)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Follow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="follow"):
    """Send me what comes after this position of this run."""

    run: Run
    after: Count


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="leave"):
    """No more of this run."""

    run: Run


class Ack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ack"):
    """I have every frame up to this number."""

    n: Count


Command: TypeAlias = Follow | Leave | Ack
Kind: TypeAlias = Literal["events", "waiting", "resync", "gone", "changed", "ping"]

_decoder: Final = msgspec.json.Decoder(Command)
_encoder: Final = msgspec.json.Encoder()


class Unacceptable(Exception):
    """A frame that is none of ours: the close code, and why in a few words without any of its own."""

    def __init__(self, code: int, why: str) -> None:
        self.code, self.why = code, why
        super().__init__(why)


def read(text: str | None) -> Command:
    """The command in this frame; None stands for a binary one."""
    if text is None:
        raise Unacceptable(MALFORMED, "binary")
    if len(text) > LIMIT or len(text.encode("utf-8", "replace")) > LIMIT:
        raise Unacceptable(TOO_LARGE, "too large")
    try:
        command: Command = _decoder.decode(text)
        return command
    except (ValueError, RecursionError):  # no JSON, not ours, not UTF-8; or nested beyond all bounds
        raise Unacceptable(MALFORMED, "not understood") from None


def write(kind: Kind, n: int, **members: Any) -> bytes:
    """A frame for the page, with its running number."""
    return _encoder.encode({"type": kind, "n": n, **members})
