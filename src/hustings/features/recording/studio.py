"""Recording, in studio: the replay when the room ends, links for the host, and the end of all of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hustings.features.recording import export, model, replay
from hustings.rooms.feature import Granted, Stage
from hustings.rooms.journal import Draft, Event
from hustings.rooms.permissions import Rule
from hustings.rooms.roles import Actor, Refusal


class Recording:
    """One room's recording, seen from its host."""

    name = "recording"
    rules: Mapping[str, Rule] = model.RULES

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._kept = model.Kept()
        self._links = model.Links()
        self._changed = asyncio.Event()

    def decide(self, command: str, actor: Actor, body: Mapping[str, Any]) -> Granted:
        match command:
            case "link":
                return self._link(body)
            case "delete":
                return Granted([Draft("recording.deleted", {"by": actor.person})])
            case "keep_sealed":
                keep = body.get("keep", True)
                if type(keep) is not bool:
                    raise Refusal("bad_request", field="keep")
                return Granted([Draft("recording.kept", {"person": actor.person, "keep": keep})])
        raise Refusal("command_unknown")

    def apply(self, event: Event) -> None:
        self._kept.apply(event.type, event.clock, event.body)
        self._changed.set()

    def view(self, actor: Actor) -> Mapping[str, Any]:
        view: dict[str, Any] = {
            "deleted": self._kept.deleted,
            "keeps_sealed": actor.person in self._kept.keepers,
        }
        if actor.role == "host" and self._kept.on_air and not self._kept.deleted:
            view["files"] = self._files()
        return view

    def pulse(self) -> Mapping[str, Any]:
        return {}

    async def run(self) -> None:
        """Builds the replay once the room has ended, destroys it once it was deleted. Files are a thread's work."""
        while True:
            self._changed.clear()
            room, plan = self._stage.room, self._stage.room.plan
            if plan is not None and self._kept.deleted:
                await asyncio.to_thread(self._destroy, plan.key)
            elif (
                self._stage.records
                and plan is not None
                and room.state == "ended"
                and room.has_replay
                and (stretch := self._kept.on_air)
            ):
                title = plan.title
                made = await asyncio.to_thread(
                    replay.build,
                    self._stage.room_dir,
                    self._stage.published_dir,
                    plan.key,
                    stretch,
                    title,
                )
                if made and room.state == "ended":
                    self._stage.append([Draft("replay_ready", {})])
            await self._changed.wait()

    def download(self, token: str, file: str) -> Path | None:
        """The file behind a link; made now. Errors: `Refusal("link_expired")`."""
        if not self._links.opens(token, file, self._stage.now_ms()):
            raise Refusal("link_expired")
        stretch = self._stretch()
        if stretch is None or self._kept.deleted:
            return None
        try:
            if file == "mix.m4a":
                return export.mix(self._stage.room_dir, stretch)
            person = file.removeprefix("tracks/").removesuffix(".ogg")
            return export.track(self._stage.room_dir, person, stretch, self._name(person))
        except FileNotFoundError:
            return None

    def _link(self, body: Mapping[str, Any]) -> Granted:
        file = body.get("file")
        if self._kept.deleted:
            raise Refusal("recording_off")
        if file not in self._files():
            raise Refusal("not_found")
        assert self._stage.room.plan is not None
        link = self._links.make(self._stage.fresh(), str(file), self._stage.now_ms())
        url = self._stage.url(f"/recording/{self._stage.room.plan.key}/{link.token}/{link.file}")
        return Granted(reply={"url": url, "ends_ms": link.ends_ms})

    def _files(self) -> list[str]:
        if self._stretch() is None or not self._stage.records:
            return []
        people = {piece.person for piece in export.on_air_pieces(self._stage.room_dir)}
        return model.files(sorted(people), (self._stage.room_dir / "mix" / "aac").exists())

    def _stretch(self) -> model.Stretch | None:
        """What was on the air, up to now while it still is."""
        if self._kept.on_air is not None:
            return self._kept.on_air
        if self._kept.on_air_clock and not self._kept.ended_clock:
            return model.Stretch(self._kept.on_air_clock, self._stage.now())
        return None

    def _name(self, person: str) -> str:
        known = self._stage.room.stage.people.get(person)
        return known.name if known else person

    def _destroy(self, key: str) -> None:
        replay.destroy(self._stage.published_dir, key)
        for folder in ("mix", "tracks", "exports"):
            shutil.rmtree(self._stage.room_dir / folder, ignore_errors=True)
        (self._stage.room_dir / "pieces.jsonl").unlink(missing_ok=True)
