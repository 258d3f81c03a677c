"""What processes cost, from /proc; and what a process of listeners reads once for all."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hustings.rehearse import consent, source
from hustings.rehearse.road import ASSETS_MAX, READ_KEPT, Road


def test_processes_by_the_files_that_serve_leaves(tmp_path: Path) -> None:
    (tmp_path / "studio.pid").write_text(json.dumps({"pid": os.getpid()}))
    (tmp_path / "edge.pid").write_text("{")
    (tmp_path / "web.pid").write_text(json.dumps({"pid": 2**22 + 1}))
    found = source.pids(tmp_path)
    assert list(found) == ["studio"]
    assert found["studio"][0] == os.getpid()


def test_work_grows_and_a_process_that_is_gone_counts_nothing() -> None:
    before = source.work(os.getpid())
    sum(range(3_000_000))
    after = source.work(os.getpid())
    assert after.cpu_s >= before.cpu_s > 0
    assert after.wakes >= before.wakes
    assert after.memory > 10_000_000
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert source.together([gone.pid]) == source.Work(0, 0, 0, 0)


def test_followers_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "studio.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        assert source.followers(path) == 0
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(path))
            with listening.accept()[0]:
                assert source.followers(path) == 1


def test_this_machine() -> None:
    told = source.about()
    assert told["cores"] >= 1 and told["memory_mb"] > 100 and told["model"]


class TestRoad:
    def page(self, count: int) -> bytes:
        links = (f'<link rel="modulepreload" href="/assets/a/{n}.js">' for n in range(count))
        return "\n".join(links).encode()

    @pytest.mark.parametrize("count", [0, ASSETS_MAX, ASSETS_MAX + 1])
    def test_assets_at_the_limit_and_past_it(self, count: int) -> None:
        road = Road("a-talk", lambda: 0.5)
        assert len(road.assets(self.page(count))) == min(count, ASSETS_MAX)
        assert Road("a-talk", lambda: 0.5, assets=False).assets(self.page(count)) == ()

    def test_only_its_own_assets(self) -> None:
        page = b'<script type="module" src="https://elsewhere.example/x.js"></script>'
        assert Road("a-talk", lambda: 0.5).assets(page) == ()

    def test_what_was_read_is_kept_to_the_limit(self) -> None:
        road = Road("a-talk", lambda: 0.5)
        bodies = [json.dumps({"now_ms": n}).encode() for n in range(READ_KEPT + 1)]
        first = road.pulse(bodies[0], 0.0)
        assert road.pulse(bodies[0], 0.0) is first
        for body in bodies[1:]:
            road.pulse(body, 0.0)
        assert road.pulse(bodies[-1], 0.0) is road.pulse(bodies[-1], 0.0)
        assert road.pulse(bodies[0], 0.0) is not first

    def test_the_nearest_pulse_sets_the_clock(self) -> None:
        road = Road("a-talk", lambda: 0.5)
        for now_ms, at_s in ((10_000, 9.0), (12_000, 9.5), (11_000, 10.0)):
            road.pulse(json.dumps({"now_ms": now_ms}).encode(), at_s)
        assert road.ahead_s == 2.5

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"now_ms": "soon"}', b"\x1f\x8b"])
    def test_what_is_no_pulse(self, body: bytes) -> None:
        with pytest.raises(ValueError):
            Road("a-talk", lambda: 0.5).pulse(body, 0.0)


@pytest.mark.parametrize(("past", "fine"), [(0, True), (1, False)])
def test_a_consent_is_read_to_its_limit(past: int, fine: bool) -> None:
    given = consent.Consent("h", 1_795_000_000.0, 5, consent.mark("t"))
    head, rest = consent.write(given).rstrip("\n").split("\n", 1)
    room = consent.TEXT_MAX - len(head) - len(rest) - len("\nx: \n")
    found = consent.read(f"{head}\nx: {'y' * (room + past)}\n{rest}")
    assert (found == given) == fine
