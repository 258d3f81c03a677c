"""Names of which there may be one each: what a test asks for in its second try was taken by its first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Names:
    """What was asked for, how often."""

    asked: Counter[str] = field(default_factory=Counter)

    def free(self, name: str, mark: str = "-") -> str:
        """`name`; from the second time on with `mark` and a number behind it."""
        self.asked[name] += 1
        return name if self.asked[name] == 1 else f"{name}{mark}{self.asked[name]}"
