"""A train of chirps from one mouth on the board to its ears, and the rows that say how late it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench import pilot
from bench.board import Board
from bench.rows import Figure
from tests.e2e.harness.chromium import Person

PATIENCE_S = 180.0


@dataclass(frozen=True, slots=True)
class Heard:
    """All channels of the board while a train was said; `said_s`: when each of its chirps began, of those that were on it."""

    sound: NDArray[np.float32]
    channels: Mapping[str, int]
    said_s: NDArray[np.float64]

    def late_ms(self, ear: str, most_s: float) -> list[float | None]:
        """How late each chirp was in this person's ear; None where it was not heard within `most_s`."""
        found_s = pilot.find(self.sound[:, self.channels[f"ear-{ear}"]])
        delays_s = pilot.delays(self.said_s, found_s, most_s)
        return [None if one is None else one * 1000 for one in delays_s]


def said(board: Board, mouth: Person, train: pilot.Train, before_s: float, after_s: float) -> Heard:
    """The train into his microphone, with so much silence before and after it."""
    tape = board.tape()
    before, after = (
        np.zeros(round(one * pilot.RATE_HZ), np.float32) for one in (before_s, after_s)
    )
    sound = np.concatenate([before, train.samples, after])
    mouth.microphone.play_samples(sound).wait(PATIENCE_S)
    heard = tape.stop()
    said_s = pilot.find(heard[:, tape.channels[f"into-{mouth.name}"]])
    return Heard(heard, tape.channels, said_s)


def note_missing(figure: Figure, name: str, heard: Heard, count: int) -> None:
    """Says so, where not all `count` chirps reached the board."""
    if heard.said_s.size != count:
        figure.notes.append(f"{name}: {heard.said_s.size} of {count} chirps were on the board")


def add_late(
    figure: Figure, id: str, label: str, late_ms: Sequence[float | None], *, peer: bool = False
) -> None:
    """A row of what was heard, with a note of what was not."""
    delays_ms = [one for one in late_ms if one is not None]
    lost = len(late_ms) - len(delays_ms)
    note = f"{lost} of {len(late_ms)} chirps not heard" if lost else ""
    figure.add(id, label, "ms", delays_ms, peer=peer, note=note)
