"""One room while it lives: its clock and ticks, its journal, and what follows from each event.

Everything that changes a room goes through `append`: drafts become journal lines, then take effect, then are published.
A tick is one call of the line; `advance` makes those that are due, never skips one, and is driven by `run` (or, in tests,
by whoever holds the clock).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hustings.audio.clock import TICK, Clock, clock_from_unix_ns, unix_ms
from hustings.hls.profile import PROFILES, Profile
from hustings.rooms.brownout import STEPS
from hustings.rooms.crowd import Crowd, Estimate, is_news
from hustings.rooms.feature import Feature
from hustings.rooms.journal import Draft, Event, to_line
from hustings.rooms.room import ON_AIR, Room
from hustings.rooms.stage import AWAY, HERE, RECONNECTING
from hustings.rtc.rtp import RtpPacket
from hustings.studio import event_page, resume, timers
from hustings.studio.effects import EFFECTS
from hustings.studio.encodings import Encoding, encodings
from hustings.studio.feed import Feed
from hustings.studio.ground import Ground
from hustings.studio.journal_file import JournalFile
from hustings.studio.line import Line, Tick
from hustings.studio.publishing import JSON, Publisher
from hustings.studio.pulse import Brownout, Reach, Talk, pulse
from hustings.studio.recording import Packet, Tracks
from hustings.studio.view import Alarms, Scene
from hustings.studio.voices import Told
from hustings.wire.ticket import Ticket

LOG = logging.getLogger("hustings.studio")
TICKS_AT_ONCE = 25
"""Ticks made up for in one go when late, before the loop may do something else."""
PACKETS_PER_TICK_MAX = 16
LOOK_TICKS = 25
TALK_TICKS = 12
PULSE_TICKS = 50
AUDIBLE_DB = -50.0
NOTICES_MAX = 64
FEED_KEPT_MS = 3_600_000
PAGE_EVENTS = frozenset(
    {
        "planned",
        "changed",
        "doors_opened",
        "air_scheduled",
        "air_held",
        "on_air",
        "ended",
        "late",
        "replay_ready",
    }
)


class LiveRoom:
    """A room from its plan to its end. Also the `Stage` that its features are lent."""

    def __init__(
        self, ground: Ground, key: str, term: int, journal: JournalFile, events: Sequence[Event]
    ) -> None:
        settings = ground.settings
        self.key, self.term = key, term
        self.ground = ground
        self.room = Room()
        self.room_dir = settings.rooms_dir / key
        self.published_dir = settings.published_dir
        self.records = settings.recording.on
        self.feed = Feed(term)
        self.alarms = Alarms()
        self.talk = Talk()
        self.crowd = Crowd()
        self._told: Estimate | None = None
        self.brownout = Brownout()
        self.clock: Clock | None = None
        self.line: Line | None = None
        self.tracks: Tracks | None = None
        self.publisher: Publisher | None = None
        self.next_tick = 0
        self.levels: Mapping[str, float] = {}
        self.echoing: Mapping[str, float] = {}
        self.version = 1
        self.notices: list[tuple[int, str, dict[str, Any]]] = []
        self.limits = timers.limits(
            settings.studio.place_kept_s, settings.studio.nobody_ends_s, settings.studio.dead_air_s
        )
        self.news = asyncio.Event()
        self._journal = journal
        self.audible_clock = 0
        self._on_time_from = 0
        self._nobody_since = 0
        self._talk_waits = False
        self._syncing = False
        self._flood: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.wires = ground.wires(key, self._packet, self._link)
        self.features: list[Feature] = ground.features(self)
        self._past_events = events
        for event in events:
            self.room.apply(event)
            for feature in self.features:
                feature.apply(event)
            self.feed.journal(to_line(event))

    # --- what features are lent (rooms.feature.Stage)

    def sign(self, role: str, name: str, ticket_id: str) -> str:
        at = self.ground.times.unix_ns() // 1_000_000_000
        return self.ground.signer.sign(Ticket(ticket_id, self.key, role, name, at))

    def fresh(self) -> str:
        return self.ground.fresh()

    def now(self) -> int:
        """The room's clock; that of the end when it stands still."""
        if self.clock is None:
            return self.room.ended_clock
        return self.clock.now(self.ground.times.monotonic_ns())

    def now_ms(self) -> int:
        return unix_ms(self.now()) if self.clock is not None else self.ground.times.unix_ms()

    def url(self, path: str) -> str:
        return f"{self.ground.settings.public.stage}/{path.lstrip('/')}"

    def alarm(self, code: str, on: bool, text: str = "") -> None:
        if self.alarms.turn(code, on, self.now_ms(), text):
            self.bump()

    def append(self, drafts: Sequence[Draft], clock: int | None = None) -> None:
        """Drafts to journal lines, effects, and news for everybody who looks. `clock` where it is not now."""
        for draft in drafts:
            event = Event(
                n=self.room.n + 1,
                term=self.term,
                clock=self.now() if clock is None else clock,
                at_ms=self.now_ms(),
                type=draft.type,
                body=draft.body,
            )
            line = to_line(event)
            self._keep(line)
            self.room.apply(event)
            for feature in self.features:
                feature.apply(event)
            self.feed.journal(line)
            effect = EFFECTS.get(event.type)
            if effect is not None:
                effect(self, event)
            if event.type in PAGE_EVENTS:
                self._write_page()
        if drafts:
            self.spawn(self._sync())
            self.bump()
            self.publish_pulse()
            if any(draft.type in PAGE_EVENTS for draft in drafts):
                self.ground.changed()

    def bump(self) -> None:
        """Whoever waits for events of this room gets them now."""
        self.version += 1
        self.news.set()
        self.news = asyncio.Event()

    def notice(self, person: str, code: str, **detail: object) -> None:
        """Said once to one person."""
        self.notices.append((self.version + 1, person, {"code": code, **detail}))
        del self.notices[:-NOTICES_MAX]

    # --- beginnings and ends

    def start(self) -> None:
        """Takes up work where the journal left it: nothing, a running room, or one that is over."""
        for feature in self.features:
            self.spawn(self._feature(feature))
        if self.room.alive:
            self._take_up()
        elif self.room.doors_clock and self.feed_is_due:
            self._show_end()
        self.publish_pulse()
        self._write_page()

    def open_doors(self, by: str = "") -> None:
        """planned → open: the whole road begins to run."""
        times = self.ground.times
        origin_ns = times.monotonic_ns()
        clock = Clock(clock_from_unix_ns(times.unix_ns()), origin_ns)
        self.clock = clock
        self.append([Draft("doors_opened", {"by": by, **resume.clock_facts(clock, times.boot)})])

    async def shut(self) -> None:
        """The process stops. The room goes on at its next start."""
        self.bump()  # nobody waits for news that cannot come
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.wires.let_go()
        if self.tracks is not None:
            await asyncio.to_thread(self.tracks.stop, self.now())
        self._write(self._journal.close)
        self.feed.shut()

    def _take_up(self) -> None:
        """After a restart: the same clock, the window from disk, everybody's place kept."""
        times, mix_dir = self.ground.times, self.room_dir / "mix"
        names = [encoding.variant.name for encoding in self.encodings]
        least = resume.newest_end(mix_dir, self.profile, names)
        clock, moved = resume.clock_after(self._past_events, least, times)
        self.clock = clock
        drafts = [Draft("clock_set", resume.clock_facts(clock, times.boot))] if moved else []
        self.begin_line(resume.load(mix_dir, self.profile, names, self.now()))
        drafts += [
            Draft("lost", {"person": person.person})
            for person in self.room.stage.people.values()
            if person.link == HERE
        ]
        self.append(drafts)
        self.wires.take_up()

    def begin_line(self, past: resume.Past) -> None:
        assert self.room.plan is not None
        assert self.clock is not None
        settings = self.ground.settings
        first = resume.first_clock(self.now(), past, self.profile)
        studio = settings.studio
        self.line = Line(self.profile, self.encodings, first, studio.ear_bitrate, studio.heard_max)
        self.publisher = self._publisher(settings.recording.on)
        self.publisher.begin(self.line.windows, self.line.variants, self.room.plan.title)
        self.publisher.publish(*self.line.begin(past.parts, past.since))
        if settings.recording.on:
            self.tracks = Tracks(self.room_dir, self.term, settings.recording.disk_free_min)
            self.tracks.start()
            self.tracks.switch(first, self.room.state == ON_AIR)
        self.next_tick = first
        self._on_time_from = self.now()  # the ticks before are made up for, not late
        self._nobody_since = self.now()
        self.line.schedule(self.room.air_clock)
        if self.room.state == ON_AIR:
            self.line.open_program(first)
        self.spawn(self._run())

    def _show_end(self) -> None:
        """A room that ended less than an hour ago: its last playlists, from disk."""
        assert self.room.plan is not None
        studio = self.ground.settings.studio
        names = [encoding.variant.name for encoding in self.encodings]
        past = resume.load(self.room_dir / "mix", self.profile, names, self.room.ended_clock)
        if not past.end:
            return
        line = Line(self.profile, self.encodings, past.end, studio.ear_bitrate)
        publisher = self._publisher(True)
        publisher.begin(line.windows, line.variants, self.room.plan.title)
        publisher.publish(*line.begin(past.parts, past.since))
        publisher.publish(*line.end())

    def _publisher(self, keep: bool) -> Publisher:
        mix_dir, ground = self.room_dir / "mix", self.ground
        return Publisher(
            self.key, self.profile.name, self.feed, ground.disk, mix_dir, keep, ground.soon
        )

    @property
    def feed_is_due(self) -> bool:
        """Whether a room that ended is still to be followed."""
        return self.ground.times.unix_ms() < self.room.ended_ms + FEED_KEPT_MS

    @property
    def profile(self) -> Profile:
        assert self.room.plan is not None
        return PROFILES[self.room.plan.profile]

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        studio, aside = self.ground.settings.studio, self.ground.aside
        aac, opus = encodings(studio.aac_bitrate, studio.opus_bitrate)
        return replace(aac, make=lambda first_clock: aside(aac.make(first_clock))), opus

    # --- ticks

    async def _run(self) -> None:
        """Ticks on the monotonic clock until the room ends."""
        while self.room.alive and self.clock is not None:
            self.advance()
            wait_ns = self.clock.monotonic_ns(self.next_tick) - self.ground.times.monotonic_ns()
            await asyncio.sleep(max(0, wait_ns) / 1e9)

    def advance(self) -> None:
        """Makes the ticks that are due, at most `TICKS_AT_ONCE` of them."""
        for _ in range(TICKS_AT_ONCE):
            if not self.room.alive or self.next_tick > self.now():
                return
            self._tick()

    def _tick(self) -> None:
        assert self.line is not None
        assert self.clock is not None
        at, mono = self.next_tick, self.ground.times.monotonic_ns()
        if at >= self._on_time_from:
            self.ground.lateness.rows.append((mono - self.clock.monotonic_ns(at)) // 1000)
        if timers.air_due(self.room, at):
            self.append([Draft("on_air", {"by": self.room.air_by})], clock=at)
        self._flood.clear()
        self.next_tick = at + TICK
        try:
            tick = self.line.tick(at)
        except Exception:
            # The talk goes on: the encoders fill the hole that this tick leaves.
            LOG.exception("a tick of a room failed")
            return
        for person, payload in tick.ears.items():
            self.wires.send(person, payload)
        if tick.made or tick.playlists:
            assert self.publisher is not None
            self.publisher.publish_soon(tick.made, tick.playlists)
        self._listen(at, tick)
        if self.line is not None and self.line.watches.look(self.wires.counts):
            self.bump()
        count = at // TICK
        if count % LOOK_TICKS == 0:
            self._look(at)
        if count % PULSE_TICKS == 0:
            self.publish_pulse()

    def _listen(self, at: int, tick: Tick) -> None:
        """Who talks, and whether anything is audible."""
        self.levels = tick.levels
        if tick.echoing.keys() != self.echoing.keys():
            self.echoing = tick.echoing
            self.bump()
        self._talk_waits = self.talk.note(at, tick.talking) or self._talk_waits
        if tick.program_peak_db > AUDIBLE_DB:
            self.audible_clock = at
        due = self._talk_waits or (tick.talking and at // TICK % PULSE_TICKS == 0)
        if due and at // TICK % TALK_TICKS == 0:
            self._talk_waits = False
            self.bump()

    def _look(self, at: int) -> None:
        """What needs a look twice a second: places, empty stages, alarms, waiting journal lines."""
        self.append(timers.places_given_up(self.room, at, self.limits))
        if timers.anybody(self.room):
            self._nobody_since = 0
        elif not self._nobody_since:
            self._nobody_since = at
        self.alarm("dead_air", timers.dead_air(self.room, at, self.audible_clock, self.limits))
        self.alarm("host_away", timers.host_away(self.room))
        self._look_at_disk()
        self.look_at_pressure()
        if is_news(self._told, now := self._listeners()):
            self._told = now
            self.bump()
        self.append(timers.given_up(self.room, at, self._nobody_since, self.limits))

    def _look_at_disk(self) -> None:
        trouble = self.tracks.trouble if self.tracks is not None else ""
        whole = True
        if self.publisher is not None:
            self.publisher.recording = trouble != "disk_full"
            whole = self.publisher.whole
        if self._journal.waits:
            self._write(self._journal.settle)
        self.alarm("disk_full", trouble == "disk_full" or self._journal.full or not whole)
        self.alarm("recording_slow", trouble == "recording_slow" or self.ground.disk.behind)

    def look_at_pressure(self) -> None:
        """The brownout of this room: what the edges' pressure asks for, or the least that its host has set."""
        step = max(self.room.brownout, self.ground.edges.step)
        if step != self.brownout.step:
            self.brownout = Brownout(step, self.now_ms())
            if self.line is not None:
                self.line.spare(STEPS[step].fewer_bits)
            self.bump()
            self.publish_pulse()

    # --- wires

    def _packet(self, person: str, packet: RtpPacket) -> None:
        """One packet as it arrives: to disk first, then to the line."""
        if self.line is None or not self.room.alive:
            return
        known = self.room.stage.people.get(person)
        if known is None or known.link == AWAY:
            return
        self._flood[person] = self._flood.get(person, 0) + 1
        if self._flood[person] > PACKETS_PER_TICK_MAX:
            return
        clock = self.now()
        if self.tracks is not None:
            self.tracks.push(Packet(person, clock, packet.raw))
        self.line.push(person, packet, clock)

    def _link(self, person: str, up: bool) -> None:
        known = self.room.stage.people.get(person)
        if known is None or not self.room.alive:
            return
        if not up and known.link == HERE:
            self.append([Draft("lost", {"person": person})])
        elif up and known.link == RECONNECTING:
            self.append([Draft("back", {"person": person})])

    # --- what others see

    def scene(self) -> Scene:
        settings = self.ground.settings
        return Scene(
            room=self.room,
            features=self.features,
            alarms=self.alarms,
            talking=frozenset(self.talk.since),
            levels=self.levels,
            echoing=self.echoing,
            voices=self.voices,
            speakers_max=settings.studio.speakers_max,
            live_url=f"{settings.public.live}/{self.key}",
            brownout=self.brownout,
            listeners=self._listeners(),
        )

    @property
    def voices(self) -> dict[str, Told]:
        """What is known of each voice on the stage."""
        return self.line.watches.told() if self.line is not None else {}

    def _listeners(self) -> Estimate | None:
        if not self.room.alive:
            return None
        return self.crowd.estimate(self.ground.times.monotonic_ns() / 1e9)

    def publish_pulse(self) -> None:
        if self.room.plan is None or self.feed.over:
            return
        features: dict[str, Any] = {}
        for feature in self.features:
            features |= feature.pulse()
        public = self.ground.settings.public
        body = pulse(
            self.room,
            self.talk,
            self.now_ms() if self.room.alive else self.ground.times.unix_ms(),
            self.now(),
            (public.stage, f"{public.live}/{self.key}"),
            features,
            Reach(
                self._listeners(),
                self.crowd.adapt(self.ground.times.monotonic_ns() / 1e9, self.brownout.beacons),
                self.brownout,
            ),
        )
        self.feed.put(f"live/{self.key}/pulse.json", JSON, body)

    # --- files: in the disk's thread, so that no word waits for them

    def _keep(self, line: bytes) -> None:
        """A journal line, before its effect; or soon after it, while the disk stands still."""
        if not self._journal.take(line):
            LOG.error("a journal line of %s is lost: too many wait for the disk", self.key)
        self._write(self._journal.settle)

    async def _sync(self) -> None:
        """Makes the journal outlive a power cut, in a thread; one at a time."""
        if self._syncing:
            return
        self._syncing = True
        try:
            while self._journal.unsynced and await asyncio.to_thread(self._journal.sync):
                pass
        finally:
            self._syncing = False

    def _write_page(self) -> None:
        made = event_page.make(self.room, self.ground.settings)
        if made is not None:
            self._write(made.write)

    def _write(self, work: Callable[[], None]) -> None:
        try:
            self.ground.disk.do(work, None)
        except OSError as error:
            LOG.warning("a file of a room cannot be written: %s", error)

    async def _feature(self, feature: Feature) -> None:
        try:
            await feature.run()
        except Exception:
            LOG.exception("the feature %s of a room failed", feature.name)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            task = asyncio.get_running_loop().create_task(work)
        except RuntimeError:
            work.close()  # a test on virtual time, without a loop
            return
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("work of a room failed", exc_info=error)
