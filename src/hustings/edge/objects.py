"""The dictionary and its waiters: what edge serves of each room, and who waits for what comes next.

Frames of a room's feed go in by `Room.apply`; nothing here reads a socket. A snapshot is gathered aside and put in place
in one step at `:live`, so that a request sees the old whole or the new whole. One wait is shared by all that want the
same part: a new part costs one wake-up, whatever the crowd.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass

from hustings.edge.answer import Answer, sound_or_text
from hustings.hls.profile import PROFILES, RATE, SEGMENT_SAMPLES, Profile
from hustings.hls.reload import SoundName, parse_name
from hustings.hls.window import BYTES_SAMPLES
from hustings.wire.feed import DROP, END, LIVE, SNAPSHOT, Frame

OBJECTS_MAX = 4096
"""Objects of one room: 90 s of the fast profile in two variants are about 650."""

WAITS_MAX = 64
"""Different parts that a room's requests may wait for at once; `hls.reload` lets through far fewer."""

KEPT_SEGMENTS = -(-BYTES_SAMPLES // SEGMENT_SAMPLES)
"""Segments whose bytes are kept behind the newest: 90 s by the number in their name."""

GRACE_S = 10.0
"""A room that the directory no longer names is served this long still, in seconds."""

WAIT_MAX_S = 3 * SEGMENT_SAMPLES / RATE
"""The longest that a request is parked: then it gets what there is."""


@dataclass(frozen=True, slots=True)
class Served:
    """An object as it is served. The last three only for a media playlist: its newest part, and whether it is over."""

    answer: Answer
    last: tuple[int, int] | None = None
    profile: Profile | None = None
    ended: bool = False


class Wait:
    """One moment that many requests wait for: a part that is to come."""

    def __init__(self, expire: asyncio.TimerHandle) -> None:
        self._event = asyncio.Event()
        self._expire = expire

    async def over(self) -> None:
        await self._event.wait()

    def wake(self) -> None:
        self._expire.cancel()
        self._event.set()


class Room:
    """What one feed has said. `term` is the highest seen; frames of a lower one are ignored."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.term = -1
        self.objects: dict[str, Served] = {}
        self.ended_at_ms: int | None = None
        self.over = False
        self.ready = asyncio.Event()
        self._prefix = f"live/{key}/" if key != "_" else ""
        self._gathered: dict[str, Served] | None = None
        self._waits: dict[tuple[str, int, int], Wait] = {}

    # --- frames in

    def apply(self, frame: Frame) -> None:
        """Takes one frame of the feed. Errors: `ValueError` when its object cannot be served."""
        if frame.term < self.term:
            return
        self.term = frame.term
        if frame.path == SNAPSHOT:
            self._gathered = {}
        elif frame.path == LIVE:
            self._replace()
        elif frame.path == DROP:
            self._drop(frame.headers.get("path", ""))
        elif frame.path == END:
            self.over = True
        elif not frame.path.startswith(":"):
            self._put(frame)

    def forget_gathered(self) -> None:
        """A feed broke off: half a snapshot is no snapshot."""
        self._gathered = None

    def _put(self, frame: Frame) -> None:
        name = frame.path.removeprefix(self._prefix)
        served = serve(frame, name)
        if self._gathered is not None:
            if len(self._gathered) < OBJECTS_MAX:
                self._gathered[name] = served
            return
        if name in self.objects or len(self.objects) < OBJECTS_MAX:
            self.objects[name] = served
            self._noticed(name, served)

    def _replace(self) -> None:
        """The snapshot is whole. Sound stays for its 90 s even when the snapshot lacks it: a number is a time, so its
        bytes are still right, and a playlist read a moment ago names them."""
        gathered, self._gathered = self._gathered, None
        if gathered is not None:
            sound = {
                name: served
                for name, served in self.objects.items()
                if isinstance(parse_name(name.rpartition("/")[2]), SoundName)
            }
            self.objects = sound | gathered
            for name, served in gathered.items():
                self._noticed(name, served)
        self.ready.set()

    def _drop(self, path: str) -> None:
        name = path.removeprefix(self._prefix)
        (self.objects if self._gathered is None else self._gathered).pop(name, None)

    def _noticed(self, name: str, served: Served) -> None:
        """What follows from a new object: waits end, old sound goes, the end of a room is known."""
        if served.last is not None:
            self._wake_reloads(name, served)
            self._trim(name.partition("/")[0], served.last[0])
        elif name == "pulse.json":
            self.ended_at_ms = _ended_at_ms(served.answer.body)
        elif wait := self._waits.pop((name, 0, 0), None):
            wait.wake()

    def _trim(self, variant: str, msn: int) -> None:
        oldest = msn - KEPT_SEGMENTS
        for name in [name for name in self.objects if _msn_of(name, variant) < oldest]:
            del self.objects[name]

    # --- waits

    def wait_for(self, name: str, msn: int = 0, part: int = 0) -> Wait | None:
        """The shared wait for an object (or for a part to be named in a playlist); None when too many are waited for."""
        key = (name, msn, part)
        wait = self._waits.get(key)
        if wait is None and len(self._waits) < WAITS_MAX:
            expire = asyncio.get_running_loop().call_later(WAIT_MAX_S, self._expire, key)
            wait = self._waits[key] = Wait(expire)
        return wait

    def wake_all(self) -> None:
        """Everybody gets what there is: the worker stops, or the room is gone."""
        waits, self._waits = self._waits, {}
        for wait in waits.values():
            wait.wake()
        self.ready.set()

    def _wake_reloads(self, name: str, served: Served) -> None:
        if served.ended:
            self.wake_all()
            return
        assert served.last is not None
        for key in [key for key in self._waits if key[0] == name and key[1:] <= served.last]:
            self._waits.pop(key).wake()

    def _expire(self, key: tuple[str, int, int]) -> None:
        if wait := self._waits.pop(key, None):
            wait.wake()


class Rooms:
    """All rooms of one studio, as its directory names them."""

    def __init__(self) -> None:
        self.by_key: dict[str, Room] = {}
        self.directory = Room("_")
        self._missing: dict[str, float] = {}

    def listed(self) -> list[str] | None:
        """The keys in the directory; None before the first. Errors: `ValueError` when it cannot be read."""
        served = self.directory.objects.get("rooms.json")
        if served is None:
            return None
        try:
            return [str(room["key"]) for room in json.loads(served.answer.body)["rooms"]]
        except (KeyError, TypeError) as error:
            raise ValueError("the directory of rooms cannot be read") from error

    def keep(self, keys: Iterable[str], now: float) -> tuple[list[Room], list[Room]]:
        """Makes the rooms be these. Returns (new, gone).

        A room that leaves the directory is kept for `GRACE_S` unless its feed said that it is over: a studio that
        restarts may name its rooms one by one.
        """
        wanted = dict.fromkeys(keys)
        new = [Room(key) for key in wanted if key not in self.by_key]
        self._missing = {
            key: self._missing.get(key, now) for key in self.by_key if key not in wanted
        }
        gone = [
            room
            for key, since in self._missing.items()
            if (room := self.by_key[key]).over or now - since >= GRACE_S
        ]
        for room in gone:
            del self.by_key[room.key], self._missing[room.key]
            room.wake_all()
        self.by_key |= {room.key: room for room in new}
        return new, gone

    @property
    def any_missing(self) -> bool:
        return bool(self._missing)

    async def find(self, key: str, patience_s: float) -> Room | None:
        """The room, once its snapshot is there; None when the directory does not know it (any more).

        A worker that has just started waits so long for the feed before it says that something is not there.
        """
        room = self.by_key.get(key)
        if room is not None and room.ready.is_set():
            return room
        try:
            async with asyncio.timeout(patience_s):
                await self.directory.ready.wait()
                room = self.by_key.get(key)
                if room is not None:
                    await room.ready.wait()
        except TimeoutError:
            pass
        return self.by_key.get(key)

    def wake_all(self) -> None:
        self.directory.ready.set()
        for room in self.by_key.values():
            room.wake_all()


def serve(frame: Frame, name: str) -> Served:
    """A frame as it will be served. Errors: `ValueError` for a media playlist without a readable position."""
    headers = {word.lower(): text for word, text in frame.headers.items()}
    last_text = headers.pop("hustings-last", None)
    profile_name = headers.pop("hustings-profile", "default")
    ended = headers.pop("hustings-ended", "0") == "1"
    answer = sound_or_text(name, headers, frame.body)
    if last_text is None:
        return Served(answer)
    msn, _, part = last_text.partition(".")
    if profile_name not in PROFILES:
        raise ValueError(f"there is no profile {profile_name!r}")
    return Served(answer, (int(msn), int(part)), PROFILES[profile_name], ended)


def _msn_of(name: str, variant: str) -> float:
    """The segment number in an object's name; infinite for what has none, so that it never gets old."""
    folder, _, file = name.rpartition("/")
    parsed = parse_name(file) if folder == variant else None
    return parsed.msn if isinstance(parsed, SoundName) else float("inf")


def _ended_at_ms(pulse: bytes) -> int | None:
    try:
        moment = json.loads(pulse).get("ended_at_ms")
    except (ValueError, AttributeError):
        return None
    return moment if isinstance(moment, int) else None
