"""RTP packets in as the network brings them, one `Pull` out per tick: order, delay, loss and silence are settled here.

The stream's own timestamps are the ruler. A *cursor* (unwrapped timestamp) says what is played next; the *level* is how
far the newest packet reaches beyond it. The level seen just after the quickest packets of a second is the delay we
impose, and that is steered to a target: a packet's length plus the 97th percentile of what the network added lately, a
tick at least. That tick is saved on a *calm* road: where the slowest packet of seconds still came before the tick that
follows the quickest, the wait for that tick is room enough.

Packets need not be 20 ms: a pull carries as many steps as a tick needs (`then`), or none (`held`) while the decoder's
FIFO still has sound of a longer packet. `codec.OpusDecoder.tick` follows the steps and keeps that FIFO. Where several make
up a tick, those are taken together whose last one comes soonest before a tick: of 10 ms, that saves 5 ms of the wait.

State table (`_playing`):

    state    event                            next
    idle     push of a newer packet           playing, cursor set `target` ticks back from the packet's end
    playing  pull with packets ahead          playing
    playing  6th dry pull in a row            idle (a pause: the next packet sets the delay anew)
    any      two strangers that fit together  idle, emptied, then as a first packet (RFC 3550 A.1)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

from hustings.audio.clock import TICK
from hustings.audio.opus_packet import PACKET_SAMPLES_MAX, frame_samples, has_fec, packet_samples

CAPACITY_TICKS = 50
"""Sound kept at most: a packet that reaches further ahead is excess, or the sign of a new stream."""
PACKETS_MAX = 512
"""Packets kept at most, however short."""
DRY_TICKS_MAX = 5
"""Ticks concealed when nothing comes; then it is a pause."""
RESTART_TICKS_MIN = 50
"""Ticks between two restarts: a hostile sender may not make us start over more often than each second."""
WINDOW_TICKS = 50
"""The level is judged once per window."""
PATIENCE_WINDOWS = 3
"""Windows off target before a tick is folded or inserted."""
HURRY_TICKS = 3
"""An excess this large does not wait for long: a pause takes all of it, and where there is none a tick is folded each second.
(At one tick in ten, a road that had become 300 ms quicker cost a sentence 0.5 to 2.5 MOS; at one in fifty 0.1 to 0.4.)"""
HURRY_EVERY_TICKS = 50
REPAIR_TICKS = 5
"""How slow a repaired packet may make the road look: one that was asked for twice says nothing about those that were not lost."""
QUIET_SHARE = 0.6
"""A packet below this share of the mean size is a pause or a soft sound: there a fold or an insertion is not heard."""
QUIET_WAIT_TICKS = 100
"""How long a lone fold waits for one; senders of constant rate have none."""
INSERT_WAIT_TICKS = 25
"""And how long an insertion does, where packets came too late."""
DRIFT_WAIT_TICKS = 250
"""Where none did, it is a clock's drift, or room for what may come: there is time for a pause. (An insertion into a word cost its
sentence 1.3 to 1.5 MOS by PESQ, one into a pause nothing, and neither did a fold.)"""

_DROPOUT_MAX = 3_000  # RFC 3550 A.1: a jump ahead below this is loss
_MISORDER_MAX = 100  # RFC 3550 A.1: a jump back up to this is reordering
_SHORTEST = 120  # samples of the shortest Opus packet
_LATE_RUN_MAX = 50  # as many late packets on end are no reordering but another timeline
_TRANSITS = 250  # packets whose transit time is remembered, about 5 s
_PERCENTILE = 0.97
_LOOK_EVERY = 10  # packets
_CALM_MARGIN, _CALM_KEPT = TICK // 5, TICK // 10  # 4 ms to be believed, 2 ms to be believed on
_CALM_MAX = 64 * _TRANSITS  # packets: whoever broke his calm often is believed after five minutes

Kind = Literal["packet", "fec", "conceal", "silence", "held"]


class Pull(NamedTuple):
    """One step of a tick, and the steps after it.

    kind: "packet" decode `payload`; "fec" restore the lost packet from `payload`, the packet after it; "conceal" guess;
    "silence" nothing is said; "held" nothing to do, the FIFO still has a tick.
    samples: how many the step yields. `fold` (first step only): the steps yield two ticks, to be cross-faded into one.
    """

    kind: Kind
    payload: bytes = b""
    samples: int = TICK
    then: tuple[Pull, ...] = ()
    fold: bool = False

    @property
    def steps(self) -> tuple[Pull, ...]:
        """This step and the following ones, in order."""
        return (self, *self.then)


@dataclass(slots=True)
class Stats:
    """Counters since the start. Ticks are rounded up; `delay_ticks` is the delay now imposed on the quickest packets."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    excess: int = 0
    malformed: int = 0
    restarts: int = 0
    folded_ticks: int = 0
    inserted_ticks: int = 0
    concealed_samples: int = 0
    fec_samples: int = 0
    delay_ticks: int = 0
    jitter_samples: float = 0.0

    @property
    def concealed_ticks(self) -> int:
        return -(-self.concealed_samples // TICK)

    @property
    def fec_ticks(self) -> int:
        return -(-self.fec_samples // TICK)

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter (RFC 3550 §6.4.1, A.8)."""
        return self.jitter_samples / 48


class _Packet(NamedTuple):
    sequence: int
    timestamp: int
    samples: int
    payload: bytes

    @property
    def end(self) -> int:
        return self.timestamp + self.samples


class _Delay:
    """What the network adds: transit times against the least of the last five seconds."""

    def __init__(self, floor_ticks: int, ceiling_ticks: int) -> None:
        self._floor, self._ceiling = floor_ticks, ceiling_ticks
        self._transits: deque[int] = deque(maxlen=_TRANSITS)
        self._countdown = 0
        self._least: int | None = None  # of the transits, looked up anew when the spread is
        self._spread_ticks = floor_ticks
        self._calm_for, self._calm_wanted, self._is_calm = 0, _TRANSITS, False  # packets
        self._wait = 0
        self.packet_ticks = 1

    @property
    def target_ticks(self) -> int:
        """The level wanted just after a quick packet: its own length and the room for slow ones."""
        return self._spread_ticks + self.packet_ticks

    def add(self, packet: _Packet, transit: int, begins: int, most: int | None = None) -> int:
        """Takes arrival − timestamp in; how much later than the quickest this packet was, in samples. It counts for `most`.
        `begins`: what a tick begins with, of the stream's own time."""
        counted = transit
        if most is not None and self._least is not None:
            counted = min(transit, self._least + most)
        self._transits.append(counted)
        self._countdown -= 1
        least = transit if self._least is None else min(self._least, transit)
        if self._countdown <= 0:
            self._countdown = _LOOK_EVERY
            ordered = sorted(self._transits)
            least = ordered[0]
            slow = ordered[int(_PERCENTILE * (len(ordered) - 1))] - ordered[0]
            if self._look_for_calm(packet, least, ordered[-1] - least, begins):
                self._spread_ticks = self._floor - 1
            else:
                self._spread_ticks = max(self._floor, min(-(-slow // TICK), self._ceiling))
        self._least = least
        return transit - least

    def _look_for_calm(self, packet: _Packet, least: int, slowest: int, begins: int) -> bool:
        """Whether all packets came before the tick after the quickest, for long enough. Where the road broke its calm, and not
        a clock that drifts across a tick, it is believed again after twice the time."""
        # What completes a tick comes at the same moment of one where packets and ticks fit; others have no such moment.
        wait, length = 0, packet.samples
        if length and (length % TICK == 0 or TICK % length == 0):
            completes = begins - ((begins - packet.timestamp) % length or length)
            wait = TICK - (least + completes) % TICK
        if slowest + (_CALM_KEPT if self._is_calm else _CALM_MARGIN) <= wait:
            self._calm_for += _LOOK_EVERY
        else:
            if self._is_calm and slowest + _CALM_KEPT > self._wait:
                self._calm_wanted = min(2 * self._calm_wanted, _CALM_MAX)
            self._calm_for = 0
        self._wait = wait
        self._is_calm = self._floor > 0 and self._calm_for >= self._calm_wanted
        return self._is_calm

    def cut(self, packet: _Packet, slowness: int) -> tuple[int, int]:
        """For a packet that is shorter than a tick: where, in the stream's own time, the sound should end that the tick after
        it takes, so that the last packet of each tick comes soon before it; and how many ticks later than a quick one it came.
        """
        assert self._least is not None
        into_tick = (self._least + packet.timestamp) % TICK
        more = (TICK - into_tick - _CALM_MARGIN) // packet.samples
        return packet.end + more * packet.samples, (into_tick + slowness) // TICK

    def forget(self) -> None:
        self._transits.clear()
        self._countdown, self._least = 0, None
        self._calm_for, self._is_calm = 0, False


class JitterBuffer:
    """The receiving end of one speaker's RTP stream. Bounded in memory whatever is pushed; no input raises.

    target_ticks: the least delay, at least 1. max_ticks: the most that jitter may add; both without the length of a packet
    beyond one tick. Call `push` as packets arrive and `pull` exactly once per tick.
    """

    def __init__(self, target_ticks: int = 2, max_ticks: int = 20) -> None:
        if not 1 <= target_ticks <= max_ticks <= CAPACITY_TICKS // 2:
            raise ValueError(
                f"1 <= target_ticks <= max_ticks <= {CAPACITY_TICKS // 2} does not hold"
            )
        self.stats = Stats()
        self._max_ticks = max_ticks
        self._delay = _Delay(target_ticks - 1, max_ticks - 1)
        self._ticks = 0
        self._restarted_at = -RESTART_TICKS_MIN
        self._transit_before: int | None = None
        self._forget()

    @property
    def target_ticks(self) -> int:
        """The delay aimed at now, in ticks."""
        return self._delay.target_ticks

    @property
    def stalled(self) -> bool:
        """Whether sound broke off that its sender did not end, and nothing was played since."""
        return self._stalled

    def __len__(self) -> int:
        """Packets waiting."""
        return len(self._packets)

    def _forget(self) -> None:
        """The start of a stream: nothing is known of it."""
        self._packets: dict[int, _Packet] = {}
        self._highest: tuple[int, int] | None = None  # unwrapped sequence and timestamp
        self._stranger: _Packet | None = None
        self._late_run = 0
        self._played: deque[int] = deque(maxlen=64)
        self._played_to: int | None = None  # sequence
        self._pause()
        self._cursor = self._end_played = 0
        self._held = 0

    def _pause(self) -> None:
        self._playing = self._stalled = False
        self._fresh = True  # since the pause, no packet was played: gaps are silence
        self._dtx = False
        self._dry = 0
        self._window_max = 0
        self._window_left = WINDOW_TICKS
        self._windows_off = 0
        self._fold_after = self._insert_after = 0
        self._insert_wait = INSERT_WAIT_TICKS
        self._waited = 0
        self._late_before = self.stats.late
        self._mean_bytes = 0.0

    # Packets in

    def push(self, sequence: int, timestamp: int, payload: bytes, arrival: int) -> None:
        """A packet: RTP sequence (16 bit) and timestamp (32 bit, 48 kHz), Opus payload, arrival on the room's clock.

        An empty payload is a sender's way to say DTX and keeps its place in the sequence.
        """
        self.stats.received += 1
        try:
            samples = packet_samples(payload) if payload else 0
        except ValueError:
            self.stats.malformed += 1
            return
        sequence, timestamp = sequence & 0xFFFF, timestamp & 0xFFFF_FFFF
        packet = self._unwrap(sequence, timestamp, samples, payload)
        if packet is None or self._is_strange(packet):
            self._meet_stranger(_Packet(sequence, timestamp, samples, payload), arrival)
        elif self._is_double(packet.sequence):
            self.stats.duplicate += 1
        else:
            slowness = self._measure(packet, arrival)
            if self._is_late(packet, slowness):
                self.stats.late += 1
                self._late_run += 1
                if self._late_run > _LATE_RUN_MAX:
                    self._restart()
            else:
                self._keep(packet, slowness)

    def _unwrap(
        self, sequence: int, timestamp: int, samples: int, payload: bytes
    ) -> _Packet | None:
        """The packet with numbers that do not wrap; None when its sequence belongs to no stream we know."""
        if self._highest is None:
            return _Packet(sequence, timestamp, samples, payload)
        step = (sequence - self._highest[0] + 0x8000) % 0x1_0000 - 0x8000
        if not -_MISORDER_MAX <= step < _DROPOUT_MAX:
            return None
        move = (timestamp - self._highest[1] + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
        return _Packet(self._highest[0] + step, self._highest[1] + move, samples, payload)

    def _is_double(self, sequence: int) -> bool:
        """Whether it is here, or was. Nearly always it is newer than any, and nothing is looked through."""
        if self._highest is None or sequence > self._highest[0]:
            return False
        return sequence in self._packets or sequence in self._played

    def _is_strange(self, packet: _Packet) -> bool:
        """Whether it does not fit: no room, or a newer packet that says it belongs far from where we play."""
        if self._highest is None or packet.sequence <= self._highest[0]:
            return False
        if len(self._packets) >= PACKETS_MAX:
            return True
        return self._playing and abs(packet.end - self._cursor) > CAPACITY_TICKS * TICK

    def _is_late(self, packet: _Packet, slowness: int) -> bool:
        """Whether its place has been passed: by a later packet, or by a wait too long to take back."""
        if self._played_to is not None and packet.sequence < self._played_to:
            return True
        if not self._playing or packet.end > self._cursor or not packet.samples:
            return False
        return not self._may_rewind(packet) or slowness > self._max_ticks * TICK

    def _may_rewind(self, packet: _Packet) -> bool:
        """Whether since the last packet nothing was put out but guesses for want of this one."""
        return bool(self._dry) and not self._packets and packet.timestamp >= self._end_played

    def _keep(self, packet: _Packet, slowness: int) -> None:
        if self._highest is None or packet.sequence > self._highest[0]:
            self._highest = (packet.sequence, packet.timestamp)
        self._stranger = None
        self._late_run = 0
        if not self._playing:
            self._set_cursor(packet, slowness)
        elif packet.samples and packet.timestamp < self._cursor and self._may_rewind(packet):
            # Nothing came in time and this is what we waited for: play it whole, later. The guessed ticks become delay.
            self._cursor = packet.timestamp
        if self._fresh:
            # A stall ends with a burst: of what piled up, the newest is worth hearing.
            longest = (self._max_ticks + self._delay.packet_ticks) * TICK
            self._cursor = max(self._cursor, packet.end - longest)
        self._packets[packet.sequence] = packet

    def _measure(self, packet: _Packet, arrival: int) -> int:
        transit = arrival - packet.timestamp
        if self._transit_before is not None:
            change = abs(transit - self._transit_before)
            if (
                change > CAPACITY_TICKS * TICK
            ):  # the sender's clock stood still, or jumped: another ruler
                self._delay.forget()
            else:
                self.stats.jitter_samples += (change - self.stats.jitter_samples) / 16
        self._transit_before = transit
        if packet.samples:
            self._delay.packet_ticks = -(-packet.samples // TICK)
        repaired = self._highest is not None and packet.sequence < self._highest[0]
        most = REPAIR_TICKS * TICK if repaired else None
        return self._delay.add(packet, transit, self._cursor - self._held, most)

    def _set_cursor(self, packet: _Packet, slowness: int) -> None:
        """A first packet waits for the target; less, if it was slow itself, but never so little that it could not be."""
        if 0 < packet.samples < TICK and TICK % packet.samples == 0:
            end, passed = self._delay.cut(packet, slowness)
            wait = max(self._delay.target_ticks - passed, 1) * TICK
        else:
            end = packet.end
            wait = max(self._delay.target_ticks * TICK - slowness, max(TICK, packet.samples))
        self._cursor = self._end_played = end - wait
        self.stats.delay_ticks = -(-wait // TICK)
        self._playing = True

    def _meet_stranger(self, packet: _Packet, arrival: int) -> None:
        """RFC 3550 A.1: one packet out of nowhere is dropped; when the next one continues it, it is a new stream."""
        before, self._stranger = self._stranger, packet
        continues = (
            before is not None
            and (packet.sequence - before.sequence) & 0xFFFF == 1
            and (packet.timestamp - before.timestamp) & 0xFFFF_FFFF <= 2 * PACKET_SAMPLES_MAX
        )
        if continues and self._restart():
            self._keep(packet, self._measure(packet, arrival))
        else:
            self.stats.excess += 1

    def _restart(self) -> bool:
        if self._ticks - self._restarted_at < RESTART_TICKS_MIN:
            return False
        self._restarted_at = self._ticks
        self.stats.restarts += 1
        self.stats.excess += len(self._packets)
        self._forget()
        self._delay.forget()
        self._transit_before = None
        return True

    # Ticks out

    def pull(self) -> Pull:
        """What to play in this tick. Call once per tick, whether or not anything was pushed."""
        self._ticks += 1
        steps: list[Pull] = []
        fold = insert = False
        if self._playing:
            self._watch_level()
            fold, insert = self._fold_due(), self._insert_due()
        if insert:
            steps.append(self._give("conceal", TICK))
            self.stats.inserted_ticks += 1
        need = 2 * TICK if fold else TICK
        while self._held < need:
            steps.append(self._step(need - self._held))
        self._held -= need
        if not steps:
            return Pull("held", samples=0)
        first = steps[0]
        if len(steps) == 1 and not fold:
            return first
        return Pull(first.kind, first.payload, first.samples, tuple(steps[1:]), fold)

    def _step(self, need: int) -> Pull:
        if not self._playing:
            return self._give("silence", need)
        following = self._next_packet()
        if following is None:
            return self._dry_step(need)
        gap = following.timestamp - self._cursor
        if gap <= 0:
            return self._play(following)
        missing = self._missing_before(following)
        if self._fresh or not missing:
            self._cursor += min(gap, need)
            return self._give("silence", min(gap, need))
        return self._bridge(following, gap, need)

    def _next_packet(self) -> _Packet | None:
        """The packet to play next; those without sound or wholly behind the cursor are let go on the way."""
        while self._packets:
            packet = self._packets[min(self._packets)]
            if packet.samples and packet.end > self._cursor:
                return packet
            if packet.samples:
                self.stats.excess += 1
                del self._packets[packet.sequence]
            elif packet.timestamp > self._cursor:
                return packet
            else:
                self._leave(packet)
        return None

    def _missing_before(self, packet: _Packet) -> int:
        """How many packets with sound never came before this one.

        Not every number that is missing had sound: browsers probe the road with packets that are padding alone. What has
        not left a hole in the timestamps was no loss.
        """
        if self._played_to is None:
            return 0
        hole = packet.timestamp - self._end_played
        shortest = max(_SHORTEST, min(packet.samples or TICK, TICK))
        return max(0, min(packet.sequence - self._played_to - 1, -(-hole // shortest)))

    def _leave(self, packet: _Packet) -> None:
        """Takes a packet out as played, and counts those before it that never came."""
        del self._packets[packet.sequence]
        self._stalled = False
        self.stats.lost += self._missing_before(packet)
        self._played_to = packet.sequence
        self._played.append(packet.sequence)
        self._dtx = (
            len(packet.payload) <= 2
        )  # RFC 6716 §2.1.9: one or two bytes are "no sound from here on"
        self._dry = 0

    def _play(self, packet: _Packet) -> Pull:
        self._leave(packet)
        self._cursor = self._end_played = packet.end
        self._fresh = False
        self._mean_bytes += (len(packet.payload) - self._mean_bytes) / WINDOW_TICKS
        return self._give("packet", packet.samples, packet.payload)

    def _bridge(self, following: _Packet, gap: int, need: int) -> Pull:
        """Before a packet whose predecessors are lost: its own copy of the last of them (in-band FEC), a guess for others."""
        restores = bool(following.payload) and has_fec(following.payload)
        covered = frame_samples(following.payload) if restores else 0
        if gap == covered:
            self._cursor += gap
            self.stats.fec_samples += gap
            return self._give("fec", gap, following.payload)
        size = min(gap - covered if gap > covered else gap, need)
        self._cursor += size
        return self._give("conceal", size)

    def _dry_step(self, need: int) -> Pull:
        self._dry += 1
        self._cursor += need
        if self._dry > DRY_TICKS_MAX:
            stalled = not (self._dtx or self._fresh)
            self._pause()
            self._stalled = stalled
            return self._give("silence", need)
        return self._give("silence" if self._dtx or self._fresh else "conceal", need)

    def _give(self, kind: Kind, samples: int, payload: bytes = b"") -> Pull:
        self._held += samples
        if kind == "conceal":
            self.stats.concealed_samples += samples
        return Pull(kind, payload, samples)

    # The delay, steered

    def _watch_level(self) -> None:
        """Once a window: is the delay of the quickest packets what it should be?"""
        if self._packets:
            newest = self._packets[max(self._packets)]
            # Of packets that are shorter than a tick, some have come for the next one.
            early = TICK - newest.samples if 0 < newest.samples < TICK else 0
            level = -(-(newest.end - self._cursor + self._held - early) // TICK)
            self._window_max = max(level, self._window_max)
        self._window_left -= 1
        if self._window_left:
            return
        self._window_left = WINDOW_TICKS
        off = self._window_max - self._delay.target_ticks
        came_late, self._late_before = self.stats.late - self._late_before, self.stats.late
        self.stats.delay_ticks, self._window_max = self._window_max, 0
        same_side = off * self._windows_off > 0
        sign = (off > 0) - (off < 0)
        self._windows_off = self._windows_off + sign if same_side else sign
        if off >= HURRY_TICKS:
            self._fold_after, self._insert_after = off - HURRY_TICKS + 1, 0
        elif off < 0 < came_late:
            self._windows_off, self._fold_after, self._insert_after = 0, 0, 1
            self._insert_wait = INSERT_WAIT_TICKS
        elif abs(self._windows_off) >= PATIENCE_WINDOWS:
            self._windows_off = 0
            self._fold_after, self._insert_after = int(off > 0), int(off < 0)
            self._insert_wait = DRIFT_WAIT_TICKS

    def _fold_due(self) -> bool:
        """Whether this pull makes up a tick; only where two ticks of sound are at hand."""
        if not self._fold_after or not self._packets:
            return False
        if self._packets[max(self._packets)].end - self._cursor < 2 * TICK:
            return False
        if not self._may_change(QUIET_WAIT_TICKS if self._fold_after == 1 else HURRY_EVERY_TICKS):
            return False
        self._fold_after -= 1
        self.stats.folded_ticks += 1
        return True

    def _insert_due(self) -> bool:
        if not self._insert_after or not self._may_change(self._insert_wait):
            return False
        self._insert_after -= 1
        return True

    def _may_change(self, patience: int) -> bool:
        """Whether a tick may go or come here: where it is quiet, else when that was waited for long enough."""
        self._waited += 1
        packet = self._packets.get(min(self._packets, default=-1))
        quiet = packet is not None and len(packet.payload) < QUIET_SHARE * self._mean_bytes
        if not quiet and self._waited < patience:
            return False
        self._waited = 0
        return True
