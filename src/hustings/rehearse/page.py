"""The report as one page: static HTML with its style and plots inside, nothing fetched, no script. Pure but for its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hustings import settings
from hustings.copy import catalogue, say
from hustings.pages.jinja import template
from hustings.rehearse import plots
from hustings.rehearse.plots import Level, Line

Tree = Mapping[str, Any]
TEMPLATE = Path(__file__).with_name("templates") / "report.html"
_ROWS = ("page", "sound", "join", "age", "behind")


def render(tree: Tree) -> bytes:
    """The page of a signed report, UTF-8."""
    copy = catalogue("en", "rehearsal")
    return (
        template(TEMPLATE)
        .render(
            r=tree,
            t=copy,
            title=verdict(tree),
            tokens=Markup((settings.client_dir() / "style/tokens.css").read_text()),
            began=_moment(tree["began_at"]),
            figures=_figures(tree, copy),
            firsts=[_first(one, copy) for one in tree["firsts"]],
            limits=_limits(tree, copy),
            times=[
                (copy[f"times.{name}"], tree["times"][name])
                for name in _ROWS
                if name in tree["times"]
            ],
            plots=_plots(tree, copy),
            large=_large(tree, copy),
            work=_work(tree, copy),
            whole=_whole(tree, copy),
            method=_method(tree, copy),
            signed=copy[f"signed.{tree['key']['whose']}"].format(kid=tree["key"]["kid"]),
            short=_number,
        )
        .encode()
    )


def verdict(tree: Tree) -> str:
    """The report in one sentence."""
    copy = catalogue("en", "rehearsal")
    if tree["bound"] is not None:
        bound = tree["bound"]
        id = "verdict.own" if tree["own_limit"] else "verdict.bound"
        return say(copy, id, listeners=_number(bound["listeners"]), what=_what(bound["what"], copy))
    if tree["end"] != "reached" or tree["played"] < tree["asked"]["listeners"]:
        return say(copy, f"verdict.{tree['end']}", listeners=_number(tree["played"]))
    id = "verdict.blemish" if tree["firsts"] else "verdict.whole"
    return say(copy, id, listeners=_number(tree["played"]))


def _figures(tree: Tree, copy: dict[str, str]) -> list[tuple[str, str, str]]:
    """(label, number, unit) of the few that come first."""
    times, counts = tree["times"], tree["counts"]
    found = [(copy["figure.played"], _number(tree["played"]), "")]
    if "sound" in times:
        found.append((copy["figure.sound"], *_span(times["sound"]["p99"])))
    if "behind" in times:
        found.append((copy["figure.behind"], *_span(times["behind"]["p50"])))
    found.append((copy["figure.stalls"], _number(counts.get("stalls", 0)), ""))
    return found


def _first(one: Tree, copy: dict[str, str]) -> tuple[str, str, str]:
    return _what(one["what"], copy), _number(one["listeners"]), f"{one['at_s']:.0f} s"


def _what(word: str, copy: dict[str, str]) -> str:
    """`stall`, `late`, `error:timeout` in words; a word that copy does not know is shown as it is."""
    kind, _, name = word.partition(":")
    if word in ("stall", "late"):
        return copy[f"what.{word}"]
    known = copy.get(f"what.{name}")
    return known if known is not None else say(copy, f"what.{kind}", name=name.replace("_", " "))


def _limits(tree: Tree, copy: dict[str, str]) -> list[str]:
    """What bound the rehearsal itself: figures beyond that are not the server's."""
    series, found = tree["series"], []
    if not tree["files"]["enough"]:
        found.append(say(copy, "limit.files", count=_number(tree["files"]["most"])))
    if max(series.get("load", [0])) > 0.9:
        found.append(copy["limit.load"])
    if max(series.get("lag_ms", [0])) > 250:
        found.append(say(copy, "limit.lag", ms=_number(max(series["lag_ms"]))))
    if not tree["server_here"]:
        found.append(copy["limit.elsewhere"])
    else:
        found.append(copy["limit.shared"])
    return found


def _plots(tree: Tree, copy: dict[str, str]) -> list[dict[str, Any]]:
    series = tree["series"]
    if not series.get("at_s"):
        return []
    x = series["at_s"]
    mark = tree["bound"]["at_s"] if tree["bound"] else None
    hold_ms = tree["room"]["hold_back_s"] * 1000

    def plot(id: str, *rows: tuple[str, str], level: Level | None = None) -> dict[str, Any]:
        lines = [Line(copy[f"line.{name}"], series[name], look) for name, look in rows]
        told = [line for line in lines if any(value is not None for value in line.values)]
        heading = copy[f"plot.{id}"]
        svg = plots.chart(x, told, heading, mark, level)
        return {"title": heading, "unit": copy[f"unit.{id}"], "svg": Markup(svg), "lines": told}

    level = Level(copy["level.hold"], hold_ms)
    found = [
        plot("crowd", ("here", "soft"), ("playing", "ours")),
        plot("age", ("age_p99", "other"), ("age_p50", "ours"), level=level),
        plot("sound", ("sound_p99", "other"), ("sound_p50", "ours")),
        plot("requests", ("requests", "ours")),
        plot("cores", ("load", "soft"), ("studio", "other"), ("edge", "ours")),
        plot("trouble", ("late", "soft"), ("stalls", "ours"), ("errors", "bars")),
    ]
    return found


def _large(tree: Tree, copy: dict[str, str]) -> dict[str, Any] | None:
    large, cost = tree["large"], tree["cost"]
    if large is None:
        return None
    told = [
        (copy["large.gbit"], _number(large["gbit_s"]), "Gbit/s"),
        (
            copy["large.requests"],
            plots.short(round(large["requests_s"], -4)),
            copy["large.a_second"],
        ),
    ]
    if large["edge_cores"] is not None:
        told.insert(0, (copy["large.cores"], _number(large["edge_cores"]), ""))
    words = say(
        copy,
        "large.from" if large["edge_cores"] is not None else "large.from_afar",
        listeners=_number(cost["listeners"]),
        seconds=_number(cost["seconds"]),
        bytes=_number(cost["bytes_a_second"]),
        requests=f"{cost['requests_a_second']:.2f}",
        a_core=_number(cost["listeners_a_core"] or 0),
    )
    return {"figures": told, "words": words}


def _work(tree: Tree, copy: dict[str, str]) -> dict[str, Any] | None:
    told = tree["source"]
    if told is None:
        return None
    rows = [
        (
            name,
            f"{row['cores_alone'] * 100:.1f}",
            f"{row['cores_crowd'] * 100:.1f}",
            _number(row["wakes_alone"]),
            _number(row["wakes_crowd"]),
            f"{row['memory_mb']:.0f}",
        )
        for name, row in told["processes"].items()
    ]
    first, last = (*told["followers"], 0, 0)[:2]
    return {"rows": rows, "followers": say(copy, "work.followers", before=first, after=last)}


def _whole(tree: Tree, copy: dict[str, str]) -> list[str]:
    """Is the sound whole, in sentences."""
    counts, faults = tree["counts"], tree["faults"]
    found = [say(copy, "whole.parts", count=_number(counts.get("parts", 0)))]
    found += [say(copy, f"fault.{name}", count=_number(n)) for name, n in faults.items()]
    ears = tree["ears"]
    if ears:
        sums = {name: sum(ear[name] for ear in ears) for name in ears[0]}
        found.append(say(copy, "whole.ears", ears=len(ears), seconds=_number(sums["seconds"])))
        bad = sums["drops"] or sums["faults"]
        found.append(
            say(
                copy,
                "whole.gaps" if bad else "whole.no_gap",
                drops=sums["drops"],
                faults=sums["faults"],
            )
        )
        silent = sums["silent"] / max(sums["parts"], 1)
        found.append(
            copy["whole.all_silent"]
            if silent == 1
            else say(copy, "whole.silent", percent=f"{silent * 100:.0f}")
        )
    return found


def _method(tree: Tree, copy: dict[str, str]) -> list[tuple[str, str]]:
    asked, machine, build = tree["asked"], tree["machine"], tree["build"]
    return [
        (
            copy["method.asked"],
            say(
                copy,
                "method.asked.text",
                listeners=_number(asked["listeners"]),
                ramp=_number(asked["ramp_s"]),
                hold=_number(asked["hold_s"]),
                playlists=f"{asked['playlists'] * 100:g}",
            ),
        ),
        (copy["method.road"], copy["method.tls" if asked["tls"] else "method.plain"]),
        (
            copy["method.machine"],
            say(
                copy,
                "method.machine.text",
                model=machine["model"],
                cores=machine["cores"],
                memory=_number(machine["memory_mb"] / 1000),
                system=machine["system"],
                used=asked["cores"],
            ),
        ),
        (
            copy["method.build"],
            say(
                copy,
                "method.build.text",
                version=build["version"],
                code=build["code"],
                python=build["python"],
            ),
        ),
        (
            copy["method.room"],
            say(
                copy,
                "method.room.text",
                part=f"{tree['room']['part_s']:g}",
                hold=f"{tree['room']['hold_back_s']:g}",
            ),
        ),
    ]


def _span(value_ms: float | None) -> tuple[str, str]:
    """Milliseconds below a second, seconds above."""
    if value_ms is None:
        return "–", ""
    return (f"{value_ms:.0f}", "ms") if value_ms < 1000 else (f"{value_ms / 1000:.1f}", "s")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def _moment(iso: str) -> dict[str, str]:
    when = datetime.fromisoformat(iso)
    return {"iso": iso, "words": f"{when.day} {when:%B %Y, %H:%M} UTC"}
