"""A peer of the stage figure: one room of Janus AudioBridge. `python -m bench.bridge PORT FOLDER` prints Janus's pid.

An offer that is posted to `/offer` joins. AudioBridge decodes each participant, mixes, and encodes the mix without himself for
each; nothing is recorded and nothing is streamed.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from aiohttp import web

from bench.voice.janus import janus

ROOM = 1


async def main(port: int, folder: Path) -> None:
    """Errors: those of `janus`."""
    async with janus(folder) as far:
        await far.open(ROOM)
        names = (f"guest-{n}" for n in itertools.count(1))

        async def offer(request: web.Request) -> web.Response:
            return web.Response(
                status=201, text=await far.join(ROOM, next(names), await request.text())
            )

        app = web.Application()
        app.router.add_post("/offer", offer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(far.pid, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
