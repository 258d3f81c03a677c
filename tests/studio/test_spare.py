"""A spare process behind the worker, as real processes: kills, stops, ends that are final, deaths that come too soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
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


UPGRADED = """
import os, sys, time
from hustings.studio import spare
exec(open(sys.argv[1] + ".code").read())
spare.worker()
with open(sys.argv[1], "a") as told:
    told.write(f"{os.getpid()}\\n")
exec(open(sys.argv[1] + ".does").read())
"""
STOPS = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); signal.pause()"


class Upgraded(Pair):
    """A spare whose program lies in a file: `code` runs while it loads, `does` in the worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = folder / "told"
        self._told.touch()
        self.lies(does=STOPS)
        (folder / "program.py").write_text(UPGRADED)
        command = [sys.executable, str(folder / "program.py"), str(self._told)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def lies(self, code: str = "", does: str = STOPS) -> None:
        """What lies on the disk from now on."""
        (self._folder / "told.code").write_text(code)
        (self._folder / "told.does").write_text(does)

    def is_alone(self, worker: int) -> bool:
        return children_of(self.process.pid) == [worker]

    def upgrade(self) -> None:
        self.process.send_signal(spare.UPGRADE)


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Upgraded]:
    pair = Upgraded(tmp_path)
    yield pair
    pair.process.kill()
    pair.process.communicate()


def test_an_upgrade_is_another_worker_under_the_same_spare(upgraded: Upgraded) -> None:
    first = upgraded.worker(0)
    seen = upgraded._told.with_name("seen")
    for n in range(1, 4):
        upgraded.lies(code=f"spare.LIFE_MIN_S = 0; open({str(seen)!r}, 'a').write('{n}')")
        upgraded.upgrade()
        upgraded.worker(n)
        assert not alive(first)
        first = upgraded.worker(n)
        until(partial(upgraded.is_alone, first), 5, "one worker alone", 0.01)
    assert seen.read_text() == "112233", "tried, then loaded"
    os.kill(first, signal.SIGKILL)
    assert upgraded.worker(4) == children_of(upgraded.process.pid)[0]
    upgraded.process.terminate()
    assert upgraded.end()[0] == 0


@pytest.mark.parametrize("code", ["import nothing_of_that_name", "sys.exit(2)", "1 +"])
def test_a_program_that_does_not_load_replaces_nothing(upgraded: Upgraded, code: str) -> None:
    first = upgraded.worker(0)
    tried = upgraded._told.with_name("tried")
    upgraded.lies(code=f"open({str(tried)!r}, 'w').close()\nexec({code!r})")
    upgraded.upgrade()
    until(lambda: children_of(upgraded.process.pid) != [first] or tried.exists(), 10, "a trial")
    until(lambda: children_of(upgraded.process.pid) == [first], 10, "its end", 0.01)
    assert alive(first)
    upgraded.process.terminate()
    code_, said = upgraded.end()
    assert code_ == 0 and b"does not start" in said
    assert upgraded.workers == [first]


def test_the_worker_goes_on_until_the_new_program_is_loaded(upgraded: Upgraded) -> None:
    first = upgraded.worker(0)
    gate = upgraded._told.with_name("gate")
    upgraded.lies(code=f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)")
    upgraded.upgrade()
    until(lambda: len(children_of(upgraded.process.pid)) == 2, 10, "a trial", 0.01)
    upgraded.upgrade()  # one at a time
    assert upgraded.workers == [first] and alive(first)
    gate.touch()
    upgraded.worker(1)
    assert not alive(first)


def test_a_stop_while_the_new_program_loads_is_a_stop(upgraded: Upgraded) -> None:
    upgraded.worker(0)
    loading = upgraded._told.with_name("loading")
    upgraded.lies(
        code=f"if {spare.WORKER!r} in os.environ:\n open({str(loading)!r}, 'w').close()\n time.sleep(0.3)"
    )
    upgraded.upgrade()
    until(loading.exists, 10, "the new program")
    upgraded.process.terminate()
    assert upgraded.end()[0] == 0


def test_a_worker_that_will_not_go_is_killed(upgraded: Upgraded) -> None:
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); open(sys.argv[1] + '.deaf', 'w'); time.sleep(60)"
    upgraded.lies(code="spare.LEAVE_S = 0.1", does=stubborn)
    upgraded.worker(0)
    upgraded.upgrade()
    first = upgraded.worker(1)
    until(upgraded._told.with_name("told.deaf").exists, 10, "a deaf worker")
    upgraded.upgrade()
    upgraded.worker(2)
    assert not alive(first)
