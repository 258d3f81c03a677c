"""The far ends as child processes, and the SDP between them and the browser: every column behind a road of its own."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import ROOT
from bench.voice.road import Address

_CANDIDATE = re.compile(r"a=candidate:\S+ 1 (?:udp|UDP) \d+ (\S+) (\d+) typ host")
RATE = 72_000
LINE_MAX = 1 << 20


@dataclass
class End:
    """A child that is asked in lines of JSON (see `bench.voice.ours`)."""

    process: asyncio.subprocess.Process

    async def ask(self, *words: object) -> Any:
        """Errors: `RuntimeError` when it ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words).encode() + b"\n")
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        if not line:
            raise RuntimeError("a far end died; its words are above")
        return json.loads(line)

    async def call(self, name: str, offer: str) -> str:
        return str(await self.ask("call", name, offer))

    async def take(self, folder: Path) -> dict[str, Any]:
        return dict(await self.ask("take", str(folder)))


@asynccontextmanager
async def end(module: str) -> AsyncIterator[End]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_MAX,
    )
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield End(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()


def address(sdp: str) -> Address:
    """The first IPv4 host candidate of an answer. Errors: `ValueError`."""
    for host, port in _CANDIDATE.findall(sdp):
        if ":" not in host and not host.endswith(".local"):
            return host, int(port)
    raise ValueError("an answer without a candidate")


def led_to(sdp: str, where: Address) -> str:
    """The SDP with one candidate, that place."""
    lines = [line for line in sdp.splitlines() if not line.startswith("a=candidate:")]
    line = f"a=candidate:1 1 udp 2130706431 {where[0]} {where[1]} typ host"
    ends = "a=end-of-candidates"
    at = lines.index(ends) if ends in lines else len(lines)
    return "\r\n".join([*lines[:at], line, *lines[at:]]) + "\r\n"


def at_our_rate(sdp: str) -> str:
    """An answer that wants 72 kbit/s, if it has no wish of its own: otherwise Chromium sends the others 32."""
    if "maxaveragebitrate" in sdp:
        return sdp
    opus = re.search(r"a=rtpmap:(\d+) opus/", sdp)
    if opus is None:
        return sdp
    head = f"a=fmtp:{opus[1]} "
    rate = f"maxaveragebitrate={RATE}"
    if head in sdp:
        return sdp.replace(head, f"{head}{rate};")
    whole = re.compile(rf"(a=rtpmap:{opus[1]} opus/[^\r\n]*)")
    return whole.sub(rf"\1\r\n{head}{rate}", sdp, count=1)
