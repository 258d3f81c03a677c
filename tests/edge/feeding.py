"""A studio made of nothing but its feed: what a test says is what a follower hears. Real frames over a real Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

from hustings.hls import playlist
from hustings.hls.profile import DEFAULT, Profile
from hustings.hls.segmenter import Part, Segmenter
from hustings.hls.variant import Variant, aac
from hustings.hls.window import Window
from hustings.wire.feed import DROP, END, LIVE, SNAPSHOT, Frame, encode

ASC = bytes.fromhex("1190")  # AudioSpecificConfig of AAC-LC, 48 kHz, two channels
FIRST_MSN = 466_000_000


class Studio:
    """Feeds by key. Each has a state, which a new follower gets as snapshot, and its followers."""

    def __init__(self, socket: Path, term: int = 1) -> None:
        self.socket = socket
        self.term = term
        self.asked: list[str] = []
        self._state: dict[str, dict[str, Frame]] = {"_": {}}
        self._followers: dict[str, set[asyncio.StreamWriter]] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._seq = 0

    async def open(self) -> None:
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.socket))

    async def close(self) -> None:
        """Dies: its socket is gone, its connections break."""
        assert self._server is not None
        self._server.close()
        self.socket.unlink(missing_ok=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._followers.clear()

    def put(self, key: str, name: str, body: bytes, **headers: str) -> None:
        """An object of a room (`name` below `live/{key}/`), headers with `_` for `-`."""
        path = f"live/{key}/{name}" if key != "_" else name
        words = {word.replace("_", "-"): text for word, text in headers.items()}
        frame = Frame(self._next(), self.term, path, words, body)
        self._state.setdefault(key, {})[path] = frame
        self._say(key, frame)

    def drop(self, key: str, name: str) -> None:
        path = f"live/{key}/{name}"
        self._state[key].pop(path, None)
        self._say(key, Frame(self._next(), self.term, DROP, {"path": path}))

    def rooms(self, *keys: str) -> None:
        """The directory from now on."""
        rows = [{"key": key, "state": "on_air", "term": self.term} for key in keys]
        for key in keys:
            self._state.setdefault(key, {})
        self.put("_", "rooms.json", json.dumps({"rooms": rows}).encode())

    def end(self, key: str) -> None:
        self._say(key, Frame(self._next(), self.term, END))

    def say(self, key: str, frame: Frame) -> None:
        """A frame as it is, to those who listen now."""
        self._say(key, frame)

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _say(self, key: str, frame: Frame) -> None:
        for writer in self._followers.get(key, ()):
            _write(writer, encode(frame))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for writers in self._followers.values():
                writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        key = path.removeprefix("/feed/").partition("?")[0]
        if key not in self._state:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        frames = [Frame(0, self.term, SNAPSHOT), *self._state[key].values()]
        _write(writer, b"".join(map(encode, [*frames, Frame(0, self.term, LIVE)])))
        self._followers.setdefault(key, set()).add(writer)
        await reader.read()


def _write(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    if not writer.is_closing():
        writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")


class Program:
    """One AAC variant going into a room, part by part."""

    def __init__(
        self, studio: Studio, key: str, profile: Profile = DEFAULT, variant: Variant | None = None
    ) -> None:
        self.studio, self.key, self.profile = studio, key, profile
        self.variant = variant or aac(ASC)
        self.window = Window(profile, self.variant)
        self.segmenter = Segmenter(profile, self.variant)
        studio.put(
            key,
            f"aac/{self.window.map_uri}",
            self.window.init,
            Content_Type="audio/mp4",
            Cache_Control="public, max-age=31536000, immutable",
        )
        studio.put(
            key,
            "index.m3u8",
            playlist.multivariant([self.variant]).encode(),
            Content_Type=playlist.MIME,
        )

    def push(self, clock: int, payload: bytes) -> None:
        """One access unit."""
        if part := self.segmenter.push(clock, self.variant.frame_samples, payload):
            self.publish(part)

    def part(self, msn: int, index: int) -> None:
        """One part, filled with what no decoder would like but every byte of which is its own."""
        start = self.profile.clock_at(msn, index)
        for frame in range(self.profile.part_samples // 1024):
            self.push(start + 1024 * frame, f"{msn}.{index}.{frame}".encode())

    def publish(self, part: Part) -> None:
        """Bytes first, then the playlist that names them."""
        forever = "public, max-age=31536000, immutable"
        self.studio.put(
            self.key,
            f"aac/{part.name}",
            part.payload,
            Content_Type="audio/mp4",
            Cache_Control=forever,
        )
        if segment := self.window.append(part):
            self.studio.put(
                self.key,
                f"aac/{segment.name}",
                segment.payload,
                Content_Type="audio/mp4",
                Cache_Control=forever,
            )
        self.name()

    def end(self) -> None:
        if segment := self.window.end():
            self.studio.put(
                self.key, f"aac/{segment.name}", segment.payload, Content_Type="audio/mp4"
            )
        self.name()

    def name(self) -> None:
        """The playlists as they are now."""
        last = self.window.last
        if last is None:
            return
        words = {"Content_Type": playlist.MIME, "Cache_Control": "public, max-age=1"}
        words |= {"Hustings_Last": f"{last[0]}.{last[1]}", "Hustings_Profile": self.profile.name}
        words |= {"Hustings_Ended": str(int(self.window.ended))}
        self.studio.put(self.key, "aac/live.m3u8", playlist.media(self.window).encode(), **words)
        if self.window.complete:
            self.studio.put(
                self.key,
                "aac/plain.m3u8",
                playlist.plain(self.window).encode(),
                Content_Type=playlist.MIME,
                Cache_Control="public, max-age=1",
            )
