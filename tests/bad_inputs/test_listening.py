"""Playlists and parts of rooms that are on, not yet, over, never were; queries nobody knows; ranges; cookies; knocks."""

from __future__ import annotations

import re

import pytest

from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SEGMENT_S = 3.84


def live(room: Room, file: str = "aac/live.m3u8") -> str:
    return f"/live/{room.key}/{file}"


def newest_part(house: House, room: Room) -> tuple[int, int]:
    text = house.playlist(room)
    found = re.findall(r'PART:DURATION=[\d.]+,URI="s(\d+)\.(\d+)\.m4s"', text)
    return int(found[-1][0]), int(found[-1][1])


@pytest.mark.parametrize("file", ["index.m3u8", "aac/live.m3u8", "opus/plain.m3u8", "pulse.json"])
def test_a_room_that_is_on_with_a_cookie_and_an_unknown_query(
    house: House, on: Room, file: str
) -> None:
    # a playlist without parts is there with the first whole segment, 3.84 s after the doors open
    until(lambda: house.http.get(f"{house.live}{live(on, file)}").status_code == 200, 8, file)
    answer = house.http.get(
        f"{house.live}{live(on, file)}?utm_source=x&_HLS_skip=YES&fbclid=%00",
        headers={"Cookie": "session=" + "c" * 3000},
    )
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["timing-allow-origin"] == "*"


@pytest.mark.parametrize("query", ["_HLS_msn=x", "_HLS_msn=-1", "_HLS_part=3", "_HLS_msn=99999999999999999999",
                                   "_HLS_msn=1&_HLS_msn=2", "_HLS_msn=1e9&_HLS_part=1.5"])  # fmt: skip
def test_odd_reloads_of_a_room_that_is_on(house: House, on: Room, query: str) -> None:
    answer = house.http.get(f"{house.live}{live(on)}?{query}")
    assert answer.status_code == 200 and answer.text.startswith("#EXTM3U")


def test_a_reload_far_ahead_is_answered_at_once_with_the_reason(house: House, on: Room) -> None:
    msn, _ = newest_part(house, on)
    answer = house.http.get(f"{house.live}{live(on)}?_HLS_msn={msn + 50}&_HLS_part=0")
    assert answer.status_code == 200
    assert answer.headers["hustings-error"]
    assert "max-age=1" in answer.headers["cache-control"]


def test_a_part_that_is_next_is_waited_for_and_one_far_ahead_is_not(house: House, on: Room) -> None:
    msn, part = newest_part(house, on)
    following = (msn, part + 1) if part < 3 else (msn + 1, 0)
    answer = house.http.get(f"{house.live}{live(on, f'aac/s{following[0]}.{following[1]}.m4s')}")
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    far = house.http.get(f"{house.live}{live(on, f'aac/s{msn + 9}.0.m4s')}")
    assert far.status_code == 404 and "max-age=1" in far.headers["cache-control"]


@pytest.mark.parametrize(
    "file",
    ["aac/s1.m4s", "aac/s1.0.m4s", "aac/sx.m4s", "aac/s1.99.m4s", "mp3/live.m3u8", "aac/", "aac/init-0.mp4",
     "..%2f..%2fkeys%2fplanner.txt", "aac/s99999999999999999999999.0.m4s"],
)  # fmt: skip
def test_files_that_are_not_there(house: House, on: Room, file: str) -> None:
    answer = house.http.get(f"{house.live}{live(on, file)}")
    assert answer.status_code == 404


def test_a_room_that_is_not_yet(house: House, yet: Room) -> None:
    answer = house.http.get(f"{house.live}{live(yet)}")
    assert answer.status_code == 404 and "max-age=1" in answer.headers["cache-control"]
    assert house.http.get(f"{house.live}/{yet.key}").status_code == 200


def test_a_room_that_is_over(house: House, over: Room) -> None:
    until(lambda: "ENDLIST" in house.playlist(over), 20, "the end of the list")
    first = house.playlist(over)
    assert "PRELOAD-HINT" not in first
    answer = house.http.get(f"{house.live}{live(over)}?_HLS_msn=999999999&_HLS_part=0")
    assert answer.status_code == 200 and "ENDLIST" in answer.text


def test_a_room_that_never_was(house: House) -> None:
    for path in ("/live/never-was/index.m3u8", "/live/never-was/aac/live.m3u8", "/never-was"):
        assert house.http.get(f"{house.live}{path}").status_code == 404
    answer = house.http.get(f"{house.live}/replay/never-was/index.m3u8")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [("bytes=0-99", 206, 100), ("bytes=-50", 206, 50), ("bytes=99999999-", 416, None),
     ("bytes=5-2", 200, None), ("lines=1-2", 200, None), ("bytes=0-9,20-29", 200, None)],
)  # fmt: skip
def test_ranges(house: House, on: Room, asked: str, status: int, length: int | None) -> None:
    text = house.playlist(on)
    segment = re.findall(r"^(s\d+\.m4s)$", text, re.M)[-1:] or [init_of(text)]
    url = f"{house.live}{live(on, 'aac/' + segment[0])}"
    whole = house.http.get(url).content
    answer = house.http.get(url, headers={"Range": asked})
    assert answer.status_code == status
    if length is not None:
        assert len(answer.content) == length
        start = 0 if asked == "bytes=0-99" else len(whole) - 50
        assert answer.content == whole[start : start + length]


def init_of(text: str) -> str:
    found = re.search(r'MAP:URI="([^"]+)"', text)
    assert found
    return found[1]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_methods_that_change_nothing_here(house: House, on: Room, method: str) -> None:
    answer = house.http.request(method, f"{house.live}{live(on)}")
    assert answer.status_code in (404, 405)


def test_a_flood_of_knocks_from_one_address(house: House, on: Room) -> None:
    answers = [
        house.http.post(f"{house.stage}/knock/{on.key}", json={"name": f"K{n}", "note": ""})
        for n in range(30)
    ]
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {201, 429}
    assert codes.count(201) <= 7  # six a minute; one may have been given back meanwhile
    assert answers[-1].json()["code"] == "too_many"
    assert house.state(on) == "on_air"
