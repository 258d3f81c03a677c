"""The dictionary and its waiters: what edge serves of each room, and who waits for what comes next.

Frames of a room's feed go in by `Room.apply`; nothing here reads a socket. A snapshot is gathered aside and put in place
in one step at `:live`, so that a request sees the old whole or the new whole. One wait is shared by all that want the
same part: a new part costs one wake-up, whatever the crowd.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hustings.edge.answer import BRIEF, Answer, refuse, send, sound_or_text
from hustings.edge.parking import PARKED_MAX, WAITS_MAX, Part, Scope, Sender, Wait
from hustings.hls.profile import PROFILES, RATE, SEGMENT_SAMPLES, Profile
from hustings.hls.reload import (
    MALFORMED,
    TOO_FAR,
    Decision,
    SoundName,
    decide,
    decide_part,
    parse_name,
    parse_query,
)
from hustings.hls.window import BYTES_SAMPLES
from hustings.wire.feed import DROP, END, LIVE, SNAPSHOT, Frame

OBJECTS_MAX = 4096
"""Objects of one room: 90 s of the fast profile in two variants are about 650."""

BYTES_MAX = 67_108_864
"""Bytes of one room's objects: 90 s of both variants are 4 MB. Past it the oldest object that is no playlist goes."""

KEPT_SEGMENTS = -(-BYTES_SAMPLES // SEGMENT_SAMPLES)
"""Segments whose bytes are kept behind the newest: 90 s by the number in their name."""

GRACE_S = 10.0
"""A room that the directory no longer names is served this long still, in seconds."""

WAIT_MAX_S = 3 * SEGMENT_SAMPLES / RATE
"""The longest that a request is parked: then it gets what there is."""


DECISIONS_MAX = 256
"""Different questions to one playlist whose answer is remembered until its next part."""

ANNOUNCED_MAX = 8
"""Beacon probabilities of the latest pulses that are counted: 30 s of pulses name two or three."""

_SATISFIED = {"cache-control": "public, max-age=24"}
"""A reload that was waited for is named by its part: caches may keep it for six target durations."""


@dataclass(frozen=True, slots=True)
class Playlist:
    """What a media playlist is besides bytes: its newest part, whether it is over, and its other ready answers.

    `decisions` remembers what a query or a file name means while this playlist is the newest: every listener asks the same.
    """

    last: tuple[int, int]
    profile: Profile
    ended: bool
    satisfied: Answer
    odd: dict[str, Answer]
    decisions: dict[str, Decision] = field(default_factory=dict)

    def decide(self, query: str) -> Decision:
        known = self.decisions.get(query)
        if known is None:
            known = decide(parse_query(query), *self.last, self.profile, self.ended)
            self._remember(query, known)
        return known

    def waits_for(self, file: str) -> bool:
        """Whether a part that is not there is worth a wait."""
        known = self.decisions.get(file)
        if known is None:
            kind = decide_part(file, self.last, self.profile, self.ended)
            known = Decision("wait" if kind == "wait" else "now")
            self._remember(file, known)
        return known.kind == "wait"

    def _remember(self, question: str, decision: Decision) -> None:
        if len(self.decisions) < DECISIONS_MAX and len(question) < DECISIONS_MAX:
            self.decisions[question] = decision


@dataclass(frozen=True, slots=True)
class Served:
    """An object as it is served; `playlist` only for a media playlist."""

    answer: Answer
    playlist: Playlist | None = None


@dataclass(slots=True)
class Pulse:
    """What edge itself reads of a room's newest pulse. `announced`: beacon probabilities by their spelling."""

    ended_at_ms: int | None = None
    brownout: int = 0
    announced: dict[str, float] = field(default_factory=dict)

    def read(self, body: bytes) -> None:
        """A pulse that cannot be read changes nothing."""
        try:
            tree = json.loads(body)
            ended = tree.get("ended_at_ms")
            beacon, brownout = tree.get("beacon"), tree.get("brownout")
        except (ValueError, AttributeError):
            return
        self.ended_at_ms = ended if isinstance(ended, int) else None
        step = brownout.get("step") if isinstance(brownout, dict) else 0
        self.brownout = step if isinstance(step, int) else 0
        p = beacon.get("p") if isinstance(beacon, dict) else None
        if isinstance(p, int | float) and 0 < p <= 1:
            self.announced.pop(_spelled(p), None)
            self.announced[_spelled(p)] = float(p)
            if len(self.announced) > ANNOUNCED_MAX:
                del self.announced[next(iter(self.announced))]


class Room:
    """What one feed has said. `term` is the highest seen; frames of a lower one are ignored."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.term = -1
        self.objects: dict[str, Served] = {}
        self.pulse = Pulse()
        self.over = False
        self.ready = asyncio.Event()
        self.live = False
        """Whether a snapshot is there. (An event of the loop is not for another thread to look at.)"""
        self.beacons: dict[str, int] = {}
        """Beacons since the last report, by the spelling of the probability that they were sent with."""
        self.pulses = 0
        self.sent = 0
        """Requests for the pulse, and bytes given out, since the last report."""
        self.waits: dict[Part, Wait] = {}
        self.size = 0
        self.prefix = f"live/{key}/" if key != "_" else ""
        self._gathered: dict[str, Served] | None = None

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
        name = frame.path.removeprefix(self.prefix)
        served = serve(frame, name)
        if self._gathered is not None:
            if len(self._gathered) < OBJECTS_MAX:
                self._gathered[name] = served
            return
        if name in self.objects or len(self.objects) < OBJECTS_MAX:
            self._keep(name, served)
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
            self.size = sum(served.answer.size for served in self.objects.values())
            for name, served in gathered.items():
                self._noticed(name, served)
        self.live = True
        self.ready.set()

    def _keep(self, name: str, served: Served) -> None:
        """In place of what was there; past `BYTES_MAX` the oldest sound goes."""
        old = self.objects.get(name)
        self.size += served.answer.size - (old.answer.size if old else 0)
        self.objects[name] = served
        if self.size > BYTES_MAX:
            for sound in [one for one in self.objects if one.endswith(".m4s") and one != name]:
                self._forget(sound)
                if self.size <= BYTES_MAX:
                    break

    def _forget(self, name: str) -> None:
        if gone := self.objects.pop(name, None):
            self.size -= gone.answer.size

    def _drop(self, path: str) -> None:
        name = path.removeprefix(self.prefix)
        if self._gathered is not None:
            self._gathered.pop(name, None)
        else:
            self._forget(name)

    def _noticed(self, name: str, served: Served) -> None:
        """What follows from a new object: waits end, old sound goes, what the pulse says is heeded."""
        if served.playlist is not None:
            self._wake_reloads(name, served.playlist)
            self._trim(name.partition("/")[0], served.playlist.last[0])
        elif name == "pulse.json":
            self.pulse.read(served.answer.body)
        else:
            self._wake(Part(name))

    def _trim(self, variant: str, msn: int) -> None:
        oldest = msn - KEPT_SEGMENTS
        for name in [name for name in self.objects if _msn_of(name, variant) < oldest]:
            self._forget(name)

    def count(self, query: str) -> None:
        """A beacon, with the query that says its probability; one that no recent pulse named counts nothing."""
        spelled = query[2:] if query.startswith("p=") else ""
        if spelled in self.pulse.announced:
            self.beacons[spelled] = self.beacons.get(spelled, 0) + 1

    @property
    def counted(self) -> int:
        return self.pulses + sum(list(self.beacons.values()))

    def take_counts(self) -> tuple[dict[float, int], int, int]:
        """(beacons by probability, pulses, bytes) since the last call. A request that comes in between may go uncounted."""
        counted, self.beacons = self.beacons, {}
        pulses, self.pulses = self.pulses, 0
        sent, self.sent = self.sent, 0
        return {float(spelled): count for spelled, count in counted.items()}, pulses, sent

    # --- waits (`parking` tells how two threads meet here)

    def park(self, part: Part, scope: Scope, to: Sender, now: float) -> None:
        """Answers this request when the part comes, or gives what there is: at once when too many wait."""
        wait = self.waits.get(part)
        if wait is None and len(self.waits) < WAITS_MAX:
            wait = self.waits.setdefault(part, Wait(now))
        if wait is None or len(wait) >= PARKED_MAX:
            self._give(part, scope, to)
            return
        wait.add(scope, to)
        if wait.shut or self._there(part):
            self.waits.pop(part, None)
            self._give(part, scope, to)

    @property
    def parked(self) -> int:
        return sum(map(len, list(self.waits.values())))

    def wake_all(self) -> None:
        """Everybody gets what there is: the worker stops, or the room is gone."""
        for part in list(self.waits):
            self._wake(part)
        self.live = True
        self.ready.set()

    def expire(self, now: float) -> None:
        """Ends the waits that have lasted `WAIT_MAX_S`."""
        for part, wait in list(self.waits.items()):
            if now - wait.since >= WAIT_MAX_S:
                self._wake(part)

    def _wake_reloads(self, name: str, playlist: Playlist) -> None:
        if playlist.ended:
            self.wake_all()
            return
        for part in list(self.waits):
            if part.name == name and (part.msn, part.part) <= playlist.last:
                self._wake(part)

    def _wake(self, part: Part) -> None:
        wait = self.waits.pop(part, None)
        if wait is None:
            return
        wait.shut = True
        answer = self._answer(part)
        if answer is not None:
            self.sent += len(wait) * len(answer.body)
            wait.answer(answer)
        else:
            wait.each(_part_unknown)

    def _give(self, part: Part, scope: Scope, to: Sender) -> None:
        answer = self._answer(part)
        if answer is not None:
            self.sent += len(answer.body)
            send(scope, to, answer)
        else:
            _part_unknown(to)

    def _answer(self, part: Part) -> Answer | None:
        served = self.objects.get(part.name)
        if served is None or served.playlist is None:
            return served.answer if served is not None else None
        return served.playlist.satisfied if self._there(part) else served.answer

    def _there(self, part: Part) -> bool:
        served = self.objects.get(part.name)
        if served is None:
            return False
        playlist = served.playlist
        return playlist is None or playlist.last >= (part.msn, part.part)


class Rooms:
    """All rooms of one studio, as its directory names them."""

    def __init__(self, make: Callable[[str], Room] = Room) -> None:
        self.by_key: dict[str, Room] = {}
        self.directory = make("_")
        self._make = make
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
        new = [self._make(key) for key in wanted if key not in self.by_key]
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
    def settled(self) -> bool:
        """Whether the directory is known: a room that is not in it is none."""
        return self.directory.live

    def expire(self, now: float) -> None:
        for room in self.by_key.values():
            room.expire(now)

    @property
    def any_missing(self) -> bool:
        return bool(self._missing)

    async def find(self, key: str, patience_s: float) -> Room | None:
        """The room, once its snapshot is there; None when the directory does not know it (any more).

        A worker that has just started waits so long for the feed before it says that something is not there.
        """
        room = self.by_key.get(key)
        if room is not None and room.live:
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
        self.directory.live = True
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
    playlist = Playlist(
        (int(msn), int(part)),
        PROFILES[profile_name],
        ended,
        answer.with_headers(_SATISFIED),
        {code: answer.with_headers(_odd(code)) for code in (MALFORMED, TOO_FAR)},
    )
    return Served(answer, playlist)


def _odd(code: str) -> dict[str, str]:
    return {
        "cache-control": BRIEF,
        "hustings-error": code,
        "access-control-expose-headers": "Hustings-Error",
    }


def _part_unknown(to: Sender) -> None:
    refuse(to, "part_unknown")


def _spelled(p: float) -> str:
    """A power of two as JavaScript spells it (exact down to 2⁻¹⁹, where it would begin to use exponents)."""
    return f"{p:.19f}".rstrip("0").rstrip(".")


def _msn_of(name: str, variant: str) -> float:
    """The segment number in an object's name; infinite for what has none, so that it never gets old."""
    folder, _, file = name.rpartition("/")
    parsed = parse_name(file) if folder == variant else None
    return parsed.msn if isinstance(parsed, SoundName) else float("inf")
