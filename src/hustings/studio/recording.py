"""What is kept of a room on disk: each speaker's packets before they are decoded, and the mix.

Packets go through a bounded queue to one writer thread, which syncs every `SYNC_S`: a crash of the machine costs at most
that much. A piece is closed at each switch between on and off the air, so that what was said off the air is in files of
its own and can be destroyed (`destroy_sealed`). Every failure of the disk ends in `Tracks.trouble`, never in the tick.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from hustings.wire.track import Piece, read_pieces, read_records, to_record

SYNC_S = 0.2
QUEUE_MAX = 20_000  # 13 speakers, half a minute
TRACKS_DIR, PIECES = "tracks", "pieces.jsonl"


class Packet(NamedTuple):
    person: str
    clock: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Switch:
    """From `clock` on, what arrives is on the air or off it."""

    clock: int
    on_air: bool


@dataclass(frozen=True, slots=True)
class Stop:
    clock: int


def free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


def open_appending(path: Path) -> FileIO:
    return FileIO(path, "ab")


@dataclass(slots=True)
class OpenPiece:
    piece: Piece
    file: FileIO
    last_clock: int


class Tracks:
    """The writer of one room's tracks. `free` and `opener` are arguments so that a test can bring a full disk."""

    def __init__(
        self,
        room_dir: Path,
        term: int,
        disk_free_min: int,
        *,
        free: Callable[[Path], int] = free_bytes,
        opener: Callable[[Path], FileIO] = open_appending,
    ) -> None:
        self._dir = room_dir
        self._term = term
        self._disk_free_min = disk_free_min
        self._free, self._opener = free, opener
        # Only packets are bounded (in `push`): an order must neither wait nor be lost.
        self._queue: queue.SimpleQueue[Packet | Switch | Stop] = queue.SimpleQueue()
        self._open: dict[str, OpenPiece] = {}
        self._on_air = False
        self._numbers: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self.trouble = ""
        """`disk_full`, `recording_slow`, or empty: an alarm's code, read by the room."""

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="tracks", daemon=True)
        self._thread.start()

    def push(self, packet: Packet) -> None:
        """Queues one packet; drops it, with an alarm, when the disk does not keep up."""
        if self._queue.qsize() < QUEUE_MAX:
            self._queue.put(packet)
        else:
            self.trouble = self.trouble or "recording_slow"

    def switch(self, clock: int, on_air: bool) -> None:
        self._queue.put(Switch(clock, on_air))

    def stop(self, clock: int) -> None:
        """Writes what is queued, closes all pieces and ends the thread."""
        if self._thread is not None:
            self._queue.put(Stop(clock))
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        ready = False
        while True:
            ready = ready or self._prepare()
            orders = self._gather()
            if ready:
                self._look_at_disk()
            for order in orders:
                match order:
                    case Packet():
                        self._write(order)
                    case Switch(clock, on_air):
                        self._close_all(clock)
                        self._on_air = on_air
                    case Stop(clock):
                        self._close_all(clock)
                        return
            self._sync()

    def _prepare(self) -> bool:
        """The folder, and what a crash left in it. Until that is done nothing is recorded."""
        try:
            (self._dir / TRACKS_DIR).mkdir(parents=True, exist_ok=True)
            self._numbers = _numbers_in_use(self._dir / TRACKS_DIR)
            close_left_open(self._dir)
        except OSError:
            self.trouble = "disk_full"
            return False
        return True

    def _gather(self) -> list[Packet | Switch | Stop]:
        """What came within `SYNC_S`; a stop is not waited past."""
        orders: list[Packet | Switch | Stop] = []
        try:
            orders.append(self._queue.get(timeout=SYNC_S))
            if not isinstance(orders[0], Stop):
                time.sleep(SYNC_S)
            while True:
                orders.append(self._queue.get_nowait())
        except queue.Empty:
            return orders

    def _look_at_disk(self) -> None:
        try:
            full = self._free(self._dir) < self._disk_free_min
        except OSError:
            full = True
        if full:
            self._fail()
        elif self.trouble and self._queue.qsize() < QUEUE_MAX // 2:
            self.trouble = ""

    def _write(self, packet: Packet) -> None:
        if self.trouble == "disk_full":
            return
        try:
            track = self._open.get(packet.person) or self._begin(packet.person, packet.clock)
            record = to_record(packet.clock, packet.raw)
            if track.file.write(record) != len(record):
                raise OSError("a short write")
            track.last_clock = packet.clock
        except OSError:
            self._fail()
        except ValueError:
            return  # a packet that no wire can have carried

    def _begin(self, person: str, clock: int) -> OpenPiece:
        number = self._numbers.get(person, -1) + 1
        self._numbers[person] = number
        name = f"{TRACKS_DIR}/{person}-{number}.rtp"
        piece = Piece(self._term, person, name, self._on_air, clock)
        file = self._opener(self._dir / name)
        try:
            _append(self._dir / PIECES, piece.to_line())
        except OSError:
            file.close()
            raise
        self._open[person] = OpenPiece(piece, file, clock)
        return self._open[person]

    def _fail(self) -> None:
        """The disk is full: pieces end where they stand; new ones begin when there is room again."""
        self.trouble = "disk_full"
        self._close_all(None)

    def _close_all(self, clock: int | None) -> None:
        for track in self._open.values():
            try:
                track.file.close()
                to_clock = track.last_clock + 960 if clock is None else clock
                _append(self._dir / PIECES, replace(track.piece, to_clock=to_clock).to_line())
            except OSError:
                pass  # `close_left_open` reads its end from the file itself
        self._open.clear()

    def _sync(self) -> None:
        for track in list(self._open.values()):
            try:
                os.fdatasync(track.file.fileno())
            except OSError:
                self._fail()
                return


class Mix:
    """The recorded mix of one variant, part by part: also what a restart reloads the live window from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._msn = -1
        self._broken = False

    def begin(self, init_name: str, init: bytes) -> None:
        """Errors: `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / init_name
        if not path.exists():
            path.write_bytes(init)

    def append(self, msn: int, index: int, payload: bytes) -> None:
        """Appends a part to its segment. A segment that lost a part gets no more. Errors: `OSError`."""
        if msn != self._msn:
            self._msn, self._broken = msn, False
        if self._broken:
            return
        path = self.folder / f"s{msn}.m4s"
        size = path.stat().st_size if path.exists() else 0
        if index and not size:
            self._broken = True
            return
        try:
            with open_appending(path) as file:
                if index == 0:
                    file.truncate(0)
                    size = 0
                if file.write(payload) != len(payload):
                    raise OSError("a short write")
        except OSError:
            self._broken = True
            if path.exists():
                os.truncate(path, size)
            raise

    def forget(self, name: str) -> None:
        """Removes a segment that no window needs any more (rooms without a recording)."""
        (self.folder / name).unlink(missing_ok=True)


def read_track(path: Path) -> Iterator[tuple[int, bytes]]:
    """(arrival clock, RTP packet) of each record; what a crash tore off the end is passed over. Errors: `OSError`."""
    return read_records(path.read_bytes())


def close_left_open(room_dir: Path) -> None:
    """After a crash: pieces without an end get the one that their file shows. Errors: `OSError`."""
    path = room_dir / PIECES
    if not path.exists():
        return
    raw = path.read_bytes()
    lines = b"" if raw.endswith(b"\n") or not raw else b"\n"
    for piece in read_pieces(raw):
        if piece.to_clock is None:
            clocks = [clock for clock, _ in _records_or_none(room_dir / piece.file)]
            end = clocks[-1] + 960 if clocks else piece.from_clock
            lines += replace(piece, to_clock=end).to_line()
    if lines:
        _append(path, lines)


def destroy_sealed(room_dir: Path, before_clock: int, keepers: Set[str] = frozenset()) -> int:
    """Destroys what was said off the air in pieces that ended before `before_clock`; how many. Errors: `OSError`.

    `keepers` are those who asked that theirs be kept.
    """
    path, destroyed = room_dir / PIECES, 0
    if not path.exists():
        return 0
    for piece in read_pieces(path.read_bytes()):
        file = room_dir / piece.file
        ended = piece.to_clock
        if piece.on_air or piece.person in keepers or not file.exists():
            continue
        if ended is not None and ended < before_clock:
            file.unlink()
            destroyed += 1
    return destroyed


def _records_or_none(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        return read_track(path)
    except FileNotFoundError:
        return iter(())


def _append(path: Path, line: bytes) -> None:
    with open_appending(path) as file:
        if file.write(line) != len(line):
            raise OSError("a short write")
        os.fdatasync(file.fileno())


def _numbers_in_use(folder: Path) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for path in folder.glob("*.rtp"):
        person, _, number = path.stem.rpartition("-")
        if number.isdigit():
            numbers[person] = max(numbers.get(person, -1), int(number))
    return numbers
