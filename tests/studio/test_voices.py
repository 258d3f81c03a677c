"""What is said of each voice: on a line with real speech through Opus, and of roads by their counters."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.clock import RATE, TICK
from hustings.audio.findings import HOLD_LOOKS, UNKNOWN
from hustings.audio.jitter_buffer import Stats
from hustings.audio.watch import SECONDS, Voice
from hustings.rtc.intake import Counts
from hustings.studio.voices import TICKS_A_SECOND, Watches
from tests.audio.sounds import Sound
from tests.audio.speech import speech
from tests.audio.test_watch import headset
from tests.line.speaking import START, Rig

TALK_S = 8


def clean(_: str) -> Counts:
    return Counts(500, 0, 0.03)


def watched(rig: Rig, seconds: float) -> None:
    """The room's part: after each tick, a look."""
    for _ in range(round(seconds * TICKS_A_SECOND)):
        rig.run(TICK)
        rig.line.watches.look(clean)


def said_by(name: str) -> Sound:
    """Some seconds without a pause."""
    return speech(name)[: TALK_S * RATE]


def test_a_narrow_band_headset_among_others_is_named_once_it_has_stood() -> None:
    rig = Rig(people=["ana", "ben", "quiet"])
    rig.speakers["ana"].say(START, headset(said_by("ana"), 8_000))
    rig.speakers["ben"].say(START, said_by("ben"))
    watched(rig, 3)
    assert [one.finding for one in rig.line.watches.told().values()] == [UNKNOWN] * 3
    watched(rig, TALK_S - 3)
    told = rig.line.watches.told()
    assert {name: one.finding.name for name, one in told.items()} == {
        "ana": "narrow",
        "ben": "fine",
        "quiet": "unknown",
    }
    assert told["ana"].finding.figure in (4, 5)
    assert told["ben"].voice.band_hz > 11_500
    assert told["ana"].road.round_trip_ms == 30


def test_one_who_is_muted_is_not_listened_to() -> None:
    rig = Rig(people=["ana"])
    rig.line.set_muted("ana", True)
    rig.speakers["ana"].say(START, said_by("ana"))
    watched(rig, 3)
    assert rig.line.watches.told()["ana"].voice == Voice()


def tick(level: float = 0.1) -> Sound:
    return np.random.default_rng(5).normal(0, level, TICK).astype(np.float32)


@pytest.mark.parametrize(("before", "after", "is_looked_at"), [(49, 49, False), (49, 50, True)])
def test_a_second_is_looked_at_that_came_on_end(
    before: int, after: int, is_looked_at: bool
) -> None:
    watches = Watches()
    one = watches.add("ana", Stats())
    for count in (before, after):
        one.hear(None)
        for _ in range(count):
            one.hear(tick())
    watches.look(clean)
    assert (watches.told()["ana"].voice != Voice()) == is_looked_at


def test_however_many_a_tick_looks_at_one_and_everybody_has_his_turn() -> None:
    watches = Watches()
    names = [f"p{n}" for n in range(TICKS_A_SECOND + 10)]
    people = {name: watches.add(name, Stats()) for name in names}
    roads: list[str] = []

    def counts(person: str) -> Counts:
        roads.append(person)
        return Counts()

    for _ in range(TICKS_A_SECOND):
        for one in people.values():
            one.hear(tick())
    for looked in range(1, len(names) + 1):
        before = len(roads)
        watches.look(counts)
        assert len(roads) - before <= 2
        told = watches.told()
        assert sum(told[name].voice != Voice() for name in names) == looked
        if looked == TICKS_A_SECOND:
            assert sorted(roads) == sorted(names)


def test_a_second_that_waits_when_its_person_goes_is_not_looked_at() -> None:
    watches = Watches()
    for name in ("ana", "ben"):
        one = watches.add(name, Stats())
        for _ in range(TICKS_A_SECOND):
            one.hear(tick())
    watches.forget("ana")
    watches.forget("ana")
    watches.look(clean)
    assert list(watches.told()) == ["ben"]
    assert watches.told()["ben"].voice != Voice()


class Road:
    """One person's counters, second by second."""

    def __init__(self) -> None:
        self.stats, self.watches = Stats(), Watches()
        self.watches.add("ana", self.stats)
        self.expected = self.lost = 0
        self.news: list[bool] = []

    def second(self, lost: int = 0, made_up: int = 0) -> None:
        self.expected += 50
        self.lost += lost
        self.stats.concealed_samples += made_up
        news = [self.watches.look(self._counts) for _ in range(TICKS_A_SECOND)]
        self.news.append(any(news))

    def _counts(self, _: str) -> Counts:
        return Counts(self.expected, self.lost, 0.05)


def test_what_is_lost_is_said_with_its_figure_once_it_has_stood_and_taken_back() -> None:
    road = Road()
    road.second()
    for _ in range(HOLD_LOOKS):
        assert road.watches.told()["ana"].finding == UNKNOWN
        road.second(lost=3)
    told = road.watches.told()["ana"]
    assert (told.finding.name, told.finding.figure) == ("lossy", 6)
    assert road.news == [False] * HOLD_LOOKS + [True]
    for _ in range(SECONDS + HOLD_LOOKS):
        road.second()
    assert road.watches.told()["ana"].finding == UNKNOWN
    assert road.watches.told()["ana"].road.lost == 0.0


def test_sound_that_was_made_up_is_told_in_milliseconds_and_a_tick_for_more_delay_is_none() -> None:
    road = Road()
    road.second()
    for _ in range(HOLD_LOOKS):
        road.stats.inserted_ticks += 1
        road.second(made_up=TICK + 480 * 2)
    told = road.watches.told()["ana"]
    assert (told.finding.name, told.finding.figure) == ("gaps", 2)
    assert told.concealed_ms == HOLD_LOOKS * 20


def test_another_session_begins_anew() -> None:
    road = Road()
    for _ in range(HOLD_LOOKS):
        road.second(lost=20)
    road.expected = road.lost = 0
    road.second()
    assert road.watches.told()["ana"].road.lost == 0.0
