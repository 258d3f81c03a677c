"""Starts door on the stage host's port."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import ssl
from pathlib import Path

from aiohttp import web

from hustings.door.app import build
from hustings.door.files import Files
from hustings.door.limits import Buckets
from hustings.door.studio import StudioSocket
from hustings.keyring import public_keys
from hustings.settings import Settings
from hustings.wire.ticket import Verifier

STOP_WAIT_S = 2.0


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Errors: `OSError` (the port is taken)."""
    logging.getLogger("aiohttp.access").disabled = True
    asyncio.run(serve(settings))


async def serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    studio = StudioSocket(settings.studio_socket)
    app = build(
        _Keys(settings.keys_dir),
        studio,
        Files(settings.published_dir),
        Buckets(settings.stage.knocks_per_minute),
        settings.stage.forwarded_header,
    )
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=30,
        handle_signals=False,
        shutdown_timeout=STOP_WAIT_S,
    )
    await runner.setup()
    try:
        site = web.TCPSite(
            runner,
            settings.stage.bind,
            settings.stage.port,
            ssl_context=_tls(settings),
            backlog=1_024,
            reuse_address=True,
        )
        await site.start()
        gc.freeze()
        await stop.wait()
    finally:
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


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls.cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls.cert, settings.tls.key)
    return context
