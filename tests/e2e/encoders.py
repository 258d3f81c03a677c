"""WHIP clients that nobody here wrote and that are no browser: FFmpeg's, as a program and as a library.

Two releases of it and two DTLS libraries. Each is a process that sends what is said in a file and leaves with it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg

from tests.e2e.harness.pulse import stop

ROLE = "dtls_active"
"""FFmpeg would like to be DTLS's server, which an ICE-lite server is itself (RFC 9725 §4.4.4)."""


@dataclass(frozen=True)
class Encoder:
    """`command` is made from an address, a ticket and a file."""

    name: str
    command: Callable[[str, str, Path], list[str]] = field(repr=False)

    def __str__(self) -> str:
        return self.name

    @contextmanager
    def sends(self, url: str, ticket: str, spoken: Path, log: Path) -> Iterator[Sending]:
        """Starts it; ends it with the block, if it has not ended by itself."""
        with log.open("wb") as said:
            process = subprocess.Popen(
                self.command(url, ticket, spoken), stdout=said, stderr=subprocess.STDOUT
            )
        try:
            yield Sending(process, log)
        finally:
            stop(process)


@dataclass
class Sending:
    """An encoder at work."""

    process: subprocess.Popen[bytes]
    log: Path

    def ended(self, deadline_s: float) -> None:
        """Waits for its own end, which must be a good one."""
        code = self.process.wait(deadline_s)
        assert code == 0, self.log.read_text(errors="replace")


def _program(url: str, ticket: str, spoken: Path) -> list[str]:
    """FFmpeg 9 with OpenSSL, as its users call it."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    sound = ["-re", "-i", str(spoken), "-c:a", "libopus", "-ar", "48000", "-ac", "2"]
    whip = ["-f", "whip", "-whip_flags", ROLE, "-authorization", ticket, url]
    return [program, "-nostdin", "-hide_banner", "-nostats", *sound, *whip]


def _library(url: str, ticket: str, spoken: Path) -> list[str]:
    """FFmpeg 8's libavformat with GnuTLS, through PyAV (`libav_whip.py`)."""
    return [sys.executable, "-m", "tests.e2e.libav_whip", url, ticket, str(spoken)]


ENCODERS = [Encoder("ffmpeg", _program), Encoder("libavformat", _library)]
