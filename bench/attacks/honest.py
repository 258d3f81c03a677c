"""What must not suffer: 500 listeners, two who talk, the recording, studio's ticks, a host at the door, memory.

In life listeners and speakers have machines of their own: here theirs are processes that do not wait for a processor.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from bench import crew, kept, machine
from bench.attacks.front import Front
from bench.beside import looking
from bench.crowd import load
from bench.crowd.servers import LOAD_CORE, Served
from bench.figures.stage import TICKS_A_SECOND, late_ms
from bench.rows import percentile
from hustings.hls.profile import RATE
from hustings.rehearse.tally import Tally
from tests.e2e.harness.pulse import like_hardware
from tests.e2e.house import House, Room, descendants_of

DIRECT, BEHIND = 400, 100
PLAYLISTS = 0.5
GATHER_S = 20.0
DOOR_EVERY_S = 0.5
TAIL_S = 6.0
"""The newest seconds of a recording are still on their way."""

SETTLE_S = 13.0
"""jemalloc, which is in Granian, gives back what lies idle for ten seconds."""


@dataclass(frozen=True)
class Round:
    """What one round of an attack did to them."""

    tally: Tally
    stalls: int
    errors: int
    age_ms: float
    late_ms: float
    door_ms: float
    mix_gaps: int
    packets_lost: int
    memory_mb: float
    front_mb: float
    brownout: int
    got: str

    @property
    def wrong(self) -> str:
        return ", ".join(
            f"{name} {n}" for name, n in {**self.tally.errors, **self.tally.faults}.items()
        )


@dataclass
class Honest:
    """Listeners straight at edge and behind the front."""

    house: House
    room: Room
    front: Front
    crowds: tuple[load.Crowd, load.Crowd]
    door: Door

    def suffer(
        self,
        seconds: float,
        begins: Callable[[], contextlib.AbstractContextManager[Callable[[], str]]],
    ) -> Round:
        """One round. Memory is weighed when the attack is over and its connections are gone."""
        self._listen(0.5)
        self.door.taken()
        began_s = time.time()
        with begins() as told:
            tally = self._listen(seconds)
            got = told()
        lasted_s = time.time() - began_s
        tally.add(self._listen(SETTLE_S))
        late = late_ms(self.house, round(lasted_s * TICKS_A_SECOND))
        door_ms = self.door.taken()
        memory_mb, front_mb = self._memory_mb(), self.front.memory_mb()
        span = kept.clock_of(began_s), kept.clock_of(time.time()) - round(TAIL_S * RATE)
        folder = self.house.folder / "rooms" / self.room.key
        age = tally.times.get("age")
        return Round(
            tally=tally,
            stalls=tally.counts["stalls"],
            errors=tally.errors.total() + tally.faults.total(),
            age_ms=(age.percentile(99) if age else None) or 0.0,
            late_ms=late,
            door_ms=percentile(door_ms, 99) if door_ms else 0.0,
            mix_gaps=len(kept.mix_gaps(folder / "mix", *span)),
            packets_lost=sum(kept.track_gaps(folder, *span).values()),
            memory_mb=memory_mb,
            front_mb=front_mb,
            brownout=self._brownout(),
            got=got,
        )

    def _listen(self, seconds: float) -> Tally:
        """What both crowds saw."""
        told: list[Tally] = []
        threads = [
            threading.Thread(target=lambda one=one: told.append(one.listen(seconds)))  # type: ignore[misc]
            for one in self.crowds
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(told) < len(threads):
            raise RuntimeError("the honest listeners' process ended")
        total = Tally()
        for one in told:
            total.add(one)
        return total

    def _memory_mb(self) -> float:
        root = self.house.process.pid
        return sum(machine.pss_mb(pid) for pid in (root, *descendants_of(root)))

    def _brownout(self) -> int:
        told = self.house.http.get(f"{self.house.live}/live/{self.room.key}/pulse.json").json()
        says = (told.get("brownout") or {}).get("says", "")
        return int(says.rpartition(".")[2] or 0)


@dataclass
class Door:
    """A host who looks at his stage twice a second; milliseconds until he sees it (5,000: he did not)."""

    url: str
    _took_ms: list[float] = field(default_factory=list)

    def look(self, http: httpx.Client) -> None:
        began_s, seen = time.monotonic(), False
        with contextlib.suppress(httpx.HTTPError):
            seen = http.get(self.url).status_code == 200
        self._took_ms.append((time.monotonic() - began_s) * 1000 if seen else 5000.0)

    def taken(self) -> list[float]:
        taken, self._took_ms = self._took_ms, []
        return taken


@contextlib.contextmanager
def honest(house: House, room: Room, front: Front) -> Iterator[Honest]:
    """On the air, everybody there, until the end of the block. Errors: `RuntimeError` when not all came."""
    people, _ = crew.invited(house, room, 2, ["talk:0", "talk:1"])
    edge = Served(int(house.live.rpartition(":")[2]), 0, ())
    door = Door(f"{house.stage}/events/{room.key}")
    ticket = {"Authorization": f"Bearer {room.host}"}
    with crew.speaking(people, LOAD_CORE) as on_stage:
        like_hardware(on_stage.process)
        house.on_air(room)
        time.sleep(8)
        with (
            load.crowd(edge, room.key, DIRECT, playlists=PLAYLISTS, assets=True) as direct,
            load.crowd(
                Served(front.port, front.tls, ()),
                room.key,
                BEHIND,
                tls=True,
                playlists=PLAYLISTS,
                assets=True,
            ) as behind,
        ):
            for crowd in (direct, behind):
                like_hardware(crowd.process)
            direct.gather(DIRECT, GATHER_S)
            behind.gather(BEHIND, GATHER_S)
            if (direct.playing, behind.playing) != (DIRECT, BEHIND):
                raise RuntimeError(f"only {direct.playing} and {behind.playing} have sound")
            with (
                httpx.Client(timeout=5.0, headers=ticket) as http,
                looking(lambda: door.look(http), DOOR_EVERY_S),
            ):
                yield Honest(house, room, front, (direct, behind), door)
