"""The process `hustings studio`: the one place where settings, keys, clocks, wires and features meet."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
from pathlib import Path

from aiohttp import web

from hustings import keyring
from hustings.audio.holding import HoldingSound
from hustings.audio.room_tone import RoomTone
from hustings.features import studio as features
from hustings.settings import Settings
from hustings.stopping import stop_event
from hustings.studio import app, spare, times
from hustings.studio.aside import Aside
from hustings.studio.edges import Edges
from hustings.studio.encodings import encodings
from hustings.studio.ground import Ground, OnLink, OnPacket, Wires
from hustings.studio.house import House
from hustings.studio.keeping import keeper_for
from hustings.studio.priority import go_first, keep_time
from hustings.studio.sessions import Sessions
from hustings.studio.switchboard import Switchboard
from hustings.wire.ticket import Signer

FEED_SHUT_S = 1.0
YOUNG_LOOKS = 1_000
"""So many looks at what is new the collector has before it walks what outlived one: with a hundred on stage that takes 8 ms, and
a tick is late. By default it is every tenth, hence nearly every second; what has a ring in it here may wait for minutes."""


def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT. Errors: `OSError` for a folder that cannot be written or a socket that cannot be."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s studio %(levelname)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    # Made once, so that no room's first tick waits for them, nor another worker for its start.
    encodings(settings.studio.aac_bitrate, settings.studio.opus_bitrate)
    HoldingSound()
    RoomTone()
    # What is here now stays for good: the collector need not walk it in the middle of a tick, nor copy it after a fork.
    gc.collect()
    gc.freeze()
    spare.worker()
    asyncio.run(_run(settings))


def house_of(settings: Settings, board: Switchboard) -> House:
    """The rooms of this machine, on its clocks and wires."""
    kid, key = keyring.load_or_make(settings.keys_dir, "studio")

    def wires(key: str, on_packet: OnPacket, on_link: OnLink) -> Wires:
        return Sessions(board, key, on_packet, on_link)

    ground = Ground(
        settings=settings,
        times=times.of_this_machine(),
        signer=Signer(kid, key),
        wires=wires,
        features=features.build,
        changed=lambda: None,
        gone=lambda key: None,
        soon=lambda do: asyncio.get_running_loop().call_soon(do),
        aside=Aside,
        edges=Edges(auto=settings.live.brownout_auto),
    )
    return House(ground)


async def _run(settings: Settings) -> None:
    go_first()
    board = Switchboard(
        settings.studio.announced_addresses,
        keeper_for(settings.run_dir),
        settings.voice_tcp_port,
    )
    try:
        board.open(settings.studio.udp_port, settings.voices_socket)
    except OSError as error:
        raise OSError(
            f"UDP port {settings.studio.udp_port} can't be had: {error.strerror}; "
            "another: `udp_port` under [studio]"
        ) from None
    house = house_of(settings, board)
    house.start()
    board.end_unclaimed()
    runner = web.AppRunner(app.build(house), access_log=None, shutdown_timeout=FEED_SHUT_S)
    await runner.setup()
    await _site(runner, settings.studio_socket)
    stop = stop_event()
    gc.collect()
    gc.freeze()
    gc.set_threshold(gc.get_threshold()[0], YOUNG_LOOKS)
    keep_time()
    rooms = asyncio.create_task(house.run(), name="house")
    try:
        await stop.wait()
    finally:
        rooms.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await rooms
        await house.shut()
        await board.shut()
        await runner.cleanup()


async def _site(runner: web.AppRunner, socket: Path) -> None:
    """Listens. The socket's file is left by a process that was killed; the supervisor starts one studio at a time."""
    socket.unlink(missing_ok=True)
    old = os.umask(0o177)
    try:
        await web.UnixSite(runner, str(socket)).start()
    finally:
        os.umask(old)
