"""The state table of `audio/loudest.py`, tick by tick: claims in, sounds in, who is heard out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest

from hustings.audio import loudest
from hustings.audio.loudest import Claimed, Loudest, Verdict, claim_of

SPEECH, WHISPER, NOTHING = -25.0, -45.0, -100.0


class Stage:
    """People with what they claim (`claims`) and what they really send (`sounds`), in dB."""

    def __init__(self, heard_max: int = 2) -> None:
        self.loudest = Loudest(heard_max)
        self.claims: dict[str, float | None] = {}
        self.sounds: dict[str, float] = {}
        self.decoded: set[str] = set()

    def be(self, person: str, sound: float, claim: float | str | None = "true") -> None:
        self.sounds[person] = sound
        self.claims[person] = sound if claim == "true" else claim  # type: ignore[assignment]

    def tick(self, count: int = 1) -> Verdict:
        for _ in range(count):
            self.decoded = self.loudest.choose(self.claims)
            verdict = self.loudest.settle({one: self.sounds[one] for one in self.decoded})
        return verdict

    def states(self) -> Mapping[str, str]:
        return {one: self.loudest.state(one) for one in self.claims}


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_who_sounds_is_heard_in_the_same_tick_and_who_claims_silence_is_not_decoded(
    stage: Stage,
) -> None:
    stage.be("ann", SPEECH)
    stage.be("bob", NOTHING)
    verdict = stage.tick()
    assert verdict == Verdict(frozenset({"ann"}), frozenset({"ann"}))
    assert stage.decoded == {"ann"}
    assert stage.tick() == Verdict(frozenset({"ann"}))


def test_a_pause_is_no_end_and_a_second_of_silence_is(stage: Stage) -> None:
    stage.be("ann", SPEECH)
    stage.tick()
    stage.be("ann", NOTHING)
    assert "ann" in stage.tick(loudest.HANG_TICKS - 1).heard
    assert stage.tick() == Verdict(frozenset({"ann"}), left=frozenset({"ann"}))
    assert stage.states() == {"ann": "quiet"}
    assert stage.tick().heard == frozenset()


def test_the_n_loudest_and_one_more(stage: Stage) -> None:
    stage.be("ann", SPEECH)
    stage.be("bob", SPEECH)
    stage.be("cat", SPEECH + 1)
    stage.be("dan", SPEECH - 1)
    assert stage.tick().heard == {"cat", "ann"} or stage.tick().heard == {"cat", "bob"}
    assert len(stage.tick(100).heard) == 2


def test_a_clearly_louder_one_takes_the_place_of_the_weakest_but_not_at_once(stage: Stage) -> None:
    stage.be("ann", SPEECH)
    stage.be("bob", WHISPER)
    stage.tick()
    stage.be("cat", SPEECH)
    assert stage.tick(loudest.HOLD_TICKS - 1).heard == {"ann", "bob"}
    verdict = stage.tick()
    assert verdict == Verdict(
        frozenset({"ann", "bob", "cat"}), entered=frozenset({"cat"}), left=frozenset({"bob"})
    )
    assert stage.tick().heard == {"ann", "cat"}


@pytest.mark.parametrize(("more_db", "wins"), [(loudest.MARGIN_DB - 0.1, False), (6.0, True)])
def test_the_margin(stage: Stage, more_db: float, wins: bool) -> None:
    stage.be("ann", SPEECH + 20)
    stage.be("bob", WHISPER)
    stage.tick(loudest.HOLD_TICKS)
    stage.be("cat", WHISPER + more_db)
    stage.tick()
    assert (stage.states()["cat"] == "heard") is wins


def test_two_as_loud_as_each_other_do_not_flicker() -> None:
    stage = Stage(1)
    changes = 0
    for n in range(500):
        stage.be("ann", SPEECH + 5 * (n % 2))
        stage.be("bob", SPEECH + 5 * ((n + 1) % 2))
        changes += bool(stage.tick().left)
    assert changes == 0


def test_a_claim_that_nothing_bears_out_is_doubted_for_longer_each_time(stage: Stage) -> None:
    stage.be("liar", NOTHING, claim=0.0)
    tries = []
    for n in range(1_200):
        stage.tick()
        tries += [n] if "liar" in stage.decoded else []
    starts = [n for n in tries if n - 1 not in tries]
    assert [b - a for a, b in pairwise(starts)] == [
        loudest.TRY_TICKS - 1 + (loudest.DOUBT_TICKS << strikes) for strikes in range(4)
    ]
    assert len(tries) == loudest.TRY_TICKS * len(starts)


def test_doubt_has_an_end_and_honest_sound_clears_it(stage: Stage) -> None:
    stage.be("ann", NOTHING, claim=-30.0)
    stage.tick(10_000)
    stage.be("ann", SPEECH)
    stage.tick((loudest.DOUBT_TICKS << loudest.DOUBLINGS_MAX) + 1)
    assert stage.states()["ann"] == "heard"
    stage.be("ann", NOTHING, claim=-30.0)
    stage.tick(loudest.HANG_TICKS + loudest.TRY_TICKS)
    assert stage.states()["ann"] == "doubted"
    stage.tick(loudest.DOUBT_TICKS)
    assert stage.states()["ann"] == "tried"


def test_a_sound_may_be_somewhat_below_its_claim(stage: Stage) -> None:
    stage.be("ann", -39.9, claim=0.0)
    stage.be("bob", -65.0, claim=-55.0)
    stage.tick(5)
    assert stage.states() == {"ann": "heard", "bob": "quiet"}, "too soft, but no lie"


def test_without_claims_all_of_a_small_stage_are_decoded() -> None:
    stage = Stage(8)
    for n in range(8):
        stage.be(f"p{n}", NOTHING, claim=None)
    for _ in range(3):
        stage.tick()
        assert len(stage.decoded) == 8


def test_without_claims_a_large_stage_is_tried_in_turn() -> None:
    stage = Stage(2)
    for n in range(20):
        stage.be(f"p{n}", NOTHING, claim=None)
    stage.tick()
    seen: set[str] = set()
    for _ in range(5):
        stage.tick()
        assert len(stage.decoded) == loudest.TRIES_MAX
        seen |= stage.decoded
    assert len(seen) == 20
    stage.be("p7", SPEECH, claim=None)
    stage.tick(5)
    assert stage.states()["p7"] == "heard"


def test_an_instrument_that_always_reads_silence_is_found_out(stage: Stage) -> None:
    stage.be("ann", SPEECH, claim=-127.0)
    stage.be("bob", NOTHING)
    stage.tick(2 * loudest.PROBE_TICKS)
    assert stage.states() == {"ann": "heard", "bob": "quiet"}
    stage.be("ann", NOTHING, claim=-127.0)
    stage.tick(loudest.HANG_TICKS + 1)
    stage.be("ann", SPEECH, claim=-127.0)
    stage.tick()
    assert stage.states()["ann"] == "heard", "she is not asked for claims any more"


def test_whoever_goes_is_forgotten(stage: Stage) -> None:
    stage.be("ann", SPEECH)
    stage.tick()
    del stage.claims["ann"]
    stage.tick()
    with pytest.raises(KeyError):
        stage.loudest.state("ann")


def test_nobody_to_be_heard_is_no_setting() -> None:
    Loudest(1)
    with pytest.raises(ValueError, match="0 people"):
        Loudest(0)


def test_claims_of_packets() -> None:
    soft, loud, none = Claimed(b"a", 60), Claimed(b"b", 20), Claimed(b"c", None)
    assert claim_of([soft, loud]) == -20.0
    assert claim_of([soft, none]) is None
    assert claim_of([b"no claim was read"]) is None
    assert claim_of([]) == -127.0
    assert bytes(loud) == b"b"


def test_the_table_is_what_the_head_of_the_file_says() -> None:
    rows = {
        (line.split()[0], line.split()[1], line.split()[2])
        for line in (loudest.__doc__ or "").splitlines()
        if line.startswith("    ") and line.split()[0] in ("quiet", "tried", "heard", "doubted")
    }
    assert rows == {(state, event, after) for (state, event), after in loudest.TRANSITIONS.items()}
