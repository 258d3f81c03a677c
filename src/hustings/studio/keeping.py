"""What must outlive this process and must not lie on a disk: the keys and counters of its calls.

A folder of this user's alone in the machine's shared memory (Linux), one file a call. A call's file goes with the call; all of
them with a reboot, with the end of `hustings serve`, or, where each process has a unit of its own, with that of the target
(`hustings forget`). A studio that starts forgets what is too old to go on with. Where there is no such memory nothing is
kept, and a restart is a new call.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

MEMORY = Path("/dev/shm")
HEAD = Struct(">II")
"""Length and CRC-32 of what follows."""
SIZE_MAX = 16_384


class Keeper:
    """Files of one folder. Trouble with any of them is passed over: a call goes on without being kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, int] = {}

    def save(self, name: str, raw: bytes) -> None:
        """Under this name (a session's id), in place of what was there. One write: a kill leaves the old or the new."""
        if len(raw) > SIZE_MAX:
            return
        with contextlib.suppress(OSError):
            descriptor = self._open.get(name)
            if descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = self._open[name] = os.open(self._folder / name, flags, 0o600)
            os.pwrite(descriptor, HEAD.pack(len(raw), zlib.crc32(raw)) + raw, 0)

    def forget(self, name: str) -> None:
        descriptor = self._open.pop(name, None)
        with contextlib.suppress(OSError):
            if descriptor is not None:
                os.close(descriptor)
            (self._folder / name).unlink(missing_ok=True)

    def load(self) -> Iterator[tuple[str, bytes]]:
        """What an earlier process left, whole; what is torn is passed over."""
        for path in sorted(self._folder.iterdir()):
            with contextlib.suppress(OSError):
                whole = path.read_bytes()
                if len(whole) < HEAD.size:
                    continue
                length, crc = HEAD.unpack_from(whole)
                raw = whole[HEAD.size : HEAD.size + length]
                if len(raw) == length and zlib.crc32(raw) == crc:
                    yield path.name, raw

    def close(self) -> None:
        """Lets go; what was saved stays."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()


def keeper_for(run_dir: Path, memory: Path = MEMORY) -> Keeper | None:
    """The keeper of the server whose `run` folder this is; None where the memory is not there or not ours alone."""
    folder = folder_for(run_dir, memory)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    # Everybody may write in shared memory: a folder that somebody else put there is not used.
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return Keeper(folder) if is_ours and not found.st_mode & 0o077 else None


def destroy(run_dir: Path, memory: Path = MEMORY) -> None:
    """The server ends for good, and its keys with it."""
    folder = folder_for(run_dir, memory)
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def folder_for(run_dir: Path, memory: Path = MEMORY) -> Path:
    mark = hashlib.sha256(os.fsencode(run_dir.absolute())).hexdigest()[:16]
    return memory / f"hustings-{os.geteuid()}-{mark}"
