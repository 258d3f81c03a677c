"""Each limit of the doctor at its edge and one past it."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from hustings import keyring, settings
from hustings.doctor import machine
from hustings.doctor.machine import Timex


@pytest.fixture
def tree(tmp_path: Path) -> settings.Settings:
    return replace(settings.load(), data=str(tmp_path / "data"))


def test_python() -> None:
    assert machine.python((3, 11, 0)).grade == "ok"
    assert machine.python((3, 10, 99)).grade == "fail"


def test_cores() -> None:
    assert machine.cores(2).grade == "ok"
    assert machine.cores(1).grade == "warn"


@pytest.mark.parametrize(
    ("kib", "grade"),
    [(976_563, "ok"), (976_562, "warn"), (500_000, "warn"), (499_999, "fail"), (0, "fail")],
)
def test_memory(kib: int, grade: str) -> None:
    assert machine.memory(f"MemTotal: 9 kB\nMemAvailable: {kib} kB\n").grade == grade


def test_sound_goes_first_where_it_may() -> None:
    assert machine.priority(True).grade == "ok"
    assert machine.priority(False).grade == "warn"
    assert "LimitRTPRIO" in machine.priority(False).advice


def test_open_files(tree: settings.Settings) -> None:
    assert machine.open_files(tree, (20_200, 20_200)).grade == "ok"
    finding = machine.open_files(tree, (20_199, 524_288))
    assert finding.grade == "warn" and "ulimit -n 20200" in finding.advice
    assert machine.open_files(tree, (resource.RLIM_INFINITY, -1)).grade == "ok"


def test_accept_queue(tree: settings.Settings) -> None:
    assert machine.backlog(tree, 4096).grade == "ok"
    assert machine.backlog(tree, 4095).grade == "warn"


def test_disk_against_what_recording_needs(tree: settings.Settings) -> None:
    def grade(need: int) -> str:
        recording = replace(tree.recording, disk_free_min=need)
        return machine.disk(replace(tree, recording=recording))[0].grade

    assert [grade(1), grade(10**18)] == ["ok", "fail"]


def test_a_folder_that_takes_no_files(tree: settings.Settings) -> None:
    assert machine.fsync(Path("/proc")).grade == "fail"


def test_safe_writes_leave_nothing_behind(tmp_path: Path) -> None:
    assert machine.fsync(tmp_path).grade in ("ok", "warn")
    assert not list(tmp_path.iterdir())


def test_clock() -> None:
    assert (
        machine.clock(Timex(status=0, maxerror=12_000)).found == "synchronized, at most 12 ms off"
    )
    assert machine.clock(Timex(status=machine.STA_UNSYNC)).grade == "warn"
    assert machine.clock().name == "clock"


def test_socket_path(tree: settings.Settings) -> None:
    def grade(length: int) -> str:
        data = "/" + "d" * (length - 1 - len("/run/studio.sock"))
        return machine.socket_path(replace(tree, data=data)).grade

    assert [grade(107), grade(108)] == ["ok", "fail"]


def test_keys_that_others_may_read(tree: settings.Settings) -> None:
    assert machine.keys(tree).grade == "ok"
    keyring.load_or_make(tree.keys_dir, "web")
    keyring.planner_key(tree.keys_dir)
    assert machine.keys(tree).grade == "ok"
    (tree.keys_dir / "planner.txt").chmod(0o640)
    finding = machine.keys(tree)
    assert finding.grade == "fail" and "planner.txt" in finding.found
