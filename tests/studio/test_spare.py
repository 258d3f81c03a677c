"""A spare process behind the worker, as real processes: kills, stops, ends that are final, deaths that come too soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hustings.studio import spare
from tests.e2e.harness.waiting import until
from tests.e2e.house import alive, children_of

WORKER = """
import os, sys, time
from hustings.studio import spare
spare.LIFE_MIN_S = float(sys.argv[2])
spare.worker()
with open(sys.argv[1], "a") as told:
    told.write(f"{os.getpid()}\\n")
exec(sys.argv[3])
"""


class Pair:
    """The spare, and the workers that it had so far."""

    def __init__(self, told: Path, does: str, life_min_s: float) -> None:
        told.touch()
        self._told = told
        command = [sys.executable, "-c", WORKER, str(told), str(life_min_s), does]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    @property
    def workers(self) -> list[int]:
        return [int(line) for line in self._told.read_text().split()]

    def worker(self, number: int) -> int:
        """The pid of the n-th worker, once it stands."""
        until(lambda: len(self.workers) > number, 10, "a worker", 0.01)
        return self.workers[number]

    def end(self) -> tuple[int, bytes]:
        """The spare's exit code and what it said."""
        _, said = self.process.communicate(timeout=10)
        return self.process.returncode, said


@pytest.fixture
def started(tmp_path: Path) -> Iterator[object]:
    made: list[Pair] = []

    def start(does: str = "time.sleep(60)", life_min_s: float = 0.0) -> Pair:
        made.append(Pair(tmp_path / "told", does, life_min_s))
        return made[-1]

    yield start
    for pair in made:
        pair.process.kill()
        pair.process.communicate()


def test_another_worker_when_one_is_killed(started: object) -> None:
    pair = started()  # type: ignore[operator]
    for n in range(5):
        os.kill(pair.worker(n), signal.SIGKILL)
    last = pair.worker(5)
    assert children_of(pair.process.pid) == [last]


@pytest.mark.parametrize("number", spare.STOP_SIGNALS)
def test_a_signal_to_stop_goes_on_to_the_worker(started: object, number: signal.Signals) -> None:
    does = (
        f"import signal; signal.signal({int(number)}, lambda *_: sys.exit(0)); "
        "open(sys.argv[1] + '.up', 'w'); time.sleep(60)"
    )
    pair = started(does)  # type: ignore[operator]
    worker = pair.worker(0)
    until(lambda: pair._told.with_name("told.up").exists(), 10, "its own way to stop")
    pair.process.send_signal(number)
    assert pair.end() == (0, b"")
    assert not alive(worker)


def test_a_worker_that_dies_of_the_signal_is_not_replaced(started: object) -> None:
    pair = started()  # type: ignore[operator]
    pair.worker(0)
    pair.process.terminate()
    assert pair.end()[0] == 0
    assert len(pair.workers) == 1


@pytest.mark.parametrize("code", [0, 2])
def test_an_end_that_the_worker_chose_is_final(started: object, code: int) -> None:
    pair = started(f"sys.exit({code})")  # type: ignore[operator]
    assert pair.end() == (code, b"")


def test_one_that_dies_at_once_is_somebody_elses_trouble(started: object) -> None:
    pair = started("os.abort()", life_min_s=60.0)  # type: ignore[operator]
    assert pair.end()[0] == 1
    assert len(pair.workers) == 1


def test_a_worker_does_not_outlive_its_spare(started: object) -> None:
    pair = started()  # type: ignore[operator]
    worker = pair.worker(0)
    pair.process.kill()
    pair.process.wait()
    until(lambda: not alive(worker), 5, "the worker's end", 0.01)
