"""Both media playlists, asked for ten times a second by one who remembers: whatever goes back or repeats is told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import httpx

from bench.beside import looking
from tests.hls.reading import MediaPlaylist, check_update, parse_media_playlist

EVERY_S = 0.1
VARIANTS = ("aac", "opus")


@dataclass
class Polled:
    """`faults` in words, `asked` and how many of those got `no` answer."""

    url: str
    faults: list[str] = field(default_factory=list)
    asked: int = 0
    no: int = 0
    _last: dict[str, MediaPlaylist] = field(default_factory=dict)

    def ask(self, http: httpx.Client) -> None:
        """Both, once."""
        for variant in VARIANTS:
            self.asked += 1
            text = ""
            with contextlib.suppress(httpx.HTTPError):
                answer = http.get(f"{self.url}/{variant}/live.m3u8")
                text = answer.text if answer.status_code == 200 else ""
            if text:
                self.look(variant, text)
            else:
                self.no += 1

    def look(self, variant: str, text: str) -> None:
        """One playlist more of that variant."""
        playlist = parse_media_playlist(text)
        names = [part.uri for segment in playlist.segments for part in segment.parts]
        whole = [segment.uri for segment in playlist.segments if segment.uri]
        found = repeated(names) + repeated(whole)
        before = self._last.get(variant)
        if before is not None:
            if playlist.media_sequence < before.media_sequence:
                found.append(
                    f"media sequence {playlist.media_sequence} after {before.media_sequence}"
                )
            if newest(playlist) < newest(before):
                found.append(f"newest {newest(playlist)} after {newest(before)}")
            found += check_update(before, playlist)
        self._last[variant] = playlist
        self.faults += [f"{variant}: {words}" for words in found]


def newest(playlist: MediaPlaylist) -> tuple[int, int]:
    """(number of its last segment, parts that it has)."""
    last = playlist.segments[-1] if playlist.segments else None
    return (last.msn, len(last.parts) if last.uri is None else 1_000) if last else (0, 0)


def repeated(names: Sequence[str]) -> list[str]:
    return [f"{name} twice" for name in dict.fromkeys(names) if names.count(name) > 1]


@contextlib.contextmanager
def polled(url: str) -> Iterator[Polled]:
    """Until the end of the block. `url` is a room's, under the live host."""
    one = Polled(url)
    with httpx.Client(timeout=4.0) as http, looking(lambda: one.ask(http), EVERY_S):
        yield one
