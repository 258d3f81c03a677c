"""What is published on disk: pages, assets, replays. Read once, kept in bounded memory, looked at again.

A kept file is looked at on the disk (one `stat`) when its last look is `FRESH_S` old: a changed file is read anew, a deleted
one is gone. What stands under its own hash never changes and is not looked at again. Whatever is larger than `KEPT_MAX`
is not taken into memory: the server sends it from the disk.
"""

from __future__ import annotations

import asyncio
import math
import re
import stat
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from hustings.edge.answer import Answer, content_type, sound_or_text

KEPT_MAX = 1_000_000
FRESH_S = 0.2
"""How long a look at the disk holds, in seconds: a page that ten thousand open in one second costs five looks."""

_HASHED = re.compile(r"assets/[0-9a-f]{12}/", re.ASCII)
PATH_MAX = 300
_STEP = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """A published file: an answer from memory, or (`answer` None) one to be sent from `path` on the disk."""

    path: str
    size: int
    etag: str
    content_type: str
    answer: Answer | None


class Files:
    """Reads below `root`, and keeps at most `bytes_max` bytes."""

    def __init__(self, root: Path, bytes_max: int) -> None:
        self._root = str(root)
        self._bytes_max = bytes_max
        self._kept: OrderedDict[str, File] = OrderedDict()
        self._looked: dict[str, float] = {}
        self._bytes = 0

    def fresh(self, path: str, now: float) -> File | None:
        """The file, if it is kept and was looked at lately (`now` in monotonic seconds). From any thread, no disk.

        Of many who ask at the moment when a look has grown old one gets None, and looks; the others still get the file.
        """
        kept = self._kept.get(path)
        if kept is None or now < self._looked.get(path, math.inf):
            return kept
        self._looked[path] = now + FRESH_S
        return None

    def kept(self, path: str) -> File | None:
        """The file as it was at the last look."""
        return self._kept.get(path)

    async def get(self, path: str, cache_control: str) -> File | None:
        """The file at `path` (slashes, relative), or None. A path that could leave the folder is none."""
        if not safe(path):
            return None
        full = f"{self._root}/{path}"
        try:
            found = Path(full).stat()
        except OSError:
            self._forget(path)
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
        kept = self._kept.get(path)
        if kept is not None and kept.etag == etag:
            self._kept.move_to_end(path)
            self._look(path)
            return kept
        self._forget(path)
        kind = content_type(path)
        if found.st_size > KEPT_MAX:
            return File(full, found.st_size, etag, kind, None)
        return await self._read(path, full, etag, cache_control)

    def exists(self, path: str) -> bool:
        return safe(path) and Path(self._root, path).is_file()

    async def _read(self, path: str, full: str, etag: str, cache_control: str) -> File | None:
        try:
            body = await asyncio.to_thread(Path(full).read_bytes)
        except OSError:
            return None
        answer = sound_or_text(path, {"cache-control": cache_control, "etag": etag}, body)
        file = File(full, len(body), etag, content_type(path), answer)
        self._forget(path)
        self._kept[path] = file
        self._look(path)
        self._bytes += _weight(file)
        while self._bytes > self._bytes_max and self._kept:
            self._forget(next(iter(self._kept)))
        return file

    def _look(self, path: str) -> None:
        self._looked[path] = math.inf if _HASHED.match(path) else time.monotonic() + FRESH_S

    def _forget(self, path: str) -> None:
        self._looked.pop(path, None)
        if file := self._kept.pop(path, None):
            self._bytes -= _weight(file)


def safe(path: str) -> bool:
    """Whether each step of a relative path is a plain name: no dots ahead, no empty step, nothing but `A-Za-z0-9_.-`."""
    return len(path) <= PATH_MAX and all(map(_STEP.fullmatch, path.split("/")))


def _weight(file: File) -> int:
    """Bytes that a kept file costs, its gzip twin and the dictionary's own share with it."""
    answer = file.answer
    return 1024 + (len(answer.body) + len(answer.zipped or b"") if answer else 0)
