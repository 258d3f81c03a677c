"""One talk through one profile, for all columns at once: the same sound, the same seed, the same twenty seconds."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.voice import speech
from bench.voice.browser import speaker
from bench.voice.ends import RATE, address, at_our_rate, end, led_to
from bench.voice.janus import HERE, janus
from bench.voice.profiles import Profile
from bench.voice.road import Relay
from bench.voice.speech import Talk
from hustings.audio.codec import OpusDecoder, OpusEncoder

TAP = "tap"
CONNECT_S = 15
SETTLE_S = 2.0
AFTER_S = 1.5


class _End(Protocol):
    async def call(self, name: str, offer: str) -> str: ...
    async def take(self, folder: Path) -> dict[str, Any]: ...


@dataclass
class Column:
    """What one column heard: `sound`, `times_s` of each 960 samples, what its receiver counted, and its road's loss."""

    sound: NDArray[np.float32]
    times_s: NDArray[np.float64]
    told: dict[str, Any] = field(default_factory=dict)
    lost: float = 0.0


@contextlib.contextmanager
def _on_time() -> Iterator[None]:
    """Everything started in here is real-time, as far as the system allows: a road is as quick as it says, a browser as a
    machine of its own would be, and every column alike. What is judged afterwards is not."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)


class Rig:
    """The far ends and the browser, for as many passes as there are. `missing`: a column that cannot be had, and why."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.AsyncExitStack()
        self.missing: dict[str, str] = {}

    async def __aenter__(self) -> Rig:
        self._stack.enter_context(_on_time())
        enter = self._stack.enter_async_context
        ours = await enter(end("bench.voice.ours"))
        self._ends: dict[str, tuple[_End, str]] = {
            TAP: (ours, "127.0.0.1"),
            "ours": (ours, "127.0.0.1"),
        }
        try:
            self._ends["janus"] = (await enter(janus(self._folder / "janus")), HERE)
        except (OSError, RuntimeError) as error:
            self.missing["janus"] = str(error)
        self._ends["aiortc"] = (await enter(end("bench.voice.stock")), "127.0.0.1")
        self._speaker = await enter(speaker())
        return self

    async def __aexit__(self, *why: Any) -> None:
        await self._stack.__aexit__(*why)

    async def passed(self, talk: Talk, profile: Profile, seed: int) -> dict[str, Column]:
        """Everybody's. Errors: `RuntimeError`, `TimeoutError`."""
        relays: dict[str, Relay] = {}
        try:
            for name, (far, host) in self._ends.items():
                relays[name] = await self._connected(name, far, host)
            async with asyncio.timeout(CONNECT_S):
                while not await self._speaker.connected():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await asyncio.sleep(SETTLE_S)
            await self._speaker.say(speech.opening())
            for name, relay in relays.items():
                if name != TAP:
                    relay.turn(profile, seed)
            await self._speaker.say(talk.samples)
            await asyncio.sleep(AFTER_S)
            return await self._taken(relays)
        finally:
            await self._speaker.close()
            for relay in relays.values():
                relay.close()

    async def _connected(self, name: str, far: _End, host: str) -> Relay:
        relay = Relay()
        await relay.open(host)
        answer = await far.call(name, led_to(await self._speaker.offer(name), relay.far))
        relay.lead(address(answer))
        await self._speaker.accept(name, at_our_rate(led_to(answer, relay.near)))
        return relay

    async def _taken(self, relays: dict[str, Relay]) -> dict[str, Column]:
        told: dict[str, Any] = {}
        for far in {id(far): far for far, _ in self._ends.values()}.values():
            told |= await far.take(self._folder)
        found = {}
        for name in self._ends:
            kept = np.load(self._folder / f"{name}.npz")
            found[name] = Column(
                kept["sound"], kept["times_s"], told.get(name, {}), relays[name].lost
            )
        return found


def ideal(talk: Talk) -> NDArray[np.float32]:
    """libopus alone at the same rate: encoded, nothing lost, decoded."""
    encoder, decoder = OpusEncoder(1, RATE, "voip"), OpusDecoder()
    whole = talk.samples[: talk.samples.size // 960 * 960]
    return np.concatenate([decoder.decode(encoder.encode(one)) for one in whole.reshape(-1, 960)])
