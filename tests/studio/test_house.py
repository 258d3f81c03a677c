"""All rooms: which are taken up, how many may live, what is kept and what is not."""

from __future__ import annotations

import json

import pytest

from hustings.rooms.journal import Event, to_line
from hustings.rooms.roles import Refusal
from hustings.studio.house import TAKEN_UP_MS
from hustings.wire.feed import Decoder
from hustings.wire.track import Piece
from tests.studio.house_rig import HOST, KEY, NS, START_MS, Rig, a_plan

SOON = START_MS + 10**8


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    await rig.crash()


async def listed(rig):
    stream = rig.house.feed("_").follow()
    frames = Decoder().push(await anext(stream))
    await stream.aclose()
    return json.loads(frames[1].body)["rooms"]


async def test_the_directory_names_every_room_with_its_state_and_term(rig):
    assert await listed(rig) == []
    rig.plan(starts_at_ms=SOON)
    rig.open(key="other-room")
    assert await listed(rig) == [
        {"key": KEY, "state": "planned", "term": 1},
        {"key": "other-room", "state": "open", "term": 1},
    ]
    await rig.again()
    assert [(row["state"], row["term"]) for row in await listed(rig)] == [
        ("open", 2),
        ("planned", 2),
    ]


async def test_no_more_rooms_live_than_may(rig):
    rig.set(rooms_max=1)
    rig.open()
    second = rig.plan(key="other-room")
    rig.house.look()
    assert second.room.state == "planned"
    rig.command(HOST, "end")
    rig.house.look()
    assert second.room.state == "open"


async def test_old_rooms_are_taken_up_when_they_are_asked_for(rig):
    rig.open()
    rig.command(HOST, "end")
    rig.seconds(0)
    await rig.again(after_ns=(TAKEN_UP_MS - 1) * 1_000_000)
    assert [live.key for live in rig.house] == [KEY]
    await rig.again(after_ns=1_000_000)
    assert list(rig.house) == []
    assert await listed(rig) == []
    assert rig.house.find(KEY).live.room.state == "ended"
    with pytest.raises(Refusal, match="room_unknown"):
        rig.house.feed(KEY)


async def test_a_room_that_never_was(rig):
    for key in ("nothing", "_", "../keys"):
        with pytest.raises(Refusal, match="room_unknown"):
            rig.house.find(key)


async def test_sealed_talk_goes_after_its_hours_and_stays_for_who_asked(rig):
    rig.plan(starts_at_ms=SOON)
    await rig.crash()
    folder = rig.settings.rooms_dir / KEY
    (folder / "tracks").mkdir()
    hour = 3_600 * 48_000
    now = START_MS * 48
    rows = {
        "old": Piece(1, "ann", "tracks/ann-0.rtp", False, now - 30 * hour, now - 25 * hour),
        "new": Piece(1, "ann", "tracks/ann-1.rtp", False, now - 2 * hour, now - hour),
        "air": Piece(1, "ann", "tracks/ann-2.rtp", True, now - 30 * hour, now - 25 * hour),
        "kept": Piece(1, "bob", "tracks/bob-0.rtp", False, now - 30 * hour, now - 25 * hour),
    }
    (folder / "pieces.jsonl").write_bytes(b"".join(piece.to_line() for piece in rows.values()))
    for piece in rows.values():
        (folder / piece.file).write_bytes(b"")
    with (folder / "journal.jsonl").open("ab") as journal:
        for n, (person, keep) in enumerate((("bob", True), ("ann", True), ("ann", False)), 2):
            body = {"person": person, "keep": keep}
            journal.write(to_line(Event(n, 1, 0, 0, "recording.kept", body)))
    rig.house.destroy_sealed()
    left = {name for name, piece in rows.items() if (folder / piece.file).exists()}
    assert left == {"new", "air", "kept"}


async def test_a_plan_may_change_while_the_doors_are_open(rig):
    live = rig.open()
    rig.house.hand_over(a_plan(title="Harbour"))
    assert live.room.plan.title == "Harbour"
    page = rig.settings.published_dir / "pages" / f"{KEY}.html"
    assert "Harbour" in page.read_text()
    rig.command(HOST, "end")
    with pytest.raises(Refusal, match="wrong_state"):
        rig.house.hand_over(a_plan(title="Too late"))
    rig.hands.go(NS)
