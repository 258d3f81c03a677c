"""What `serve` says in the terminal: a bar while it sets up, then the addresses, then one line for what happens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TextIO

WIDTH = 24
NAMED = 3


class Console:
    """`steps` in the order of their likely end. In a terminal one line is redrawn, elsewhere each step is a line."""

    def __init__(self, out: TextIO, steps: Sequence[str], began: float) -> None:
        self._out = out
        self._steps = list(steps)
        self._open = list(steps)
        self._began = began
        self._terminal = out.isatty()

    @property
    def complete(self) -> bool:
        return not self._open

    def draw(self) -> None:
        if self._terminal and self._open:
            done = len(self._steps) - len(self._open)
            full = WIDTH * done // len(self._steps)
            bar = "━" * full + "─" * (WIDTH - full)
            more = " …" if len(self._open) > NAMED else ""  # a line that wraps can't be redrawn
            self._write(f"\r\x1b[K  {bar}  {', '.join(self._open[:NAMED])}{more}")

    def done(self, step: str, now: float) -> None:
        """A step that is not open (a child that came back) is passed over."""
        if step not in self._open:
            return
        self._open.remove(step)
        if self._terminal:
            self.draw() if self._open else self._write("\r\x1b[K")
        else:
            self._write(f"  {step:<9} {now - self._began:5.1f} s\n")

    def say(self, line: str) -> None:
        """One line, with the time of day, above the bar if that is still there."""
        clear = "\r\x1b[K" if self._terminal and self._open else ""
        self._write(f"{clear}{time.strftime('%H:%M:%S')}  {line}\n")
        self.draw()

    def addresses(self, rows: Sequence[tuple[str, str]], now: float) -> None:
        """The closing word of the setting-up: `(what, address or note)`."""
        width = max(len(name) for name, _ in rows)
        lines = [f"  {name:<{width}}   {text}" for name, text in rows]
        head = f"Hustings is up, after {now - self._began:.1f} s. Ctrl-C stops it."
        self._write("\n".join(["", head, "", *lines, "", ""]))

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):
            pass  # the terminal went away; the server does not
