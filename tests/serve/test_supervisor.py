"""The supervisor with real, tiny children: killed, clumsy, stubborn, orphaned. Waits are for conditions, never for time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from hustings.serve import child as children
from hustings.serve import supervisor
from hustings.studio import spare
from tests.e2e.house import children_of

LOOP = """
import json, os, signal, sys, time
from pathlib import Path
name, run, how = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
if how == "hopeless":
    print("toy: no such thing", file=sys.stderr); sys.exit(2)
if how == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if how == "crashing":
    sys.exit(1)
if name == "kept":
    signal.signal(signal.SIGUSR2, lambda *_: (run / "kept.upgraded").touch())
draft = run / f".{name}"
draft.write_text(json.dumps({"pid": os.getpid(), "nice": os.nice(0)}))
draft.rename(run / f"{name}.up")
signal.pause()
while True: signal.pause()
"""

PARENT = """
import os, sys
from pathlib import Path
sys.path[:0] = [{src!r}]
from hustings.serve import supervisor, readiness
from hustings.serve.child import Spec
run, mark, rows = Path(sys.argv[1]), sys.argv[2], [r.split("=") for r in sys.argv[3:]]
supervisor.STOP_S = 0.5
loop = run.parent / "loop.py"
specs = [Spec(n, (sys.executable, str(loop), n, str(run), how), i, 100 * i, readiness.on_file(run / f"{{n}}.up"),
              supervisor.UPGRADE if n == "kept" else 0, n == "first")
         for i, (n, how) in enumerate(rows)]
say = lambda line: print(line, flush=True)
s = supervisor.Supervisor(specs, run, mark, say, lambda n, pid: print("ready", n, flush=True))
print("adopted", s.adopt("RENEWS" in os.environ), flush=True)
code = s.run()
if s.wants_upgrade:
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {{**os.environ, "RENEWS": "1"}})
sys.exit(code)
"""


class Bench:
    """Starts supervisors of toys in one folder and looks at what lives there."""

    def __init__(self, folder: Path) -> None:
        self.run = folder / "run"
        self.run.mkdir()
        (folder / "loop.py").write_text(LOOP)
        self.started: list[subprocess.Popen[str]] = []
        self.out = folder / "out.txt"
        self.out.touch()

    def serve(self, *rows: str, mark: str = "m") -> subprocess.Popen[str]:
        source = PARENT.format(src=str(Path(children.__file__).parents[2]))
        with self.out.open("a") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", source, str(self.run), mark, *rows],
                stdout=out,
                stderr=out,
                text=True,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def pid(self, name: str) -> int:
        try:
            pid = int(json.loads((self.run / f"{name}.up").read_text())["pid"])
        except OSError:
            return 0
        return pid if children.is_alive(pid) else 0

    def wait(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"{what}; it said:\n{self.out.read_text()}"
            time.sleep(0.01)

    def up(self, *names: str) -> dict[str, int]:
        self.wait(lambda: all(self.pid(name) for name in names), f"{names} not up")
        return {name: self.pid(name) for name in names}

    def said(self, text: str) -> None:
        self.wait(lambda: text in self.out.read_text(), f"never said {text!r}")

    def clear(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
        for path in self.run.glob("*.pid"):
            pid, _ = children.find(path)
            if pid:
                os.killpg(pid, signal.SIGKILL)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.clear()


def test_a_child_that_dies_is_started_again_and_the_others_stay(bench: Bench) -> None:
    bench.serve("one=calm", "two=calm")
    before = bench.up("one", "two")
    bench.said("ready one")
    os.kill(before["one"], signal.SIGKILL)
    bench.wait(lambda: bench.pid("one") not in (0, before["one"]), "one did not come back")
    bench.said("one died (SIGKILL); starting it again at once")
    bench.said("one is back")
    assert bench.pid("two") == before["two"]


def test_priorities_fall_row_by_row(bench: Bench) -> None:
    bench.serve("one=calm", "two=calm", "three=calm")
    pids = bench.up("one", "two", "three")
    nices = [os.getpriority(os.PRIO_PROCESS, pid) for pid in pids.values()]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nices == [own, 1, 2] if own == 0 else nices == sorted(nices)
    scores = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in pids.values()]
    assert scores == [max(own, score) for own, score in zip(scores, (0, 100, 200), strict=True)]
    assert scores == sorted(scores)


def may_go_first() -> bool:
    """Whether this machine lets us."""
    with subprocess.Popen(["sleep", "5"]) as sleeper:
        try:
            os.sched_setscheduler(sleeper.pid, os.SCHED_RR, os.sched_param(1))
        except OSError:
            return False
        finally:
            sleeper.kill()
    return True


def test_what_people_hear_is_started_again_before_other_work(bench: Bench) -> None:
    bench.serve("first=calm", "other=calm")
    before = bench.up("first", "other")
    assert {os.sched_getscheduler(pid) for pid in before.values()} == {os.SCHED_OTHER}
    for name, pid in before.items():
        bench.said(f"ready {name}")
        os.kill(pid, signal.SIGKILL)
        bench.wait(lambda name=name, pid=pid: bench.pid(name) not in (0, pid), name)
    policies = [os.sched_getscheduler(pid) for pid in bench.up("first", "other").values()]
    first = os.SCHED_RR | os.SCHED_RESET_ON_FORK if may_go_first() else os.SCHED_OTHER
    assert policies == [first, os.SCHED_OTHER]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_a_clean_stop(bench: Bench, number: signal.Signals) -> None:
    process = bench.serve("one=calm", "two=calm")
    pids = bench.up("one", "two")
    process.send_signal(number)
    assert process.wait(20) == 0
    assert not any(children.is_alive(pid) for pid in pids.values())
    assert not list(bench.run.glob("*.pid"))


def test_a_stubborn_child_is_killed_in_the_end(bench: Bench) -> None:
    process = bench.serve("one=stubborn")
    pid = bench.up("one")["one"]
    process.terminate()
    assert process.wait(20) == 0
    assert not children.is_alive(pid)


def test_a_child_that_can_not_start_stops_everything(bench: Bench) -> None:
    process = bench.serve("one=calm", "two=hopeless")
    assert process.wait(20) == 2
    assert "toy: no such thing" in bench.out.read_text()
    assert not bench.pid("one")


def test_a_crash_is_not_hopeless(bench: Bench) -> None:
    process = bench.serve("one=calm", "two=crashing")
    bench.said("two died (exit code 1); starting it again in 0.2 s")
    assert process.poll() is None
    assert bench.pid("one")


def test_children_outlive_the_supervisor_and_the_next_takes_them_over(bench: Bench) -> None:
    first = bench.serve("one=calm", "two=calm")
    before = bench.up("one", "two")
    first.kill()
    first.wait()
    assert all(children.is_alive(pid) for pid in before.values())
    second = bench.serve("one=calm", "two=calm")
    bench.said("adopted ['one', 'two']")
    assert bench.up("one", "two") == before
    os.kill(before["two"], signal.SIGKILL)
    bench.wait(lambda: bench.pid("two") not in (0, before["two"]), "two did not come back")
    assert bench.pid("one") == before["one"]
    second.terminate()
    assert second.wait(20) == 0
    assert not bench.pid("one") and not bench.pid("two")


def test_other_settings_replace_all_but_the_one_that_carries_the_talk(bench: Bench) -> None:
    first = bench.serve("kept=calm", "one=calm", "gone=calm")
    before = bench.up("kept", "one", "gone")
    first.kill()
    first.wait()
    bench.serve("kept=calm", "one=calm", mark="changed")
    bench.said("adopted ['kept']")
    bench.said("kept was running: taken over and upgraded")
    bench.wait(lambda: bench.pid("one") not in (0, before["one"]), "one was not replaced")
    bench.wait((bench.run / "kept.upgraded").exists, "kept was not told")
    assert bench.pid("kept") == before["kept"]
    assert not children.is_alive(before["gone"])


def test_an_upgrade_replaces_itself_and_all_but_the_one_that_carries_the_talk(bench: Bench) -> None:
    process = bench.serve("kept=calm", "one=calm")
    before = bench.up("kept", "one")
    for _ in range(3):
        bench.said("ready one")
        (bench.run / "kept.upgraded").unlink(missing_ok=True)
        one = bench.pid("one")
        process.send_signal(supervisor.UPGRADE)
        bench.wait((bench.run / "kept.upgraded").exists, "kept was not told")
        bench.wait(partial(lambda one: bench.pid("one") not in (0, one), one), "one stayed")
    assert bench.pid("kept") == before["kept"]
    assert process.poll() is None, "the same process"
    os.kill(before["kept"], signal.SIGKILL)
    bench.wait(lambda: bench.pid("kept") not in (0, before["kept"]), "kept did not come back")
    assert before["kept"] not in children_of(process.pid), "what died is reaped"
    process.terminate()
    assert process.wait(20) == 0
    assert not bench.pid("one") and not bench.pid("kept")


def test_studio_and_serve_are_upgraded_by_one_signal() -> None:
    assert supervisor.UPGRADE == spare.UPGRADE


def test_a_pid_that_went_to_another_process_is_left_alone(bench: Bench) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        path = bench.run / "one.pid"
        path.write_text(json.dumps({"pid": stranger.pid, "born": "1", "mark": "m"}))
        process = bench.serve("one=calm")
        bench.up("one")
        bench.said("adopted []")
        process.terminate()
        assert process.wait(20) == 0
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("text", ["", "7", "{}", '{"pid": "x", "born": "", "mark": ""}', "[]"])
def test_a_broken_pid_file_is_no_process(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.pid"
    path.write_text(text)
    assert children.find(path) == (0, "")


def test_the_supervisor_stays_small(bench: Bench) -> None:
    process = bench.serve("one=calm")
    bench.up("one")
    bench.said("ready one")
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    assert pss < 20_000
