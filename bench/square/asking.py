"""A process that asks web: by the clock whatever comes back (open loop), as fast as it is answered, or by streams it holds.

`python -m bench.square.asking` reads one plan (JSON, a line) and writes one line when it is done. A request is
`[method, path, token, body]`. How long an answer took is counted from when its request was due, not from when it was sent.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

CONNECTIONS_MAX = 256
PATIENCE_S = 20.0
SLOTS = 50
OF_A_PLACE = 250


@dataclass
class Asking:
    port: int
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    lag_ms: float = 0.0
    """By how much this process itself was late, at the most."""

    async def ask(self, request: list[str], due_s: float) -> None:
        self.lag_ms = max(self.lag_ms, (time.monotonic() - due_s) * 1000)
        try:
            async with asyncio.timeout(PATIENCE_S):
                status = await self._answered(request)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            status = type(error).__name__
        self.said[status] += 1
        self.took_ms.append((time.monotonic() - due_s) * 1000)

    async def _answered(self, request: list[str]) -> str:
        if self.idle:
            try:
                return await self._said(*self.idle.pop(), request)
            except (OSError, asyncio.IncompleteReadError):
                pass  # it was let go meanwhile, as connections that rest are: a client takes another
        return await self._said(*await asyncio.open_connection("127.0.0.1", self.port), request)

    async def _said(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: list[str]
    ) -> str:
        method, path, token, body = request
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n"
        writer.write(f"{head}\r\n{body}".encode())
        said = await reader.readuntil(b"\r\n\r\n")
        status = said[9:12].decode()
        for line in said.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        self.idle.append((reader, writer))
        return status

    async def by_the_clock(self, requests: list[list[str]], rate: float, seconds: float) -> None:
        """Request number n is due n / rate seconds after the first."""
        began_s, tasks = time.monotonic(), set[asyncio.Task[None]]()
        for n in range(round(rate * seconds)):
            due_s = began_s + n / rate
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            task = asyncio.create_task(self.ask(requests[n % len(requests)], due_s))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def as_answered(self, requests: list[list[str]], at_once: int, seconds: float) -> None:
        until_s, waiting = time.monotonic() + seconds, deque(requests)

        async def one() -> None:
            while time.monotonic() < until_s:
                waiting.rotate(-1)
                await self.ask(waiting[0], time.monotonic())

        await asyncio.gather(*(one() for _ in range(at_once)))

    async def held(self, requests: list[list[str]], until: asyncio.Event) -> None:
        """A stream by WebSocket (or by SSE: `GET`) for each request, `SLOTS` at a time, until it is said that it is enough;
        from several addresses, of which each may have so many."""
        slots, open_now = asyncio.Semaphore(SLOTS), []

        async def one(number: int, request: list[str]) -> None:
            async with slots:
                own = (f"127.0.0.{2 + number // OF_A_PLACE}", 0)
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.port, local_addr=own
                )
                head = f"GET {request[1]} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {request[2]}\r\n"
                if request[0] == "WEBSOCKET":
                    key = base64.b64encode(os.urandom(16)).decode()
                    head += (
                        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    )
                    head += f"Sec-WebSocket-Key: {key}\r\n"
                writer.write(f"{head}\r\n".encode())
                said = await reader.readuntil(b"\r\n\r\n")
                self.said[said[9:12].decode()] += 1
                open_now.append((reader, writer))

        await asyncio.gather(*(one(*each) for each in enumerate(requests)))
        print(json.dumps({"said": self.said}), flush=True)
        await until.wait()
        for _, writer in open_now:
            writer.close()


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    asking, requests = Asking(int(plan["port"])), plan["requests"]
    began_s = time.monotonic()
    if plan["how"] == "held":
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(sys.stdin, over.set)  # its end
        await asking.held(requests, over)
    elif plan["how"] == "by_the_clock":
        await asking.by_the_clock(requests, plan["rate"], plan["seconds"])
    else:
        await asking.as_answered(requests, plan["at_once"], plan["seconds"])
    for _, writer in asking.idle:
        writer.close()
    return {
        "took_ms": [round(one, 2) for one in asking.took_ms],
        "said": asking.said,
        "lag_ms": round(asking.lag_ms, 1),
        "seconds": time.monotonic() - began_s,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.loads(sys.stdin.readline())))), flush=True)
