"""The report: its tree, its page, its signature."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hustings.rehearse import page, plan, plots, report, seal, source
from hustings.rehearse.listing import Listing
from hustings.rehearse.plots import Level, Line
from hustings.rehearse.tally import Tally
from hustings.rehearse.verdict import Judge, Second


def measured(
    trouble_at: int | None = None, here: bool = True, seconds: int = 30
) -> report.Measured:
    """Half a minute: a thousand come within ten seconds, and stay."""
    rows, works, total, judge = [], [], Tally(), Judge()
    for at in range(1, seconds + 1):
        tally = Tally()
        count = min(1000, at * 100)
        tally.counts.update(
            joined=100 if at <= 10 else 0, parts=count, requests=count, bytes=count * 7000
        )
        tally.time("age", 50.0 + at)
        tally.time("behind", 2900.0)
        if at <= 10:
            for name in ("page", "sound", "join"):
                tally.time(name, 20.0)
        if at == trouble_at:
            tally.counts["stalls"] = 50
            tally.errors["reset"] = 2
        total.add(tally)
        rows.append(Second(float(at), count, count, tally, 0.01, 0.3))
        judge.look(rows[-1])
        edge = source.Work(at * 0.1, at * 1000, 0, 100_000_000)
        works.append(
            (float(at), {"studio": source.Work(at * 0.12, at * 150, 0, 90_000_000), "edge": edge})
        )
    ear: dict[str, float | int] = {"parts": 9, "seconds": 8.6, "silent": 1, "drops": 0, "faults": 0}
    return report.Measured(
        plan=plan.make("http://localhost:8001/demo", 1000, "10", "20", "10%"),
        here=here,
        room={"title": "A talk about <starting> on time", "state": "on_air"},
        listing=Listing((), "init.mp4", 0.96, 2.88, False, 1),
        began=datetime(2026, 11, 24, 8, tzinfo=UTC),
        end="bound" if judge.bound else "reached",
        judge=judge,
        seconds=rows,
        total=total,
        ears=[ear],
        works=works,
        alone={"studio": (0.12, 150.0), "edge": (0.01, 20.0)},
        followers=[3, 3],
        files=20_000,
        most=1000,
    )


class TestTree:
    def test_costs_are_of_a_crowd_that_stands_still(self) -> None:
        tree = report.tree(measured())
        cost = tree["cost"]
        assert (cost["listeners"], cost["bytes_a_second"]) == (1000, 7000.0)
        # 0.1 of a core, 0.01 of it without anybody: 90 µs a second each.
        assert cost["edge_core"] == pytest.approx(90e-6)
        assert tree["large"]["edge_cores"] == pytest.approx(117.0)
        assert tree["large"]["gbit_s"] == pytest.approx(72.8)
        work = tree["source"]["processes"]["studio"]
        assert (work["cores_alone"], work["cores_crowd"]) == (0.12, pytest.approx(0.12))

    def test_nothing_is_guessed(self) -> None:
        afar = report.tree(measured(here=False))
        assert afar["source"] is None
        brief = report.tree(measured(seconds=12))
        assert brief["cost"] is None and brief["large"] is None

    def test_what_went_wrong_first(self) -> None:
        tree = report.tree(measured(trouble_at=20))
        assert tree["bound"] == {"what": "stall", "at_s": 20.0, "listeners": 1000}
        assert [one["what"] for one in tree["firsts"]] == ["error:reset", "stall"]
        assert page.verdict(tree).endswith("Then: a listener heard silence.")

    def test_a_long_rehearsal_is_drawn_in_few_points(self) -> None:
        series = report.tree(measured(seconds=report.POINTS_MAX + 1))["series"]
        assert {len(values) for values in series.values()} == {(report.POINTS_MAX + 2) // 2}


class TestFiles:
    def test_a_page_that_needs_nothing_and_a_json(self, tmp_path: Path) -> None:
        signer = seal.server(tmp_path / "keys")
        html, told = report.write(report.tree(measured()), signer, tmp_path / "out")
        text = html.read_text()
        assert "1,000 listeners, and nothing broke." in text
        assert "A talk about &lt;starting&gt; on time" in text
        assert text.count('<svg viewBox="0 0 400 200"') == 6
        assert "<script" not in text and "src=" not in text and "@import" not in text
        assert json.loads(told.read_text())["report"] == report.FORMAT
        for path in (html, told):
            checked = seal.check(path.read_bytes())
            assert checked.whole and seal.known(tmp_path / "keys", checked.public)

    @pytest.mark.parametrize("here", [True, False])
    @pytest.mark.parametrize("trouble_at", [None, 20])
    @pytest.mark.parametrize("seconds", [1, 30])
    def test_every_kind_of_report_is_drawn(
        self, tmp_path: Path, here: bool, trouble_at: int | None, seconds: int
    ) -> None:
        tree = report.tree(measured(trouble_at, here, seconds))
        tree["faults"] = {"hole": 1, "other_bytes": 1, "wrong_clock": 2, "short": 1, "broken": 1}
        signed = seal.machine({"XDG_STATE_HOME": str(tmp_path)}).report(tree)
        assert page.render(signed).endswith(b"</html>")
        assert report.summary(tree)[0] == page.verdict(tree)

    def test_a_changed_figure_is_seen(self, tmp_path: Path) -> None:
        signer = seal.machine({"XDG_STATE_HOME": str(tmp_path)})
        html, told = report.write(report.tree(measured()), signer, tmp_path / "out")
        for path in (html, told):
            raw = path.read_bytes()
            assert not seal.check(raw.replace(b"1000", b"9000").replace(b"1,000", b"9,000")).whole
            assert not seal.known(tmp_path / "nowhere", seal.check(raw).public)

    @pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"signature": 1}', b"<html></html>"])
    def test_what_is_no_report(self, raw: bytes) -> None:
        with pytest.raises(ValueError, match="no rehearsal report"):
            seal.check(raw)

    def test_a_signature_of_another_key_does_not_hold(self, tmp_path: Path) -> None:
        one, two = (seal.server(tmp_path / name) for name in "ab")
        signed: dict[str, Any] = one.report(report.tree(measured()))
        signed["key"]["public"] = two.public
        assert not seal.check(json.dumps(signed).encode()).whole
        signed["key"]["public"] = "x"
        assert not seal.check(json.dumps(signed).encode()).whole


class TestPlots:
    @pytest.mark.parametrize(
        ("highest", "ticks"),
        [
            (0, [0, 1]),
            (1, [0, 0.25, 0.5, 0.75, 1]),
            (3000, [0, 1000, 2000, 3000]),
            (3001, [0, 1000, 2000, 3000, 4000]),
            (0.6, [0, 0.2, 0.4, 0.6]),
            (97, [0, 25, 50, 75, 100]),
        ],
    )
    def test_round_ticks(self, highest: float, ticks: list[float]) -> None:
        assert plots.ticks(highest) == ticks

    def test_a_gap_is_a_gap(self) -> None:
        svg = plots.chart([0, 1, 2, 3], [Line("a", [1, None, 2, 1])], "a < b")
        assert svg.count('class="ours"') == 1
        path = svg.split('class="ours" d="')[1].split('"')[0]
        assert path.count("M") == 2 and path.count("L") == 1
        assert 'aria-label="a &lt; b"' in svg

    def test_nothing_is_drawn_of_nothing(self) -> None:
        svg = plots.chart([], [Line("a", []), Line("b", [], "bars")], "", None, Level("l", 5))
        assert 'class="ours"' not in svg and 'class="level"' in svg

    @pytest.mark.parametrize(
        ("value", "text"),
        [(0, "0"), (0.25, "0.25"), (1500, "1,500"), (2000, "2k"), (12500, "12.5k"), (2e6, "2M")],
    )
    def test_short_numbers(self, value: float, text: str) -> None:
        assert plots.short(value) == text
