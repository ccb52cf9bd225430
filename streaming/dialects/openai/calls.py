"""Tool calls put together from pieces that name them by index, by id, by both or not at all."""

from __future__ import annotations

import uuid
from typing import Any, Final

from ...events import Event, ToolCall
from .. import loose
from ..repair import Channel, clean, clean_all
from ..room import Room

_KNOWN: Final = frozenset(("index", "id", "type", "function"))
_MOST: Final = 128
"""No index is as large as this; OpenAI's own limit of calls in a turn."""


class Call:
    """One call as far as it is known. Pieces are kept apart until they are sent, so any number of them is cheap."""

    def __init__(self, position: int, room: Room) -> None:
        self.position = position
        self._room = room
        self.index: int | None = None
        self.id = ""
        self.name = ""
        self._extra: dict[str, Any] = {}
        self._begun = self._late = False  # whether it was spoken of, and has members that were not by then
        self._spoken = False  # whether there are arguments other than blanks
        self._held: list[str] = []
        self._channel = Channel()

    def take(self, piece: dict[str, Any], function: dict[str, Any]) -> Event | None:
        """What a further piece of this call makes known: nothing before both its id and its name are."""
        self.id = self.id or clean(loose.text(piece.get("id")))
        self.name = self.name or clean(loose.text(function.get("name")))
        self._keep({name: value for name, value in piece.items() if name not in _KNOWN and value is not None})
        self._hold(self._arguments(function.get("arguments")))
        return self._piece() if self.id and self.name else None

    def end(self, details: list[Any]) -> Event | None:
        """What is left to say when the answer is complete."""
        self.id = self.id or f"call_{uuid.uuid4().hex}"
        self._add(self._channel.flush())
        if not self._spoken:
            self._held = ["{}"]
            self._spoken = True
        if details:
            self._extra["reasoning_details"] = details
            self._late = True
        return self._piece(last=True)

    def _arguments(self, value: Any) -> str:
        if isinstance(value, dict | list):
            return loose.compact(value)
        return self._channel.feed(loose.text(value))

    def _keep(self, members: dict[str, Any]) -> None:
        """Members that go back as they are: said with the call, and those that come later once more at its end."""
        fresh = {name: value for name, value in members.items() if clean(name) not in self._extra}
        if fresh:
            self._room.take(loose.compact(fresh))
            self._extra |= clean_all(fresh)
            self._late = self._begun

    def _hold(self, text: str) -> None:
        if not (self.id and self.name):
            self._room.take(text)
        self._add(text)

    def _add(self, text: str) -> None:
        if text:
            self._held.append(text)
            self._spoken = self._spoken or not text.isspace()

    def _piece(self, last: bool = False) -> ToolCall | None:
        """The next piece, if it is not empty. Blanks alone are no arguments: they wait for what follows them."""
        held = "".join(self._held) if self._spoken else ""
        if self._spoken:
            self._held.clear()
        more = loose.compact(self._extra) if self._extra and (not self._begun or (last and self._late)) else ""
        if not self._begun:
            self._begun = True
            return ToolCall(self.position, self.id, self.name, held, more)
        return ToolCall(self.position, arguments=held, extra=more) if held or more else None


class Calls:
    """All calls of an answer, in the order in which they began."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._calls: list[Call] = []
        self._latest: dict[int, Call] = {}
        self._named: dict[str, Call] = {}
        self._function: Call | None = None

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, pieces: Any) -> list[Event]:
        """Pieces of `delta.tool_calls`."""
        found: list[Event] = []
        for piece in pieces if isinstance(pieces, list) else ():
            event = self._feed(piece) if isinstance(piece, dict) else None
            if event is not None:
                found.append(event)
        return found

    def feed_function(self, function: Any) -> list[Event]:
        """A piece of `delta.function_call`, which was before there could be several."""
        if not isinstance(function, dict):
            return []
        self._function = self._function or self._new()
        event = self._function.take({}, function)
        return [] if event is None else [event]

    def end(self, details: list[Any]) -> list[Event]:
        """The rest of all calls; `details` is reasoning that is sent back with the first of them."""
        ends = [call.end([] if number else details) for number, call in enumerate(self._calls)]
        return [event for event in ends if event is not None]

    def _feed(self, piece: dict[str, Any]) -> Event | None:
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        call = self._find(piece.get("index"), loose.text(piece.get("id")), loose.text(function.get("name")))
        if call is None:
            return None
        event = call.take(piece, function)
        self._named.setdefault(call.id, call)
        return event

    def _find(self, index: Any, id: str, name: str) -> Call | None:
        """The call that a piece belongs to, or a new one; None if the index makes no sense."""
        known = self._named.get(clean(id)) if id else None
        if index is None:
            if known is None and (id or name):
                return self._new()
            return known or (self._calls[-1] if self._calls else None)
        if type(index) is float and index.is_integer():
            index = int(index)
        if type(index) is not int or not 0 <= index < _MOST:
            return None
        call = self._latest.get(index)
        if call is None or (id and call.id and call.id != clean(id)):
            call = known if call is not None and known is not None and known.index == index else self._new()
            call.index = index
            self._latest[index] = call
        return call

    def _new(self) -> Call:
        self._room.take(things=1)
        self._calls.append(Call(len(self._calls), self._room))
        return self._calls[-1]
