"""Our end of an HTTP connection: Daphne's, bounded while a request arrives, before anything of it is kept."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from daphne.http_protocol import HTTPFactory
from twisted.web.http import HTTPChannel

from chatsite.server.answers import answer
from chatsite.server.limits import Limits
from chatsite.server.pressure import Gate
from chatsite.server.requests import Request
from streaming.window import Bucket

logger = logging.getLogger(__name__)
_warnings: Final = Bucket(20, 1)


class Channel(HTTPChannel):
    """One connection that speaks HTTP: one request after the other.

    It leans on `_respondToBadRequestAndDisconnect`, `_maybeChooseTransferDecoder`, `_networkProducer`, `_abortingCall`,
    `_handlingRequest` and the counters of Twisted's own.
    """

    transport: Any
    _abortingCall: Any = None

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.gate = Gate()
        self.totalHeadersSize = self.MAX_LENGTH = limits.head
        self.abortTimeout = int(limits.stalled_seconds)
        self._due: float | None = time.monotonic() + limits.head_seconds
        self._refused = False

    # While a request arrives

    def dataReceived(self, data: bytes) -> None:
        """Bytes. The first of a request starts its clock; after a refusal they are thrown away."""
        if self._refused:
            return
        if self._due is None and not self._handlingRequest:
            self._due = time.monotonic() + self.limits.head_seconds
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """A line of the head."""
        if not self._refused and self._receivedHeaderSize + len(line) > self.limits.head:
            self.refuse(431)
        if not self._refused:
            super().lineReceived(line)

    def headerReceived(self, line: bytes) -> bool:
        """A header, whole."""
        if not self._refused and self._receivedHeaderCount >= self.limits.headers:
            self.refuse(431)
        return not self._refused and bool(super().headerReceived(line))

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        """Refuse a body by its announced length. Longer numbers than 18 digits Python itself may refuse to read."""
        if header == b"Content-Length" and data.isdigit() and (len(data) > 18 or int(data) > self.limits.body):
            self.refuse(413)
            return False
        return bool(super()._maybeChooseTransferDecoder(header, data))

    def allHeadersReceived(self) -> None:
        """The head is complete: the body has its own time."""
        self._due = time.monotonic() + self.limits.body_seconds
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        """The body is complete, and within its limit: on to the application."""
        if not self._refused:
            self._due = None
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        """A piece of the body, or of the next request."""
        if not self._refused:
            super().rawDataReceived(data)

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Whether another request may follow on this connection."""
        if self.factory.leaving:
            request.responseHeaders.setRawHeaders(b"connection", [b"close"])
            return False
        return bool(super().checkPersistence(request, version))

    # Refusing

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line longer than the whole head may be."""
        self.refuse(431)

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(400)

    def refuse(self, status: int) -> None:
        """Answer, then swallow for a moment what the client still sends: a reset would take the answer from it."""
        if self._refused:
            return
        self._refused, self._due = True, None
        if _warnings.take():
            logger.warning("request refused with %d", status)
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()
        self.transport.write(answer(status, self.factory.server.headers))
        self.transport.loseWriteConnection()
        self.callLater(self.limits.linger_seconds, self.transport.loseConnection)

    def check(self, now: float) -> None:
        """Called every two seconds: nobody takes for ever to send, or to read."""
        if self._due is not None and now > self._due:
            self.refuse(408)
        elif self.gate.shut_for > self.limits.stalled_seconds:
            self.transport.abortConnection()

    # The connection

    def connectionMade(self) -> None:
        """Somebody connects."""
        super().connectionMade()
        self.factory.channels.add(self)

    def connectionLost(self, reason: Any) -> None:
        """Gone."""
        self.leave()
        super().connectionLost(reason)

    @property
    def unsent(self) -> bool:
        """Whether something waits here that the kernel has not taken yet."""
        return bool(self.transport.dataBuffer or self.transport._tempDataBuffer)

    @property
    def awaited(self) -> bool:
        """Whether a request is on its way here: on a new connection, or one that has begun to say it."""
        return self._due is not None

    def let_go(self) -> None:
        """Hang up between two requests, or after the one that is being answered."""
        self.persistent = False
        if self._due is None and not self._handlingRequest:
            self.loseConnection()

    def leave(self) -> None:
        """No longer ours to watch: lost, or a WebSocket by now."""
        self.gate.stopProducing()
        self.factory.channels.discard(self)

    def loseConnection(self) -> None:
        """Hang up when all is sent, and in any case after a while: a client may never read the rest."""
        if self._abortingCall is None:
            self._abortingCall = self.callLater(self.abortTimeout, self.forceAbortClient)
        super().loseConnection()

    def pauseProducing(self) -> None:
        """The client does not keep up: senders wait."""
        self.gate.pauseProducing()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """It does again."""
        self.gate.resumeProducing()
        super().resumeProducing()


class Factory(HTTPFactory):
    """Makes channels, with the limits of its server. HTTP/1.1 only: HTTP/2 is the proxy's."""

    def __init__(self, server: Any, limits: Limits) -> None:
        super().__init__(server)
        self.limits = limits
        self.timeOut = limits.idle_seconds
        self.channels: set[Channel] = set()
        self.leaving = False

    def buildProtocol(self, addr: Any) -> Channel:
        """One connection."""
        channel = Channel(self.limits)
        channel.factory = self
        channel.requestFactory = Request
        channel.callLater = self.reactor.callLater
        channel.timeOut = self.timeOut
        return channel

    def leave(self) -> None:
        """From now on each connection is for one more request at most: the next one goes to whoever listens now."""
        self.leaving = True
        for channel in list(self.channels):
            channel.let_go()

    def check(self) -> None:
        """Look after all of them."""
        now = time.monotonic()
        for channel in list(self.channels):
            channel.check(now)
