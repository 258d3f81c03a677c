"""The instruments of the attacks and deaths: what each reads and writes, without a server."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from bench import published
from bench.attacks import forged, front, log_ins, reset
from bench.deaths.ears import silent_s
from bench.deaths.polled import Polled
from bench.marks import Mark
from bench.picture import (
    GRIDS,
    HARMED,
    THE_CROWD,
    Edition,
    _cell,
    _grid,
    _shortly,
    edition_of,
    publish,
)
from bench.published import sections
from bench.rows import Figure, Row
from bench.trial import Trial
from hustings.keyring import load_or_make, public_keys
from hustings.wire.errors import Refused
from hustings.wire.ticket import Signer, Ticket, Verifier

RATE = 48_000


def heard(*stretches: tuple[float, float]) -> np.ndarray:
    """(seconds, level) after one another."""
    rng = np.random.default_rng(1)
    return np.concatenate(
        [(rng.uniform(-1, 1, round(seconds * RATE)) * level) for seconds, level in stretches]
    ).astype(np.float32)


@pytest.mark.parametrize(("gap_s", "told_s"), [(0.0, 0.0), (0.08, 0.0), (0.1, 0.1), (0.5, 0.5)])
def test_a_silence_is_a_tenth_of_a_second_at_least(gap_s: float, told_s: float) -> None:
    assert silent_s(heard((1.0, 0.1), (gap_s, 0.0), (1.0, 0.1))) == pytest.approx(told_s)


def playlist(sequence: int, segments: int, parts: int) -> str:
    lines = [
        "#EXTM3U", "#EXT-X-VERSION:10", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{sequence}",
        "#EXT-X-PART-INF:PART-TARGET=0.96", '#EXT-X-MAP:URI="init-a.mp4"',
    ]  # fmt: skip
    for msn in range(sequence, sequence + segments):
        lines += ["#EXTINF:3.84,", f"s{msn}.m4s"]
    lines += [
        f'#EXT-X-PART:DURATION=0.96,URI="s{sequence + segments}.{part}.m4s",INDEPENDENT=YES'
        for part in range(parts)
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("one", "other", "wrong"),
    [
        ((5, 3, 1), (5, 3, 1), False),
        ((5, 3, 1), (5, 3, 2), False),
        ((5, 3, 3), (6, 3, 1), False),
        ((5, 3, 2), (5, 3, 1), True),
        ((5, 3, 1), (4, 3, 1), True),
        ((5, 4, 0), (5, 3, 3), True),
    ],
)
def test_a_playlist_that_goes_back(
    one: tuple[int, int, int], other: tuple[int, int, int], wrong: bool
) -> None:
    polled = Polled("")
    polled.look("aac", playlist(*one))
    polled.look("opus", playlist(1, 1, 0))  # the variants have nothing to do with each other
    polled.look("aac", playlist(*other))
    assert bool(polled.faults) is wrong, polled.faults


def test_a_name_that_repeats() -> None:
    polled = Polled("")
    polled.look("aac", playlist(5, 2, 0) + "#EXTINF:3.84,\ns5.m4s\n")
    assert any("twice" in words for words in polled.faults)


def test_a_forged_ticket_is_looked_at_whole_and_refused(tmp_path) -> None:
    kid, key = load_or_make(tmp_path, "web")
    true = Signer(kid, key).sign(Ticket("t" * 22, "a-room", "host", "Ann", 1))
    verifier = Verifier(public_keys(tmp_path))
    assert verifier.verify(true, "a-room").role == "host"
    false = forged.forged(true)
    assert false != forged.forged(true) and false.split(".")[1] == kid
    with pytest.raises(Refused) as refused:
        verifier.verify(false, "a-room")
    assert refused.value.code == "ticket_forged"


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        (b"HTTP/1.1 303 See Other\r\nLocation: /\r\n\r\n", "in"),
        (
            b"HTTP/1.1 401 x\r\n\r\n<p>This name and this password do not belong together.</p>",
            "401 log_in_wrong",
        ),
        (b"HTTP/1.1 503 x\r\nretry-after: 1\r\n\r\n<p>", "503 busy, Retry-After 1"),
        (
            b"HTTP/1.1 429 x\r\nRetry-After: 60\r\n\r\n<h1>That was",
            "429 too_many, Retry-After 60",
        ),
        (b"HTTP/1.1 500 x\r\n\r\n", "500 "),
        (b"", "closed"),
    ],
)
def test_how_a_log_in_was_answered(whole: bytes, told: str) -> None:
    assert log_ins.answered(whole) == told.strip()


def test_a_log_in_as_a_browser_sends_it() -> None:
    person = {"name": "p1", "password": "a bridge", "cookie": "hustings-known=x"}
    right = log_ins.request(person, True, log_ins.address(0, True)).decode()
    head, _, body = right.partition("\r\n\r\n")
    assert body == "name=p1&password=a+bridge" and f"Content-Length: {len(body)}" in head
    assert "X-Forwarded-For: 198.18.0.1\r\n" in head and "Cookie: hustings-known=x" in head
    wrong = log_ins.request(person, False, "198.18.0.1").decode()
    assert "Cookie" not in wrong and not wrong.endswith(body)


def test_where_a_thousand_log_in_from() -> None:
    spread = {log_ins.address(number, True) for number in range(log_ins.ADDRESSES + 9)}
    assert len(spread) == log_ins.ADDRESSES
    assert {log_ins.address(number, False) for number in range(9)} == {"198.18.0.1"}


def test_frames_of_http_2() -> None:
    assert (
        reset.frame(reset.RST_STREAM, 0, 3, b"\0\0\0\x08").hex()
        == "0000040300000000030000" + "0008"
    )
    block = reset.block("/a", tls=True)
    assert block == b"\x82\x87\x04\x02/a\x01\x09localhost"


def test_varnish_is_started_as_its_recipe_says() -> None:
    vcl = "# varnishd -f x -p one=1 -p two=2\n# more -p\nimport std;"
    assert front.settings(vcl)[:2] == ["one=1", "two=2"]
    real = (front.DEPLOY / "varnish/hustings.vcl").read_text()
    assert front.settings(real) == ["thread_pool_min=200", "backend_idle_timeout=4"]


def test_one_table_of_rows_named_line_and_column() -> None:
    figure = Figure(
        "f", "F", lines=[("a", "An attack"), ("b", "Another")], columns=[("x", "X"), ("y", "Y")]
    )
    figure.add("a.x", "x of a", "ms", [1, 2.5])
    figure.add("b.y", "y of b", "", [], note="said")
    tree = {
        "rows": [row.tree() for row in figure.rows],
        "lines": figure.lines,
        "columns": figure.columns,
    }
    assert _grid(tree) == [
        "| | X | Y |",
        "|---|---|---|",
        "| An attack | 1 / 2.5 ms |  |",
        "| Another |  | said |",
    ]
    assert _cell(Row("r", "R", "MB", (3.0,), note="of all")) == "3 MB; of all"


def test_a_panel_names_its_rows_by_their_lines() -> None:
    tree = {
        "lines": [["a", "An attack (by wrk)"]],
        "columns": [["x", "part, p99"], ["y", "silence, ffmpeg"]],
    }
    rows = [Row("a.x", "x of a", "ms", (1.0,)), Row("alone", "alone", "ms", (1.0,))]
    assert [row.label for row in _shortly(rows[:1], tree)] == ["An attack"]
    both = [rows[0], Row("a.y", "y of a", "s", (1.0,))]
    assert [row.label for row in _shortly(both, tree)] == ["p99: An attack", "ffmpeg: An attack"]
    assert _shortly(rows[1:], tree) == rows[1:]


LINES = [("a", "A, not B"), ("b", "B"), ("c", "C")]
COLUMNS = [("x", "X"), ("y", "Y, p99")]


def measured(value: float, *lines: str) -> Figure:
    says = dict(LINES)
    figure = Figure("f", "F", lines=[(line, says[line]) for line in lines], columns=COLUMNS)
    for line in lines:
        figure.add(f"{line}.x", f"X, {line}", "ms", [value, 0.5])
        figure.add(f"{line}.y", f"Y, {line}", "", [], note="got; nothing")
    return figure


def tree_of(figure: Figure, date: str, revision: str) -> dict[str, Any]:
    return {
        "title": figure.title,
        "rows": [row.tree() for row in figure.rows],
        "lines": figure.lines,
        "columns": figure.columns,
        "runs": figure.runs,
        "notes": ["A note."],
        "machine": {"model": "M", "cores": 2, "python": "3"},
        "load_before": [0.5],
        "date": date,
        "revision": revision,
    }


def test_a_line_measured_again_takes_its_place_among_the_others() -> None:
    first = tree_of(measured(1, "a", "b", "c"), "2026-11-24T12:00:00", "r")
    new = measured(2, "b")
    Trial(only=("b",), before=first).complete(new, LINES)
    assert [line for line, _ in new.lines] == ["a", "b", "c"]
    figures = {row.id: row.samples[0] for row in new.rows if row.samples}
    assert figures == {"a.x": 1, "b.x": 2, "c.x": 1}
    assert new.runs == {"a": ["2026-11-24 12:00", "r"], "c": ["2026-11-24 12:00", "r"]}
    newer = measured(3, "c")
    second = tree_of(new, "2026-11-24T13:00:00", "s")
    Trial(only=("c",), before=second).complete(newer, LINES)
    assert newer.runs == {"a": ["2026-11-24 12:00", "r"], "b": ["2026-11-24 13:00", "s"]}
    whole = measured(2, "b")
    Trial(before=first).complete(whole, LINES)
    assert [line for line, _ in whole.lines] == ["b"] and not whole.runs


def test_what_is_not_measured_again_stays_as_the_page_has_it(tmp_path) -> None:
    """The raw figures of an earlier run may be gone: then its page is what is left of it."""
    out, page = tmp_path / "out", tmp_path / "page.md"
    out.mkdir()
    panels = (("P", "f", ("a.x",), 1.0, "ms"),) * 6
    edition = Edition(page, tmp_path / "p.png", "T", "Made so.", ("f", "g"), panels)
    mark, other = (Mark(n, n, "a.x", "max", 1.5, "ms", f"mark of {n}") for n in "fg")
    before = tree_of(measured(1, "a", "b"), "2026-11-24T12:00:00", "r")
    last = {**tree_of(measured(7, "a"), "2026-11-24T11:00:00", "q"), "title": "G"}
    for name, tree in (("f", before), ("g", last)):
        (out / f"{name}.json").write_text(json.dumps(tree))
    publish(out, [mark, other], edition)
    first = page.read_text()
    for path in out.iterdir():
        path.unlink()

    new = measured(2, "b", "c")
    Trial(only=("b", "c"), page=first).complete(new, LINES)
    assert {row.id: row.samples for row in new.rows if row.samples}["a.x"] == (1, 0.5)
    assert {row.id: row.note for row in new.rows}["a.y"] == "got; nothing"
    (out / "f.json").write_text(json.dumps(tree_of(new, "2026-11-24T13:00:00", "s")))
    publish(out, [mark, other], edition)
    second = page.read_text()
    assert "2026-11-24 13:00 UTC, revision `s`" in second
    assert "Of 2026-11-24 12:00 UTC, revision `r`: A, not B." in second
    assert "| mark of f | 1 ms | 1.5 ms | kept |" in second
    assert "| mark of g | 7 ms | 1.5 ms | **missed** |" in second
    assert sections(second)["G"] == sections(first)["G"]
    again = published.tree(second, "F", LINES, COLUMNS)
    assert again is not None and again["runs"] == {
        "a": ["2026-11-24 12:00", "r"],
        "b": ["2026-11-24 13:00", "s"],
        "c": ["2026-11-24 13:00", "s"],
    }
    assert published.tree(second, "H", LINES, COLUMNS) is None
    assert published.tree("## F\n\nno table", "F", LINES, COLUMNS) is None


def test_the_page_of_attacks_can_be_read_again() -> None:
    page = HARMED.page.read_text()
    for title, lines, columns in GRIDS.values():
        tree = published.tree(page, title, lines, columns)
        assert tree is not None and len(tree["lines"]) >= 8
        again = _grid(tree)
        assert set(again[2:]) <= set(sections(page)[title])


def test_which_page_figures_stand_on() -> None:
    assert edition_of(["kills"]) is HARMED
    assert edition_of(["attacks", "static"]) is HARMED
    assert edition_of(["flash"]) is THE_CROWD
    assert set(HARMED.names) & set(THE_CROWD.names) == set()
