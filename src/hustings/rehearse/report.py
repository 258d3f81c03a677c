"""The rehearsal report: what was measured as one tree, its few lines for a terminal, and its two files."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import hustings
from hustings.rehearse import page, source, verdict
from hustings.rehearse.listing import Listing
from hustings.rehearse.plan import Plan
from hustings.rehearse.seal import Seal
from hustings.rehearse.tally import Tally
from hustings.rehearse.verdict import First, Judge, Second

FORMAT = "hustings-rehearsal/1"
LARGE = 1_300_000
"""The crowd of 12 August 2024, for which every report says what it would take."""

POINTS_MAX = 400
COST_FROM_S = 5.0
"""A cost needs so many seconds of a crowd that stands still."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What `app.Run` has. `works`: (seconds, by process) beside each of `seconds`; `alone`: (cores, wake-ups a
    second) before the crowd came."""

    plan: Plan
    here: bool
    room: dict[str, Any]
    listing: Listing
    began: datetime
    end: str
    judge: Judge
    seconds: list[Second]
    total: Tally
    ears: list[dict[str, float | int]]
    works: list[tuple[float, dict[str, source.Work]]]
    alone: dict[str, tuple[float, float]]
    followers: list[int]
    files: int
    most: int


def tree(run: Measured) -> dict[str, Any]:
    """Everything as JSON. Times of histograms in milliseconds."""
    plan, total = run.plan, run.total
    steady = _steady(run)
    cost = _cost(run, steady)
    return {
        "report": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "began_at": run.began.isoformat(timespec="seconds"),
        "took_s": round(run.seconds[-1].at_s if run.seconds else 0.0, 1),
        "build": {"version": _version(), "code": _code(), "python": platform.python_version()},
        "machine": source.about(),
        "server_here": run.here,
        "asked": {
            "url": plan.address.url,
            "listeners": plan.listeners,
            "ramp_s": plan.ramp_s,
            "hold_s": plan.hold_s,
            "playlists": plan.playlists,
            "cores": plan.cores,
            "tls": plan.address.tls,
        },
        "room": {
            "key": plan.address.key,
            "title": str(run.room.get("title", "")),
            "state": str(run.room.get("state", "")),
            "part_s": run.listing.part_s,
            "hold_back_s": run.listing.hold_s,
        },
        "end": run.end,
        "came": max((one.here for one in run.seconds), default=0),
        "played": max((one.playing for one in run.seconds), default=0),
        "held": verdict.listeners_held(run.seconds),
        "times": {
            name: total.times[name].told()
            for name in ("page", "sound", "join", "age", "behind")
            if name in total.times
        },
        "counts": {name: total.counts[name] for name in sorted(total.counts)},
        "errors": dict(sorted(total.errors.items())),
        "faults": dict(sorted(total.faults.items())),
        "firsts": [_first(one) for one in run.judge.firsts.values()],
        "bound": None if run.judge.bound is None else _first(run.judge.bound),
        "own_limit": run.judge.own,
        "files": {"most": run.files, "enough": run.most >= plan.listeners},
        "ears": run.ears,
        "source": _source(run, steady),
        "cost": cost,
        "large": _large(cost),
        "series": _series(run),
    }


def write(tree: dict[str, Any], signer: Seal, out: Path) -> list[Path]:
    """`report.json` and `report.html` in the folder `out`. Errors: `OSError`."""
    out.mkdir(parents=True, exist_ok=True)
    signed = signer.report(tree)
    as_json, as_page = out / "report.json", out / "report.html"
    as_json.write_text(json.dumps(signed, indent=1, ensure_ascii=False) + "\n")
    as_page.write_bytes(signer.page(page.render(signed)))
    return [as_page, as_json]


def summary(tree: dict[str, Any]) -> list[str]:
    """For a terminal."""
    told = [page.verdict(tree)]
    times = tree["times"]
    for name, word in (
        ("sound", "click to sound"),
        ("join", "whole join"),
        ("age", "part, after its last sample"),
        ("behind", "behind live"),
    ):
        if name in times and times[name]["n"]:
            one = times[name]
            told.append(
                f"  {word:28} p50 {one['p50']:,.0f} ms   p95 {one['p95']:,.0f} ms   p99 {one['p99']:,.0f} ms"
            )
    counts = tree["counts"]
    errors = sum(tree["errors"].values())
    trouble = f"{counts.get('stalls', 0):,}, {counts.get('late', 0):,}, {errors:,}"
    told.append(f"  {'stalls, late parts, errors':28} {trouble}")
    large = tree["large"]
    if large is not None:
        cores = "" if large["edge_cores"] is None else f"{large['edge_cores']:,.0f} cores of edge, "
        told.append(f"  {'1.3 million would take':28} {cores}{large['gbit_s']:,.0f} Gbit/s")
    return told


def _first(one: First) -> dict[str, Any]:
    return {"what": one.what, "at_s": round(one.at_s, 1), "listeners": one.here}


def _steady(run: Measured) -> list[int]:
    """The places of the seconds in which the crowd stood: nobody came any more, and a part or two had gone by."""
    came = max((one.here for one in run.seconds), default=0)
    found = [at for at, one in enumerate(run.seconds) if one.here == came and one.playing]
    found = found[2:]
    long_enough = (
        len(found) > 1 and run.seconds[found[-1]].at_s - run.seconds[found[0]].at_s >= COST_FROM_S
    )
    return found if long_enough else []


def _cores(run: Measured, name: str, first: int, last: int) -> float | None:
    """Cores that a process took between two seconds."""
    (from_s, before), (to_s, after) = run.works[first], run.works[last]
    if name not in before or name not in after or to_s <= from_s:
        return None
    return (after[name].cpu_s - before[name].cpu_s) / (to_s - from_s)


def _cost(run: Measured, steady: Sequence[int]) -> dict[str, Any] | None:
    """What a listener takes, of a crowd that stands still; None when it never stood."""
    if not steady:
        return None
    seconds = [run.seconds[at] for at in steady[1:]]
    span_s = run.seconds[steady[-1]].at_s - run.seconds[steady[0]].at_s
    listeners = sum(one.playing for one in seconds) / len(seconds)
    sent = sum(one.tally.counts["bytes"] for one in seconds)
    asked = sum(one.tally.counts["requests"] for one in seconds)
    edge = _cores(run, "edge", steady[0], steady[-1])
    own = (
        None if edge is None else max(edge - run.alone.get("edge", (0.0, 0.0))[0], 0.0) / listeners
    )
    return {
        "listeners": round(listeners),
        "seconds": round(span_s, 1),
        "bytes_a_second": round(sent / span_s / listeners, 1),
        "requests_a_second": round(asked / span_s / listeners, 3),
        "edge_core": None if not own else round(own, 9),
        "listeners_a_core": None if not own else round(1 / own),
    }


def _large(cost: dict[str, Any] | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    core = cost["edge_core"]
    return {
        "listeners": LARGE,
        "gbit_s": round(cost["bytes_a_second"] * 8 * LARGE / 1e9, 1),
        "requests_s": round(cost["requests_a_second"] * LARGE),
        "edge_cores": None if core is None else round(core * LARGE, 1),
    }


def _source(run: Measured, steady: Sequence[int]) -> dict[str, Any] | None:
    """Studio's work with nobody and with the crowd, edge's too; None when the server is elsewhere."""
    if not run.here or len(run.works) < 2:
        return None
    first, last = (steady[0], steady[-1]) if steady else (0, len(run.works) - 1)
    rows = {}
    for name in run.works[0][1]:
        crowd = _cores(run, name, first, last)
        (from_s, before), (to_s, after) = run.works[first], run.works[last]
        if crowd is None or name not in run.alone:
            continue
        rows[name] = {
            "cores_alone": round(run.alone[name][0], 4),
            "cores_crowd": round(crowd, 4),
            "wakes_alone": round(run.alone[name][1]),
            "wakes_crowd": round((after[name].wakes - before[name].wakes) / (to_s - from_s)),
            "disk_bytes": after[name].disk_bytes - before[name].disk_bytes,
            "memory_mb": round(after[name].memory / 1e6, 1),
        }
    return {"processes": rows, "followers": run.followers}


def _series(run: Measured) -> dict[str, list[float | int | None]]:
    """One list a line of the plots, all of one length."""
    rows: dict[str, list[float | int | None]] = {}
    step = -(-len(run.seconds) // POINTS_MAX) or 1
    for at in range(0, len(run.seconds), step):
        group = run.seconds[at : at + step]
        tally = Tally()
        for one in group:
            tally.add(one.tally)
        point: dict[str, float | int | None] = {
            "at_s": round(group[-1].at_s, 1),
            "here": group[-1].here,
            "playing": group[-1].playing,
            "requests": round(tally.counts["requests"] / len(group)),
            "mbit": round(tally.counts["bytes"] * 8 / 1e6 / len(group), 1),
            "stalls": tally.counts["stalls"],
            "late": tally.counts["late"],
            "errors": sum(tally.errors.values()) + sum(tally.faults.values()),
            "lag_ms": round(max(one.lag_s for one in group) * 1000),
            "load": round(max(one.busy for one in group), 3),
        }
        for name, percent in (("age", 50), ("age", 99), ("sound", 50), ("sound", 99)):
            found = tally.times[name].percentile(percent) if name in tally.times else None
            point[f"{name}_p{percent}"] = None if found is None else round(found, 1)
        for name in ("edge", "studio"):
            cores = _cores(run, name, max(at - 1, 0), at) if at else None
            point[name] = None if cores is None else round(cores, 3)
        for name, value in point.items():
            rows.setdefault(name, []).append(value)
    return rows


def _version() -> str:
    try:
        return metadata.version("hustings")
    except metadata.PackageNotFoundError:
        return "a checkout"


def _code() -> str:
    """The code that ran, by what is in it: 12 hex digits."""
    package = Path(str(hustings.__file__)).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]
