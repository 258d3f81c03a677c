"""A studio on virtual time with wires made of paper: tests push packets, and hold both clocks in their hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hustings import settings as tree
from hustings.audio.clock import RATE, TICK
from hustings.audio.encoder import ProgramEncoder
from hustings.features import studio as features
from hustings.rooms.roles import Actor, Refusal
from hustings.rooms.room import Plan
from hustings.rtc.intake import Counts
from hustings.rtc.rtp import RtpPacket
from hustings.studio.disk import Disk
from hustings.studio.ground import Ground, OnLink, OnPacket, at_once, here
from hustings.studio.house import House
from hustings.studio.live_room import LiveRoom
from hustings.studio.times import Times
from hustings.wire.feed import Decoder, Frame
from hustings.wire.ticket import Signer, Ticket
from tests.line.speaking import Speaker, tone

START_MS = 1_731_000_000_000
NS = 1_000_000_000
KEY = "town-hall"


@dataclass
class Hands:
    """Both clocks, in the hand of the test."""

    monotonic_ns: int = 5_000 * NS
    unix_ns: int = START_MS * 1_000_000
    boot: str = "boot-1"

    def times(self) -> Times:
        return Times(lambda: self.monotonic_ns, lambda: self.unix_ns, self.boot)

    def go(self, ns: int) -> None:
        self.monotonic_ns += ns
        self.unix_ns += ns


class PaperWires:
    """Sessions without a wire. `packet` and `link` play the other end; what is sent to an ear is kept."""

    def __init__(self, on_packet: OnPacket, on_link: OnLink) -> None:
        self.packet, self.link = on_packet, on_link
        self.sessions: dict[str, str] = {}
        self.sent: dict[str, list[bytes]] = {}
        self.counted: dict[str, Counts] = {}
        self.refuse = ""
        self.closed: list[str] = []

    async def open(self, person: str, offer: bytes, mode: str) -> tuple[str, str]:
        if self.refuse:
            raise Refusal(self.refuse)
        session = f"s{len(self.sessions) + len(self.closed)}".ljust(22, "x")
        self.sessions[session] = person
        return session, f"answer to {offer.decode()}"

    async def open_socket(self, person: str) -> tuple[str, str]:
        return await self.open(person, b"", "session")

    async def close(self, session_id: str) -> None:
        person = self.sessions.pop(session_id, None)
        if person is not None:
            self.closed.append(person)

    async def close_person(self, person: str) -> None:
        for session in [key for key, value in self.sessions.items() if value == person]:
            await self.close(session)

    async def shut(self) -> None:
        for session in list(self.sessions):
            await self.close(session)

    def restart(self, session_id: str, fragment: bytes, match: str = "") -> str:
        return f"restarted by {fragment.decode()}" if match in ("", "*") else ""

    def tag(self, session_id: str) -> str:
        return f'"tag of {session_id}"'

    async def let_go(self) -> None:
        """Paper keeps nothing."""

    def take_up(self) -> None:
        """Nothing was kept."""

    def person_of(self, session_id: str) -> str | None:
        return self.sessions.get(session_id)

    def counts(self, person: str) -> Counts:
        return self.counted.get(person, Counts())

    def send(self, person: str, payload: bytes) -> None:
        self.sent.setdefault(person, []).append(payload)


def a_plan(key: str = KEY, **changes: Any) -> Plan:
    plan = Plan(
        plan="p" * 22,
        key=key,
        title="Town hall",
        description="About the harbour.",
        starts_at_ms=START_MS + 600_000,
        doors_before_s=1_800,
        picture="",
        picture_alt="",
        profile="default",
        listed=True,
        host_name="Ada",
    )
    return replace(plan, **changes)


def settings_in(data: Path, **studio: Any) -> tree.Settings:
    loaded = tree.load(environ={"HUSTINGS_DATA": str(data)})
    loaded = replace(loaded, studio=replace(loaded.studio, **studio))
    return replace(loaded, recording=replace(loaded.recording, disk_free_min=0))


@dataclass
class Rig:
    """One studio process; `again` starts the next one on the same folder."""

    data: Path
    hands: Hands = field(default_factory=Hands)
    studio: dict[str, Any] = field(default_factory=dict)
    with_features: bool = False
    people: dict[str, Speaker] = field(default_factory=dict)
    soon: Callable[[Callable[[], None]], object] = at_once
    aside: Callable[[ProgramEncoder], ProgramEncoder] = here

    def __post_init__(self) -> None:
        self.settings = settings_in(self.data, **self.studio)
        (self.settings.rooms_dir).mkdir(parents=True, exist_ok=True)
        self.house = self._house()

    def _house(self) -> House:
        made: list[PaperWires] = []

        def wires(key: str, on_packet: OnPacket, on_link: OnLink) -> PaperWires:
            made.append(PaperWires(on_packet, on_link))
            return made[-1]

        self.all_wires = made
        house = House(
            Ground(
                settings=self.settings,
                times=self.hands.times(),
                signer=Signer("studio-test", Ed25519PrivateKey.from_private_bytes(bytes(32))),
                wires=wires,
                features=features.build if self.with_features else lambda stage: [],
                changed=lambda: None,
                gone=lambda key: None,
                soon=self.soon,
                aside=self.aside,
                disk=Disk(patience_s=None),
            )
        )
        house.start()
        return house

    def set(self, **studio: Any) -> None:
        """Other settings, before there is a room."""
        self.studio = studio
        self.__post_init__()

    async def crash(self) -> None:
        """As by `kill -9`: tasks stop where they stand, nothing more is written; only this test's files are let go."""
        for live in self.house:
            for task in live._tasks:
                task.cancel()
            await asyncio.gather(*live._tasks, return_exceptions=True)
            if live.tracks is not None:
                live.tracks.stop(live.now())
            if live._journal._file is not None:
                live._journal._file.close()
        self.house.ground.disk.close()

    async def again(self, after_ns: int = 0) -> None:
        """The next process on the same folder, so much later."""
        await self.crash()
        self.hands.go(after_ns)
        for speaker in self.people.values():
            speaker.number = 0
        self.house = self._house()

    def room(self, key: str = KEY) -> LiveRoom:
        return self.house.find(key).live

    def paper(self, key: str = KEY) -> PaperWires:
        wires = self.room(key).wires
        assert isinstance(wires, PaperWires)
        return wires

    def plan(self, **changes: Any) -> LiveRoom:
        plan = a_plan(**changes)
        self.house.hand_over(plan)
        return self.room(plan.key)

    def open(self, **changes: Any) -> LiveRoom:
        """A room with its doors open."""
        live = self.plan(**changes)
        self.house.look()
        assert live.room.state == "open"
        return live

    async def join(self, actor: Actor, mode: str = "session", key: str = KEY) -> str:
        session, _ = await self.house.find(key).asking.session(actor, b"offer", mode)  # type: ignore[arg-type]
        self.people.setdefault(actor.person, Speaker(actor.person))
        return session

    async def ended(self, seconds: float) -> LiveRoom:
        """A room that was on the air for so long."""
        live = self.open()
        await self.join(HOST)
        self.command(HOST, "go_on_air", in_ms=0)
        self.seconds(seconds)
        self.command(HOST, "end")
        return live

    def command(self, actor: Actor, command: str, key: str = KEY, **body: Any) -> Any:
        status, raw = self.house.find(key).asking.command(actor, command, body, "")
        answer = json.loads(raw)
        assert status == 200, answer
        return answer

    def refused(self, actor: Actor, command: str, key: str = KEY, **body: Any) -> str:
        status, raw = self.house.find(key).asking.command(actor, command, body, "")
        assert status >= 400
        return str(json.loads(raw)["code"])

    def run(self, samples: int, key: str = KEY, talking: bool = True) -> None:
        """Time goes on by so many samples; those who are here send a packet each tick."""
        live = self.room(key)
        for _ in range(samples // TICK):
            self.hands.go(NS * TICK // RATE)
            if talking:
                wires = live.wires
                assert isinstance(wires, PaperWires)
                for person in set(wires.sessions.values()):
                    wires.packet(person, self._packet(person, live))
            live.advance()

    def seconds(self, seconds: float, **how: Any) -> None:
        self.run(round(seconds * RATE), **how)

    def _packet(self, person: str, live: LiveRoom) -> RtpPacket:
        return self.people[person].packet(live.now() // TICK * TICK)


def actor(role: str = "host", letter: str = "h", device: str = "", name: str = "") -> Actor:
    """Somebody with a ticket: the same letter is the same person."""
    ticket = letter * 22
    return Actor(ticket[:8], role, name, ticket, device or f"device-{letter}")


HOST = actor("host", "h")
COHOST = actor("cohost", "c")
SPEAKER = actor("speaker", "s", name="Sam")
LISTENER = actor("listener", "l", name="Lee")


def claims(who: Actor, key: str = KEY) -> dict[str, str]:
    """The headers that door hands on."""
    ticket = Ticket(who.ticket, key, who.role, who.name, START_MS // 1000)
    return {"Hustings-Claims": ticket.claims(), "Hustings-Device": who.device}


async def frames_of(live: LiveRoom, after: int | None = None) -> list[Frame]:
    """The first chunk of a room's feed: its snapshot, or what was missed."""
    stream = live.feed.follow(after)
    try:
        return Decoder().push(await anext(stream))
    finally:
        await stream.aclose()


def objects(frames: list[Frame]) -> dict[str, Frame]:
    return {frame.path: frame for frame in frames if not frame.path.startswith(":")}


def a_tone(pitch: float, seconds: float) -> Any:
    return tone(pitch, round(seconds * RATE))
