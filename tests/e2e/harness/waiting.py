"""Waiting on conditions with a deadline, and on what must be installed; never for a fixed time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# program -> the Debian package that brings it
PACKAGES = {
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
    "pacat": "pulseaudio-utils",
    "parec": "pulseaudio-utils",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "chromium": "chromium",
    "firefox-esr": "firefox-esr",
    "node": "nodejs",
    "npm": "npm",
}


class Missing(RuntimeError):
    """A program that the end-to-end tests need is not installed."""


def require(*programs: str) -> None:
    """Raise `Missing` with one clear sentence unless every program is on the PATH."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        packages = sorted({PACKAGES.get(program, program) for program in absent})
        raise Missing(
            f"The end-to-end tests need {', '.join(absent)}: "
            f"install with `apt-get install {' '.join(packages)}` (`make test` does)."
        )


def until(
    condition: Callable[[], T],
    deadline_s: float = 10.0,
    what: str | Callable[[], str] = "",
    every_s: float = 0.05,
) -> T:
    """The first true answer of `condition`; TimeoutError naming `what` after `deadline_s`.

    `what` may be asked for only then (a log), or be empty: then the condition's own name is told.
    """
    end = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            name = (what() if callable(what) else what) or getattr(
                condition, "__name__", "condition"
            )
            raise TimeoutError(f"after {deadline_s:g} s still not: {name} (last answer {answer!r})")
        time.sleep(every_s)
