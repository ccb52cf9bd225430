"""What one connection may ask of the process. Every number holds for one connection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on what comes in, what waits to go out, and how long either may take (I-19)."""

    frame: int = 65_536
    """Bytes of one WebSocket frame, and of one message whatever its fragments."""
    frames: tuple[float, float] = (1024, 128)
    """WebSocket frames: so many at once, then so many a second. The product's own limits are far stricter."""
    pings: tuple[float, float] = (20, 1)
    """The same for pings and pongs. No browser sends any; each ping costs us an answer."""
    turn: int = 64
    """Frames handled in one turn of the loop, so that a full read of tiny frames holds nobody up."""
    inbox: int = 32
    """Messages that may wait for a consumer; then we stop reading from its socket."""
    outgoing: int = 16_777_216
    """Bytes of one frame that we send. A larger one is a mistake in the application."""
    body: int = 1_048_576
    """Bytes of a request's body."""
    spool: int = 65_536
    """Bytes of a body held in memory; what is above goes to a temporary file, up to `body`."""
    head: int = 16_384
    """Bytes of a request's first line and headers."""
    headers: int = 100
    """How many headers a request has at most."""
    head_seconds: float = 10
    """From the first byte (or from connecting) to the end of the headers."""
    body_seconds: float = 120
    """From the end of the headers to the end of the body."""
    idle_seconds: float = 75
    """Between two requests on one connection; longer than the 60 s for which proxies keep theirs."""
    handshake_seconds: float = 20
    """From the handshake's request to the application's answer; it may wait for a busy database."""
    stalled_seconds: float = 60
    """How long a client may take nothing of what we have for it before we hang up."""
    linger_seconds: float = 2
    """How long we swallow what a refused client still sends, so that it can read why."""
    closing_seconds: float = 3
    """How long we wait for the other side of a WebSocket's closing handshake."""
