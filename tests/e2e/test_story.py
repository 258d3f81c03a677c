"""The story that this is for: a dated post, taken along from elsewhere, reposted beside a live room by its author's rival."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.e2e.house import started
from tests.e2e.square import Member, suspend

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def test_an_old_post_is_reposted_beside_a_live_room_and_its_author_is_gone(tmp_path: Path) -> None:
    with started(tmp_path / "data") as house:
        room = house.plan("interview", "An interview that begins on time")
        house.on_air(room)
        author, rival = Member(house, "author"), Member(house, "rival")
        author.bring(("2023-05-25T14:00:00Z", "It began late, and then it was gone."))
        (old,) = author.posts()
        rival.does(old, "repost", room="interview")
        today = time.gmtime()
        months = [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ]
        on = f"{today.tm_mday} {months[today.tm_mon - 1]} {today.tm_year}"

        def around() -> str:
            return plain(house.http.get(f"{house.web}/rooms/interview").text)

        for page in (around(), plain(house.http.get(f"{house.web}/@rival").text)):
            assert f"Reposted on {on} · written 25 May 2023" in page
            assert (
                f"The date is a claim: imported by @author on {on}, said to be from elsewhere.example"
                in page
            )
            assert "It began late, and then it was gone." in page
        assert re.search(r"0:\d\d into the talk", around()), around()
        assert "It began late" in plain(rival.http.get("/home").text)

        suspend(house, "author")
        began_s = time.monotonic()
        for path in ("/rooms/interview", "/@rival", "/square"):
            assert "It began late" not in house.http.get(f"{house.web}{path}").text
        assert "It began late" not in rival.http.get("/home").text
        assert house.http.get(f"{house.web}/@author/{old}").status_code == 404
        assert (
            author.http.post("/posts", data={"status": "Still here."})
            .headers["Location"]
            .startswith("/login")
        )
        assert time.monotonic() - began_s < 1.0
        house.command(room, "end")
