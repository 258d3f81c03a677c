"""A room's journal and term as files. A line is written before its event takes effect, and synced within `SYNC_S`.

A crash of the process loses nothing that was written; a power cut at most the lines of the last sync. When the disk is
full, or stands still, the room goes on: lines wait in memory and are written when there is room again, in order. One
thread takes lines, one writes them.
"""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from hustings.rooms.journal import Event, from_line, read
from hustings.studio.recording import open_appending

JOURNAL, TERM = "journal.jsonl", "term"
WAITING_MAX = 10_000
"""Lines that wait at most, an evening's worth; what comes after them is lost, and the log says so."""


class JournalFile:
    """Appends lines. `full` tells that the disk took the last one not yet: some wait for room on it."""

    def __init__(self, path: Path, *, opener: Callable[[Path], FileIO] = open_appending) -> None:
        self._path = path
        self._opener = opener
        self._file: FileIO | None = None
        self._whole = 0
        self._waiting: deque[bytes] = deque()
        self.unsynced = False
        self.full = False

    def open(self) -> list[Event]:
        """The events so far; what a crash tore off the end is cut away. Errors: `OSError`, `ValueError`."""
        raw = self._path.read_bytes() if self._path.exists() else b""
        events = read(raw)
        self._whole = _length_of(raw, len(events))
        if self._whole != len(raw):
            os.truncate(self._path, self._whole)
        return events

    @property
    def waits(self) -> bool:
        """Whether lines were taken and are not written yet."""
        return bool(self._waiting)

    def take(self, line: bytes) -> bool:
        """Keeps one line for the next `settle`; whether there was room for it. Never touches the disk."""
        if len(self._waiting) >= WAITING_MAX:
            return False
        self._waiting.append(line)
        return True

    def settle(self) -> None:
        """Tries to write what waits."""
        while self._waiting:
            try:
                if self._file is None:
                    self._file = self._opener(self._path)
                if self._file.write(self._waiting[0]) != len(self._waiting[0]):
                    raise OSError("a short write")
            except OSError:
                self.full = True
                self._cut_back()
                return
            self._whole += len(self._waiting.popleft())
            self.unsynced = True
        self.full = False

    def sync(self) -> bool:
        """Makes it outlive a power cut; whether that went well. May block: call it from a thread."""
        file = self._file
        if file is not None and self.unsynced:
            self.unsynced = False
            try:
                os.fdatasync(file.fileno())
            except (OSError, ValueError):
                self.unsynced = True
        return not self.unsynced

    def close(self) -> None:
        self.settle()
        self.sync()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _cut_back(self) -> None:
        """Half a line must not stay before the one that is written later."""
        try:
            if self._path.exists() and self._path.stat().st_size > self._whole:
                os.truncate(self._path, self._whole)
        except OSError:
            pass


def next_term(folder: Path, least: int) -> int:
    """Takes a term, above every one before: durable when this returns. Errors: `OSError`."""
    path = folder / TERM
    folder.mkdir(parents=True, exist_ok=True)
    try:
        known = int(path.read_text())
    except (FileNotFoundError, ValueError):
        known = 0
    term = max(known, least) + 1
    write_whole(path, str(term).encode(), durable=True)
    return term


def write_whole(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Puts a file in place by rename: a reader sees the old or the new. Errors: `OSError`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _length_of(raw: bytes, lines: int) -> int:
    """Bytes that the first `lines` lines take."""
    at = 0
    for _ in range(lines):
        at = raw.index(b"\n", at) + 1
    return at


def last_event(path: Path) -> Event | None:
    """The last whole line of a journal, without reading the rest. Errors: `OSError`, `ValueError`."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 131_072))
        lines = file.read().split(b"\n")[:-1]
    return from_line(lines[-1]) if lines else None
