"""The campaigns of `fuzz/`, very short (`make fuzz` gives each target a minute), and what keeps their books."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from fuzz import batches, ledger
from fuzz.mutations import inputs
from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS, datagrams, joined
from tests.rtc.checks import check

EXAMPLES = {"dtls": 200, "session": 500}
"""A second or two each; the others have 1,000."""


@pytest.mark.parametrize("name", TARGETS)
def test_no_escape(name: str) -> None:
    unhurried = settings(
        max_examples=EXAMPLES.get(name, 1_000),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    @unhurried
    @given(inputs(name))
    def escape(raw: bytes) -> None:
        TARGETS[name](raw)

    escape()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_taken(name: str) -> None:
    for seed in SEEDS[name]():
        TARGETS[name](seed)


def test_datagrams_of_an_input() -> None:
    pieces = [(0, b""), (1, b"one"), (255, bytes(300))]
    assert list(datagrams(joined(*pieces))) == pieces
    assert list(datagrams(joined(*pieces)[:-1]))[-1] == (255, bytes(299))
    assert len(list(datagrams(joined((0, b"")) * 100))) == 40


def test_batches_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 10)
    clock = iter([5.0, 6.0, 7.0, 8.0])
    assert batches.main("stun", 2.5, lambda: next(clock)) == 20


def campaign(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fuzz.campaign", "--out", str(out), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_a_campaign_keeps_books(tmp_path: Path) -> None:
    for _ in range(2):
        done = campaign(tmp_path, "stun", "red", "--seconds", "0.1")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("executions") == 2
    rows = {row.target: row for row in ledger.rows(tmp_path, "abc")}
    assert set(rows) == {"stun", "red"}
    assert rows["stun"].campaigns == 2 and rows["stun"].escapes == 0
    assert rows["stun"].cpu_s > 0 and rows["stun"].executions >= 2 * batches.BATCH


def test_an_escape_fails_a_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "path"
    folder.mkdir()
    broken = "from fuzz import targets\n\ndef fail(raw):\n    raise RuntimeError('escaped')\n"
    (folder / "sitecustomize.py").write_text(
        broken + "targets.TARGETS = {**targets.TARGETS, 'stun': fail}\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{':'.join(one for one in sys.path if one)}")
    done = campaign(tmp_path / "out", "stun", "red", "--seconds", "0.1")
    assert done.returncode == 1
    assert "stun: an escape" in done.stdout and "escaped" in done.stdout
    [row] = [one for one in ledger.rows(tmp_path / "out", "abc") if one.target == "stun"]
    assert row.escapes == 1


def test_the_books_of_libfuzzer(tmp_path: Path) -> None:
    """What `python -m fuzz` and a shell that adds up its processor time leave behind."""
    (tmp_path / "ledger").write_text("stun 600.5 rc=0 12:00:01\nstun 99.5 rc=77 12:30:00\n")
    (tmp_path / "stun.log").write_text(
        "INFO: Seed: 1\n#2\tINITED cov: 30 ft: 60\n#1024\tpulse  cov: 33 ft: 68 corp: 14/842b\n"
        "INFO: Seed: 2\n#8\tNEW    cov: 12 ft: 20\n#512\tREDUCE cov: 35 ft: 70\n"
    )
    (tmp_path / "stun-crash-00").write_bytes(b"x")
    (tmp_path / "stun-timeout-02").write_bytes(check())
    (tmp_path / "stun-slow-unit-01").write_bytes(b"stopped while somebody measured")
    [row] = ledger.rows(tmp_path, "abc")
    assert row == ledger.Row("stun", "abc", "12:00:01", 2, 700.0, 1_536, 35, 1)


def test_the_books_of_all_folders() -> None:
    old = ledger.Row("stun", "abc", "monday", 1, 1_800.0, 10, 35, 0)
    half = ledger.Row("stun", "def", "tuesday", 1, 900.0, 20, 30, 0)
    grown = ledger.Row("stun", "def", "tuesday", 2, 1_800.0, 40, 36, 1)
    books = ledger.entered([old], [half])
    assert ledger.entered(books, [grown]) == [old, grown]
    assert "| stun | 3 | 1.00 | 50 | 36 | 1 | `def` |" in ledger.page([old, grown])
