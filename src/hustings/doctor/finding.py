"""One line of the doctor's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`found` says what is, `advice` what to do about it ("" where nothing is to be done)."""

    name: str
    grade: Grade
    found: str
    advice: str = ""
