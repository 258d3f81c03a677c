"""Starts web: Granian inside this process, one worker, on the loop that also follows studio; and the port of its streams."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
import time
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from hustings.settings import Settings
from hustings.web import app, streaming_port
from hustings.web.mastodon.streams import STREAMS_MAX

BACKPRESSURE = 512 + STREAMS_MAX
"""Requests at once: a stream is one for as long as it lasts."""
BACKLOG = 1_024
HEADER_TIMEOUT_MS = 5_000


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Errors: `OSError` (the port is taken, a folder cannot be written)."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    _check_port(settings.web.bind, settings.web.port, "web.port")
    if settings.web.streaming_port:
        _check_port(settings.web.bind, settings.web.streaming_port, "web.streaming_port")
    asyncio.run(serve(settings))


async def serve(settings: Settings) -> None:
    parts = app.assemble(settings, lambda: time.time_ns() // 1_000_000)
    application = app.build(parts)
    server = Server(
        application,
        address=settings.web.bind,
        port=settings.web.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=True,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        log_enabled=False,
        ssl_cert=Path(settings.tls.cert) if settings.tls.cert else None,
        ssl_key=Path(settings.tls.key) if settings.tls.key else None,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    async with app.running(parts), streaming_port.opened(application, settings):
        gc.collect()
        gc.freeze()
        await server.serve()


def _check_port(bind: str, port: int, setting: str) -> None:
    """Granian shares its port with whoever asks: a second web would take half of the requests. Errors: `OSError`."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise OSError(error.errno, f"port {port} of {bind} is taken ({setting})") from None
