"""Sessions with forged tickets at the door: `python -m bench.attacks.forged`.

Reads one JSON line: `port`, `key`, `ticket` (a true one: the forged have its shape and key id), `a_second`, `sources`. As many
addresses of loopback ask from one kept connection each. Prints a line a second: requests, and how many got which answer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import time
from collections import Counter
from typing import Any

OFFER = (
    b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    + b"a=x\r\n" * 200
)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


def forged(ticket: str) -> str:
    """A ticket that looks like this one, signed by nobody."""
    version, kid, claims, _ = ticket.split(".")
    tree = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    tree["t"] = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    payload = base64.urlsafe_b64encode(json.dumps(tree).encode()).decode().rstrip("=")
    seal = base64.urlsafe_b64encode(os.urandom(64)).decode().rstrip("=")
    return f"{version}.{kid}.{payload}.{seal}"


def request(plan: dict[str, Any]) -> bytes:
    head = (
        f"POST /session/{plan['key']} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\n"
        f"Authorization: Bearer {forged(plan['ticket'])}\r\nContent-Length: {len(OFFER)}\r\n\r\n"
    )
    return head.encode() + OFFER


async def source(number: int, plan: dict[str, Any], told: Counter[str]) -> None:
    """One address: its share of the requests, evenly."""
    apart_s = plan["sources"] / plan["a_second"]
    due_s = time.monotonic() + apart_s * number / plan["sources"]
    wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while True:
        await asyncio.sleep(due_s - time.monotonic())
        due_s = max(
            due_s + apart_s, time.monotonic() - 1.0
        )  # late ones are made up for, within a second
        try:
            async with asyncio.timeout(5):
                if wire is None:
                    from_ = f"127.3.{number // 250}.{1 + number % 250}"
                    wire = await asyncio.open_connection(
                        "127.0.0.1", plan["port"], local_addr=(from_, 0)
                    )
                wire[1].write(request(plan))
                told["requests"] += 1
                head = await wire[0].readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                await wire[0].readexactly(int(length[1]) if length else 0)
                status = _STATUS.match(head)
                told[status[1].decode() if status else "odd"] += 1
                if b"onnection: close" in head:
                    raise ConnectionError
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            told["closed" if not isinstance(error, TimeoutError) else "timeout"] += 1
            if wire is not None:
                wire[1].close()
            wire = None


async def main() -> None:
    plan, told = json.loads(sys.stdin.readline()), Counter[str]()
    sources = [asyncio.create_task(source(n, plan, told)) for n in range(plan["sources"])]
    while not any(one.done() for one in sources):
        await asyncio.sleep(1)
        print(json.dumps(told), flush=True)
    await asyncio.gather(*sources)


if __name__ == "__main__":
    asyncio.run(main())
