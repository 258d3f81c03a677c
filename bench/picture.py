"""The figures as one picture, and as the page `docs/bench.md`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from bench import figures, published
from bench.attacks.each import ATTACKS
from bench.figures import CROWD, HARM, SQUARE, VOICE, attacks, kills
from bench.figures.kills import DEATHS
from bench.machine import ROOT
from bench.marks import Mark, Verdict
from bench.rows import Row, rows_of
from bench.square.kept import KINDS

# client/style/tokens.css, light
GROUND, SHEET, INK, SOFT = "#faf7f0", "#fffdf8", "#1d1b18", "#5a554c"
RULE, OURS, PEER, MARK = "#d9d2c3", "#4a6b57", "#8d8676", "#8a5a00"
STYLE: dict[str, Any] = {
    "font.family": ["Liberation Sans", "DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": RULE,
    "axes.facecolor": SHEET,
    "figure.facecolor": GROUND,
    "xtick.color": SOFT,
    "ytick.color": INK,
}
Panel = tuple[str, str, tuple[str, ...], float, str]
"""What a panel shows: its title, the figure, the rows' ids, the unit's divisor and word."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A page of figures and its picture. `made_by`: the command."""

    page: Path
    picture: Path
    title: str
    made_by: str
    names: tuple[str, ...]
    panels: tuple[Panel, ...]


EVERYDAY = Edition(
    ROOT / "docs/bench.md",
    ROOT / "docs/pictures/bench.png",
    "The figures",
    "Made by `make bench` and `python -m bench --publish`; raw figures in `bench/out/`. The crowd's have "
    "[a page of their own](bench-crowd.md), and so have [attacks and deaths](bench-attacks.md), [the voice](bench-voice.md) and "
    "[the square](bench-square.md).",
    figures.EVERYDAY,
    (
        ("Mouth to ear, speakers", "latency", ("default.speaker", "fast.speaker"), 1, "ms"),
        (
            "Mouth to ear, listeners",
            "latency",
            ("default.listener", "default.hls_js", "fast.listener", "fast.hls_js"),
            1000,
            "s",
        ),
        (
            "Click to sound",
            "join",
            (
                "default.warm",
                "default.cold",
                "default.hls_js",
                "fast.warm",
                "fast.cold",
                "fast.hls_js",
            ),
            1000,
            "s",
        ),
        (
            "Studio's processor",
            "stage",
            ("cpu.2", "cpu.13", "cpu.13.janus", "cpu.13.naive"),
            1,
            "% of a core",
        ),
        ("Memory", "memory", ("idle.all", "air.all"), 1, "MB (PSS)"),
        (
            "Bytes before sound",
            "weight",
            ("event.page", "event.player", "front.page", "stage.page"),
            1,
            "kB",
        ),
    ),
)
_KINDS = ("edge.plain", "edge.default", "edge.fast", "icecast")
THE_CROWD = Edition(
    ROOT / "docs/bench-crowd.md",
    ROOT / "docs/pictures/bench-crowd.png",
    "The crowd, in figures",
    "Made by `make bench-crowd` and `python -m bench --crowd --publish`; raw figures in `bench/out/`. "
    "[The other figures](bench.md).",
    CROWD,
    (
        ("Listeners a core, by part number", "crowd", _KINDS, 1000, "thousands"),
        ("The same over TLS 1.3", "crowd_tls", _KINDS, 1000, "thousands"),
        (
            "By playlist; and behind Varnish",
            "crowd_playlists",
            (
                "edge.plain.playlist",
                "edge.default.playlist",
                "edge.fast.playlist",
                "varnish.default",
            ),
            1000,
            "thousands",
        ),
        (
            "Requests a core, when it is full",
            "requests",
            ("edge.part", "nginx.part", "varnish.part", "edge.segment", "nginx.segment"),
            1000,
            "thousands a second",
        ),
        (
            "Whole joins a core",
            "requests",
            ("edge.joins", "nginx.joins", "varnish.joins"),
            1000,
            "thousands a second",
        ),
        (
            "Everybody at once",
            "flash",
            ("sound.p50", "sound.p99", "join.p50", "join.p99"),
            1000,
            "s",
        ),
    ),
)
_PESQ = ("ideal.pesq", "ours.pesq", "janus.pesq", "aiortc.pesq")
THE_VOICE = Edition(
    ROOT / "docs/bench-voice.md",
    ROOT / "docs/pictures/bench-voice.png",
    "The voice, in figures",
    "Made by `make bench-voice` and `python -m bench --voice --publish`; raw figures in `bench/out/`, the rig in "
    "[`bench/README.md`](../bench/README.md). [The other figures](bench.md).",
    VOICE,
    (
        ("Clean road (P0)", "voice_P0", _PESQ, 1, "PESQ-WB, MOS"),
        ("1 % lost, jitter 20 ms (P1)", "voice_P1", _PESQ, 1, "PESQ-WB, MOS"),
        ("5 % lost (P2)", "voice_P2", _PESQ, 1, "PESQ-WB, MOS"),
        ("10 % lost, jitter 20 ms (P3)", "voice_P3", _PESQ, 1, "PESQ-WB, MOS"),
        ("5 % lost in bursts to 120 ms (P4)", "voice_P4", _PESQ, 1, "PESQ-WB, MOS"),
        ("Overtaken by others (P6)", "voice_P6", _PESQ, 1, "PESQ-WB, MOS"),
    ),
)


def _on_both(*columns: str) -> tuple[str, ...]:
    return tuple(f"{kind}.{column}" for column in columns for kind in KINDS)


THE_SQUARE = Edition(
    ROOT / "docs/bench-square.md",
    ROOT / "docs/pictures/bench-square.png",
    "The square, in figures",
    "Made by `make bench-square` and `python -m bench --square --publish`; raw figures in `bench/out/`, the rig in "
    "[`bench/README.md`](../bench/README.md). [The other figures](bench.md).",
    SQUARE,
    (
        ("Home timeline, 100 a second", "home", _on_both("home"), 1, "ms"),
        (
            "Home timelines, at the most",
            "home",
            _on_both("full", "core"),
            1,
            "a second",
        ),
        ("A post in 10,000 feeds", "fanout", _on_both("fanout"), 1, "s"),
        ("Search", "search", _on_both("search"), 1, "ms"),
        ("Web with 2,000 idle streams", "streams", _on_both("before", "streams"), 1, "MB (PSS)"),
        (
            "A million are told; ticks late",
            "golive",
            _on_both("late.before", "late.after"),
            1,
            "ms",
        ),
    ),
)
_ATTACKS = tuple(attack.id for attack in ATTACKS)
_DEATHS = tuple(death.id for death in DEATHS if death.id != "nobody")


def _each(names: Sequence[str], column: str) -> tuple[str, ...]:
    return tuple(f"{name}.{column}" for name in names)


HARMED = Edition(
    ROOT / "docs/bench-attacks.md",
    ROOT / "docs/pictures/bench-attacks.png",
    "Attacks and deaths, in figures",
    "Made by `make bench-harm` and `python -m bench --harm --publish`; raw figures in `bench/out/`. "
    "[The other figures](bench.md).",
    tuple(HARM),
    (
        ("A part at an honest ear, p99", "attacks", _each(_ATTACKS, "age"), 1000, "s"),
        ("Tick late, p99", "attacks", _each(_ATTACKS, "late"), 1, "ms"),
        ("Memory after a round", "attacks", _each(_ATTACKS, "memory"), 1, "MB (PSS)"),
        ("The stage answers its host, p99", "attacks", _each(_ATTACKS, "door"), 1, "ms"),
        ("kill -9: silence, our player", "kills", _each(_DEATHS, "ours"), 1, "s"),
        ("kill -9: silence elsewhere", "kills", (*_each(_DEATHS, "hls_js"), *_each(_DEATHS, "ffmpeg")), 1, "s"),
    ),
)  # fmt: skip


GRIDS = {
    "attacks": (attacks.TITLE, attacks.LINES, attacks.COLUMNS),
    "kills": (kills.TITLE, kills.LINES, kills.COLUMNS),
}
"""Figures whose table can be read again from their page."""


def edition_of(names: Sequence[str]) -> Edition:
    """The page on which these figures stand."""
    for edition in (THE_CROWD, HARMED, THE_VOICE, THE_SQUARE):
        if set(names) <= set(edition.names):
            return edition
    return EVERYDAY


def trees(out: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The last run of each figure that there is."""
    paths = {name: out / f"{name}.json" for name in names}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def _drawn(out: Path, edition: Edition) -> dict[str, dict[str, Any]]:
    """The last run of each figure, or what the page has of it."""
    found = trees(out, edition.names)
    page = _page(edition)
    for name in set(GRIDS) & set(edition.names) - set(found):
        told = published.tree(page, *GRIDS[name])
        found |= {name: told} if told else {}
    return found


def _page(edition: Edition) -> str:
    return edition.page.read_text() if edition.page.exists() else ""


def draw(out: Path, path: Path, budget: Sequence[Mark], edition: Edition = EVERYDAY) -> None:
    """One panel a figure: median as a bar, the spread from the 5th to the 95th percentile, the mark as a line."""
    found = _drawn(out, edition)
    with pyplot.rc_context(STYLE):
        picture, panels = pyplot.subplots(3, 2, figsize=(12, 10.5), dpi=110)
        for axes, (title, figure, ids, divisor, unit) in zip(
            panels.flat, edition.panels, strict=True
        ):
            rows = {row.id: row for row in rows_of(found[figure])} if figure in found else {}
            shown = [rows[id] for id in ids if id in rows and rows[id].samples]
            shown = _shortly(shown, found.get(figure, {}))
            _panel(
                axes, title, shown, divisor, unit, [one for one in budget if one.figure == figure]
            )
        picture.suptitle("Hustings, measured", x=0.02, ha="left", size=17, weight="bold")
        picture.text(0.02, 0.945, _caption(found), color=SOFT, size=9.5)
        picture.tight_layout(rect=(0.01, 0.01, 0.99, 0.955), h_pad=2.2, w_pad=3)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.savefig(path)
        pyplot.close(picture)


def _shortly(rows: Sequence[Row], tree: dict[str, Any]) -> list[Row]:
    """Rows of one table, named by their lines: the panel's title says the column, unless there are several."""
    says = {
        line: words.partition(" (")[0].partition(":")[0] for line, words in tree.get("lines", ())
    }
    heads = {column: words.rpartition(", ")[2] for column, words in tree.get("columns", ())}
    several = len({row.id.partition(".")[2] for row in rows}) > 1
    named = []
    for row in rows:
        line, _, column = row.id.partition(".")
        if line not in says:
            named.append(row)
            continue
        named.append(
            replace(row, label=f"{heads[column]}: {says[line]}" if several else says[line])
        )
    return named


def _panel(
    axes: Axes, title: str, rows: Sequence[Row], divisor: float, unit: str, budget: Sequence[Mark]
) -> None:
    axes.set_title(title, loc="left", size=11.5, weight="bold", color=INK, pad=8)
    axes.set_xlabel(unit, size=9)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    if not rows:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=SOFT)
        return
    at = np.arange(len(rows))[::-1]
    middles = [row.stat("median") / divisor for row in rows]
    axes.barh(at, middles, 0.52, color=[PEER if row.peer else OURS for row in rows])
    most = 0.0
    for place, row, middle in zip(at, rows, middles, strict=True):
        low, high = row.stat("p5") / divisor, row.stat("p95") / divisor
        if len(row.samples) > 1:
            axes.plot([low, high], [place, place], color=INK, linewidth=1.4, solid_capstyle="butt")
        end = max(high, middle)
        for mark in budget:
            if mark.row == row.id:
                limit = mark.limit / divisor
                axes.plot([limit, limit], [place - 0.36, place + 0.36], color=MARK, linewidth=2)
                most = max(most, limit)
                # A number that would lie on the mark goes behind it.
                end = max(end, limit) if limit < end * 1.6 else end
        told = f"{middle:.3g}" + (f" · p95 {high:.3g}" if len(row.samples) > 1 else "")
        axes.annotate(told, (end, place), (6, 0), "data", "offset points", va="center", size=8.5)
        most = max(most, end)
    axes.set_xlim(0, most * 1.34)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_yticks(at, [row.label for row in rows], size=9)


def _caption(found: dict[str, dict[str, Any]]) -> str:
    measured = [tree for tree in found.values() if "machine" in tree]
    if not measured:
        return ""
    one = max(measured, key=lambda tree: str(tree["date"]))
    machine = one["machine"]
    return (
        f"Bars: medians; lines: 5th to 95th percentile; amber: the mark. Grey: not ours, in the same run. "
        f"{machine['model']}, {machine['cores']} cores · {one['revision']} · {one['date'][:10]}"
    )


def publish(out: Path, budget: Sequence[Mark], edition: Edition = EVERYDAY) -> None:
    """The edition's page and picture from the last run of each of its figures; where there was none, the page keeps its words."""
    page = _page(edition)
    draw(out, edition.picture, budget, edition)
    lines = [
        f"# {edition.title}",
        "",
        edition.made_by,
        "",
    ]
    lines += [f"![What was measured, and the marks](pictures/{edition.picture.name})", ""]
    found = trees(out, edition.names)
    lines += ["## Marks", "", "| | measured | mark | |", "|---|---|---|---|"]
    lines += [_mark(mark, found, page) for mark in budget if mark.figure in edition.names]
    for title, told in _sections(found, page, edition).items():
        lines += ["", f"## {title}", "", *told]
    edition.page.write_text("\n".join(lines) + "\n")


def _mark(mark: Mark, found: dict[str, dict[str, Any]], page: str) -> str:
    before = published.mark_of(page, mark.says)
    if mark.figure not in found and before is not None:
        return before
    rows = {row.id: row for row in rows_of(found[mark.figure])} if mark.figure in found else {}
    row = rows.get(mark.row)
    verdict = Verdict(mark, row.stat(mark.stat) if row and row.samples else None)
    value = "not measured" if verdict.value is None else f"{verdict.value:.4g} {mark.unit}"
    return f"| {mark.says} | {value} | {mark} | {'kept' if verdict.kept else '**missed**'} |"


def _sections(
    found: dict[str, dict[str, Any]], page: str, edition: Edition
) -> dict[str, list[str]]:
    """Each figure's part of the page, by its title; those of the page first, in their order."""
    stay = published.sections(page) if set(found) < set(edition.names) else {}
    told = {title: lines for title, lines in stay.items() if title not in ("", "Marks")}
    for tree in found.values():
        grid = [*_grid(tree), ""] if tree.get("lines") else []
        told[tree["title"]] = [*_told(tree), "", *grid, *_table(tree)]
    return told


def _told(tree: dict[str, Any]) -> list[str]:
    machine, load = tree["machine"], tree["load_before"][0]
    where = f"{machine['model']}, {machine['cores']} cores, Python {machine['python']}"
    when = f"{tree['date'][:16].replace('T', ' ')} UTC, revision `{tree['revision']}`"
    return [f"{when}, {where}; load before: {load:g}.", *tree["notes"], *_earlier(tree)]


def _earlier(tree: dict[str, Any]) -> list[str]:
    """Which lines of its table are of which earlier run."""
    says: dict[str, str] = dict(tree.get("lines", ()))
    by_run: dict[tuple[str, str], list[str]] = {}
    for line in filter(tree.get("runs", {}).__contains__, says):
        when, revision = tree["runs"][line]
        by_run.setdefault((when, revision), []).append(says[line])
    return [
        published.OF_RUN.format(when=when, revision=revision, lines="; ".join(lines))
        for (when, revision), lines in sorted(by_run.items())
    ]


def _grid(tree: dict[str, Any]) -> list[str]:
    """Rows named `line.column` as one table: each cell has the samples of its row, in their order."""
    rows = {row.id: row for row in rows_of(tree)}
    heads = [head for _, head in tree["columns"]]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for line, label in tree["lines"]:
        cells = [_cell(rows.get(f"{line}.{column}")) for column, _ in tree["columns"]]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    told = " / ".join(f"{one:.4g}" for one in row.samples)
    return "; ".join(filter(None, [f"{told} {row.unit}".strip() if told else "", row.note]))


def _table(tree: dict[str, Any]) -> list[str]:
    lines = ["| | median | p5 | p95 | n | |", "|---|---|---|---|---|---|"]
    told = {
        f"{line}.{column}" for line, _ in tree.get("lines", ()) for column, _ in tree["columns"]
    }
    for row in tree["rows"]:
        if not row["n"] or row["id"] in told:
            continue
        remark = "; ".join(filter(None, ["peer" if row.get("peer") else "", row.get("note", "")]))
        spread = f"{row['p5']:.4g} | {row['p95']:.4g}" if row["n"] > 1 else " | "
        lines.append(
            f"| {row['label']} | {row['median']:.4g} {row['unit']} | {spread} | {row['n']} | {remark} |"
        )
    return lines
