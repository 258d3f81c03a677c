"""The table and its exit code."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hustings import settings
from hustings.doctor import report
from hustings.doctor.finding import Finding

OK = Finding("clock", "ok", "synchronized")
WARN = Finding("cores", "warn", "1", "two or more are better")
FAIL = Finding("disk", "fail", "full", "make room")


def test_only_a_fault_is_an_exit_code() -> None:
    assert report.exit_code([OK, WARN]) == 0
    assert report.exit_code([OK, FAIL]) == 1


def test_the_table() -> None:
    out = io.StringIO()
    report.write_table([OK, WARN, FAIL], out, 80)
    assert out.getvalue() == (
        "ok    clock  synchronized\n"
        "warn  cores  1\n"
        "             → two or more are better\n"
        "FAIL  disk   full\n"
        "             → make room\n"
        "\n1 of 3 must be put right before this can be relied on.\n"
    )


def test_a_narrow_terminal_loses_nothing() -> None:
    out = io.StringIO()
    long = Finding("disk", "warn", "word " * 30, "")
    report.write_table([long], out, 20)
    assert out.getvalue().count("word") == 30
    assert out.getvalue().endswith("1 of 1 could be better.\n")


def test_this_machine_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = replace(settings.load(), data=str(tmp_path))
    code = report.run(tree, as_json=True)
    findings = json.loads(capsys.readouterr().out)
    assert {"name", "grade", "found", "advice"} == set(findings[0])
    names = [finding["name"] for finding in findings]
    assert len(names) == len(set(names))
    assert code == int(any(finding["grade"] == "fail" for finding in findings))
    assert not list(tmp_path.iterdir())
