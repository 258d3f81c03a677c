"""Janus AudioBridge (Debian's `janus`) in a network namespace of its own: it does not use `lo`. Needs root.

A voice that is judged has a room of its own, which Janus itself records (`record`): the mix before it is encoded again, as for
the others.
Its recorder writes through a buffer; the moment at which the file grew is when its last sample was mixed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

PROGRAM = "/usr/bin/janus"
SPACE, OUTER, INNER = f"hustings-{os.getpid()}", f"hb{os.getpid()}a", f"hb{os.getpid()}b"
HERE, THERE = "10.213.77.1", "10.213.77.2"
PORT = 8088
HEAD = 44
"""Bytes of a WAV file before its samples."""
LOOK_S = 0.004
_SETTINGS = {
    "janus.jcfg": """general: { configs_folder = "%(home)s" plugins_folder = "/usr/lib/x86_64-linux-gnu/janus/plugins"
 transports_folder = "/usr/lib/x86_64-linux-gnu/janus/transports" debug_level = 3 server_name = "bench" session_timeout = 0 }
nat: { ice_lite = true }
media: { }
plugins: { }
transports: { disable = "libjanus_websockets.so,libjanus_pfunix.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_rabbitmq.so" }
events: { broadcast = false }
loggers: { }
""",
    "janus.plugin.audiobridge.jcfg": "general: { }\n",
    "janus.transport.http.jcfg": f'general: {{ base_path = "/janus" http = true port = {PORT} https = false }}\n',
}


@dataclass
class _Mix:
    """One room's recording and when it grew: (bytes, seconds)."""

    path: Path
    grew: list[tuple[int, float]] = field(default_factory=list)
    watching: asyncio.Task[None] | None = None

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        size = 0
        while True:
            with contextlib.suppress(OSError):
                now = self.path.stat().st_size
                if now > size:
                    size = now
                    self.grew.append((size, loop.time()))
            await asyncio.sleep(LOOK_S)

    def save(self, path: Path) -> None:
        raw = self.path.read_bytes()[HEAD:]
        sound = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.float32) / 32768
        ends = np.array([(size - HEAD) / 2 for size, _ in self.grew if size > HEAD])
        times = np.array([at for size, at in self.grew if size > HEAD])
        ticks = (np.arange(sound.size // 960) + 1) * 960
        np.savez(path, sound=sound, times_s=np.interp(ticks, ends, times))


class Janus:
    """Its HTTP API, as far as a talk needs it."""

    def __init__(self, http: aiohttp.ClientSession, home: Path, pid: int) -> None:
        self.pid = pid
        self._http = http
        self._home = home
        self._url = f"http://{THERE}:{PORT}/janus"
        self._numbers = itertools.count(1)
        self._mixes: dict[str, _Mix] = {}

    async def call(self, name: str, offer: str) -> str:
        """A room, and in it one participant with this offer; the answer. Errors: `RuntimeError`."""
        room = next(self._numbers)
        mix = self._mixes[name] = _Mix(self._home / f"{name}-{room}.wav")
        await self.open(room, record=True, record_file=str(mix.path))
        answer = await self.join(room, name, offer)
        mix.watching = asyncio.create_task(mix.watch())
        return answer

    async def open(self, room: int, **settings: Any) -> None:
        """A room of this number. Errors: `RuntimeError`, also where there is one."""
        _, plugin = await self._attached()
        asked = {"request": "create", "room": room, "sampling_rate": 48_000, **settings}
        await self._ask(plugin, {"janus": "message", "body": asked})

    async def join(self, room: int, name: str, offer: str) -> str:
        """One participant more, with this offer; the answer. Errors: `RuntimeError`."""
        session, plugin = await self._attached()
        asked = {"request": "join", "room": room, "display": name}
        await self._ask(plugin, {"janus": "message", "body": asked})
        await self._event(session)
        jsep = {"type": "offer", "sdp": offer}
        configured = {"janus": "message", "body": {"request": "configure"}, "jsep": jsep}
        await self._ask(plugin, configured)
        while True:
            event = await self._event(session)
            if "jsep" in event:
                return str(event["jsep"]["sdp"])

    async def _attached(self) -> tuple[str, str]:
        """A session, and AudioBridge in it: their addresses."""
        session = f"{self._url}/{(await self._ask(self._url, {'janus': 'create'}))['data']['id']}"
        asked = {"janus": "attach", "plugin": "janus.plugin.audiobridge"}
        return session, f"{session}/{(await self._ask(session, asked))['data']['id']}"

    async def take(self, folder: Path) -> dict[str, Any]:
        for name, mix in self._mixes.items():
            if mix.watching is not None:
                mix.watching.cancel()
            mix.save(folder / f"{name}.npz")
        told = {name: {} for name in self._mixes}
        self._mixes.clear()
        return told

    async def _ask(self, url: str, words: dict[str, Any]) -> dict[str, Any]:
        words["transaction"] = str(next(self._numbers))
        async with self._http.post(url, json=words) as answer:
            told = dict(await answer.json(content_type=None))
        if told.get("janus") not in ("success", "ack") or "error" in str(
            told.get("plugindata", "")
        ):
            raise RuntimeError(f"Janus: {told}")
        return told

    async def _event(self, session: str) -> dict[str, Any]:
        async with self._http.get(session) as answer:
            return dict(await answer.json(content_type=None))


def _run(*words: str) -> None:
    """Errors: `OSError` with the command's words."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")


@contextlib.contextmanager
def _space() -> Iterator[None]:
    _run("ip", "netns", "add", SPACE)
    try:
        _run("ip", "link", "add", OUTER, "type", "veth", "peer", "name", INNER, "netns", SPACE)
        _run("ip", "address", "add", f"{HERE}/30", "dev", OUTER)
        _run("ip", "link", "set", OUTER, "up")
        for words in (
            ("address", "add", f"{THERE}/30", "dev", INNER),
            ("link", "set", INNER, "up"),
            ("link", "set", "lo", "up"),
        ):
            _run("ip", "-n", SPACE, *words)
        yield
    finally:
        _run("ip", "netns", "delete", SPACE)


@asynccontextmanager
async def janus(home: Path) -> AsyncIterator[Janus]:
    """Errors: `OSError` where it is not installed or namespaces are not to be had."""
    if not Path(PROGRAM).exists():
        raise FileNotFoundError("janus is not installed: tools/bench-system brings it")
    home.mkdir(parents=True, exist_ok=True)
    for name, text in _SETTINGS.items():
        (home / name).write_text(text % {"home": home} if "%(home)s" in text else text)
    with _space():
        command = [
            "ip",
            "netns",
            "exec",
            SPACE,
            PROGRAM,
            "-F",
            str(home),
            "-C",
            str(home / "janus.jcfg"),
        ]
        with (home / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, cwd=home
            )
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(40)) as http:
                for _ in range(100):
                    with contextlib.suppress(aiohttp.ClientError):
                        async with http.get(f"http://{THERE}:{PORT}/janus/info"):
                            break
                    await asyncio.sleep(0.1)
                yield Janus(http, home, process.pid)
        finally:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 10)
