"""Whole inputs, changed a little: what Hypothesis draws for a target."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz.seeds import SEEDS

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert", "repeat", "number"]),
        st.integers(0, 4_000),
        st.binary(min_size=1, max_size=24),
    ),
    max_size=6,
)


def inputs(target: str) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=1_600) | st.builds(edited, st.sampled_from(SEEDS[target]()), EDITS)


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
