"""One model listener: what came in, what he asks next. Pure: time comes in, a step goes out, and a socket is somebody else's.

He does what `client/listener/player.js` does: page and assets, the playlist, the init section and the newest parts from
the hold-back on, then each next part by its number, which the edge holds until it is there; the pulse when it is due, a
beacon when the dice say so. One who reads playlists does what hls.js does: a blocking reload, then the parts it names.

A step is `GET /path`, `POST /path`, or a number of seconds to rest before `rested` (`inf`: he is done).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum, auto
from math import inf

from hustings.rehearse.listing import SEGMENT_S, Listing, Piece
from hustings.rehearse.road import Road

Step = str | float

PATIENCE_S = 4.0
"""How long anything but a part may take; a part: its length and `PARKED_S`. As in source.js."""

PARKED_S = 3.0
WHOLE_S = (2.9, 0.6)
"""After a whole segment came, and with dice: when the next is asked for."""

JUMP_S = 6.0
TIGHT = 0.25
"""A part that comes when less than this share of the hold-back is left to play is late: the next one that late is silence."""


class State(Enum):
    PAGE = auto()
    ASSET = auto()
    LIST = auto()
    INIT = auto()
    SOUND = auto()
    PART = auto()
    REREAD = auto()
    RELOAD = auto()
    NAMED = auto()
    PULSE = auto()
    BEACON = auto()
    ENDED = auto()


class Listener:
    """`playlists`: reads them, as hls.js does. `tape`, if given, gets (name, body) of all sound that he is given."""

    __slots__ = (
        "_beacon_due_s",
        "_beacon_p",
        "_begun_s",
        "_buffered_s",
        "_came_s",
        "_clicked_s",
        "_every_s",
        "_hold_s",
        "_last",
        "_msn",
        "_part",
        "_part_s",
        "_playlists",
        "_pulse_due_s",
        "_queue",
        "_road",
        "_tape",
        "_tries",
        "_zero_s",
        "asked",
        "patience_s",
        "state",
    )

    def __init__(
        self, road: Road, playlists: bool = False, tape: Callable[[str, bytes], None] | None = None
    ) -> None:
        self.state = State.PAGE
        self.asked = ""
        self.patience_s = PATIENCE_S
        self._road = road
        self._playlists = playlists
        self._tape = tape
        self._queue: list[Piece | str] = []
        self._last: Piece | None = None
        self._tries = 0
        self._begun_s = self._clicked_s = 0.0
        self._msn = self._part = 0
        self._part_s, self._hold_s = SEGMENT_S, 3 * SEGMENT_S
        self._zero_s = self._buffered_s = self._came_s = 0.0
        self._pulse_due_s = 0.0
        self._beacon_due_s, self._beacon_p, self._every_s = inf, 0.0, 10.0

    @property
    def plays(self) -> bool:
        """Whether he has sound."""
        return self._zero_s > 0

    def begin(self, now_s: float) -> Step:
        self._begun_s = now_s
        return self._ask(State.PAGE, self._road.page)

    def answered(self, status: int, body: bytes, now_s: float) -> Step:
        """The whole answer to what was asked."""
        tally = self._road.tally
        tally.counts["requests"] += 1
        state = self.state
        if status == 200 or (status == 204 and state is State.BEACON):
            try:
                step = _ANSWERED[state](self, body, now_s)
            except ValueError:
                return self.failed("unreadable")
            self._tries = 0
            return step
        if status == 404 and state is State.PART:
            return self._ask(State.REREAD, self._road.list)
        if state is State.PULSE or state is State.BEACON:
            # As pulse.js: never sooner than it would have been, and the sound goes on meanwhile.
            tally.errors[f"{state.name.lower()}_{status}"] += 1
            self._pulse_due_s = max(self._pulse_due_s, now_s + 3.0)
            return self._onward(now_s)
        return self.failed(f"status_{status}")

    def failed(self, kind: str) -> Step:
        """No whole answer came. He never gives up: a jittered rest, then again."""
        self._road.tally.errors[kind] += 1
        tries = self._tries = min(self._tries + 1, 4)
        return tries * (0.15 + 0.35 * self._road.entropy())

    def rested(self, now_s: float) -> Step:
        """The rest is over."""
        if self.state in (State.INIT, State.SOUND, State.NAMED):  # those names may be old by now
            return self._ask(State.LIST, self._road.list)
        return self.asked if self.asked else self._onward(now_s)

    def reconnected(self) -> None:
        """A kept connection had ended before anything came back on it: the request goes out again."""
        self._road.tally.counts["reconnects"] += 1

    # --- the way in

    def _ask(self, state: State, step: str, patience_s: float = PATIENCE_S) -> str:
        self.state, self.asked, self.patience_s = state, step, patience_s
        return step

    def _page(self, body: bytes, now_s: float) -> Step:
        self._queue = [f"GET {path}" for path in self._road.assets(body)]
        return self._asset(b"", now_s)

    def _asset(self, body: bytes, now_s: float) -> Step:
        if self._queue:
            return self._ask(State.ASSET, str(self._queue.pop(0)))
        self._road.tally.time("page", (now_s - self._begun_s) * 1000)
        self._clicked_s = now_s
        return self._ask(State.LIST, self._road.list)

    def _list(self, body: bytes, now_s: float) -> Step:
        """The newest parts from the hold-back on; the newest is half a part old on the average."""
        found = self._road.listing(body)
        if not found.pieces:
            raise ValueError("an empty playlist")
        self._part_s, self._hold_s = found.part_s, found.hold_s
        from_s = found.pieces[-1].end_s - found.hold_s + found.part_s / 2
        wanted = [piece for piece in found.pieces if piece.end_s > from_s]
        self._queue = list(wanted)
        self._buffered_s = max(from_s, wanted[0].start_s)
        return self._ask(State.INIT, f"GET {self._road.at}aac/{found.init}")

    def _init(self, body: bytes, now_s: float) -> Step:
        self._took(self.asked.rpartition("/")[2], body)
        return self._next_sound()

    def _next_sound(self) -> Step:
        piece = self._queue[0]
        assert isinstance(piece, Piece)
        return self._ask(State.SOUND, f"GET {self._road.at}aac/{piece.name}")

    def _sound(self, body: bytes, now_s: float) -> Step:
        piece = self._queue.pop(0)
        assert isinstance(piece, Piece)
        self._took(piece.name, body)
        if self._queue:
            return self._next_sound()
        self._joined(piece, now_s)
        return self._onward(now_s)

    def _joined(self, newest: Piece, now_s: float) -> None:
        road = self._road
        if not self._zero_s:
            road.tally.counts["joined"] += 1
            road.tally.time("sound", (now_s - self._clicked_s) * 1000)
            road.tally.time("join", (now_s - self._begun_s) * 1000)
            self._beacon_due_s = now_s + road.entropy() * self._every_s
        # What is heard at `t` is the program of `t − zero`.
        self._zero_s = now_s - self._buffered_s
        self._buffered_s = newest.end_s
        self._last, self._came_s = newest, now_s
        self._follow(newest.msn, newest.part)

    # --- the way on

    def _onward(self, now_s: float) -> Step:
        """The pulse when it is due, a beacon when it is, else the next sound."""
        if now_s >= self._pulse_due_s:
            return self._ask(State.PULSE, f"GET {self._road.at}pulse.json")
        if now_s >= self._beacon_due_s:
            self._beacon_due_s = now_s + self._every_s
            if self._road.entropy() < self._beacon_p:
                p = spelled(self._beacon_p)
                return self._ask(State.BEACON, f"POST {self._road.at}beacon?p={p}")
        if not self._zero_s:
            return self._ask(State.LIST, self._road.list)
        if not self._playlists:
            return self._next_part(now_s)
        if self._queue:
            return self._next_named()
        if self._road.plain:  # nothing blocks there: a playlist is looked at once a segment
            self._ask(State.RELOAD, self._road.list)
            return SEGMENT_S
        where = f"aac/live.m3u8?_HLS_msn={self._msn}&_HLS_part={self._part}"
        return self._ask(State.RELOAD, f"GET {self._road.at}{where}", self._part_s * 3 + PARKED_S)

    def _next_part(self, now_s: float) -> Step:
        """By its number. A whole segment is parked in its last second only, so he rests until about then."""
        name = f"s{self._msn}.{self._part}.m4s" if self._part_s < SEGMENT_S else f"s{self._msn}.m4s"
        step = self._ask(State.PART, f"GET {self._road.at}aac/{name}", self._part_s + PARKED_S)
        if self._part_s < SEGMENT_S:
            return step
        rest_s = self._came_s + WHOLE_S[0] + WHOLE_S[1] * self._road.entropy() - now_s
        return rest_s if rest_s > 0 else step

    def _parted(self, body: bytes, now_s: float) -> Step:
        self._took(self.asked.rpartition("/")[2], body)
        self._came_s = now_s
        self._heard(self._msn * SEGMENT_S + (self._part + 1) * self._part_s, now_s)
        self._follow(self._msn, self._part if self._part_s < SEGMENT_S else None)
        return self._onward(now_s)

    def _follow(self, msn: int, part: int | None) -> None:
        last = part is None or part + 1 >= round(SEGMENT_S / self._part_s)
        self._msn, self._part = (msn + 1, 0) if last or part is None else (msn, part + 1)

    def _heard(self, end_s: float, now_s: float) -> None:
        """A part came that the ear waits for: was it in time?"""
        tally = self._road.tally
        left_s = self._buffered_s - (now_s - self._zero_s)
        if left_s < 0:
            self._zero_s -= left_s
            tally.counts["stalls"] += 1
            tally.counts["stalled_ms"] += round(-left_s * 1000)
        elif left_s < TIGHT * self._hold_s:
            tally.counts["late"] += 1
        self._buffered_s = end_s
        if self._road.ahead_s is not None:
            room_s = now_s + self._road.ahead_s
            tally.time("age", max(0.0, room_s - end_s) * 1000)
            tally.time("behind", max(0.0, room_s - (now_s - self._zero_s)) * 1000)

    def _reread(self, body: bytes, now_s: float) -> Step:
        """The part is not there: the program is over, or there is a hole, or it is yet to come. As player.js."""
        found = self._road.listing(body)
        due_s = self._msn * SEGMENT_S + self._part * self._part_s
        after = next((piece for piece in found.pieces if piece.start_s > due_s - 0.01), None)
        if after is None and found.ended:
            return self._end()
        if after is None or after.start_s < due_s + 0.01:
            self._road.tally.errors["not_yet"] += 1
            self.asked = ""
            return 0.15 + 0.35 * self._road.entropy()
        self._road.tally.faults["hole"] += 1
        if after.start_s - due_s > JUMP_S:
            return self._ask(State.LIST, self._road.list)
        self._msn, self._part = after.msn, after.part or 0
        return self._onward(now_s)

    # --- as hls.js

    def _reloaded(self, body: bytes, now_s: float) -> Step:
        found = self._road.listing(body)
        assert self._last is not None
        newest = found.pieces[-1] if found.pieces else self._last
        if newest.start_s < self._last.start_s - 0.01:
            self._road.tally.faults["went_back"] += 1
        self._queue = [piece for piece in found.pieces if piece.start_s > self._last.start_s + 0.01]
        if self._queue:
            self._check_join(found)
            return self._next_named()
        if found.ended:
            return self._end()
        if not self._road.plain:
            self._road.tally.errors["nothing_new"] += 1
        return self._part_s / 2

    def _check_join(self, found: Listing) -> None:
        first = self._queue[0]
        assert isinstance(first, Piece)
        assert self._last is not None
        if abs(first.start_s - self._last.end_s) > 0.01:
            self._road.tally.faults["hole"] += 1

    def _next_named(self) -> Step:
        piece = self._queue[0]
        assert isinstance(piece, Piece)
        return self._ask(State.NAMED, f"GET {self._road.at}aac/{piece.name}")

    def _named(self, body: bytes, now_s: float) -> Step:
        piece = self._queue.pop(0)
        assert isinstance(piece, Piece)
        self._took(piece.name, body)
        self._heard(piece.end_s, now_s)
        self._last = piece
        self._follow(piece.msn, piece.part)
        return self._onward(now_s)

    # --- beside the sound

    def _pulsed(self, body: bytes, now_s: float) -> Step:
        road = self._road
        pulse = road.pulse(body, now_s)
        road.tally.counts["pulses"] += 1
        next_s = min(max(float(pulse.get("next_s", 3)), 1.0), 60.0)
        self._pulse_due_s = now_s + next_s * (0.85 + 0.3 * road.entropy())
        beacon = pulse.get("beacon")
        if isinstance(beacon, dict):
            self._beacon_p = float(beacon.get("p", 0))
            self._every_s = max(float(beacon.get("every_s", 10)), 1.0)
        return self._onward(now_s)

    def _beaconed(self, body: bytes, now_s: float) -> Step:
        self._road.tally.counts["beacons"] += 1
        return self._onward(now_s)

    def _end(self) -> Step:
        self.state = State.ENDED
        self._road.tally.counts["ended"] += 1
        return inf

    def _took(self, name: str, body: bytes) -> None:
        """Sound came, with its number: is it what this number says, and what everybody gets?"""
        fault = self._road.ledger.check(name, body, self._part_s)
        if fault:
            self._road.tally.faults[fault] += 1
        self._road.tally.counts["parts"] += 1
        if self._tape is not None:
            self._tape(name, body)


def spelled(p: float) -> str:
    """A number between 0 and 1 as JavaScript spells it (ECMA-262, Number::toString)."""
    if p >= 1e-6:
        return f"{Decimal(repr(p)):f}".removesuffix(".0")
    digits, _, power = repr(p).partition("e-")
    return f"{digits}e-{int(power or 0)}" if power else digits.removesuffix(".0")


_ANSWERED: dict[State, Callable[[Listener, bytes, float], Step]] = {
    State.PAGE: Listener._page,
    State.ASSET: Listener._asset,
    State.LIST: Listener._list,
    State.INIT: Listener._init,
    State.SOUND: Listener._sound,
    State.PART: Listener._parted,
    State.REREAD: Listener._reread,
    State.RELOAD: Listener._reloaded,
    State.NAMED: Listener._named,
    State.PULSE: Listener._pulsed,
    State.BEACON: Listener._beaconed,
}
