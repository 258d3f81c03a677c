"""Requests for `live.mp3`, by hand on asyncio's streams: an answer without end needs no framework."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

from hustings.radio.program import Encoder, Program
from hustings.wire.errors import CODES

HEAD_S = 5.0
HEAD_MAX = 8_192
PATIENCE_S = 3.0
_PATH = re.compile(r"/live/([A-Za-z0-9_-]{3,64})/live\.mp3")
_OPEN = "Access-Control-Allow-Origin: *\r\nTiming-Allow-Origin: *\r\nServer: hustings\r\nConnection: close\r\n"
_SOUND = f"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nCache-Control: no-store\r\n{_OPEN}\r\n"


class Radio:
    """`make(init)` gives an encoder. At most `listeners_max` connections, over all rooms."""

    def __init__(
        self, socket: Path, make: Callable[[bytes], Encoder], bitrate: int, listeners_max: int
    ) -> None:
        self.programs: dict[str, Program] = {}
        self._socket = socket
        self._make = make
        self._bitrate = bitrate
        self._listeners_max = listeners_max
        self._open = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its head to its end."""
        self._open += 1
        try:
            async with asyncio.timeout(HEAD_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, *_ = head.split(" ", 2)
            await self._answer(method, path.partition("?")[0], reader, writer)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def _answer(
        self, method: str, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        found = _PATH.fullmatch(path)
        if method not in ("GET", "HEAD"):
            _refuse(writer, "method_not_allowed")
        elif path == "/healthz":
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n{_OPEN}\r\n".encode())
            writer.write(b'{"ok": true}')
        elif found is None:
            _refuse(writer, "not_found")
        elif self._open > self._listeners_max:
            _refuse(writer, "busy")
        else:
            await self._listen(found[1], method == "HEAD", reader, writer)

    async def _listen(
        self, key: str, bare: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        program = self._program(key)
        try:
            await program.ready(PATIENCE_S)
            if not program.sounds:
                _refuse(writer, *(("busy",) if program.shed else ("doors_closed", 404)))
            else:
                writer.write(_SOUND.encode())
                if not bare:
                    await self._until_gone(program, reader, writer)
        finally:
            self._let_go(program)

    async def _until_gone(
        self, program: Program, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A listener says nothing more: whatever comes from him is thrown away, until he or the program goes."""
        program.add(writer.transport)
        try:
            while await reader.read(1_024):
                pass
        finally:
            program.listeners.discard(writer.transport)

    def _program(self, key: str) -> Program:
        program = self.programs.get(key)
        if program is None or program.over:
            program = self.programs[key] = Program(key, self._make, self._bitrate)
            task = asyncio.get_running_loop().create_task(program.follow(self._socket), name=key)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return program

    def _let_go(self, program: Program) -> None:
        """Nobody listens: nothing is encoded."""
        if program.listeners or self.programs.get(program.key) is not program:
            return
        del self.programs[program.key]
        for task in self._tasks:
            if task.get_name() == program.key:
                task.cancel()


def _refuse(writer: asyncio.StreamWriter, code: str, status: int = 0) -> None:
    usual, sentence = CODES[code]
    body = json.dumps({"code": code, "message": sentence}).encode()
    again = "Retry-After: 5\r\n" if (status or usual) == 503 else ""
    writer.write(
        f"HTTP/1.1 {status or usual} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\n{again}{_OPEN}\r\n".encode()
        + body
    )
