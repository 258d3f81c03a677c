"""The story's end: its author is banned on the page, and is off everything. How fast is the figure `ban` of bench/."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.banned import SAID, played
from tests.e2e.harness.waiting import until
from tests.e2e.house import started
from tests.e2e.peer import Refused, cast
from tests.e2e.square import account
from tests.e2e.test_story import plain

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_the_author_is_banned_and_off_everything(tmp_path: Path) -> None:
    with started(tmp_path / "data") as house, cast() as actors, played(house, actors) as scene:
        today = time.gmtime()
        for path in (f"/rooms/{scene.room.key}", f"/@{scene.rival.handle}"):
            page = plain(house.http.get(f"{house.web}{path}").text)
            assert f"{today.tm_year} · written 25 May 2023" in page and SAID in page
        tree = scene.api(f"statuses/{scene.repost}").json()
        assert tree["reblog"]["created_at"].startswith("2023-05-25T14:00:00")
        assert tree["created_at"].startswith(time.strftime("%Y-%m-%d", today))
        assert not any(over() for over in scene.over().values())
        assert set(scene.lasts_s()) == {"token", "stream", "stage", "room", "posts"}
        assert house.state(scene.room) == "on_air"  # another's room goes on
        late = actors.speaker(house.stage, scene.room.key, scene.own.host)
        with pytest.raises(Refused, match="ticket_wrong_room"):
            late.join()
        again = actors.speaker(house.stage, scene.own.key, scene.own.host)
        with pytest.raises(Refused, match=r"room_over|ticket_revoked"):
            again.join()
        refused = house.asked(scene.own, "rename", {"name": "Back"})
        assert refused.status_code in (401, 410)
        assert scene.author.http.get("/home").headers["Location"].startswith("/login")
        log = plain(scene.moderator.http.get("/moderation/log").text)
        assert f"banned {scene.author.handle}" in log and "Told once too often." in log
        assert "Traceback" not in house.log


def test_studio_dies_in_between_and_hears_of_it(tmp_path: Path) -> None:
    with started(tmp_path / "data") as house, cast() as actors, played(house, actors) as scene:
        house.kill("studio")
        assert scene.ban().status_code == 303
        over = scene.over()
        for name in ("stage", "room"):
            until(lambda name=name: _answered(over[name]), 30, name)  # type: ignore[misc]


def test_web_dies_in_between_and_says_it_again(tmp_path: Path) -> None:
    with started(tmp_path / "data") as house, cast() as actors, played(house, actors) as scene:
        id = account(house, scene.author.handle)
        studio = house.pid("studio")
        os.kill(studio, signal.SIGSTOP)
        try:
            assert scene.ban().status_code == 303
            house.kill("web")
        finally:
            os.kill(studio, signal.SIGCONT)
        over = scene.over()
        for name in ("stage", "room", "posts"):
            until(lambda name=name: _answered(over[name]), 30, name)  # type: ignore[misc]
        page = scene.moderator.http.get(f"/moderation/people/{id}").text
        assert "ticket taken back" in page and "not told yet" not in page


def _answered(over: object) -> bool:
    """A process that is on its way back answers nothing."""
    try:
        return bool(over())  # type: ignore[operator]
    except Exception:
        return False
