"""Plots as inline SVG, drawn by us: colours are the page's own, so they follow light and dark. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Values = Sequence[float | int | None]

WIDTH, HEIGHT = 400, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 24
TICKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """`look`: `ours` (thick), `other` (thin), `soft` (dashed), `bars` (columns that call for a look)."""

    label: str
    values: Values
    look: str = "ours"


@dataclass(frozen=True, slots=True)
class Level:
    """A level that means something, across the plot."""

    label: str
    value: float


def chart(
    x: Sequence[float],
    lines: Sequence[Line],
    says: str,
    mark_at: float | None = None,
    level: Level | None = None,
) -> str:
    """One plot over `x`. `says` is read to whoever cannot see it; `mark_at` is a moment to look at."""
    highest = max((v for line in lines for v in line.values if v is not None), default=0.0)
    if level is not None:
        highest = max(highest, level.value)
    ys = ticks(highest)
    xs = ticks(x[-1] if x else 0.0)
    right = max(x[-1] if x else 1.0, 1e-9)

    def place(at: float, value: float) -> tuple[float, float]:
        across = LEFT + at / right * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - value / ys[-1] * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(says, quote=True)}">'
    ]
    for value in ys:
        _, y = place(0, value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{short(value)}</text>'
        )
    for at in xs:
        if at <= right:
            across, _ = place(at, 0)
            anchor = "end" if across > WIDTH - 24 else "middle"
            parts.append(
                f'<text x="{across:.1f}" y="{HEIGHT - 7}" text-anchor="{anchor}">{short(at)}</text>'
            )
    if level is not None:
        _, y = place(0, level.value)
        parts.append(f'<path class="level" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        # Below the level: above it may be the highest line of the grid.
        parts.append(
            f'<text x="{WIDTH - RIGHT}" y="{y + 12:.1f}" text-anchor="end">{escape(level.label)}</text>'
        )
    for line in lines:
        parts.append(_drawn(x, line, place))
    if mark_at is not None:
        across, _ = place(min(mark_at, right), 0)
        parts.append(f'<path class="mark" d="M{across:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
    return "".join([*parts, "</svg>"])


def _drawn(x: Sequence[float], line: Line, place: object) -> str:
    assert callable(place)
    if line.look == "bars":
        columns = []
        for at, value in zip(x, line.values, strict=True):
            if value:
                across, y = place(at, value)
                columns.append(
                    f"M{across:.1f} {HEIGHT - BOTTOM}V{min(y, HEIGHT - BOTTOM - 1.5):.1f}"
                )
        return f'<path class="bars" d="{"".join(columns)}"/>' if columns else ""
    steps, pen = [], "M"
    for at, value in zip(x, line.values, strict=True):
        if value is None:
            pen = "M"
            continue
        across, y = place(at, value)
        steps.append(f"{pen}{across:.1f} {y:.1f}")
        pen = "L"
    return f'<path class="{line.look}" d="{"".join(steps)}"/>' if steps else ""


def ticks(highest: float) -> list[float]:
    """From 0 up to `highest` or a little more, in round steps; 0 and 1 when there is nothing."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    return [round(step * n, 10) for n in range(math.ceil(highest / step - 1e-9) + 1)]


def short(value: float) -> str:
    """12, 0.5, 1,500 as 1.5k, 2,000,000 as 2M."""
    for size, word in ((1e6, "M"), (1e3, "k")):
        if value >= size and (size > 1e3 or value >= 1e4 or value % 1000 == 0):
            return f"{value / size:g}{word}"
    return f"{value:,.10g}"
