"""The campaigns of `fuzz/`, short: Hypothesis mutates whole inputs. `HUSTINGS_FUZZ_EXAMPLES` makes them long."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS, datagrams, joined

EXAMPLES = {"dtls": 800, "session": 2_000}  # a few seconds each, as the others' 3,000
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert", "repeat", "number"]),
        st.integers(0, 4_000),
        st.binary(min_size=1, max_size=24),
    ),
    max_size=6,
)


def edited(seed: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """A seed after its edits; where one is past the end it wraps."""
    raw = bytearray(seed)
    for edit, place, piece in edits:
        at = place % (len(raw) + 1)
        match edit:
            case "set":
                raw[at : at + len(piece)] = piece
            case "cut":
                del raw[at : at + len(piece)]
            case "insert":
                raw[at:at] = piece
            case "repeat":
                raw += raw[at:]
            case _:
                raw[at : at + 1] = bytes([piece[0] & 0x81])  # lengths and counts at their ends
    return bytes(raw[:8_000])


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", TARGETS)
def test_no_escape(name: str) -> None:
    seeds = st.sampled_from(SEEDS[name]())
    inputs = st.binary(max_size=1_600) | st.builds(edited, seeds, EDITS)
    examples = int(os.environ.get("HUSTINGS_FUZZ_EXAMPLES", EXAMPLES.get(name, 3_000)))
    unhurried = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )

    @unhurried
    @given(inputs)
    def escape(raw: bytes) -> None:
        TARGETS[name](raw)

    escape()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_taken(name: str) -> None:
    for seed in SEEDS[name]():
        TARGETS[name](seed)


def test_datagrams_of_an_input() -> None:
    pieces = [(0, b""), (1, b"one"), (255, bytes(300))]
    assert list(datagrams(joined(*pieces))) == pieces
    assert list(datagrams(joined(*pieces)[:-1]))[-1] == (255, bytes(299))
    assert len(list(datagrams(joined((0, b"")) * 100))) == 40
