from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.audio.jitter_buffer import (
    CAPACITY_TICKS,
    DRY_TICKS_MAX,
    PACKETS_MAX,
    REPAIR_TICKS,
    RESTART_TICKS_MIN,
    JitterBuffer,
    Pull,
)
from tests.audio.sounds import TICK, Sent, stream

CELT_20_MS, CELT_10_MS, CELT_2_5_MS = 0x98, 0x90, 0x80
SILK_20_MS, SILK_60_MS = 0x48, 0x58
LBRR = bytes([0xFF])


def named(count: int, toc: int = CELT_20_MS) -> list[bytes]:
    """Packets that can be told apart: TOC, then their number."""
    return [bytes([toc]) + n.to_bytes(2, "big") + b"sound" for n in range(count)]


def number(payload: bytes) -> int:
    return int.from_bytes(payload[1:3], "big")


def run(buffer: JitterBuffer, sent: Iterable[Sent], ticks: int, start: int = 0) -> list[Pull]:
    """The line: each tick, what has arrived is pushed, then one pull."""
    waiting, pulls = list(sent), []
    for tick in range(ticks):
        now = start + (tick + 1) * TICK
        while waiting and waiting[0].arrival < now:
            packet = waiting.pop(0)
            buffer.push(packet.sequence, packet.timestamp, packet.payload, packet.arrival)
        pulls.append(buffer.pull())
    return pulls


def shape(pulls: list[Pull]) -> str:
    """A letter a step: p f c s h; ticks of several steps in brackets."""
    letters = ["".join(step.kind[0] for step in pull.steps) for pull in pulls]
    return "".join(text if len(text) == 1 else f"[{text}]" for text in letters)


def played(pulls: list[Pull]) -> list[int]:
    return [number(step.payload) for pull in pulls for step in pull.steps if step.kind == "packet"]


def yields_a_tick_each(pulls: list[Pull]) -> None:
    """What the decoder's FIFO relies on: never short of a tick, never holding more than a packet."""
    held = 0
    for pull in pulls:
        held += sum(step.samples for step in pull.steps) - (2 * TICK if pull.fold else TICK)
        assert 0 <= held <= 5_760


# A good network


def test_before_anything_comes_there_is_silence() -> None:
    assert run(JitterBuffer(), [], 3) == [Pull("silence")] * 3


def test_a_steady_stream_plays_whole_and_in_order_two_ticks_deep() -> None:
    buffer = JitterBuffer()
    pulls = run(buffer, stream(named(100)), 101)
    assert shape(pulls) == "s" + "p" * 100
    assert played(pulls) == list(range(100))
    stats = buffer.stats
    assert (stats.received, stats.lost, stats.late, stats.concealed_ticks) == (100, 0, 0, 0)
    assert (stats.delay_ticks, stats.jitter_ms, buffer.target_ticks) == (2, 0.0, 2)


@pytest.mark.parametrize("target", [1, 3, 10])
def test_the_least_delay_is_a_parameter(target: int) -> None:
    buffer = JitterBuffer(target)
    buffer.push(99, 5_000 - TICK, named(1)[0], 0)
    assert (
        buffer.stats.delay_ticks == target
    )  # known from the first packet on, before a window is full
    pulls = run(JitterBuffer(target), stream(named(50)), 60)
    assert shape(pulls)[:target] == "s" * (target - 1) + "p"


def test_the_delay_has_bounds() -> None:
    JitterBuffer(1, CAPACITY_TICKS // 2)
    for target, most in ((0, 5), (6, 5), (1, CAPACITY_TICKS // 2 + 1)):
        with pytest.raises(ValueError, match="does not hold"):
            JitterBuffer(target, most)


def test_numbers_wrap() -> None:
    buffer = JitterBuffer()
    sent = stream(named(100), sequence=0xFFFF - 50, timestamp=0x1_0000_0000 - 49 * TICK - 7)
    assert played(run(buffer, sent, 101)) == list(range(100))
    assert buffer.stats.lost == buffer.stats.restarts == buffer.stats.excess == 0


# Lengths other than a tick


@pytest.mark.parametrize(
    ("toc", "samples", "steady"),
    [(CELT_10_MS, 480, "[pp]"), (CELT_2_5_MS, 120, "[pppppppp]"), (SILK_60_MS, 2_880, "phh")],
)
def test_packets_shorter_and_longer_than_a_tick(toc: int, samples: int, steady: str) -> None:
    buffer = JitterBuffer()
    count = 60 * TICK // samples
    pulls = run(buffer, stream(named(count, toc), samples), 60)
    yields_a_tick_each(pulls)
    assert steady * 5 in shape(pulls)
    got = played(pulls)
    assert got == list(range(len(got))) and len(got) * samples >= 55 * TICK
    assert buffer.stats.lost == buffer.stats.concealed_ticks == 0


def test_a_120_ms_packet_waits_for_its_own_length() -> None:
    six_frames = bytes([SILK_60_MS | 1]) + bytes(10)
    buffer = JitterBuffer()
    pulls = run(buffer, stream([six_frames] * 10, 5_760), 60)
    assert "phhhhhphhhhhp" in shape(pulls) and "c" not in shape(pulls)


def test_lengths_may_change_on_the_way() -> None:
    buffer = JitterBuffer()
    first = stream(named(30), start=0)
    then = stream(
        named(60, CELT_10_MS), 480, sequence=130, timestamp=5_000 + 30 * TICK, start=30 * TICK
    )
    pulls = run(buffer, first + then, 61)
    assert shape(pulls) == "s" + "p" * 30 + "[pp]" * 30


# Loss


def test_a_lost_packet_is_restored_from_the_next_one_if_that_carries_it() -> None:
    carrying = [bytes([SILK_20_MS]) + LBRR + bytes([n]) for n in range(20)]
    buffer = JitterBuffer()
    pulls = run(buffer, stream(carrying, lost=frozenset({10})), 21)
    assert shape(pulls) == "s" + "p" * 10 + "f" + "p" * 9
    assert pulls[11] == Pull("fec", carrying[11])
    assert pulls[12] == Pull("packet", carrying[11])
    assert (buffer.stats.lost, buffer.stats.fec_ticks, buffer.stats.concealed_ticks) == (1, 1, 0)


def test_of_several_lost_only_the_last_can_be_restored() -> None:
    carrying = [bytes([SILK_20_MS]) + LBRR + bytes([n]) for n in range(20)]
    buffer = JitterBuffer(4)
    pulls = run(buffer, stream(carrying, lost=frozenset({9, 10})), 24)
    assert shape(pulls) == "sss" + "p" * 9 + "cf" + "p" * 9 + "c"
    assert (buffer.stats.lost, buffer.stats.fec_ticks, buffer.stats.concealed_ticks) == (2, 1, 2)


@pytest.mark.parametrize(("lost", "count"), [((), 0), ((3,), 0), ((2, 3), 1), ((3, 4), 1)])
def test_a_number_without_sound_is_no_loss(lost: tuple[int, ...], count: int) -> None:
    """Chromium probes the road with padding alone: 3 has a number, and no time of its own."""
    buffer = JitterBuffer()
    for n in range(8):
        if n == 3 or n in lost:
            continue
        at = (n - (n > 3)) * TICK
        buffer.push(n, at, named(8)[n], at)
    for _ in range(8):
        buffer.pull()
    assert buffer.stats.lost == count


def test_without_a_copy_it_is_guessed() -> None:
    buffer = JitterBuffer()
    pulls = run(buffer, stream(named(20), lost=frozenset({10})), 21)
    assert shape(pulls) == "s" + "p" * 10 + "c" + "p" * 9
    assert (buffer.stats.lost, buffer.stats.concealed_ticks) == (1, 1)


def test_half_a_packets_gap_is_guessed_though_the_next_has_a_copy() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, bytes([CELT_10_MS, 0]), 0)
    buffer.push(3, 960, bytes([SILK_20_MS]) + LBRR, 960)
    assert shape([buffer.pull() for _ in range(4)]) == "s[pc]ps"
    assert buffer.stats.fec_ticks == 0 and buffer.stats.lost == 1


def test_after_five_guesses_in_a_row_it_is_silence() -> None:
    pulls = run(JitterBuffer(), stream(named(10)), 20)
    assert shape(pulls) == "s" + "p" * 10 + "c" * DRY_TICKS_MAX + "s" * 4


def test_a_road_that_breaks_off_is_stalled_until_it_plays_again() -> None:
    buffer = JitterBuffer()
    assert not buffer.stalled, "who never said a word"
    run(buffer, stream(named(10)), 11 + DRY_TICKS_MAX)
    assert not buffer.stalled, "still guessing"
    buffer.pull()
    assert buffer.stalled
    buffer.push(110, 5_000 + 30 * TICK, named(1)[0], 30 * TICK)
    assert buffer.stalled and buffer.pull().kind == "silence", "it came, and waits for its time"
    assert buffer.pull().kind == "packet" and not buffer.stalled


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.floats(0, 0.4), st.integers(0, 4), st.booleans())
def test_whatever_is_lost_delayed_or_doubled_the_rest_plays_once_in_order(
    seed: int, loss: float, spread_ticks: int, doubled: bool
) -> None:
    chance = random.Random(seed)
    count = 200
    sent = stream(
        named(count),
        sequence=chance.randrange(0x1_0000),
        timestamp=chance.randrange(0x1_0000_0000),
        lost=frozenset(n for n in range(count) if chance.random() < loss),
        late_by={n: chance.randrange(spread_ticks * TICK + 1) for n in range(count)},
    )
    if doubled:
        sent = sorted(sent + sent, key=lambda packet: packet.arrival)
    buffer = JitterBuffer()
    pulls = run(buffer, sent, count + 40)
    yields_a_tick_each(pulls)
    got = played(pulls)
    assert got == sorted(set(got))
    stats = buffer.stats
    unique = len({packet.sequence for packet in sent})
    assert len(got) + stats.late + stats.excess + stats.duplicate >= stats.received - len(buffer)
    assert len(got) >= 0.7 * unique
    assert stats.restarts == stats.malformed == 0
    assert len(pulls) == count + 40


# Order, duplicates, lateness


def test_reordering_within_the_delay_is_not_heard() -> None:
    buffer = JitterBuffer(3)
    pulls = run(buffer, stream(named(40), late_by={5: 1_900, 20: 1_900}), 42)
    assert played(pulls) == list(range(40))
    assert buffer.stats.late == buffer.stats.lost == 0


def test_the_first_packets_may_come_in_the_wrong_order() -> None:
    buffer = JitterBuffer(3)
    for n in (1, 0, 2):
        buffer.push(100 + n, 5_000 + n * TICK, named(3)[n], 0)
    assert played([buffer.pull() for _ in range(6)]) == [0, 1, 2]


def test_duplicates_are_counted_waiting_or_played() -> None:
    buffer = JitterBuffer()
    first = stream(named(1))[0]
    for _ in range(2):
        buffer.push(first.sequence, first.timestamp, first.payload, 0)
    assert played([buffer.pull() for _ in range(2)]) == [0]
    buffer.push(first.sequence, first.timestamp, first.payload, 0)
    assert buffer.stats.duplicate == 2


def test_a_packet_whose_place_was_given_to_a_later_one_is_late() -> None:
    buffer = JitterBuffer()
    run(buffer, stream(named(20), late_by={10: 4 * TICK}), 21)
    assert (buffer.stats.late, buffer.stats.lost) == (1, 1)


def test_a_word_that_comes_after_a_stall_is_heard_whole_and_later() -> None:
    buffer = JitterBuffer()
    stall = {n: (24 - n) * TICK for n in range(20, 24)}
    pulls = run(buffer, stream(named(60), late_by=stall), 40)
    got = played(pulls)
    assert got == list(range(len(got)))
    assert shape(pulls).count("c") == 3 and buffer.stats.late == buffer.stats.lost == 0


def test_after_a_long_stall_only_the_newest_of_the_pile_is_heard() -> None:
    buffer = JitterBuffer()
    stall = {n: (150 - n) * TICK for n in range(20, 150)}
    pulls = run(buffer, stream(named(1_600), late_by=stall), 1_590)
    got = played(pulls)
    assert got[:20] == list(range(20)) and got[20] >= 150 - 22
    assert got[-1] >= 1_585  # and what the stall added has been made up for
    assert buffer.stats.excess >= 100


# The delay follows the network


def test_jitter_deepens_the_buffer_and_calm_makes_it_shallow_again() -> None:
    chance = random.Random(5)
    late = {n: chance.randrange(4 * TICK) for n in range(100, 600)}
    buffer = JitterBuffer()
    sent = stream(named(2_000), late_by=late)
    run(buffer, [packet for packet in sent if packet.arrival < 600 * TICK], 600)
    assert 4 <= buffer.target_ticks <= 5 and buffer.stats.delay_ticks >= 4
    assert buffer.stats.jitter_ms > 5
    before = buffer.stats.concealed_ticks
    calm = [packet for packet in sent if packet.arrival >= 600 * TICK]
    run(buffer, calm, 1_300, start=600 * TICK)
    assert buffer.target_ticks == buffer.stats.delay_ticks == 1
    assert buffer.stats.folded_ticks >= 2 and buffer.stats.concealed_ticks - before <= 3


@pytest.mark.parametrize("count", range(330, 340))
def test_a_fold_needs_two_ticks_at_hand(count: int) -> None:
    """A stall at the start leaves the buffer deep; the stream then ends while that is being made up for."""
    buffer = JitterBuffer()
    pulls = run(
        buffer, stream(named(count), late_by={n: (30 - n) * TICK for n in range(30)}), count + 40
    )
    yields_a_tick_each(pulls)
    folds = [pull for pull in pulls if pull.fold]
    assert 1 <= len(folds) == buffer.stats.folded_ticks
    assert all(step.kind == "packet" for pull in folds for step in pull.steps)
    assert played(pulls)[-1] == count - 1


def test_jitter_is_measured_as_the_rfc_says() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, named(1)[0], 0)
    buffer.push(2, 960, named(2)[1], 960 + 160)
    assert buffer.stats.jitter_ms == pytest.approx(160 / 16 / 48)


def test_the_target_never_passes_its_bound() -> None:
    chance = random.Random(6)
    buffer = JitterBuffer(2, 5)
    run(
        buffer,
        stream(named(500), late_by={n: chance.randrange(30 * TICK) for n in range(500)}),
        500,
    )
    assert buffer.target_ticks == 5


@pytest.mark.parametrize("parts_per_million", [-400, 400])
def test_a_drifting_clock_costs_a_tick_now_and_then(parts_per_million: int) -> None:
    count = 5_000
    drift = {n: int(n * TICK * parts_per_million / -1e6) for n in range(count)}
    buffer = JitterBuffer()
    pulls = run(buffer, stream(named(count), start=TICK // 2, late_by=drift), count)
    yields_a_tick_each(pulls)
    got = played(pulls)
    assert got == list(range(len(got)))
    assert buffer.stats.lost == buffer.stats.late == 0
    ticks_of_drift = count * 400 / 1e6
    if parts_per_million > 0:
        assert 1 <= buffer.stats.folded_ticks <= ticks_of_drift + 2
    else:
        assert 1 <= buffer.stats.concealed_ticks <= ticks_of_drift + 2


# A calm road


def sent_at(quarter: int, count: int = 1_200, late: dict[int, int] | None = None) -> list[Sent]:
    """A steady stream whose packets come `quarter` quarters of a tick after the ticks."""
    return stream(named(count), start=quarter * TICK // 4, late_by=late or {})


@pytest.mark.parametrize(("quarter", "ticks"), [(0, 1), (1, 1), (3, 1), (4, 1)])
def test_on_a_calm_road_the_wait_for_the_tick_is_room_enough(quarter: int, ticks: int) -> None:
    buffer = JitterBuffer()
    pulls = run(buffer, sent_at(quarter), 1_200)
    assert buffer.target_ticks == buffer.stats.delay_ticks == ticks
    assert buffer.stats.folded_ticks == 1 and buffer.stats.concealed_samples == 0
    assert played(pulls) == list(range(len(played(pulls))))


@pytest.mark.parametrize(("slowest", "ticks"), [(TICK // 4 - TICK // 5, 1), (TICK // 4, 2)])
def test_calm_is_what_leaves_four_milliseconds_before_the_tick(slowest: int, ticks: int) -> None:
    buffer = JitterBuffer()
    run(buffer, sent_at(3, late=dict.fromkeys(range(0, 1_200, 7), slowest)), 1_200)
    assert buffer.target_ticks == buffer.stats.delay_ticks == ticks


def test_a_packet_that_breaks_the_calm_is_played_whole_and_later() -> None:
    buffer = JitterBuffer()
    pulls = run(buffer, sent_at(1, late={700: TICK}), 1_200)
    assert played(pulls) == list(range(len(played(pulls))))
    assert buffer.stats.concealed_ticks == 1
    assert buffer.stats.lost == buffer.stats.late == 0


def test_a_road_that_breaks_its_calm_is_believed_after_twice_the_time() -> None:
    buffer = JitterBuffer()
    late = dict.fromkeys(range(600, 40_000, 400), TICK)  # a slow one each eight seconds
    run(buffer, sent_at(1, 40_000, late), 40_000)
    assert buffer.target_ticks == 2
    assert buffer.stats.concealed_ticks <= 3, "of 98 that would each have cost a tick"


@pytest.mark.parametrize("start", range(0, TICK, 96))
@pytest.mark.parametrize(("toc", "samples"), [(CELT_10_MS, 480), (CELT_2_5_MS, 120)])
def test_of_short_packets_those_make_a_tick_whose_last_comes_soonest_before_it(
    start: int, toc: int, samples: int
) -> None:
    buffer, sent = JitterBuffer(), stream(named(9_600, toc), samples=samples, start=start)
    pulls = run(buffer, sent, 1_000)
    assert buffer.target_ticks == buffer.stats.delay_ticks == 1
    assert buffer.stats.folded_ticks == 1 and buffer.stats.concealed_samples == 0
    last = [played([pull])[-1] for pull in pulls[-100:]]
    waits = [(900 + n + 1) * TICK - sent[one].arrival for n, one in enumerate(last)]
    assert TICK // 5 <= min(waits) == max(waits) < TICK // 5 + samples, "4 ms, and no packet more"


@pytest.mark.parametrize("slow", [0, 300, 700, TICK, 2 * TICK + 100])
def test_short_packets_are_cut_by_the_quick_ones_when_the_first_after_a_pause_is_slow(
    slow: int,
) -> None:
    buffer = JitterBuffer()
    before = stream(named(400, CELT_10_MS), samples=480, start=100)
    after = stream(
        named(400, CELT_10_MS),
        samples=480,
        sequence=before[-1].sequence + 1,
        timestamp=before[-1].timestamp + 480 + 20 * TICK,
        start=100 + 220 * TICK,
        late_by={0: slow},
    )
    after.sort(key=lambda one: one.arrival)
    pulls = run(buffer, before + after, 419)
    last = [played([pull])[-1] for pull in pulls[-10:]]
    ends = [(409 + n + 1) * TICK - after[one].arrival for n, one in enumerate(last)]
    assert {end % TICK for end in ends} == {TICK // 5 + (TICK - 100 - TICK // 5) % 480}


def test_sound_that_fits_no_tick_has_no_moment_in_it() -> None:
    buffer = JitterBuffer()
    frames = [bytes([CELT_2_5_MS | 3, 3]) + one[1:] for one in named(3_200)]  # 7.5 ms
    run(buffer, stream(frames, samples=360, start=TICK // 4), 1_200)
    assert buffer.target_ticks == 2


# Silence


def test_dtx_is_silence_and_neither_loss_nor_guess() -> None:
    buffer = JitterBuffer()
    speech = stream(named(20))
    comfort = [
        Sent(120 + n, 5_000 + (20 + 20 * n) * TICK, b"\x98", (20 + 20 * n) * TICK) for n in range(4)
    ]
    again = stream(named(20), sequence=124, timestamp=5_000 + 90 * TICK, start=90 * TICK)
    pulls = run(buffer, speech + comfort + again, 111)
    text = shape(pulls)
    assert text.startswith("s" + "p" * 21 + "sss") and text.endswith("s" + "p" * 20)
    assert "c" not in text and text.count("p") == 44
    assert buffer.stats.lost == buffer.stats.late == 0


def test_who_says_that_he_is_silent_is_not_stalled() -> None:
    buffer = JitterBuffer()
    end = Sent(120, 5_000 + 20 * TICK, b"\x98", 20 * TICK)
    run(buffer, [*stream(named(20)), end], 60)
    assert not buffer.stalled


def test_a_timestamp_gap_without_a_sequence_gap_is_silence() -> None:
    buffer = JitterBuffer(4)
    sent = stream(named(10)) + stream(
        named(10), sequence=110, timestamp=5_000 + 12 * TICK, start=10 * TICK
    )
    assert "ppsspp" in shape(run(buffer, sent, 25))
    assert buffer.stats.lost == 0


def test_an_empty_payload_keeps_its_place_and_says_silence() -> None:
    buffer = JitterBuffer(3)
    sent = stream([*named(10), b"", *named(5)], lost=frozenset())
    pulls = run(buffer, sent, 18)
    assert shape(pulls) == "ss" + "p" * 10 + "s" + "p" * 5
    assert buffer.stats.lost == 0
    for tick in range(3):
        buffer.push(116, 5_000 + (20 + tick) * TICK, b"", 20 * TICK)
    buffer.pull()
    buffer.push(117, 5_000 + 25 * TICK, b"", 20 * TICK)
    buffer.pull()
    assert len(buffer) <= 2


def test_a_lost_packet_before_an_empty_one_is_guessed() -> None:
    buffer = JitterBuffer(3)
    sent = stream([*named(10), b"x", b"", *named(5)], lost=frozenset({10}))
    assert shape(run(buffer, sent, 19)) == "ss" + "p" * 10 + "c" + "s" + "p" * 5


def test_a_sender_whose_timestamps_stood_still_while_muted_is_heard_again() -> None:
    buffer = JitterBuffer()
    sent = stream(named(20)) + stream(
        named(20), sequence=120, timestamp=5_000 + 20 * TICK, start=500 * TICK
    )
    pulls = run(buffer, sent, 521)
    assert shape(pulls).endswith("s" + "p" * 20)
    assert buffer.stats.late == buffer.stats.restarts == 0


# Other streams, hostile streams


def test_one_packet_out_of_nowhere_is_dropped_and_two_are_a_new_stream() -> None:
    buffer = JitterBuffer()
    run(buffer, stream(named(60)), 60)
    buffer.push(40_000, 77, named(1)[0], 60 * TICK)
    assert (buffer.stats.excess, buffer.stats.restarts) == (1, 0)
    sent = stream(named(20), sequence=40_001, timestamp=77 + TICK, start=61 * TICK)
    pulls = run(buffer, sent, 22, start=60 * TICK)
    assert buffer.stats.restarts == 1
    assert played(pulls)[-20:] == list(range(20))


def test_strangers_that_do_not_continue_each_other_change_nothing() -> None:
    buffer = JitterBuffer()
    run(buffer, stream(named(60)), 60)
    for sequence, timestamp in ((40_000, 77), (40_002, 77), (40_003, 10**9), (50_000, 5)):
        buffer.push(sequence, timestamp, named(1)[0], 60 * TICK)
    assert (buffer.stats.excess, buffer.stats.restarts) == (4, 0)


@pytest.mark.parametrize("jump", [10**6, -(10**6)])
def test_timestamps_that_jump_in_mid_talk_are_a_new_stream(jump: int) -> None:
    buffer = JitterBuffer()
    sent = stream(named(60)) + stream(
        named(60), sequence=160, timestamp=5_000 + 60 * TICK + jump, start=60 * TICK
    )
    pulls = run(buffer, sent, 121)
    assert buffer.stats.restarts == 1 and buffer.stats.excess <= 4
    assert played(pulls)[-50:] == list(range(10, 60))


def test_a_timeline_slightly_behind_is_adopted_after_a_second() -> None:
    buffer = JitterBuffer()
    sent = stream(named(60)) + stream(
        named(300), sequence=160, timestamp=5_000 + 30 * TICK, start=60 * TICK
    )
    pulls = run(buffer, sent, 360)
    assert played(pulls)[-100:] == list(range(played(pulls)[-1] - 99, played(pulls)[-1] + 1))
    assert played(pulls)[-1] >= 290


def test_restarts_are_rationed() -> None:
    buffer = JitterBuffer()
    now, sequence = 0, 0
    for _ in range(4 * RESTART_TICKS_MIN):
        sequence += 10_000
        for step in range(4):
            buffer.push(sequence + step, sequence * 7 + step * TICK, named(1)[0], now)
        buffer.pull()
        now += TICK
    assert 2 <= buffer.stats.restarts <= 4


@pytest.mark.parametrize("timestamp_step", [0, 1, 48, TICK, 100_000])
def test_a_twentyfold_rate_is_held_in_bounds_and_the_excess_counted(timestamp_step: int) -> None:
    buffer = JitterBuffer()
    pulls, n = [], 0
    for tick in range(300):
        for _ in range(20):
            buffer.push(n, n * timestamp_step, named(1)[0], tick * TICK)
            n += 1
            assert len(buffer) <= PACKETS_MAX
        pulls.append(buffer.pull())
    yields_a_tick_each(pulls)
    stats = buffer.stats
    assert stats.excess + stats.late > 0.85 * stats.received
    assert stats.received == 6_000


@pytest.mark.parametrize(
    ("packets", "kept"), [(PACKETS_MAX, PACKETS_MAX), (PACKETS_MAX + 1, PACKETS_MAX)]
)
def test_the_number_of_packets_is_bounded(packets: int, kept: int) -> None:
    buffer = JitterBuffer()
    for n in range(packets):
        buffer.push(n, n, bytes([CELT_2_5_MS, 0]), 0)
    assert len(buffer) == kept and buffer.stats.excess == packets - kept


@pytest.mark.parametrize(("ticks_ahead", "excess"), [(CAPACITY_TICKS, 0), (CAPACITY_TICKS + 1, 1)])
def test_how_far_ahead_is_bounded(ticks_ahead: int, excess: int) -> None:
    buffer = JitterBuffer(1)
    buffer.push(0, 0, named(1)[0], 0)
    buffer.pull()  # the cursor is at 960
    buffer.push(1, ticks_ahead * TICK, named(1)[0], 0)
    assert buffer.stats.excess == excess


def test_what_is_no_opus_is_counted() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, b"\x03", 0)
    buffer.push(2, 960, bytes(8_000), 0)
    assert buffer.stats.malformed == 2 and buffer.pull() == Pull("silence")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.tuples(
                st.integers(0, 0x1_0000),
                st.integers(0, 0x1_0000_0000),
                st.binary(max_size=6),
                st.integers(0, 10**7),
            ),
            st.tuples(
                st.integers(0, 40),
                st.integers(0, 60_000),
                st.binary(max_size=3),
                st.integers(0, 60_000),
            ),
        ),
        max_size=120,
    )
)
def test_no_input_raises_and_every_pull_is_a_tick(
    events: list[tuple[int, int, bytes, int] | None],
) -> None:
    buffer, pulls = JitterBuffer(), []
    for event in events:
        if event is None:
            pulls.append(buffer.pull())
        else:
            buffer.push(*event)
        assert len(buffer) <= PACKETS_MAX
    yields_a_tick_each(pulls)


# Where a tick goes or comes


def deep(payloads: list[bytes]) -> tuple[JitterBuffer, list[Pull]]:
    """A stall at the start leaves the buffer two ticks too deep."""
    buffer = JitterBuffer()
    sent = stream(payloads, late_by={n: (2 - n) * TICK for n in range(2)})
    return buffer, run(buffer, sent, len(payloads))


def test_a_fold_waits_for_a_pause_in_the_talk() -> None:
    loud, soft = bytes([CELT_20_MS]) + bytes(150), bytes([CELT_20_MS]) + bytes(30)
    _, pulls = deep([soft if n % 97 == 96 else loud for n in range(1_000)])
    folded = [pull for pull in pulls if pull.fold]
    assert folded
    assert all(pull.payload == soft for pull in folded)


def test_without_a_pause_it_does_not_wait_for_ever() -> None:
    buffer, pulls = deep([bytes([CELT_20_MS]) + bytes(150)] * 1_000)
    assert buffer.stats.folded_ticks >= 1
    assert buffer.stats.delay_ticks <= 2 and buffer.target_ticks == 1
    assert any(pull.fold for pull in pulls)


def test_a_repair_that_came_after_a_second_does_not_deepen_the_buffer() -> None:
    """What was asked for again and again through an outage is late by its length; the road is not."""
    buffer = JitterBuffer()
    late = dict.fromkeys(range(100, 150), 50 * TICK)
    run(buffer, stream(named(400), late_by=late), 300)
    assert buffer.target_ticks <= REPAIR_TICKS + 2


def test_packets_that_come_late_deepen_the_buffer_within_seconds() -> None:
    buffer = JitterBuffer()
    late = dict.fromkeys(range(100, 600, 12), 4 * TICK)
    run(buffer, stream(named(600), late_by=late), 400)
    assert buffer.stats.delay_ticks >= 5
    before = buffer.stats.late
    sent = [one for one in stream(named(600), late_by=late) if one.arrival >= 400 * TICK]
    run(buffer, sent, 190, start=400 * TICK)
    assert buffer.stats.late - before <= 1


def test_numbers_without_sound_are_no_loss() -> None:
    """Probes: their numbers are missing between packets whose timestamps follow each other."""
    buffer = JitterBuffer()
    sent = [
        Sent(100 + 3 * n, 5_000 + n * TICK, payload, n * TICK)
        for n, payload in enumerate(named(40))
    ]
    pulls = run(buffer, sent, 41)
    assert shape(pulls) == "s" + "p" * 40
    assert buffer.stats.lost == 0


def test_of_numbers_that_are_missing_as_many_are_lost_as_left_a_hole() -> None:
    buffer = JitterBuffer(4)
    sent = [
        Sent(100 + 3 * n, 5_000 + n * TICK, payload, n * TICK)
        for n, payload in enumerate(named(40))
        if n not in (10, 11)
    ]
    run(buffer, sent, 44)
    assert buffer.stats.lost == 2
