"""The processes of edge: a main process that holds the sockets, and workers forked from it.

The main process opens one SO_REUSEPORT socket for each worker and never accepts; it imports all that a worker needs, runs
no threads and no loop, and forks. So workers share its memory, a dead one is replaced in milliseconds, and in between new
connections wait in the socket's queue instead of being refused: players never retry a refused connection. Idle, the
three of them take 38 MB (sum of PSS).

Workers outlive a main process that is killed. The next one starts its own beside them, then ends the orphans.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import setproctitle
from granian.constants import HTTPModes, SSLProtocols
from granian.http import HTTP1Settings

from hustings.copy import catalogue
from hustings.edge.app import Edge
from hustings.edge.files import Files
from hustings.edge.follow import Follower
from hustings.edge.granian_wire import Listening
from hustings.edge.objects import Rooms
from hustings.edge.relay import Relay
from hustings.edge.report import Bears, Reporter
from hustings.edge.upstream import upstream_of
from hustings.pages.not_found import render as render_not_found
from hustings.settings import Settings

TITLE = "hustings edge"
HEADER_TIMEOUT_MS = 5000
USER_TIMEOUT_MS = 10_000
"""TCP_USER_TIMEOUT: a reader whose window stays shut this long is cut off by the kernel."""

UNSENT_MAX = 16_384
"""TCP_NOTSENT_LOWAT: so many bytes wait unsent in the kernel for one reader. Without it four thousand who ask for segments and
never read fill the memory that the kernel has for all connections of the machine, and then nobody's sound moves."""

BUFFER_MAX = 32_768
"""Bytes of requests, and of answers to pipelined ones, that wait in this process for one connection; a head may be as long."""

RESPAWN_S = 0.03
"""Between the end of a worker and the start of its successor: one that dies at once must not spin."""

RELAY_AGAIN_S = 2.0
STOP_S = 3.0
"""A stopping worker finishes what it answers for this long."""

Job = Callable[[], Coroutine[Any, Any, None]]
_HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_log = logging.getLogger("hustings.edge")


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Errors: `OSError` when the address cannot be bound."""
    setproctitle.setproctitle(TITLE)
    pids = settings.run_dir / "edge.pids"
    orphans = _orphans(pids)
    if not orphans:
        _probe(settings)
    sockets = [_listen(settings) for _ in range(settings.live.workers)]
    not_found = render_not_found(catalogue("en", "event"), settings.public.web)
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    gc.collect()
    gc.freeze()
    jobs: list[Job] = [partial(_work, settings, listener, not_found) for listener in sockets]
    if settings.live.feed_bind:
        jobs.append(partial(_relay, settings))
    workers = {_fork(job): job for job in jobs}
    _remember(pids, workers)
    for pid in orphans:
        _signal(pid, signal.SIGTERM)
    while signal.sigwait(_HEARD) == signal.SIGCHLD:
        for pid, status in _ended():
            if job := workers.pop(pid, None):
                _log.warning("an edge worker ended (%d); another takes its place", status)
                time.sleep(RESPAWN_S)
                workers[_fork(job)] = job
                _remember(pids, workers)
    _end(workers)


def _probe(settings: Settings) -> None:
    """Says so when somebody else has the port: SO_REUSEPORT alone would share it without a word."""
    with _socket(settings) as probe:
        _bind(probe, settings)


def _listen(settings: Settings) -> socket.socket:
    """A listening socket; the kernel shares connections out among those with the same port."""
    listener = _socket(settings)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_MAX)
    _bind(listener, settings)
    listener.listen(_backlog(settings))
    listener.setblocking(False)
    return listener


def _socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.live.bind else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.live.bind == "::":
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return made


def _bind(unbound: socket.socket, settings: Settings) -> None:
    where = (settings.live.bind, settings.live.port)
    try:
        unbound.bind(where)
    except OSError as error:
        unbound.close()
        why = f"cannot listen on {where[0]}:{where[1]}: {error.strerror}"
        raise OSError(why) from error


def _backlog(settings: Settings) -> int:
    return max(128, min(settings.live.connections_max, 65_535))


def _fork(job: Job) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        asyncio.run(job())
        status = 0
    except BaseException:
        _log.exception("an edge worker broke")
    finally:
        sys.stderr.flush()
        os._exit(status)


async def _relay(settings: Settings) -> None:
    """The life of the process that other edges follow."""
    setproctitle.setproctitle(f"{TITLE} relay")
    where = settings.live.feed_bind
    secret = "" if where.startswith("unix:") else settings.feed_secret
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    try:
        await Relay(upstream_of(settings), secret).run(where)
    except OSError as error:
        _log.error("the feed cannot be offered at %s: %s", where, error)
        await asyncio.sleep(RELAY_AGAIN_S)
        raise


async def _work(settings: Settings, listener: socket.socket, not_found: bytes) -> None:
    """One worker's life."""
    rooms = Rooms()
    files = Files(settings.published_dir, settings.live.cache_bytes_max)
    upstream = upstream_of(settings)
    bears = Bears(
        settings.live.connections_max, settings.live.bytes_per_s_max // settings.live.workers
    )
    works = (Follower(upstream, rooms).run, Reporter(rooms, upstream, bears).run)
    radio_url = settings.public.radio if settings.radio.port else ""
    edge = Edge(rooms, works, files, settings.public.web, radio_url, not_found)
    server = Listening(
        edge,
        backlog=_backlog(settings),
        backpressure=settings.live.connections_max,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=BUFFER_MAX
        ),
        websockets=False,
        log_enabled=False,
        ssl_cert=Path(settings.tls.cert) if settings.tls.cert else None,
        ssl_key=Path(settings.tls.key) if settings.tls.key else None,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    server.listener = listener
    loop = asyncio.get_running_loop()

    def stop() -> None:
        rooms.wake_all()
        server.interrupt_signal = True
        server.main_loop_interrupt.set()
        loop.call_later(STOP_S, os._exit, 0)

    loop.add_signal_handler(signal.SIGTERM, stop)
    gc.freeze()
    await server.listen()


def _ended() -> Iterator[tuple[int, int]]:
    """(pid, status) of each child that has ended: one SIGCHLD may stand for several."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def _end(workers: dict[int, Job]) -> None:
    """Asks the workers to end, and ends those that do not."""
    for pid in workers:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S + 1.0
    while workers and time.monotonic() < deadline:
        for pid, _ in _ended():
            workers.pop(pid, None)
        time.sleep(0.02)
    for pid in workers:
        _signal(pid, signal.SIGKILL)


def _orphans(file: Path) -> list[int]:
    """Workers of a main process that is no more, by the file that it left; never a process of another title."""
    try:
        numbers = [int(word) for word in file.read_text().split()]
    except (OSError, ValueError):
        return []
    return [pid for pid in numbers if _titled(pid)]


def _titled(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(TITLE.encode())
    except OSError:
        return False


def _remember(file: Path, workers: Iterable[int]) -> None:
    """Leaves the workers' numbers for the next main process; without the file it only cannot end orphans."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_text(" ".join(map(str, workers)))
        fresh.replace(file)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
