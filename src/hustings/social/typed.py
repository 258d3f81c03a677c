"""Numbers and truths as forms type them and JSON says them."""

from __future__ import annotations


def number(value: object, digits: int) -> int | None:
    """A whole number of so many digits at the most; None for what is none."""
    typed = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= digits else None


def truth(value: object) -> bool:
    """`on`, `1`, `true`, `yes`, or a JSON boolean; whatever else is not true."""
    if isinstance(value, str):
        return value.lower() in ("on", "1", "true", "yes")
    return value is True or value == 1
