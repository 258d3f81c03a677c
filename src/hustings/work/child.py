"""A process for what a stranger sent: it has limits, knows none of our secrets, and says what it made on its standard output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass

PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may take. Memory is address space, half of it the libraries'. It sets both of these itself
    (`making/limits.py`), before it reads what came; `wall_s` is our patience."""

    memory_bytes: int
    cpu_s: int
    wall_s: float


class TooHard(Exception):
    """It was killed, by its limits or by our patience."""


class Broke(Exception):
    """It ended with an error, or said more than it may."""


async def ask(module: str, said: bytes, wall_s: float, answer_max: int) -> bytes:
    """What `python -m {module}` answers. Errors: `TooHard`, `Broke`."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    assert child.stdin is not None and child.stdout is not None
    saying = asyncio.create_task(_say(child.stdin, said))
    try:
        async with asyncio.timeout(wall_s):
            answer = await _heard(child.stdout, answer_max)
            await child.wait()
    except TimeoutError:
        raise TooHard from None
    finally:
        saying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await saying
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.returncode:
        raise TooHard if child.returncode < 0 else Broke
    return answer


async def _say(to: asyncio.StreamWriter, said: bytes) -> None:
    """One that ends before it has read all of it has its reasons."""
    with contextlib.suppress(ConnectionError):
        to.write(said)
        await to.drain()
    to.close()


async def _heard(out: asyncio.StreamReader, most: int) -> bytes:
    """Errors: `Broke` past so many bytes."""
    parts, many = [], 0
    while part := await out.read(PIECE):
        many += len(part)
        if many > most:
            raise Broke
        parts.append(part)
    return b"".join(parts)


def _environment() -> dict[str, str]:
    """Where our code is, and nothing else of ours: no secret, no proxy, no setting."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
