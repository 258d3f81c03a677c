"""Moments as a page says them: words in UTC for readers without scripts, and the attribute that `times.js` makes local."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

HALF_HOUR_MS = 1_800_000
# Not strftime: its names depend on the locale of the process.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Moment:
    """`iso` for `<time datetime>`, `field` for `<input type="datetime-local">`; all of them UTC."""

    at_ms: int

    @property
    def _when(self) -> datetime:
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)

    @property
    def iso(self) -> str:
        return self._when.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def field(self) -> str:
        return self._when.strftime("%Y-%m-%dT%H:%M")

    @property
    def day(self) -> str:
        when = self._when
        return f"{DAYS[when.weekday()]} {when.day} {MONTHS[when.month - 1]} {when.year}"

    @property
    def date(self) -> str:
        """With its year, always: what a repost says of both of its dates."""
        when = self._when
        return f"{when.day} {MONTHS[when.month - 1]} {when.year}"

    @property
    def hour(self) -> str:
        return self._when.strftime("%H:%M")


def next_half_hour(now_ms: int) -> int:
    """The next full or half hour that is at least five minutes away."""
    return -(-(now_ms + 300_000) // HALF_HOUR_MS) * HALF_HOUR_MS


def from_field(text: str, offset_min: str) -> int | None:
    """ms since 1970 from a `datetime-local` field and the browser's `getTimezoneOffset()`; None when it is no time."""
    try:
        when = datetime.fromisoformat(text)
        offset = int(offset_min or "0")
    except ValueError:
        return None
    if when.tzinfo is not None or abs(offset) > 18 * 60:
        return None
    return int(when.replace(tzinfo=UTC).timestamp() * 1000) + offset * 60_000
