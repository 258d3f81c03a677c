"""The disk is full in mid-talk: the talk goes on, listeners hear it, the host is told."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import sound
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference
from tests.e2e.harness.waiting import until
from tests.e2e.house import started
from tests.e2e.peer import Cast
from tests.e2e.players import tape

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Twelve megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a small disk can only be mounted by root outside of a container")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_the_talk_goes_on_and_the_host_is_told(
    small_disk: Path,
    actors: Cast,
    voices: dict[str, Reference],
    tmp_path: Path,
) -> None:
    with started(small_disk / "data", RECORDING__DISK_FREE_MIN="1000") as house:
        room = house.plan("full-disk", "On a full disk")
        house.open_doors(room)
        hanna = actors.speaker(house.stage, room.key, room.host)
        hanna.join()
        house.on_air(room)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                pass
        until(
            lambda: "disk_full" in {one["code"] for one in house.view(room)["alarms"]},
            30,
            "the host is told",
        )
        before = newest(house.playlist(room))
        taped = tape(f"{house.live}/live/{room.key}/index.m3u8", tmp_path / "live.s16")
        hanna.say(voices["host"].samples)
        until(lambda: sound.heard(voices["host"], taped.so_far()), 40, "her words", 1.0)
        taped.stop()
        assert newest(house.playlist(room)) > before
        assert house.state(room) == "on_air"
        assert hanna.state == "connected"
        filler.unlink()
        until(
            lambda: "disk_full" not in {one["code"] for one in house.view(room)["alarms"]},
            60,
            "the alarm's end",
        )
        house.command(room, "end")


def newest(playlist: str) -> int:
    return max(int(msn) for msn in re.findall(r"s(\d+)\.\d+\.m4s", playlist))
