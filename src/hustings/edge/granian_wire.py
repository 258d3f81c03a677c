"""Granian, as edge uses it: its server inside one process, on a socket that is open, each request answered where it arrives.

The only file that knows Granian's insides, and why its release is pinned. Its own scheduler makes each request a task of
the event loop: a write to the loop's pipe, a coroutine, a future, two switches of threads. Nearly all that edge answers is
ready in memory, so `Direct` calls the application in the thread where Granian holds the request (1.8 times the answers
per second); what cannot be answered at once, the application takes to the loop itself.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Protocol

from granian._granian import CallbackScheduler, RSGIWorker, SocketHolder
from granian.server.embed import Server

from hustings.edge.parking import Scope, Sender


class Request(Protocol):
    """What Granian's worker hands over."""

    scope: Scope
    proto: Sender


class Application(Protocol):
    """Called once in Granian's thread for each request; it must not raise, nor wait."""

    def __call__(self, request: Request) -> None: ...
    def begin(self, loop: asyncio.AbstractEventLoop) -> None: ...
    def end(self) -> None: ...


class Direct(CallbackScheduler):
    """Hands each request to the application, in the thread that brings it."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, application: Callable[[Request], None], *_: None
    ) -> None:
        super().__init__()
        self._schedule_fn = application


class Listening(Server):
    """Granian's server on an open socket: set `listener` before `listen`."""

    listener: socket.socket

    def _init_shared_socket(self) -> None:
        # The pinned release takes (descriptor, is a Unix socket, backlog); its stub says otherwise.
        opened: Any = SocketHolder
        self._ssp = None
        self._shd: Any = opened(self.listener.fileno(), False, self.backlog)

    async def listen(self) -> None:
        """Serves until `interrupt_signal` is set and `main_loop_interrupt` wakes it."""
        await self.serve(_work)  # type: ignore[arg-type]


async def _work(
    number: int,
    stop: Any,
    application: Application,
    sockets: tuple[Any, Any],
    threads: int,
    blocking: int | None,
    python_threads: int,
    idle_s: int,
    connections: int,
    _task: object,
    mode: Any,
    http1: Any,
    http2: Any,
    websockets: bool,
    static: Any,
    _log: object,
    tls: tuple[Any, ...],
    _scope: object,
) -> None:
    """One Granian worker, from `startup` to the stop signal; the arguments are those of `Server._spawn_worker`."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    stop.add_cb(lambda: loop.call_soon_threadsafe(over.set_result, None))
    application.begin(loop)
    opened: Any = RSGIWorker  # its stub is of another release
    worker = opened(
        number,
        sockets,
        None,
        threads,
        blocking,
        python_threads,
        idle_s,
        connections,
        mode,
        http1,
        http2,
        websockets,
        static,
        *tls,
        (None, None),
    )
    worker.serve_async(Direct(loop, application, None, None, None), loop, stop)
    await over
    application.end()
