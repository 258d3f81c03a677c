"""One programme for everybody who is measured: noise as AAC at 48 kbit/s, live into edge, as files, and as one ADTS stream.

Noise, so that each second has its full bits: a voice pauses, and then its bytes would say less than they promise.
"""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import time
from pathlib import Path

import numpy as np

from hustings.audio.encoder import AacEncoder
from hustings.copy import catalogue
from hustings.hls.profile import DEFAULT, FAST, RATE, Profile
from hustings.hls.variant import aac
from hustings.pages.event import EventFacts, render
from hustings.rooms.crowd import EVERY_S, Crowd, Report, next_s
from hustings.serve.publish import publish
from hustings.settings import client_dir
from tests.edge.feeding import Program, Studio

BITRATE = 48_000
LOOP_S = 20
FRAME = 1024
ROOMS: dict[str, Profile] = {"crowd": DEFAULT, "crowd-fast": FAST}
PULSE_S = 1.0
TICK_S = 0.01
_TITLE = "What a crowd costs"


def units(seconds: int = LOOP_S) -> tuple[bytes, list[bytes]]:
    """(AudioSpecificConfig, access units), to be said in a loop."""
    encoder = AacEncoder(0, BITRATE)
    dice = np.random.default_rng(7)
    said: list[bytes] = []
    for at in range(0, seconds * RATE, 960):
        noise = dice.normal(0, 0.1, (960, 2)).astype(np.float32)
        said += [unit.payload for unit in encoder.push(at, noise)]
    return encoder.config, said


def adts(said: list[bytes]) -> bytes:
    """The same units as a stream that Icecast carries: a header of 7 bytes each (ISO/IEC 13818-7 §6.2)."""
    frames = []
    for unit in said:
        length = len(unit) + 7
        # Sync, MPEG-4, no CRC; AAC-LC, 48 kHz, 2 channels; the length; a buffer that is always full; one block.
        head = 0xFFF1 << 40 | 0b01 << 38 | 3 << 34 | 2 << 30 | length << 13 | 0x7FF << 2
        frames.append(struct.pack(">Q", head)[1:] + unit)
    return b"".join(frames)


class Feed:
    """A studio made of its feed alone, in a thread: rooms on the air, part after part at the clock's pace."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.listeners = 0
        """How many there are to be: the pulse asks them to come again as studio would ask so many."""
        self._config, self._units = units()
        self._over = threading.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Feed:
        mark = publish(client_dir(), self._data / "no-features", self._data / "published")
        pages = self._data / "published" / "pages"
        pages.mkdir(parents=True, exist_ok=True)
        for key in ROOMS:
            facts = EventFacts(key=key, title=_TITLE, state="on_air", starts_at_ms=_now_ms())
            page = render(
                facts, catalogue("en", "event"), f"/assets/{mark}", "http://l", "http://s"
            )
            (pages / f"{key}.html").write_bytes(page)
        self.script = f"/assets/{mark}/listener/player.js"
        self._thread.start()
        if not self._up.wait(10):
            raise TimeoutError("the feed did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    async def _run(self) -> None:
        studio = Studio(self._data / "run" / "studio.sock")
        await studio.open()
        studio.rooms(*ROOMS)
        variant = aac(self._config, BITRATE)
        programs = {key: Program(studio, key, profile, variant) for key, profile in ROOMS.items()}
        # As if it had been on for a minute: a window of segments, the plain playlist among them.
        clock = (_now_ms() * 48 // 184_320 - 12) * 184_320
        told_s = 0.0
        while not self._over.is_set():
            while clock + FRAME <= _now_ms() * 48:
                unit = self._units[clock // FRAME % len(self._units)]
                for program in programs.values():
                    program.push(clock, unit)
                clock += FRAME
            if time.monotonic() - told_s >= PULSE_S:
                told_s = time.monotonic()
                for key in ROOMS:
                    _say_pulse(studio, key, self.listeners)
            self._up.set()
            await asyncio.sleep(TICK_S)
        await studio.close()


def _say_pulse(studio: Studio, key: str, listeners: int) -> None:
    """With two people who talk, as large as a real one."""
    now_ms = _now_ms()
    crowd = Crowd()
    crowd.note("edge", Report(at_s=10.0, over_s=10.0, beacons={1.0: listeners}))
    people = [
        {"id": f"person{n}", "name": "Ada Nnamdi", "role": "host", "muted": False} for n in "ab"
    ]
    talked = [{"id": "persona", "from_ms": now_ms - n * 4000, "to_ms": None} for n in range(4)]
    tree = {
        "v": 1, "key": key, "title": _TITLE, "state": "on_air", "now_ms": now_ms, "next_s": next_s(listeners),
        "starts_at_ms": now_ms, "air_at_ms": None, "on_air_since_ms": now_ms, "ended_at_ms": None,
        "late_reason": "", "listeners": None, "stage": people, "talked": talked, "hands": 0,
        "stage_url": "http://s", "live_url": f"http://l/{key}", "replay": False, "term": 1, "brownout": None,
        "beacon": {"p": crowd.adapt(10.0), "every_s": EVERY_S},
    }  # fmt: skip
    cache = "public, max-age=1"
    studio.put(
        key,
        "pulse.json",
        json.dumps(tree).encode(),
        Content_Type="application/json",
        Cache_Control=cache,
    )


def _now_ms() -> int:
    return int(time.time() * 1000)
