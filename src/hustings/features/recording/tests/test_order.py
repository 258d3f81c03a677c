"""A room that those who look after the server ended has no replay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hustings.features.recording import studio
from hustings.rooms.journal import Draft, Event
from tests.rooms.cast import CLOCK, Stage


@pytest.mark.parametrize("reason", ["host", "order"])
async def test_who_ended_it_says_whether_there_is_one(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, ready, built = Stage("on_air"), asyncio.Event(), []

    def append(drafts: Sequence[Draft]) -> None:
        assert [draft.type for draft in drafts] == ["replay_ready"]
        ready.set()

    lent: Any = SimpleNamespace(
        room=stage.room, records=True, room_dir=tmp_path, published_dir=tmp_path, append=append
    )
    monkeypatch.setattr(studio.replay, "build", lambda *_: built.append(1) or True)
    feature = studio.Recording(lent)
    ended = {"by": reason, "reason": reason}
    stage.tell("ended", **ended)
    for kind, body, clock in (("on_air", {}, CLOCK), ("ended", ended, CLOCK + 48_000)):
        feature.apply(Event(1, 1, clock, 0, kind, body))
    task = asyncio.ensure_future(feature.run())
    await asyncio.sleep(0)  # it has looked at the room, and waits for a thread or for news
    if reason == "host":
        await ready.wait()
    task.cancel()
    assert bool(built) is (reason == "host")
