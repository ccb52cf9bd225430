"""Our end of a WebSocket: Daphne's, bounded in what it takes in and waiting for whoever does not read."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from autobahn.twisted.websocket import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.interfaces import ITransport

from chatsite.server.answers import answer
from chatsite.server.limits import Limits
from chatsite.server.pressure import Gate, Inbox, Message
from streaming.window import Bucket

logger = logging.getLogger(__name__)
_warnings: Final = Bucket(20, 1)

TEXT, BINARY = 0x81, 0x82
PING, PONG = 9, 10
TOO_BIG, TOO_MANY = 1009, 4429


def frame(payload: bytes, first: int = TEXT) -> bytes:
    """One whole message as one frame; what a server sends is not masked."""
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big") + payload
    return bytes((first, 127)) + length.to_bytes(8, "big") + payload


class Socket(WebSocketProtocol):
    """One WebSocket.

    Autobahn parses frames and speaks the handshakes, Daphne makes ASGI of it; here stands what both leave open. It
    leans on autobahn's `consumeData`, `processData`, `onFrameBegin`, `_fail_connection`, `sendCloseFrame` and `state`.
    """

    transport: Any

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.gate = Gate()
        self.deaf = False
        """We have closed it for cause: whatever still comes is thrown away unread."""
        self._full = False
        self._frames = Bucket(*limits.frames)
        self._pings = Bucket(*limits.pings)
        self._ending_since: float | None = None

    # In

    def inbox(self) -> Inbox:
        """The queue from which the application receives."""
        return Inbox(self.limits.inbox, self._pause, self._resume)

    def upgraded(self, transport: Any) -> None:
        """Take the transport over from the HTTP channel. Nothing is read until the application has answered."""
        if self.state == self.STATE_CONNECTING:
            transport.unregisterProducer()
            transport.registerProducer(self.gate, True)
            transport.pauseProducing()

    def consumeData(self) -> None:
        """Handle what has come, `turn` frames at a time, and only while the consumer keeps up."""
        if self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
            super().consumeData()
            return
        for _ in range(2 * self.limits.turn):  # a frame takes two steps: its head, then its payload
            if self.deaf or self.state == self.STATE_CLOSED:
                self.data = b""
                return
            if self._full or not self.processData():
                return
        self.transport.pauseProducing()
        self.factory.reactor.callLater(0, self._go_on)

    def onFrameBegin(self) -> None:
        """Count frames, and pings apart: the application sees neither pings nor empty fragments (F4)."""
        if not self._frames.take():
            self._refuse(TOO_MANY, "too many frames")
        elif self.current_frame.opcode in (PING, PONG) and not self._pings.take():
            self._refuse(TOO_MANY, "too many pings")
        else:
            super().onFrameBegin()

    def _pause(self) -> None:
        self._full = True
        self.transport.pauseProducing()

    def _resume(self) -> None:
        self._full = False
        self.factory.reactor.callLater(0, self._go_on)

    def _go_on(self) -> None:
        """Handle what was left over, then read on unless that has filled the inbox again."""
        if self._full or self.state == self.STATE_CLOSED:
            return
        self.transport.resumeProducing()
        self.consumeData()

    # Out

    async def write_frame(self, payload: bytes) -> None:
        """Send one text frame; returns when the transport has taken it, which waits for a client that does not read.

        For the application, in `scope["extensions"]`: it costs a third of `websocket.send`. What a closing or closed
        socket is given is dropped, as ASGI has it.
        """
        await self.gate.passed()
        self._write(payload, TEXT)

    def handle_reply(self, message: Message) -> None:
        """What the application sends. After the socket has begun to close that is no longer of interest."""
        if self.state in (self.STATE_CLOSING, self.STATE_CLOSED):
            return
        super().handle_reply(message)

    def serverAccept(self, subprotocol: str | None = None) -> None:
        """The application takes the socket: read from it."""
        super().serverAccept(subprotocol)
        if self.state == self.STATE_OPEN and not self._full:
            self.transport.resumeProducing()

    def serverSend(self, content: Any, binary: bool = False) -> None:
        """One message out, as one frame; autobahn's own way would hold it to the limit for what comes in."""
        if binary:
            self._write(content, BINARY)
        else:
            self._write(content.encode(), TEXT)

    def _write(self, payload: bytes, first: int) -> None:
        if len(payload) > self.limits.outgoing:
            raise ValueError(f"a frame of {len(payload)} bytes; {self.limits.outgoing} is the most")
        if self.state == self.STATE_OPEN:
            self._put(frame(payload, first))

    def _put(self, data: bytes) -> None:
        """Give bytes to the kernel at once if none wait before them; asking it when it is ready costs twice that."""
        transport = self.transport
        if not (transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting):
            sent = transport.writeSomeData(data)
            if sent == len(data):
                return
            if isinstance(sent, int):
                data = data[sent:]
        transport.write(data)

    # The end

    def close(self, code: int) -> None:
        """Close it from the server's side, whatever its state."""
        if self.state == self.STATE_OPEN:
            self.sendClose(code)
        elif self.state == self.STATE_CONNECTING and hasattr(self, "handshake_deferred"):
            self.serverReject()

    def _fail_connection(self, code: int = TOO_MANY, reason: str = "") -> None:
        """Autobahn's answer to a violation: 1002, 1007 or 1009. It would drop the connection without a word."""
        self._refuse(code, "too large" if code == TOO_BIG else "not WebSocket")

    def _protocol_violation(self, reason: str) -> bool:
        super()._protocol_violation(reason)
        return True

    def _invalid_payload(self, reason: str) -> bool:
        super()._invalid_payload(reason)
        return True

    def _refuse(self, code: int, why: str) -> None:
        """Close for cause, then listen no more; what the client still sends is swallowed until it is cut off."""
        if self.deaf:
            return
        self.deaf = self.failedByMe = True
        if _warnings.take():
            logger.warning("socket closed with %d: %s", code, why)
        self.sendCloseFrame(code=code)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The connection is gone. A handshake that failed early never reached Daphne's books."""
        self.gate.stopProducing()
        if hasattr(self, "server"):
            super().onClose(wasClean, code, reason)

    def check_timeouts(self) -> None:
        """Called every two seconds: hang up where the other side takes nothing, or does not let go."""
        ending = self.state in (self.STATE_CLOSING, self.STATE_CLOSED)
        if ending and self._ending_since is None:
            self._ending_since = time.monotonic()
        held = ending and time.monotonic() - (self._ending_since or 0) > self.limits.closing_seconds
        if held or self.gate.shut_for > self.limits.stalled_seconds:
            self.transport.abortConnection()
        elif not ending:
            super().check_timeouts()

    def sendHttpErrorResponse(self, code: int, reason: str, responseHeaders: Any = None) -> None:
        """A refused handshake: autobahn would repeat the client's own bytes, and without our headers."""
        # To autobahn an Origin that it cannot read is a bad request; to us it is a foreign one (S-16).
        code = ConnectionDeny.FORBIDDEN if "rigin" in reason else code
        self.transport.write(answer(code, self.factory.server_class.headers, responseHeaders or ()))


class Factory(WebSocketFactory):
    """Makes sockets, with the limits of its server."""

    def __init__(self, server: Any, limits: Limits) -> None:
        super().__init__(server, server="")
        self.limits = limits
        self.setProtocolOptions(
            versions=[13],
            allowNullOrigin=True,  # the application decides on origins, and answers 403
            openHandshakeTimeout=limits.handshake_seconds,
            closeHandshakeTimeout=limits.closing_seconds,
            autoPingTimeout=server.ping_timeout,
            maxMessagePayloadSize=limits.frame,
            maxFramePayloadSize=limits.frame,
            failByDrop=False,
        )

    def buildProtocol(self, addr: ITransport) -> Socket:
        """One socket."""
        socket = Socket(self.limits)
        socket.factory = self
        return socket
