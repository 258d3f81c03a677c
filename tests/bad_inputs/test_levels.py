"""Levels are claims (RFC 6464): who lies about his is not heard for it, and keeps nobody from being heard."""

from __future__ import annotations

from hustings.audio import loudest
from hustings.audio.loudest import Loudest

LIARS = 20
SPEECH, SILENCE = -25.0, -100.0


class Stage:
    """Three who talk, and twenty who claim full scale and send silence."""

    def __init__(self) -> None:
        self.loudest = Loudest(4)
        self.claims = {f"liar {n}": 0.0 for n in range(LIARS)}
        self.sounds = dict.fromkeys(self.claims, SILENCE)
        self.decoded_most = 0

    def talk(self, *people: str) -> None:
        for person in people:
            self.claims[person] = self.sounds[person] = SPEECH

    def tick(self) -> frozenset[str]:
        chosen = self.loudest.choose(self.claims)
        self.decoded_most = max(self.decoded_most, len(chosen))
        return self.loudest.settle({one: self.sounds[one] for one in chosen}).heard


def test_liars_take_nobodys_place() -> None:
    stage = Stage()
    stage.talk("ann", "bob", "cat")
    ticks = [stage.tick() for _ in range(3_000)]
    late = next(n for n, heard in enumerate(ticks) if len(heard) == 3)
    assert late <= LIARS / loudest.TRIES_MAX * loudest.TRY_TICKS, "0.3 s, the first time only"
    assert all(heard == {"ann", "bob", "cat"} for heard in ticks[late:])
    assert stage.decoded_most <= 4 + loudest.TRIES_MAX


def test_a_newcomer_is_heard_at_once_when_the_liars_are_known() -> None:
    stage = Stage()
    for _ in range(500):
        stage.tick()
    waits = []
    for n in range(20):
        stage.talk("ann")
        waits.append(next(k for k in range(50) if "ann" in stage.tick()))
        stage.claims["ann"] = stage.sounds["ann"] = SILENCE
        for _ in range(loudest.HANG_TICKS + n):
            stage.tick()
    assert max(waits) <= loudest.TRY_TICKS
    assert sorted(waits)[10] == 0


def test_lies_cost_a_known_share_of_decoding() -> None:
    stage = Stage()
    decoded = 0
    for tick in range(3_000):
        stage.tick()
        if tick >= 1_500:
            decoded += sum(stage.loudest.state(one) in ("tried", "heard") for one in stage.claims)
    assert decoded / 1_500 < 0.2, "of twenty liars, frames decoded in a tick"
