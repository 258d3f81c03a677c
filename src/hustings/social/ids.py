"""Ids that sort by time: milliseconds since 1970, then 16 bits that tell two of one millisecond apart. 63 bits in all.

One space for accounts, posts and reposts: an imported post gets its id from the date it claims, and stands where it belongs.
"""

from __future__ import annotations

import secrets
import threading

TAIL_BITS = 16
AT_MAX_MS = (1 << (63 - TAIL_BITS)) - 1


class Ids:
    """Makes ids. In one process they are all different; two processes begin at different places."""

    def __init__(self, start: int | None = None) -> None:
        self._tail = secrets.randbits(TAIL_BITS) if start is None else start
        self._turn = threading.Lock()

    def at(self, at_ms: int) -> int:
        """An id of that moment. Errors: `ValueError` for one before 1970 or past the year 6000."""
        if not 0 <= at_ms <= AT_MAX_MS:
            raise ValueError(f"no id can be of {at_ms}")
        with self._turn:
            self._tail = (self._tail + 1) % (1 << TAIL_BITS)
            return at_ms << TAIL_BITS | self._tail


def moment(id: int) -> int:
    """The milliseconds since 1970 in an id."""
    return id >> TAIL_BITS
