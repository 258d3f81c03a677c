"""What the line made, put where it belongs: the recorded mix first, then the feed; parts first, then the playlists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from hustings.hls.playlist import MIME, multivariant
from hustings.hls.segmenter import Part
from hustings.hls.variant import Variant
from hustings.hls.window import Window
from hustings.studio.disk import Disk
from hustings.studio.feed import Feed
from hustings.studio.line import Made, Playlists
from hustings.studio.recording import Mix

FOREVER = "public, max-age=31536000, immutable"
SOUND = {"Content-Type": "audio/mp4", "Cache-Control": FOREVER}
PLAYLIST = {"Content-Type": MIME, "Cache-Control": "public, max-age=1"}
INDEX = {"Content-Type": MIME, "Cache-Control": "public, max-age=5"}
JSON = {"Content-Type": "application/json", "Cache-Control": "public, max-age=1"}


class Publisher:
    """One room's way out. `keep` tells whether the mix stays on disk when the window has forgotten it.

    What a tick made waits for the other rooms' ticks that are due in the same moment: writing it takes longer than they do.
    """

    def __init__(
        self,
        key: str,
        profile: str,
        feed: Feed,
        disk: Disk,
        mix_dir: Path,
        keep: bool,
        soon: Callable[[Callable[[], None]], object],
    ) -> None:
        self._at = f"live/{key}"
        self._profile = profile
        self._feed = feed
        self._disk = disk
        self._mix_dir = mix_dir
        self._keep = keep
        self._soon = soon
        self._waiting: list[tuple[Sequence[Made], Mapping[str, Playlists]]] = []
        self._mixes: dict[str, Mix] = {}
        self.recording = True
        """False while the disk is too full for the mix."""
        self.whole = True
        """False when the last part that was made, or an init section, did not reach the disk."""

    def begin(self, windows: Mapping[str, Window], variants: Iterable[Variant], title: str) -> None:
        """The init sections and the multivariant playlist."""
        self._mixes = {name: Mix(self._mix_dir / name) for name in windows}
        inits = {name: (window.map_uri, window.init) for name, window in windows.items()}
        self._write(lambda: self._begin(inits))
        for name, (uri, init) in inits.items():
            self._feed.put(f"{self._at}/{name}/{uri}", SOUND, init)
        text = multivariant(list(variants), title)
        self._feed.put(f"{self._at}/index.m3u8", INDEX, text.encode())

    def publish_soon(self, made: Sequence[Made], playlists: Mapping[str, Playlists]) -> None:
        """`publish`, after the ticks of other rooms that are due now."""
        self._waiting.append((made, playlists))
        self._soon(self._publish_waiting)

    def publish(self, made: Sequence[Made], playlists: Mapping[str, Playlists]) -> None:
        """Parts, segments, then playlists, after what waits. A part that the disk refuses, or keeps waiting, is published all
        the same."""
        self._publish_waiting()
        self._publish(made, playlists)

    def _publish_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            self._publish(*one)

    def _publish(self, made: Sequence[Made], playlists: Mapping[str, Playlists]) -> None:
        self._record(made)
        for one in made:
            folder = f"{self._at}/{one.variant}"
            self._feed.put(f"{folder}/{one.part.name}", SOUND, one.part.payload)
            if one.segment is not None:
                self._feed.put(f"{folder}/{one.segment.name}", SOUND, one.segment.payload)
            for name in one.expired:
                self._feed.drop(f"{folder}/{name}")
        for name, lists in playlists.items():
            folder = f"{self._at}/{name}"
            live = self._headers(lists.last, lists.ended)
            self._feed.put(f"{folder}/live.m3u8", live, lists.live.encode())
            if lists.plain:
                plain = self._headers(lists.plain_last, lists.ended)
                self._feed.put(f"{folder}/plain.m3u8", plain, lists.plain.encode())

    def _headers(self, last: tuple[int, int], ended: bool) -> dict[str, str]:
        return {
            **PLAYLIST,
            "Hustings-Last": f"{last[0]}.{last[1]}",
            "Hustings-Profile": self._profile,
            "Hustings-Ended": str(int(ended)),
        }

    def _record(self, made: Sequence[Made]) -> None:
        """To disk: the parts that did not come from there (after a restart); and away what no window needs any more."""
        parts = [(one.variant, one.part) for one in made if not one.reloaded]
        if parts and not self.recording:
            self.whole, parts = False, []
        gone: list[tuple[str, str]] = []
        if not self._keep:
            gone = [(one.variant, n) for one in made for n in one.expired if n.count(".") == 1]
        if parts or gone:
            self._write(lambda: self._append(parts, gone))

    # --- in the disk's thread

    def _begin(self, inits: Mapping[str, tuple[str, bytes]]) -> None:
        for name, init in inits.items():
            try:
                self._mixes[name].begin(*init)
            except OSError:
                self.whole = False

    def _append(self, parts: Sequence[tuple[str, Part]], gone: Sequence[tuple[str, str]]) -> None:
        """Each part is tried, also after one that failed."""
        failed = False
        for variant, part in parts:
            try:
                self._mixes[variant].append(part.msn, part.index, part.payload)
            except OSError:
                failed = True
        if parts:
            self.whole = not failed
        for variant, name in gone:
            self._mixes[variant].forget(name)

    def _write(self, work: Callable[[], None]) -> None:
        try:
            self._disk.do(work, None)
        except OSError:
            self.whole = False


def directory(rooms: Iterable[tuple[str, str, int]]) -> bytes:
    """`rooms.json`: key, state and term of each room."""
    rows = [{"key": key, "state": state, "term": term} for key, state, term in rooms]
    return json.dumps({"rooms": rows}, separators=(",", ":")).encode()
