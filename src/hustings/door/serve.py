"""Starts door on the stage host's port, and on that of voices by TCP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from pathlib import Path

from aiohttp import web

from hustings.door.app import Limits, build
from hustings.door.files import Files
from hustings.door.sockets import Sockets
from hustings.door.studio import StudioSocket
from hustings.door.voices import VoicePort
from hustings.keyring import public_keys
from hustings.patience import Connections, listen, tls_of
from hustings.settings import Settings
from hustings.stopping import stop_event
from hustings.wire.limits import Buckets
from hustings.wire.ticket import Verifier

STOP_WAIT_S = 2.0
OPEN_MAX, OPEN_PER_PLACE_MAX = 3_000, 128


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Errors: `OSError` (the port is taken)."""
    logging.getLogger("aiohttp.access").disabled = True
    asyncio.run(serve(settings))


async def serve(settings: Settings) -> None:
    stop = stop_event()
    studio = StudioSocket(settings.studio_socket)
    app = build(
        _Keys(settings.keys_dir),
        studio,
        Files(settings.published_dir),
        Limits(
            knocks=Buckets(settings.stage.knocks_per_minute),
            offers=Buckets(settings.stage.offers_per_minute),
            wrong=Buckets(settings.stage.wrong_tickets_per_minute),
        ),
        settings.stage.forwarded_header,
        Sockets(settings.voices_socket, (settings.public.stage, settings.public.live)),
    )
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_WAIT_S)
    await runner.setup()
    assert runner.server is not None
    behind = bool(settings.stage.forwarded_header)
    connections = Connections(OPEN_MAX, None if behind else OPEN_PER_PLACE_MAX)
    listening = await listen(
        runner.server,
        connections,
        settings.stage.bind,
        settings.stage.port,
        tls_of(settings.tls),
    )
    voices = VoicePort(settings.voices_socket)
    try:
        if settings.stage.voice_port:
            await voices.open(settings.stage.voice_port)
        gc.freeze()
        await stop.wait()
    finally:
        listening.close()
        voices.close()
        with contextlib.suppress(Exception):
            await runner.cleanup()
        await studio.close()


class _Keys:
    """The public keys, read again when their folder changes: a key made later counts without a restart."""

    def __init__(self, keys_dir: Path) -> None:
        self._keys_dir = keys_dir
        self._stamp = -1
        self._verifier = Verifier({})

    def __call__(self) -> Verifier:
        folder = self._keys_dir / "public"
        stamp = folder.stat().st_mtime_ns if folder.exists() else -1
        if stamp != self._stamp:
            self._stamp, self._verifier = (
                stamp,
                Verifier(public_keys(self._keys_dir) if stamp >= 0 else {}),
            )
        return self._verifier
