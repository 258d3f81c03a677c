"""Whose microphone carries the program back: real speech, loudspeakers in a room, other people, silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hustings.audio import echo
from hustings.audio.clock import RATE, TICK
from hustings.audio.echo import TRANSITIONS, EchoWatch
from hustings.audio.level import FLOOR_DB, rms_dbfs
from tests.audio.speech import Sound, back, seconds, speech

SILENCE = np.zeros(TICK, np.float32)


def ticks(*sounds: Sound) -> Iterator[tuple[Sound, ...]]:
    for at in range(0, min(map(len, sounds)) - TICK + 1, TICK):
        yield tuple(one[at : at + TICK] for one in sounds)


def hear(watch: EchoWatch, theirs: Sound, his: Sound) -> None:
    loudest = "ann" if rms_dbfs(his) > rms_dbfs(theirs) else "ben"
    watch.hear(theirs + his, loudest, his, theirs, rms_dbfs(his))


def watched(others: Sound, own: Sound) -> EchoWatch:
    """What is known at the end, of one microphone on a stage where the others say that."""
    watch = EchoWatch()
    for theirs, his in ticks(others, own):
        watch.wanted(["ann"])
        hear(watch, theirs, his)
    return watch


@pytest.mark.parametrize("lag_s", [0.12, 0.5, 0.8, 3.1, 9.9])
def test_a_loudspeaker_is_found_at_any_lag(lag_s: float) -> None:
    others = seconds(speech("ben"), 24)
    [(person, found_s)] = watched(others, back(others, lag_s)).echoing.items()
    assert person == "ann"
    assert found_s == pytest.approx(lag_s, abs=0.06)


@pytest.mark.parametrize("lag_s", [0.03, 10.2])
def test_not_nearer_than_people_at_one_table_nor_farther_than_the_window(lag_s: float) -> None:
    others = seconds(speech("ben"), 24)
    assert watched(others, back(others, lag_s)).echoing == {}


def test_who_repeats_himself_is_no_echo_of_himself() -> None:
    """A jingle, or a siren, every two seconds, while nobody else says anything."""
    jingle = np.tile(speech("ana")[: 2 * RATE], 12)
    assert watched(np.zeros_like(jingle), jingle).echoing == {}


def test_beside_ones_own_voice() -> None:
    others = seconds(speech("ben"), 24)
    own = back(others, 2.0) + seconds(speech("ana"), 24) * 10 ** (-25 / 20)
    assert watched(others, own).echoing == {"ann": pytest.approx(2.0, abs=0.06)}


def test_two_who_talk_are_no_echo_of_each_other() -> None:
    for others, own in (("ana", "ben"), ("ben", "ana")):
        assert watched(seconds(speech(others), 40), seconds(speech(own), 40)).echoing == {}


def test_the_same_voice_with_other_words_is_none() -> None:
    ana = speech("ana")
    half = len(ana) // 2 // TICK * TICK
    assert watched(ana[:half], ana[half : 2 * half]).echoing == {}


def test_silence_and_noise_are_none() -> None:
    rng = np.random.default_rng(3)
    nothing = np.zeros(20 * RATE, np.float32)
    noise = (rng.normal(size=20 * RATE) * 0.01).astype(np.float32)
    for others, own in (
        (nothing, nothing),
        (nothing, noise),
        (noise, nothing),
        (noise, noise[::-1]),
    ):
        assert watched(others, own.copy()).echoing == {}


def test_it_is_over_when_the_loudspeaker_is_off() -> None:
    others = seconds(speech("ben"), 40)
    own = back(others, 1.5)
    own[20 * RATE :] = seconds(speech("ana"), 20)
    watch = EchoWatch()
    states = []
    for theirs, his in ticks(others, own):
        watch.wanted(["ann"])
        hear(watch, theirs, his)
        states.append(bool(watch.echoing))
    assert 4 < states.index(True) * TICK / RATE < 8, "two looks"
    assert states[20 * 50 - 1] and not states[-1]


def test_each_who_sounds_is_looked_at_in_turn() -> None:
    watch, seen = EchoWatch(), []
    for _ in range(3 * (echo.WINDOW_TICKS + echo.OWN_TICKS)):
        seen.append(watch.wanted(["ann", "bob", "cyd"]))
        watch.hear(SILENCE, "", None, None, FLOOR_DB)
    assert seen == sorted(seen)
    assert set(seen) == {"ann", "bob", "cyd"}
    watch.forget("ann")
    assert watch.wanted([]) == "", "nobody sounds"


class TestGain:
    @pytest.fixture
    def watch(self) -> EchoWatch:
        others = seconds(speech("ben"), 16)
        watch = watched(others, back(others, 1.0))
        assert watch.echoing
        return watch

    def test_who_echoes_is_turned_down(self, watch: EchoWatch) -> None:
        assert watch.gain("ann", -50) == echo.DUCKED
        assert watch.gain("bob", -50) == 1.0

    def test_but_not_his_own_voice(self, watch: EchoWatch) -> None:
        assert watch.gain("ann", -20) == 1.0
        assert [watch.gain("ann", -60) for _ in range(echo.HANG_TICKS)] == [
            *[1.0] * (echo.HANG_TICKS - 1),
            echo.DUCKED,
        ]

    def test_who_is_gone_is_forgotten(self, watch: EchoWatch) -> None:
        watch.forget("ann")
        assert watch.echoing == {}
        assert watch.gain("ann", -50) == 1.0


def test_the_table_is_the_docstring() -> None:
    rows = [line.split()[:3] for line in str(echo.__doc__).splitlines() if line.startswith("    ")]
    assert [tuple(row) for row in rows[1:]] == [
        (state, event, after) for (state, event), after in TRANSITIONS.items()
    ]


@pytest.mark.parametrize("silent", [np.zeros_like, lambda far: np.full_like(far, 3.0)])
def test_where_nothing_has_a_shape_nothing_is_like(
    silent: Callable[[Sound], Sound],
) -> None:
    far = np.zeros((40, 15), np.float32)
    near = np.random.default_rng(1).normal(size=(10, 15)).astype(np.float32)
    assert np.all(echo.likeness(near, silent(far)) == 0)
