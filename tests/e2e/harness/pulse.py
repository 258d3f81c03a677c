"""A private PulseAudio daemon with a microphone and an ear for each named person.

A microphone is a null sink that we play into, its monitor remapped as a source (Chromium does not
list monitors as microphones). An ear is a null sink whose monitor we record. Own folder, own
socket, no configuration of the machine's: works as root, and beside any other sound server.
"""

from __future__ import annotations

import os
import subprocess
import time
import wave
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from .waiting import require, until

RATE_HZ = 48_000
# A null sink hands its monitor blocks as long as the laziest client allows (up to 2 s): every
# client of ours asks for short ones, or clocks in a recording would be off by that much.
LATENCY = "--latency-msec=20"

DAEMON_CONF = f"""\
default-sample-rate = {RATE_HZ}
alternate-sample-rate = {RATE_HZ}
default-sample-channels = 2
flat-volumes = no
resample-method = speex-float-3
"""


def like_hardware(process: subprocess.Popen[bytes]) -> None:
    """A sound card does not wait for a processor, so what stands for one doesn't (as root; else nothing changes)."""
    for thread in Path(f"/proc/{process.pid}/task").glob("*"):
        with suppress(PermissionError, ProcessLookupError):
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(5))


def stop(process: subprocess.Popen[bytes], deadline_s: float = 5.0) -> None:
    """End a child of ours and collect it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(deadline_s)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


@dataclass
class Playing:
    """Sound on its way into a microphone. `started_s` is on `time.monotonic()`."""

    process: subprocess.Popen[bytes]
    started_s: float

    @property
    def over(self) -> bool:
        return self.process.poll() is not None

    def wait(self, deadline_s: float = 60.0) -> None:
        """Until the last sample has been played (not merely handed over)."""
        until(lambda: self.over, deadline_s, "the end of the sound played into a microphone")

    def stop(self) -> None:
        stop(self.process)


@dataclass
class Recording:
    """An ear's recording in the making; 48 kHz mono WAV. `started_s` on `time.monotonic()` is the
    moment of its first sample, within about 20 ms."""

    path: Path
    process: subprocess.Popen[bytes]
    started_s: float
    result: NDArray[np.float32] | None = None

    @property
    def now_s(self) -> float:
        """This moment, in the recording's own seconds."""
        return time.monotonic() - self.started_s

    def so_far(self) -> NDArray[np.float32]:
        """What was heard up to now, mono float32 at 48 kHz, full scale 1.0."""
        if self.result is not None:
            return self.result
        raw = np.fromfile(self.path, "<i2")
        return np.asarray(raw.astype(np.float32) / 32768, np.float32)

    def stop(self) -> NDArray[np.float32]:
        """End it and return all that was heard; the raw file becomes a WAV beside it."""
        if self.result is None:
            stop(self.process)
            self.result = self.so_far()
            with wave.open(str(self.path.with_suffix(".wav")), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE_HZ)
                file.writeframes((self.result * 32768).clip(-32768, 32767).astype("<i2").tobytes())
        return self.result


@dataclass
class Microphone:
    """Play anything into it; a browser of that person's hears it through getUserMedia."""

    pulse: Pulse
    name: str  # the source's name
    sink: str

    def play(self, sound: Path, *, loop: bool = False, skip_s: float = 0.0) -> Playing:
        """Play a sound file (anything ffmpeg reads) from `skip_s` on, once or in a loop."""
        command = ["ffmpeg", "-nostdin", "-loglevel", "error"]
        command += ["-stream_loop", "-1"] if loop else []
        command += ["-ss", str(skip_s)] if skip_s else []
        command += ["-i", str(sound), "-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-"]
        decoder = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert decoder.stdout is not None
        playing = self._pacat(decoder.stdout.fileno(), decoder)
        decoder.stdout.close()
        return playing

    def play_samples(self, samples: NDArray[np.floating]) -> Playing:
        """Play mono samples at 48 kHz, full scale 1.0, once."""
        path = self.pulse.folder / f"samples-{time.monotonic_ns()}.s16"
        (np.clip(samples, -1, 1) * 32767).astype("<i2").tofile(path)
        with path.open("rb") as file:
            return self._pacat(file.fileno())

    def _pacat(self, stdin: int, feeder: subprocess.Popen[bytes] | None = None) -> Playing:
        process = subprocess.Popen(
            [
                "pacat",
                "--playback",
                "--raw",
                "--format=s16le",
                f"--rate={RATE_HZ}",
                "--channels=1",
                LATENCY,
                f"--device={self.sink}",
            ],
            env=self.pulse.env,
            stdin=stdin,
        )
        started_s = time.monotonic()
        like_hardware(process)
        self.pulse.children += [process, *([feeder] if feeder else [])]
        return Playing(process, started_s)


@dataclass
class Ear:
    """What a person's browser plays arrives here."""

    pulse: Pulse
    name: str  # the sink's name

    def record(self, label: str = "") -> Recording:
        """Start recording; returns once the first samples have arrived."""
        path = self.pulse.folder / f"{self.name}-{label or time.monotonic_ns()}.s16"
        with path.open("wb") as file:
            process = subprocess.Popen(
                [
                    "parec",
                    "--raw",
                    "--format=s16le",
                    f"--rate={RATE_HZ}",
                    "--channels=1",
                    LATENCY,
                    f"--device={self.name}.monitor",
                ],
                env=self.pulse.env,
                stdout=file,
            )
        like_hardware(process)
        self.pulse.children.append(process)
        until(lambda: path.stat().st_size > 0, 10, f"the first sound from {self.name}", 0.005)
        begun_s = path.stat().st_size / 2 / RATE_HZ
        return Recording(path, process, time.monotonic() - begun_s)


@dataclass
class Pulse:
    """The daemon. Use as a context manager; `folder` holds its socket and every recording."""

    folder: Path
    daemon: subprocess.Popen[bytes] | None = None
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """The environment of any program that is to use this daemon."""
        socket = self.folder / "native"
        home = self.folder / "home"
        return {
            **os.environ,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_STATE_PATH": str(self.folder / "state"),
            "PULSE_CONFIG": str(self.folder / "daemon.conf"),
            "PULSE_SERVER": f"unix:{socket}",
        }

    def person_env(self, name: str) -> dict[str, str]:
        """The same, for a browser whose *default* devices are that person's own."""
        return {**self.env, "PULSE_SOURCE": f"mic-{name}", "PULSE_SINK": f"ear-{name}"}

    def __enter__(self) -> Pulse:
        require("pulseaudio", "pactl", "pacat", "parec", "ffmpeg")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # PulseAudio refuses a runtime folder that others can read
        for part in ("home/.config", "home/.cache", "state"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "daemon.conf").write_text(DAEMON_CONF, encoding="ascii")
        log = (self.folder / "pulseaudio.log").open("wb")
        with log:
            self.daemon = subprocess.Popen(
                [
                    "pulseaudio",
                    "-n",
                    "--daemonize=no",
                    "--exit-idle-time=-1",
                    "--disallow-exit",
                    "--use-pid-file=no",
                    "--high-priority=no",
                    "--realtime=no",
                    "--disable-shm=yes",
                    "-L",
                    f"module-native-protocol-unix socket={self.folder}/native auth-anonymous=1",
                ],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._answers, 15, f"an answer from PulseAudio (see {self.folder}/pulseaudio.log)")
        # A browser that is given no person's devices plays into this, never into somebody's ear.
        self._load("module-null-sink", "sink_name=nobody", f"rate={RATE_HZ}")
        self._ctl("set-default-sink", "nobody")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self.children:
            stop(child)
        if self.daemon is not None:
            stop(self.daemon)

    def microphone(self, name: str) -> Microphone:
        """A new microphone, shown in browsers as `name`'s microphone (label ``mic-{name}``)."""
        sink, source = f"into-{name}", f"mic-{name}"
        self._load("module-null-sink", f"sink_name={sink}", f"rate={RATE_HZ}", "channels=1")
        self._load(
            "module-remap-source",
            f"source_name={source}",
            f"master={sink}.monitor",
            f"source_properties=device.description={source}",
        )
        microphone = Microphone(self, source, sink)
        # A stream that never ends holds the sink at its small latency: else each word that begins would move the
        # microphone's time, and arrive in a burst.
        with Path("/dev/zero").open("rb") as silence:
            microphone._pacat(silence.fileno())
        return microphone

    def ear(self, name: str) -> Ear:
        """A new ear, shown in browsers as headphones labelled ``ear-{name}``."""
        sink = f"ear-{name}"
        self._load(
            "module-null-sink",
            f"sink_name={sink}",
            f"rate={RATE_HZ}",
            f"sink_properties=device.description={sink}",
        )
        return Ear(self, sink)

    def make_default(self, microphone: Microphone, ear: Ear) -> None:
        """The server's own default devices. Only Firefox looks at them (it ignores PULSE_SOURCE),
        so one Firefox at a time; Chromium persons keep theirs."""
        self._ctl("set-default-source", microphone.name)
        self._ctl("set-default-sink", ear.name)

    def unplug(self, device: Microphone | Ear) -> None:
        """Take a device away in mid-use, as a pulled plug does."""
        sink = device.sink if isinstance(device, Microphone) else device.name
        for line in self._ctl("list", "short", "modules").splitlines():
            if f"{sink}.monitor" in line or f"sink_name={sink} " in f"{line} ":
                self._ctl("unload-module", line.split()[0])

    def _answers(self) -> bool:
        if self.daemon is not None and self.daemon.poll() is not None:
            said = (self.folder / "pulseaudio.log").read_text(errors="replace")
            raise RuntimeError(f"PulseAudio did not start: {said[-500:]}")
        asked = subprocess.run(["pactl", "info"], env=self.env, capture_output=True)
        return asked.returncode == 0

    def _load(self, module: str, *arguments: str) -> None:
        self._ctl("load-module", module, *arguments)
        assert self.daemon is not None
        like_hardware(self.daemon)  # each sink has a thread of its own

    def _ctl(self, *arguments: str) -> str:
        return subprocess.run(
            ["pactl", *arguments], env=self.env, check=True, capture_output=True, text=True
        ).stdout
