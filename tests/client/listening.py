"""A room on the air for a browser: a real edge in its own processes, fed in real time with a tone as real AAC parts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from hustings.audio.encoder import AacEncoder
from hustings.copy import catalogue
from hustings.hls.profile import DEFAULT, RATE, Profile
from hustings.hls.variant import aac
from hustings.pages.event import EventFacts, render
from hustings.serve.publish import publish
from hustings.settings import client_dir
from tests.edge.feeding import Program, Studio
from tests.ports import free_port

KEY = "evening-talk"
PEOPLE = [
    {"id": "ada", "name": "Ada Nnamdi", "role": "host", "muted": False},
    {"id": "ben", "name": "Benedikt Sørensen", "role": "cohost", "muted": False},
    {"id": "cle", "name": "Cléo Marchand", "role": "speaker", "muted": True},
]


class EdgeProcess:
    """`hustings edge` on a free port."""

    def __init__(self, data: Path, workers: int = 2) -> None:
        self.data, self.port, self.workers = data, free_port(), workers
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        """`settings` as environment variables."""
        environ = dict(os.environ, HUSTINGS_DATA=str(self.data), HUSTINGS_LIVE__PORT=str(self.port))
        environ |= {
            "HUSTINGS_LIVE__WORKERS": str(self.workers),
            "HUSTINGS_PUBLIC__LIVE": self.url,
        } | settings
        command = [sys.executable, "-m", "hustings", "edge"]
        self._process = subprocess.Popen(command, env=environ)
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError("edge does not listen")

    def worker_pids(self) -> list[int]:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(15)


class Evening:
    """A room with its page, pulse and tone. `state` and the rest of `pulse` are the test's to set."""

    def __init__(self, data: Path, profile: Profile = DEFAULT) -> None:
        self.data, self.profile = data, profile
        self.studio = Studio(data / "run" / "studio.sock")
        self.edge = EdgeProcess(data)
        self.pulse: dict[str, Any] = {
            "v": 1, "key": KEY, "title": "What a town owes its river", "state": "on_air", "next_s": 1,
            "starts_at_ms": _now_ms() - 754_000, "air_at_ms": None, "on_air_since_ms": _now_ms() - 754_000,
            "ended_at_ms": None, "late_reason": "", "listeners": {"count": 1204, "error": 0},
            "beacon": {"p": 1, "every_s": 10}, "stage": PEOPLE, "talked": [],
            "hands": 2, "stage_url": "http://localhost:8002", "replay": False, "term": 1,
            "brownout": {"step": 0, "since_ms": None, "says": ""},
        }  # fmt: skip
        self._tone: asyncio.Task[None] | None = None

    async def open(self, *, tone: bool = True, **facts: Any) -> str:
        """Starts all of it; returns the page's address."""
        self.pulse |= {name: value for name, value in facts.items() if name in self.pulse}
        mark = publish(client_dir(), self.data / "no-features", self.data / "published")
        fields = {
            "title": self.pulse["title"],
            "state": self.pulse["state"],
            "starts_at_ms": self.pulse["starts_at_ms"],
        }
        fields |= {
            name: facts[name]
            for name in ("description", "picture", "picture_alt", "recorded")
            if name in facts
        }
        fields |= {"late_reason": self.pulse["late_reason"], "replay": self.pulse["replay"]}
        fields |= {
            "ended_at_ms": self.pulse["ended_at_ms"],
            "on_air_since_ms": self.pulse["on_air_since_ms"],
        }
        stage = tuple((one["name"], one["role"]) for one in self.pulse["stage"])
        page = render(EventFacts(key=KEY, stage=stage, **fields), catalogue("en", "event"), f"/assets/{mark}",
                      self.edge.url, "http://localhost:8002")  # fmt: skip
        folder = self.data / "published" / "pages"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{KEY}.html").write_bytes(page)
        await self.studio.open()
        self.studio.rooms(KEY)
        self.say_pulse()
        if tone:
            self.start_tone()
        await asyncio.to_thread(self.edge.start)
        return f"{self.edge.url}/{KEY}"

    def say_pulse(self, **changes: Any) -> None:
        self.pulse |= changes
        body = json.dumps(self.pulse | {"now_ms": _now_ms()}).encode()
        self.studio.put(
            KEY,
            "pulse.json",
            body,
            Content_Type="application/json",
            Cache_Control="public, max-age=1",
        )

    async def _play(self) -> None:
        start = (
            (_now_ms() * 48 // 1000 - 20 * RATE // 1000 - 12) * 1000 // self.profile.part_samples
        )
        clock = start * self.profile.part_samples - 4096
        encoder = AacEncoder(clock)
        program: Program | None = None
        phase = 0
        while True:
            while clock < _now_ms() * 48:
                ramp = np.arange(phase, phase + 960) / RATE
                tone = (0.2 * np.sin(2 * np.pi * 330 * ramp)).astype(np.float32)
                phase += 960
                for unit in encoder.push(clock, np.repeat(tone[:, None], 2, axis=1)):
                    if program is None:
                        if unit.clock % self.profile.part_samples:
                            continue
                        program = Program(self.studio, KEY, self.profile, aac(encoder.config))
                    program.push(unit.clock, unit.payload)
                clock += 960
            self.program = program
            self.say_pulse()
            await asyncio.sleep(0.02)

    def start_tone(self) -> None:
        self._tone = asyncio.create_task(self._play())

    @staticmethod
    def now_ms() -> int:
        return _now_ms()

    def stop_tone(self) -> None:
        if self._tone:
            self._tone.cancel()

    async def close(self) -> None:
        self.stop_tone()
        await asyncio.to_thread(self.edge.stop)
        await self.studio.close()


def _now_ms() -> int:
    return int(time.time() * 1000)
