"""Several workers on one listening socket, and the process that keeps them: `manage.py serve --workers N`.

The supervisor and a worker speak over a pair of sockets, a byte at a time: the worker says when it listens, the
supervisor says when to end, and the end of the pair tells either that the other is gone. Signals would not do: many
a service manager sends SIGTERM to every process of a service, and a worker takes a second one as "at once".
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from chatsite.server.seat import END, LISTENING, REPLACED

logger = logging.getLogger(__name__)

Command = Callable[[int, int], list[str]]
"""What starts a worker, from the numbers of its two sockets: the one to listen on, the one to the supervisor."""


@dataclass(frozen=True)
class Times:
    """How patient a supervisor is, in seconds."""

    start: float = 60
    """For a worker to listen."""
    end: float = 60
    """For a worker that was told to end; then it is killed."""
    steady: float = 10
    """A worker that lived longer did not die at once."""
    pause: float = 1
    """Before a worker that died at once is replaced; doubled each time, up to `longest`."""
    longest: float = 30


class Worker:
    """One worker process."""

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.process = process
        self.ready = False
        """It listens."""
        self.leaving = False
        """Nobody needs to take its place: it was told to end, or somebody has been started for it."""
        self._channel = channel
        self._began = time.monotonic()

    @classmethod
    async def start(cls, command: Command, listener: socket.socket, env: Mapping[str, str]) -> Worker:
        """A new process, in a group of its own: Ctrl-C is for the supervisor."""
        ours, theirs = socket.socketpair()
        with theirs:
            args = command(listener.fileno(), theirs.fileno())
            fds = (listener.fileno(), theirs.fileno())
            process = await asyncio.create_subprocess_exec(*args, pass_fds=fds, env=dict(env), process_group=0)
        ours.setblocking(False)
        return cls(process, ours)

    @property
    def age(self) -> float:
        """For how long it has run."""
        return time.monotonic() - self._began

    async def listens(self, seconds: float) -> bool:
        """Whether it has come to listen; one that takes too long is killed."""
        try:
            async with asyncio.timeout(seconds):
                self.ready = await asyncio.get_running_loop().sock_recv(self._channel, 1) == LISTENING
        except TimeoutError:
            logger.error("worker %d did not listen within %g s", self.process.pid, seconds)
            self.kill()
        except OSError:
            self.ready = False
        return self.ready

    def tell(self, word: bytes) -> None:
        """`END` or `REPLACED`; to one that is gone already, nothing."""
        self.leaving = True
        try:
            self._channel.send(word)
        except OSError:
            logger.debug("worker %d is gone already", self.process.pid)

    def dismiss(self) -> None:
        """End in order. One that does not listen yet would first finish its beginning, so it hears a signal, too."""
        self.tell(END)
        if not self.ready and self.process.returncode is None:
            self.process.terminate()

    def kill(self) -> None:
        """At once."""
        if self.process.returncode is None:
            self.process.kill()

    async def ended(self, seconds: float | None = None) -> int:
        """Its exit code; after so many seconds it is killed for it."""
        try:
            async with asyncio.timeout(seconds):
                code = await self.process.wait()
        except TimeoutError:
            logger.error("worker %d did not end within %g s: killing it", self.process.pid, seconds)
            self.kill()
            code = await self.process.wait()
        self._channel.close()
        return code


class Supervisor:
    """Keeps so many workers running: SIGTERM and SIGINT end them in order, SIGHUP replaces them one by one."""

    def __init__(
        self,
        listener: socket.socket,
        command: Command,
        workers: int,
        *,
        listening: Callable[[], None] = lambda: None,
        env: Mapping[str, str] | None = None,
        times: Times | None = None,
        gone: Callable[[int], None] = lambda pid: None,
    ) -> None:
        self._gone = gone
        self.times = times or Times()
        self._listener, self._command, self._wanted = listener, command, workers
        self._listening = listening
        self._env = os.environ if env is None else env
        self._workers: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending, self._renew = asyncio.Event(), asyncio.Event()
        self._pause, self._code = 0.0, 0

    def run(self) -> int:
        """Supervise until told to end; the exit code."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        loop.add_signal_handler(signal.SIGHUP, self._renew.set)
        self._task(self._first())
        await self._ending.wait()
        await self._end()
        return self._code

    # Beginning

    async def _first(self) -> None:
        """All at once. If one cannot even start now, its own words say why, and more of them would not help."""
        started = await asyncio.gather(*(self._started() for _ in range(self._wanted)))
        if self._ending.is_set():
            return
        if None in started:
            self._code = 1
            self._ending.set()
            return
        self._listening()
        await self._renewals()

    async def _started(self) -> Worker | None:
        """One more worker, which listens and is watched; None if it did not come to that."""
        try:
            worker = await Worker.start(self._command, self._listener, self._env)
        except OSError as error:
            logger.error("no worker can be started: %s", error.strerror)
            return None
        self._workers.add(worker)
        self._task(self._mourn(worker))
        if self._ending.is_set():
            worker.dismiss()
        if await worker.listens(self.times.start):
            self._task(self._watch(worker))
            return worker
        code = await worker.ended(self.times.end)
        self._workers.discard(worker)
        if not self._ending.is_set():
            logger.error("worker %d ended with %d before it listened", worker.process.pid, code)
        return None

    async def _mourn(self, worker: Worker) -> None:
        await worker.process.wait()
        self._gone(worker.process.pid)

    # Between

    async def _watch(self, worker: Worker) -> None:
        """When it ends unasked, another takes its place."""
        code = await worker.ended()
        self._workers.discard(worker)
        if worker.leaving or self._ending.is_set():
            return
        logger.warning("worker %d ended with %d: another takes its place", worker.process.pid, code)
        self._pause = 0 if worker.age > self.times.steady else self._longer()
        await self._replaced()

    async def _replaced(self) -> None:
        """Start until one listens, ever more patiently."""
        while not await self._ended_within(self._pause):
            if await self._started():
                return
            self._pause = self._longer()

    def _longer(self) -> float:
        return min(self.times.longest, max(self.times.pause, self._pause * 2))

    async def _ended_within(self, seconds: float) -> bool:
        """Wait; whether the end has come meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        except TimeoutError:
            return self._ending.is_set()
        return True

    async def _renewals(self) -> None:
        """At each SIGHUP; those that come during one make one more."""
        while True:
            await self._renew.wait()
            self._renew.clear()
            logger.info("replacing workers one by one")
            done = all([await self._renewed(worker) for worker in tuple(self._workers)])
            logger.info("replaced") if done else logger.error("not all workers were replaced; the old ones go on")

    async def _renewed(self, old: Worker) -> bool:
        """Put a new worker in the place of an old one, which ends in order; without the new one the old one stays."""
        if old.leaving or old not in self._workers or self._ending.is_set():
            return True
        old.leaving = True
        if await self._started():
            old.tell(REPLACED)
            await old.ended(self.times.end)
            return True
        old.leaving = False
        if old not in self._workers:
            self._task(self._replaced())
        return False

    # Ending

    def _signalled(self, number: int) -> None:
        """SIGTERM or SIGINT: end in order. A second one ends all at once."""
        if not self._ending.is_set():
            self._ending.set()
            return
        logger.warning("told to end a second time: ending at once")
        for worker in self._workers:
            worker.kill()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    async def _end(self) -> None:
        """Every worker finishes what it has begun; they alone hold the socket now, so nobody waits on it in vain."""
        self._listener.close()
        workers = tuple(self._workers)
        for worker in workers:
            worker.dismiss()
        codes = await asyncio.gather(*(worker.ended(self.times.end) for worker in workers))
        if -signal.SIGKILL in codes:
            self._code = 1

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
