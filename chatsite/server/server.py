"""Our thin Daphne: limits, back-pressure and a clean end around its ASGI."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from functools import partial
from typing import Any

import daphne.server
from twisted.internet import defer
from twisted.logger import LogLevel, globalLogBeginner

from chatsite.server import http, loop, websockets
from chatsite.server.answers import Headers
from chatsite.server.drain import Drain, Hooks
from chatsite.server.limits import Limits
from chatsite.server.pressure import Message
from chatsite.server.requests import Request

logger = logging.getLogger(__name__)

WAITING = ("websocket.send", "http.response.body")
"""What carries content, and so waits for a client that does not keep up."""
HOURS_12 = 43_200
BACKLOG = 1024
LAST_MOMENT = 1.0
"""Seconds for what has to be cancelled at the very end; whoever does not let himself be, is left."""


class Server(daphne.server.Server):
    """Serves one ASGI application on one listening socket.

    It leans on Daphne's `connections`, `handle_reply`, `create_application` and its two checkers.
    """

    connections: dict[Any, dict[str, Any]]

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        *,
        limits: Limits | None = None,
        headers: Headers = (),
        hooks: Hooks | None = None,
        drain_seconds: float = 30,
    ) -> None:
        super().__init__(
            application,
            endpoints=[f"fd:{listener.fileno()}"],
            signal_handlers=False,
            websocket_timeout=HOURS_12,
            websocket_connect_timeout=(limits or Limits()).handshake_seconds,
            request_buffer_size=65_536,
            server_name="",
        )
        self.limits = limits or Limits()
        self.headers = headers
        self.hooks = hooks or Hooks()
        self.connections = {}
        self._listener = listener
        self._port: Any = None
        self._error: OSError | None = None
        self._drain = Drain(self, self.hooks, drain_seconds)

    # Beginning

    def run(self) -> None:
        """Listen, and serve until told to end."""
        loop.install()
        reactor: Any = daphne.server.reactor
        self.http_factory = http.Factory(self, self.limits)
        self.ws_factory = websockets.Factory(self, self.limits)
        globalLogBeginner.beginLoggingTo([_log_failure], redirectStandardIO=False, discardBuffer=True)
        logging.captureWarnings(True)  # Twisted has just taken Python's warnings for itself
        asyncio.set_event_loop(reactor._asyncioEventloop)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        reactor.callLater(0, self._listen)  # in the running loop; `callWhenRunning` is a moment before
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        reactor.run(installSignalHandlers=False)
        if self._error is not None:
            raise self._error

    def _listen(self) -> None:
        """The loop runs: take signals, then connections, and say so."""
        reactor: Any = daphne.server.reactor
        for number in (signal.SIGTERM, signal.SIGINT):
            reactor._asyncioEventloop.add_signal_handler(number, self._drain.signalled, number)
        try:
            self._listener.listen(BACKLOG)
        except OSError as error:  # somebody was faster, between our binding and now
            self._error = error
            self.stop()
            return
        self._listener.setblocking(False)
        self._port = reactor.adoptStreamPort(self._listener.fileno(), self._listener.family, self.http_factory)
        self._listener.close()
        self.hooks.listening()

    # Between

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> asyncio.Queue[Message] | None:
        """Start the application for one request or one socket."""
        details = self.connections.get(protocol)
        if details is None:
            return None
        scope.setdefault("asgi", {"version": "3.0"})
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        if scope["type"] == "websocket":
            inbox = protocol.inbox()
            scope["extensions"] = {"write_frame": protocol.write_frame}
        work = self.application(scope, inbox.get, partial(self.handle_reply, protocol))
        details["application_instance"] = asyncio.ensure_future(work)
        return inbox

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        """Take a message from the application, when there is room for it."""
        if message["type"] in WAITING:
            await protocol.gate.passed()
        await super().handle_reply(protocol, message)

    def protocol_disconnected(self, protocol: Any) -> None:
        """A connection is gone; for a refused handshake Daphne says so twice."""
        if protocol in self.connections:
            super().protocol_disconnected(protocol)

    def application_checker(self) -> None:
        """Every second: forget what is done. Daphne's goes on only where nothing has failed."""
        try:
            super().application_checker()
        except Exception:
            logger.exception("what is done could not be forgotten")
            daphne.server.reactor.callLater(1, self.application_checker)

    def timeout_checker(self) -> None:
        """Every two seconds: nobody takes for ever."""
        try:
            self.http_factory.check()
            super().timeout_checker()
        except Exception:
            logger.exception("not everybody was looked after")
            daphne.server.reactor.callLater(2, self.timeout_checker)

    # Ending

    def end(self, *, replaced: bool = False) -> None:
        """End in order, as on SIGTERM; `replaced` where another serves on the same socket."""
        self._drain.begin(replaced=replaced)

    def sockets(self) -> list[websockets.Socket]:
        """Every WebSocket that is still connected."""
        return [
            protocol
            for protocol, details in self.connections.items()
            if isinstance(protocol, websockets.Socket) and "disconnected" not in details
        ]

    def running(self, kind: type = object) -> list[asyncio.Future[None]]:
        """What the application is still doing, for requests, for sockets, or for both."""
        found = (
            details.get("application_instance")
            for protocol, details in self.connections.items()
            if isinstance(protocol, kind)
        )
        return [task for task in found if task is not None and not task.done()]

    def answering(self) -> bool:
        """Whether an answer is still to come, is being written, or has not left yet."""
        channels = self.http_factory.channels
        return bool(self.running(Request)) or any(channel.awaited or channel.unsent for channel in channels)

    def stop_listening(self) -> asyncio.Future[None]:
        """Take no further connections. The socket is closed a moment later: when what is returned is done."""
        port, self._port = self._port, None
        closed = defer.maybeDeferred(port.stopListening if port else lambda: None)
        future: asyncio.Future[None] = closed.asFuture(asyncio.get_running_loop())
        return future

    def kill_all_applications(self) -> defer.Deferred[Any]:
        """Cancel what is running; Daphne's own stumbles over connections that have no application (yet)."""
        tasks = self.running()
        for task in tasks:
            task.cancel()
        if not tasks:
            return defer.succeed(None)
        return defer.Deferred.fromCoroutine(asyncio.wait(tasks, timeout=LAST_MOMENT))


def _log_failure(event: dict[str, Any]) -> None:
    """Of all that Twisted and autobahn say, only what broke: their words repeat the client's."""
    failure = event.get("log_failure")
    if failure is not None and event.get("log_level") is not LogLevel.debug:
        logger.error("a connection broke", exc_info=(failure.type, failure.value, failure.getTracebackObject()))


def open_listener(host: str, port: int) -> socket.socket:
    """Take the address; OSError says why not. Nobody can connect before the server runs and can answer."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0])  # of `localhost`, 127.0.0.1 before ::1
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
