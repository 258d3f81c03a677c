"""`hustings doctor`: all findings, as a table or as JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from hustings.doctor import machine, network, sound
from hustings.doctor.finding import Finding
from hustings.doctor.mail import mail
from hustings.settings import Settings

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[31m"}


def run(settings: Settings, as_json: bool) -> int:
    """1 when something fails, else 0: a warning is advice."""
    findings = examine(settings)
    if as_json:
        json.dump([asdict(finding) for finding in findings], sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        write_table(findings, sys.stdout, shutil.get_terminal_size((100, 24)).columns)
    return exit_code(findings)


def examine(settings: Settings) -> list[Finding]:
    """Everything, nearest the machine first."""
    addresses = network.own_addresses()
    return [
        machine.python(),
        machine.cores(),
        machine.memory(),
        *sound.codecs(),
        *machine.disk(settings),
        machine.socket_path(settings),
        machine.keys(settings),
        machine.clock(),
        machine.priority(),
        machine.open_files(settings),
        machine.backlog(settings),
        *network.ports(settings),
        network.binds(settings),
        network.fronts(settings),
        network.stage_not_behind_cdn(settings),
        network.https(settings),
        network.udp(settings, addresses),
        network.voices_by_tcp(settings),
        network.announced(settings, addresses),
        mail(settings),
    ]


def exit_code(findings: Sequence[Finding]) -> int:
    return int(any(finding.grade == "fail" for finding in findings))


def write_table(findings: Sequence[Finding], out: TextIO, columns: int) -> None:
    """Grade, name, what was found; under it, indented, what to do. Nothing is cut, long lines are wrapped."""
    width = max(len(finding.name) for finding in findings)
    indent = " " * (width + 8)
    for finding in findings:
        mark = MARKS[finding.grade]
        if out.isatty():
            mark = f"{COLOURS[finding.grade]}{mark}\x1b[0m"
        found, *more = _wrap(finding.found, columns - len(indent))
        out.write(f"{mark}  {finding.name:<{width}}  {found}\n")
        advice = _wrap(f"→ {finding.advice}", columns - len(indent)) if finding.advice else []
        for line in (*more, *advice):
            out.write(f"{indent}{line}\n")
    out.write(_verdict(findings))


def _verdict(findings: Sequence[Finding]) -> str:
    count = {grade: sum(f.grade == grade for f in findings) for grade in MARKS}
    if count["fail"]:
        return f"\n{count['fail']} of {len(findings)} must be put right before this can be relied on.\n"
    if count["warn"]:
        return f"\nThis machine can do it; {count['warn']} of {len(findings)} could be better.\n"
    return "\nThis machine can do it.\n"


def _wrap(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, max(columns, 30)) or [""]
