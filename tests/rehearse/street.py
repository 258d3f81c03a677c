"""A live host on virtual time: real playlists and parts by their number, and a listener walked through it step by step."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from math import inf

from hustings.hls import playlist
from hustings.hls.profile import DEFAULT, RATE, Profile
from hustings.hls.segmenter import Part, Segmenter
from hustings.hls.variant import aac
from hustings.hls.window import Window
from hustings.rehearse.listener import Listener, Step
from hustings.rehearse.road import Road

ASC = bytes.fromhex("1190")
BEGAN_S = 1_795_000_000.0
PUBLISHED_S = 0.05
PAGE = (
    '<link rel="stylesheet" href="/assets/a1/style/tokens.css">\n'
    '<link rel="modulepreload" href="/assets/a1/listener/player.js">\n'
    '<script type="module" src="/assets/a1/listener/event-page.js"></script>\n'
    '<link rel="icon" href="/assets/a1/icon.svg">'
)
Answer = tuple[int, bytes, float]


class Street:
    """`override(path, now_s)` may answer in its place: a fault. `asked` is every step with its time."""

    def __init__(self, profile: Profile = DEFAULT) -> None:
        self.profile = profile
        self.pulse: dict[str, object] = {"next_s": 3}
        self.override: Callable[[str, float], Answer | None] = lambda path, now_s: None
        self.asked: list[tuple[float, str]] = []
        self.ended_s = inf
        self.plain = False
        variant = aac(ASC)
        self.window = Window(profile, variant)
        self._segmenter = Segmenter(profile, variant)
        self._parts: dict[str, bytes] = {}
        self._next = int((BEGAN_S - 40) * RATE) // 184_320 * 184_320
        self.run_to(BEGAN_S)

    def run_to(self, now_s: float) -> None:
        """Everything that has been said by then is published."""
        while (part := self._coming()) and part.end / RATE + PUBLISHED_S <= now_s:
            self._parts[part.name] = part.payload
            if segment := self.window.append(part):
                self._parts[segment.name] = segment.payload
            self._next = part.end
            self._made = None

    _made: Part | None = None

    def _coming(self) -> Part | None:
        if self._next / RATE >= self.ended_s:
            if not self.window.ended:
                self.window.end()
            return None
        if self._made is None:
            for frame in range(self.profile.part_samples // 1024):
                clock = self._next + 1024 * frame
                self._made = self._segmenter.push(clock, 1024, f"unit {clock}".encode())
        return self._made

    def answer(self, step: str, now_s: float) -> Answer:
        """(status, body, when it comes)."""
        self.asked.append((now_s, step))
        path = step.partition(" ")[2]
        self.run_to(now_s)
        if (fault := self.override(path, now_s)) is not None:
            return fault
        name = path.partition("?")[0].rpartition("/")[2]
        if name in ("live.m3u8", "plain.m3u8"):
            return 200, *self._playlist(path, now_s)
        if name.startswith("s") and name.endswith(".m4s"):
            return self._sound(name, now_s)
        if name == "pulse.json":
            pulse = {**self.pulse, "now_ms": round(now_s * 1000)}
            return 200, json.dumps(pulse).encode(), now_s + 0.001
        if name.startswith("init-"):
            return 200, self.window.init, now_s + 0.001
        if name.startswith("beacon"):
            return 204, b"", now_s + 0.001
        return 200, gzip.compress(PAGE.encode()), now_s + 0.002

    def _playlist(self, path: str, now_s: float) -> tuple[bytes, float]:
        if "_HLS_msn" in path:
            words = dict(word.split("=") for word in path.partition("?")[2].split("&"))
            now_s = self._wait((int(words["_HLS_msn"]), int(words["_HLS_part"])), now_s)
        return playlist.media(
            self.window, parts=not self.plain and "plain" not in path
        ).encode(), now_s + 0.001

    def _sound(self, name: str, now_s: float) -> Answer:
        if name not in self._parts:
            _, msn, *part = name.removesuffix(".m4s").replace("s", ".", 1).split(".")
            final = self.profile.parts_per_segment - 1
            now_s = self._wait((int(msn), int(part[0]) if part else final), now_s)
        body = self._parts.get(name)
        return (404, b"", now_s + 0.001) if body is None else (200, body, now_s + 0.001)

    def _wait(self, wanted: tuple[int, int], now_s: float) -> float:
        """Until that part is there, or the program is over."""
        while (self.window.last or (0, 0)) < wanted:
            coming = self._coming()
            if coming is None:
                break
            now_s = max(now_s, coming.end / RATE + PUBLISHED_S)
            self.run_to(now_s)
        return now_s


class Walk:
    """One listener on a street. `at_s` is now, as the street has it; his own clock is `slow_s` behind."""

    def __init__(
        self,
        street: Street,
        playlists: bool = False,
        dice: float = 0.5,
        slow_s: float = 0.0,
        plain: bool = False,
    ) -> None:
        self.street = street
        self.slow_s = slow_s
        self.road = Road("evening-talk", lambda: dice, plain=plain)
        self.tape: list[str] = []
        self.listener = Listener(self.road, playlists, lambda name, body: self.tape.append(name))
        self.at_s = BEGAN_S + 0.3
        self._step: Step = self.listener.begin(self.at_s - slow_s)

    def until(self, at_s: float) -> Walk:
        """On, until nothing more would come before `at_s`."""
        while self._step != inf:
            if isinstance(self._step, str):
                status, body, when_s = self.street.answer(self._step, self.at_s)
                if when_s > at_s:
                    break
                self.at_s = when_s
                if status:
                    self._step = self.listener.answered(status, body, when_s - self.slow_s)
                else:
                    self._step = self.listener.failed(body.decode())
            else:
                self.at_s += self._step
                self._step = self.listener.rested(self.at_s - self.slow_s)
        return self

    @property
    def over(self) -> bool:
        return self._step == inf

    def counts(self, *names: str) -> list[int]:
        return [self.road.tally.counts[name] for name in names]

    @property
    def wrong(self) -> dict[str, int]:
        return {**self.road.tally.errors, **self.road.tally.faults}
