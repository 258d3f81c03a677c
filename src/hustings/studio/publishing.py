"""What the line made, put where it belongs: the recorded mix first, then the feed; parts first, then the playlists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from hustings.hls.playlist import MIME, multivariant
from hustings.hls.variant import Variant
from hustings.hls.window import Window
from hustings.studio.feed import Feed
from hustings.studio.line import Made, Playlists
from hustings.studio.recording import Mix

FOREVER = "public, max-age=31536000, immutable"
SOUND = {"Content-Type": "audio/mp4", "Cache-Control": FOREVER}
PLAYLIST = {"Content-Type": MIME, "Cache-Control": "public, max-age=1"}
INDEX = {"Content-Type": MIME, "Cache-Control": "public, max-age=5"}
JSON = {"Content-Type": "application/json", "Cache-Control": "public, max-age=1"}


class Publisher:
    """One room's way out. `keep` tells whether the mix stays on disk when the window has forgotten it."""

    def __init__(self, key: str, profile: str, feed: Feed, mix_dir: Path, keep: bool) -> None:
        self._at = f"live/{key}"
        self._profile = profile
        self._feed = feed
        self._mix_dir = mix_dir
        self._keep = keep
        self._mixes: dict[str, Mix] = {}
        self.recording = True
        """False while the disk is too full for the mix."""

    def begin(self, windows: Mapping[str, Window], variants: Iterable[Variant], title: str) -> bool:
        """The init sections and the multivariant playlist. False when the disk failed."""
        whole = True
        for name, window in windows.items():
            mix = self._mixes[name] = Mix(self._mix_dir / name)
            try:
                mix.begin(window.map_uri, window.init)
            except OSError:
                whole = False
            self._feed.put(f"{self._at}/{name}/{window.map_uri}", SOUND, window.init)
        text = multivariant(list(variants), title)
        self._feed.put(f"{self._at}/index.m3u8", INDEX, text.encode())
        return whole

    def publish(self, made: Iterable[Made], playlists: Mapping[str, Playlists]) -> bool:
        """Parts, segments, then playlists. False when a part did not reach the disk; it is published all the same."""
        whole = True
        for one in made:
            whole = self._record(one) and whole
            folder = f"{self._at}/{one.variant}"
            self._feed.put(f"{folder}/{one.part.name}", SOUND, one.part.payload)
            if one.segment is not None:
                self._feed.put(f"{folder}/{one.segment.name}", SOUND, one.segment.payload)
            self.forget(one.variant, one.expired)
        for name, lists in playlists.items():
            folder = f"{self._at}/{name}"
            live = self._headers(lists.last, lists.ended)
            self._feed.put(f"{folder}/live.m3u8", live, lists.live.encode())
            if lists.plain:
                plain = self._headers(lists.plain_last, lists.ended)
                self._feed.put(f"{folder}/plain.m3u8", plain, lists.plain.encode())
        return whole

    def forget(self, variant: str, names: Iterable[str]) -> None:
        """Bytes that no player may ask for any more."""
        for name in names:
            self._feed.drop(f"{self._at}/{variant}/{name}")
            if not self._keep and name.count(".") == 1:
                self._mixes[variant].forget(name)

    def _headers(self, last: tuple[int, int], ended: bool) -> dict[str, str]:
        return {
            **PLAYLIST,
            "Hustings-Last": f"{last[0]}.{last[1]}",
            "Hustings-Profile": self._profile,
            "Hustings-Ended": str(int(ended)),
        }

    def _record(self, one: Made) -> bool:
        """A part that came from the disk (after a restart) is there already."""
        if one.reloaded or not self.recording:
            return self.recording
        try:
            self._mixes[one.variant].append(one.part.msn, one.part.index, one.part.payload)
        except OSError:
            return False
        return True


def directory(rooms: Iterable[tuple[str, str, int]]) -> bytes:
    """`rooms.json`: key, state and term of each room."""
    rows = [{"key": key, "state": state, "term": term} for key, state, term in rooms]
    return json.dumps({"rooms": rows}, separators=(",", ":")).encode()
