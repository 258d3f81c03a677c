"""Starts radio on its port. A port that is taken is asked for again: the lesser part stops nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket

from hustings.patience import tls_of
from hustings.radio.app import HEAD_MAX, HEAD_S, Radio
from hustings.radio.program import Encoder
from hustings.settings import Settings
from hustings.stopping import pause, stop_event

AGAIN_S = 10.0
USER_TIMEOUT_MS = 10_000
SEND_BUFFER = 65_536
"""Of the kernel, for each listener: what waits there is not seen here."""

_log = logging.getLogger("hustings.radio")


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s radio %(levelname)s %(message)s")
    asyncio.run(serve(settings))


async def serve(settings: Settings) -> None:
    bitrate = settings.radio.mp3_bitrate

    def make(init: bytes) -> Encoder:
        from hustings.audio.mp3 import Mp3  # noqa: PLC0415  (35 MB, for the first who listens)

        return Mp3(init, bitrate)

    radio = Radio(settings.studio_socket, make, bitrate, settings.radio.listeners_max)
    stop = stop_event()
    gc.collect()
    gc.freeze()
    while not stop.is_set():
        try:
            server = await _listen(settings, radio)
        except OSError as error:
            _log.error("live.mp3 cannot be offered: %s", error)
            await pause(stop, AGAIN_S)
            continue
        await stop.wait()
        server.close()


async def _listen(settings: Settings, radio: Radio) -> asyncio.Server:
    context = tls_of(settings.tls)
    server = await asyncio.start_server(
        radio.serve,
        settings.radio.bind,
        settings.radio.port,
        ssl=context,
        ssl_handshake_timeout=HEAD_S if context else None,
        limit=HEAD_MAX,
        backlog=256,
        reuse_address=True,
    )
    for listener in server.sockets:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return server
