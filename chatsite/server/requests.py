"""One HTTP request: what arrives of it is counted, and what cannot be honest goes no further."""

from __future__ import annotations

import logging
import re
import tempfile
from typing import Any, Final

from daphne.http_protocol import WebRequest

from chatsite.server.answers import sentence
from chatsite.server.pressure import Gate
from chatsite.server.websockets import Socket

logger = logging.getLogger(__name__)
_TOKEN: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]{1,32}")
_ONLY_OURS: Final = (b"daphne-root-path",)
"""Headers that Daphne takes as a proxy's word, but which anybody can send."""


class Request(WebRequest):
    """One request. Its body goes to the application only when all of it is there, so it is bounded here."""

    channel: Any  # a `Channel`, or None once the connection is lost

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False  # Django reads forms; twice is too often
        self._body = 0

    @property
    def gate(self) -> Gate:
        """Shut while the client does not keep up with our answer."""
        return self.channel.gate if self.channel is not None else Gate()

    def gotLength(self, length: int | None) -> None:
        """The head is there: make room for the body, on disk only above a little."""
        self.content = tempfile.SpooledTemporaryFile(max_size=self.server.limits.spool)  # noqa: SIM115 (Twisted closes it)

    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body: count it, whatever length was announced, if any was (S-50)."""
        self._body += len(data)
        if self._body > self.server.limits.body:
            self.channel.refuse(413)
            return
        try:
            super().handleContentChunk(data)
        except OSError:  # no room for the part that goes to a file
            logger.exception("a body could not be kept")
            self.channel.refuse(503)

    def process(self) -> None:
        """The request is whole. What cannot be an honest one ends here; the rest is Daphne's."""
        if status := self._flaw():
            self.basic_error(status, b"", "")
            return
        for name in _ONLY_OURS:
            self.requestHeaders.removeHeader(name)
        channel, transport = self.channel, self.transport
        super().process()
        if channel is not None and isinstance(transport.protocol, Socket):
            channel.leave()
            transport.protocol.upgraded(transport)

    def _flaw(self) -> int:
        """The status with which to refuse it, or 0."""
        headers = self.requestHeaders
        if not _TOKEN.fullmatch(self.method):
            return 400
        if (headers.getRawHeaders(b"upgrade") or [b""])[0].lower() == b"websocket":
            if self._body or not all(value.isascii() for value in headers.getRawHeaders(b"sec-websocket-protocol", [])):
                return 400
            if len(headers.getRawHeaders(b"origin", [])) > 1:
                return 403  # Daphne would join them with a comma, and so would hide them
        return 0

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """An answer of the server's own: Daphne's has a style sheet inside, and none of our headers."""
        headers = [(b"Content-Type", b"text/plain; charset=utf-8"), *self.server.headers]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": sentence(status)})

    def handle_exception(self, exception: BaseException) -> None:
        """The application broke. If its answer has begun, the only honest end is to cut it."""
        if self._response_started and self.channel is not None:
            self.channel.forceAbortClient()
        else:
            super().handle_exception(exception)
