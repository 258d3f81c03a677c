"""Every microphone and every ear as one channel of one sound card, recorded by one clock.

A mouth-to-ear delay is then a distance between two channels of one recording, exact to the sample: it holds the browser's
capture, the wire, the studio, the way to the ear and the browser's playing. What a real sound card adds is not in it.
"""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.e2e.harness.pulse import LATENCY, RATE_HZ, Ear, Microphone, Pulse, like_hardware, stop

CHANNELS = 12
SINK = "board"
CHUNK_S = 0.01


@dataclass
class Tape:
    """A recording of the whole board in the making. Times on `time.monotonic()`, rows by channel."""

    process: subprocess.Popen[bytes]
    channels: dict[str, int]
    blocks: list[bytes] = field(default_factory=list)
    frames: int = 0
    begun_s: float = float("inf")
    thread: threading.Thread | None = None

    def run(self) -> None:
        """Reads until the recorder ends. The chunk that came soonest says when the recording began."""
        stream = self.process.stdout
        assert stream is not None
        width = 2 * CHANNELS
        while block := stream.read(round(CHUNK_S * RATE_HZ) * width):
            self.blocks.append(block)
            self.frames += len(block) // width
            self.begun_s = min(self.begun_s, time.monotonic() - self.frames / RATE_HZ)

    def since(self, frame: int) -> tuple[NDArray[np.float32], int]:
        """All channels from a frame on, and the next frame to ask for."""
        upto = self.frames
        per_block = round(CHUNK_S * RATE_HZ)
        raw = b"".join(self.blocks[frame // per_block :])
        rows = np.frombuffer(raw, "<i2").reshape(-1, CHANNELS)[frame % per_block : upto - frame]
        return np.asarray(rows / 32768, np.float32), frame + len(rows)

    def stop(self) -> NDArray[np.float32]:
        """Ends it: all that was heard, frames × channels."""
        self.process.terminate()
        if self.thread is not None:
            self.thread.join(10)
        stop(self.process)
        raw = b"".join(self.blocks)
        width = 2 * CHANNELS
        rows = np.frombuffer(raw[: len(raw) // width * width], "<i2").reshape(-1, CHANNELS)
        return np.asarray(rows / 32768, np.float32)


@dataclass
class Board(Pulse):
    """The harness's sound system, but for where its microphones and ears lead to."""

    channels: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Board:
        super().__enter__()
        names = ",".join(f"aux{channel}" for channel in range(CHANNELS))
        self._load(
            "module-null-sink",
            f"sink_name={SINK}",
            f"rate={RATE_HZ}",
            f"channels={CHANNELS}",
            f"channel_map={names}",
        )
        return self

    def microphone(self, name: str) -> Microphone:
        sink, source = f"into-{name}", f"mic-{name}"
        channel = self._channel(sink)
        self._load(
            "module-remap-source",
            f"source_name={source}",
            f"master={SINK}.monitor",
            "channels=1",
            "channel_map=mono",
            f"master_channel_map=aux{channel}",
            "remix=no",
            f"source_properties=device.description={source}",
        )
        return Microphone(self, source, sink)

    def ear(self, name: str) -> Ear:
        sink = f"ear-{name}"
        self._channel(sink)
        return Ear(self, sink)

    def tape(self) -> Tape:
        """Starts recording every channel; returns when the first samples have come."""
        names = ",".join(f"aux{channel}" for channel in range(CHANNELS))
        process = subprocess.Popen(
            [
                "parec",
                "--raw",
                "--format=s16le",
                f"--rate={RATE_HZ}",
                f"--channels={CHANNELS}",
                f"--channel-map={names}",
                "--no-remix",
                LATENCY,
                f"--device={SINK}.monitor",
            ],
            env=self.env,
            stdout=subprocess.PIPE,
        )
        like_hardware(process)
        tape = Tape(process, dict(self.channels))
        tape.thread = threading.Thread(target=tape.run, daemon=True)
        tape.thread.start()
        deadline = time.monotonic() + 10
        while not tape.frames:
            if time.monotonic() > deadline:
                raise TimeoutError("the board's recorder heard nothing in ten seconds")
            time.sleep(0.01)
        return tape

    def _channel(self, sink: str) -> int:
        """A channel of the board that looks like a sink of its own."""
        channel = len(self.channels)
        if channel >= CHANNELS:
            raise ValueError(f"the board has {CHANNELS} channels")
        self.channels[sink] = channel
        self._load(
            "module-remap-sink",
            f"sink_name={sink}",
            f"master={SINK}",
            "channels=1",
            "channel_map=mono",
            f"master_channel_map=aux{channel}",
            "remix=no",
            f"sink_properties=device.description={sink}",
        )
        return channel
