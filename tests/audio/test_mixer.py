from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.mixer import CENTRE, PROGRAM, STAGE, TALKBACK, Mixer, clean_feed
from tests.audio.sounds import TICK, loudness, sine, stereo, ticks, voice

ONE = np.ones(TICK, np.float32)
RAMP = np.arange(1, TICK + 1) / TICK


def small() -> Mixer:
    mixer = Mixer()
    mixer.add_source("a")
    mixer.add_source("b")
    mixer.add_bus(STAGE)
    return mixer


def test_a_new_source_is_silent_and_an_absent_one_too() -> None:
    mixer = small()
    assert not mixer.mix({"a": ONE})[STAGE].any()
    mixer.set_gain("a", STAGE, 1)
    mixer.mix({})
    assert not mixer.mix({})[STAGE].any()
    assert mixer.mix({"a": ONE})[STAGE].dtype == np.float32


def test_a_change_is_a_ramp_over_one_tick_and_then_stays() -> None:
    mixer = small()
    mixer.set_gain("a", STAGE, 1)
    np.testing.assert_allclose(mixer.mix({"a": ONE})[STAGE], RAMP, atol=1e-6)
    np.testing.assert_allclose(mixer.mix({"a": ONE})[STAGE], 1)
    mixer.set_gain("a", STAGE, 0.25)
    mixer.set_gain("b", STAGE, 1)
    np.testing.assert_allclose(mixer.mix({"a": ONE, "b": ONE})[STAGE], 1 + 0.25 * RAMP, atol=1e-6)
    assert mixer.gain("a", STAGE) == 0.25


def test_a_ramp_runs_while_its_source_is_absent() -> None:
    mixer = small()
    mixer.set_gain("a", STAGE, 1)
    mixer.mix({})
    np.testing.assert_allclose(mixer.mix({"a": ONE})[STAGE], 1)


def test_one_channel_and_two() -> None:
    mixer = small()
    mixer.add_source("pad", channels=2)
    mixer.add_bus(PROGRAM, channels=2)
    for source in ("a", "pad"):
        for bus in (STAGE, PROGRAM):
            mixer.set_gain(source, bus, 0.5)
            assert mixer.gain(source, bus) == pytest.approx(0.5)
    mixer.mix({})
    pad = np.stack([ONE, 3 * ONE], axis=1)
    out = mixer.mix({"pad": pad})
    np.testing.assert_allclose(out[STAGE], 1.0)  # half of each channel
    np.testing.assert_allclose(out[PROGRAM], pad / 2)
    out = mixer.mix({"a": ONE})
    assert out[PROGRAM].shape == (TICK, 2) and out[PROGRAM].flags.c_contiguous
    np.testing.assert_allclose(out[PROGRAM], 0.5 * CENTRE, rtol=1e-6)
    np.testing.assert_allclose(out[STAGE], 0.5)


def test_a_voice_is_as_loud_in_the_program_as_alone() -> None:
    mixer = small()
    mixer.add_bus(PROGRAM, channels=2)
    mixer.set_gain("a", PROGRAM, 1)
    mixer.mix({})
    sound = voice(5)
    program = np.concatenate([mixer.mix({"a": tick})[PROGRAM] for tick in ticks(sound)])
    assert loudness(program) == pytest.approx(loudness(sound), abs=0.05)


def test_nobody_hears_himself_and_all_hear_the_others() -> None:
    mixer = Mixer()
    mixer.add_bus(STAGE)
    people = [f"p{n}" for n in range(13)]
    for person in people:
        mixer.add_talker(person)
    mixer.mix({})
    frames = {person: sine(300 + 100 * n, TICK) for n, person in enumerate(people)}
    out = mixer.mix(frames)
    for person in people:
        others = sum(frames[other] for other in people if other != person)
        np.testing.assert_allclose(out[clean_feed(person)], others, atol=1e-5)
    np.testing.assert_allclose(out[STAGE], sum(frames.values()), atol=1e-5)
    mixer.remove_talker("p3")
    out = mixer.mix({"p4": ONE})
    assert clean_feed("p3") not in out and "p3" not in mixer.sources
    np.testing.assert_allclose(out[clean_feed("p5")], ONE)
    assert not out[clean_feed("p4")].any()


def test_those_buses_that_are_wanted_are_as_if_all_were() -> None:
    whole, some = Mixer(), Mixer()
    sound = {"b": ONE, "pad": np.stack([ONE, 3 * ONE], axis=1)}
    for mixer in (whole, some):
        mixer.add_bus(PROGRAM, channels=2)
        mixer.add_bus(STAGE)
        mixer.add_source("pad", channels=2)
        for talker in "abc":
            mixer.add_talker(talker)
        mixer.set_gain("pad", PROGRAM, 0.3)
    wanted = [clean_feed("c"), PROGRAM, clean_feed("b")]
    for _ in range(2):  # a ramp, and after it
        every, found = whole.mix(sound), some.mix(sound, wanted)
        assert list(found) == wanted
        for bus in wanted:
            np.testing.assert_array_equal(found[bus], every[bus])


def test_without_a_stage_bus_talkers_still_hear_each_other() -> None:
    mixer = Mixer()
    mixer.add_talker("a")
    mixer.add_talker("b")
    mixer.mix({})
    np.testing.assert_allclose(mixer.mix({"a": ONE})[clean_feed("b")], ONE)


def test_removal_moves_no_one_elses_gain() -> None:
    mixer = Mixer()
    for source in ("a", "b", "c"):
        mixer.add_source(source, channels=2 if source == "a" else 1)
    for bus in (PROGRAM, STAGE, TALKBACK):
        mixer.add_bus(bus, channels=2 if bus == PROGRAM else 1)
    mixer.set_gain("c", TALKBACK, 0.5)
    mixer.set_gain("b", STAGE, 0.25)
    mixer.mix({})
    mixer.remove_source("a")
    mixer.remove_bus(PROGRAM)
    assert (mixer.sources, mixer.buses) == (["b", "c"], [STAGE, TALKBACK])
    out = mixer.mix({"b": ONE, "c": ONE})
    np.testing.assert_allclose(out[TALKBACK], 0.5)
    np.testing.assert_allclose(out[STAGE], 0.25)
    mixer.remove_source("c")
    np.testing.assert_allclose(mixer.mix({"b": ONE})[STAGE], 0.25)


def test_gain_zero_and_a_tick_before_removal_leave_no_click() -> None:
    mixer = small()
    mixer.set_gain("a", STAGE, 1)
    mixer.mix({})
    frames = ticks(sine(200, 4 * TICK))
    out = [mixer.mix({"a": frames[0]})[STAGE]]
    mixer.set_gain("a", STAGE, 0)
    out.append(mixer.mix({"a": frames[1]})[STAGE])
    mixer.remove_source("a")
    out.append(mixer.mix({})[STAGE])
    assert np.abs(np.diff(np.concatenate(out))).max() < 0.02


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_one_source_of_no_numbers_does_not_silence_the_room(poison: float) -> None:
    mixer = small()
    mixer.set_gain("b", STAGE, 1)
    mixer.mix({})
    np.testing.assert_allclose(mixer.mix({"a": ONE * np.float32(poison), "b": ONE})[STAGE], 1)


def test_what_is_wrong_is_said() -> None:
    mixer = small()
    with pytest.raises(ValueError, match="'a' is in the mixer already"):
        mixer.add_source("a")
    with pytest.raises(ValueError, match="already"):
        mixer.add_bus(STAGE)
    with pytest.raises(ValueError, match="one channel or two, not 3"):
        mixer.add_bus("wide", channels=3)
    for gain in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a gain is a number from 0 up"):
            mixer.set_gain("a", STAGE, gain)
    for call in (
        lambda: mixer.set_gain("x", STAGE, 1),
        lambda: mixer.set_gain("a", "x", 1),
        lambda: mixer.mix({"x": ONE}),
        lambda: mixer.remove_source("x"),
        lambda: mixer.remove_bus("x"),
    ):
        with pytest.raises(KeyError):
            call()
    with pytest.raises(ValueError):
        mixer.mix({"a": stereo(ONE)})
