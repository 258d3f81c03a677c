"""`hustings demo`: the voices against the server that runs on the same data folder."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from pathlib import Path

from hustings import keyring
from hustings.demo import square
from hustings.demo.calls import Calls
from hustings.demo.director import Director, host_link, note
from hustings.demo.sound import Conversation, read_packets
from hustings.settings import Settings
from hustings.wire.ticket import Signer

VOICES = {"Ana": ("host", "ana.opus"), "Ben": ("speaker", "ben.opus")}
NOTE = "demo.json"


def run(settings: Settings, quiet: bool) -> int:
    """Plays until SIGTERM or SIGINT; prints its addresses unless `quiet`. Errors: `OSError` (keys or voices can't be read)."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    asyncio.run(_play(settings, quiet))
    return 0


async def _play(settings: Settings, quiet: bool) -> None:
    folder = Path(__file__).with_name("voices")
    packets = {name: read_packets(folder / file) for name, (_, file) in VOICES.items()}
    signer = Signer(*keyring.load_or_make(settings.keys_dir, "studio"))
    path = settings.run_dir / NOTE
    path.unlink(missing_ok=True)

    def on_air(token: str) -> None:
        link = host_link(settings.public.stage, token)
        _write(path, json.dumps(note(os.getpid(), settings.public.live, link)))
        if not quiet:
            print(f"On the air: {settings.public.live}/demo\nBe its host: {link}", flush=True)

    loop = asyncio.get_running_loop()
    calls = Calls(settings)
    conversation = Conversation(packets, loop.time())
    roles = {name: role for name, (role, _) in VOICES.items()}
    director = Director(calls, signer, conversation, roles, on_air)
    playing = asyncio.create_task(director.run(), name="demo")
    furnishing = asyncio.create_task(square.furnish(settings), name="the demo's square")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        pass
    finally:
        path.unlink(missing_ok=True)
        furnishing.cancel()
        await asyncio.gather(furnishing, return_exceptions=True)
        await director.close()
        await calls.close()


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for our own eyes: the link in it is a host's."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
