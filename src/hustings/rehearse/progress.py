"""A rehearsal in the terminal: one line that is written anew each second, or a plain line every few where it is no terminal."""

from __future__ import annotations

import shutil
from typing import TextIO

from hustings.rehearse.verdict import First, Second

EVERY_S = 5.0


class Progress:
    def __init__(self, out: TextIO, listeners: int) -> None:
        self._out = out
        self._live = out.isatty()
        self._listeners = listeners
        self._said_s = -EVERY_S
        self._drawn = False

    def second(self, second: Second) -> None:
        line = self._line(second)
        if self._live:
            width = shutil.get_terminal_size((100, 24)).columns
            self._out.write(f"\r\x1b[K{line[: width - 1]}")
            self._drawn = True
        elif second.at_s - self._said_s >= EVERY_S:
            self._said_s = second.at_s
            self._out.write(line + "\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._drawn = False
        self._out.write(text + "\n")
        self._out.flush()

    def bound(self, first: First) -> None:
        self.say(
            f"{first.at_s:4.0f} s  bound at {first.here:,} listeners: {first.what.replace(':', ' ')}"
        )

    def _line(self, second: Second) -> str:
        tally = second.tally
        age = tally.times.get("age")
        p99 = age.percentile(99) if age is not None else None
        told = f"{second.at_s:4.0f} s  {second.playing:,} of {self._listeners:,} listen"
        told += f"  {tally.counts['requests']:,} requests/s  {tally.counts['bytes'] * 8 / 1e6:,.0f} Mbit/s"
        if p99 is not None:
            told += f"  parts p99 {p99:,.0f} ms"
        troubles = second.troubles()
        wrong = ", ".join(f"{what.replace(':', ' ')} {n}" for what, n in sorted(troubles.items()))
        return f"{told}  {wrong}" if wrong else told
