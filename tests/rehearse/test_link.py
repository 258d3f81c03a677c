"""One connection against a real server on loopback: kept, shut, cut, refused, late, in slices, over TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from math import inf
from pathlib import Path
from typing import cast

import pytest

from hustings.rehearse.exchange import Heads, Requests
from hustings.rehearse.link import Ground, Link, raise_open_files
from hustings.rehearse.listener import Listener, Step
from hustings.rehearse.target import tls_context

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes, *head: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *head, "", ""]
    return "\r\n".join(lines).encode() + body


class Script:
    """A listener who asks for these in turn, and remembers what he got; `over` is set at the end or at a failure."""

    def __init__(self, *steps: str) -> None:
        self.patience_s = 60.0
        self.asked = ""
        self.got: list[bytes | str] = []
        self.reconnects = 0
        self.over = asyncio.Event()
        self._steps = list(steps)

    def begin(self, now_s: float) -> Step:
        self.asked = self._steps.pop(0)
        return self.asked

    def answered(self, status: int, body: bytes, now_s: float) -> Step:
        self.got.append(body)
        if self._steps:
            return self.begin(now_s)
        self.over.set()
        return inf

    def failed(self, kind: str) -> Step:
        self.got.append(kind)
        self.over.set()
        return inf

    def reconnected(self) -> None:
        self.reconnects += 1


@contextlib.asynccontextmanager
async def street(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Ground]:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(whole, "127.0.0.1", 0, ssl=tls)
    yield Ground(
        loop=asyncio.get_running_loop(),
        address=server.sockets[0].getsockname()[:2],
        family=socket.AF_INET,
        tls=tls_context(local=True) if tls else None,
        server_name="localhost",
        requests=Requests("localhost", "test"),
        heads=Heads(),
        now=lambda: 1000.0,
        rest=lambda link, seconds: None,
    )
    server.close()


async def walk(ground: Ground, *steps: str, source: str = "") -> Script:
    script = Script(*steps)
    link = Link(ground, cast(Listener, script), source)
    link.begin()
    async with asyncio.timeout(20):
        await script.over.wait()
    link.close()
    assert ground.connections == 0
    return script


async def ask(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]


@pytest.mark.parametrize("source", ["", "127.0.0.7"])
async def test_one_connection_for_all(source: str) -> None:
    seen = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        while True:
            writer.write(answer(await ask(reader)))

    async with street(serve) as ground:
        script = await walk(ground, "GET /a", "GET /b", "GET /c", source=source)
    assert script.got == [b"/a", b"/b", b"/c"]
    assert seen == [source or "127.0.0.1"]
    assert ground.bytes_in > 100


@pytest.mark.parametrize("head", [(), ("Connection: close",)])
async def test_a_kept_connection_that_was_shut_is_opened_again(head: tuple[str, ...]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await ask(reader), *head))

    async with street(serve) as ground:
        script = await walk(ground, "GET /a", "GET /b")
    assert script.got == [b"/a", b"/b"]
    assert script.reconnects <= (0 if head else 1)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [(b"", "cut"), (answer(b"hello")[:-2], "cut"), (b"SSH-2.0\r\n\r\n", "malformed")],
)
async def test_half_an_answer_is_a_failure(raw: bytes, kind: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ask(reader)
        writer.write(raw)

    async with street(serve) as ground:
        assert (await walk(ground, "GET /a")).got == [kind]


async def test_nobody_there() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    async with street(serve) as ground:
        with socket.socket() as bound:  # a port that nobody listens on
            bound.bind(("127.0.0.1", 0))
            ground.address = bound.getsockname()
            assert (await walk(ground, "GET /a")).got == ["refused"]


async def test_patience_ends() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with street(serve) as ground:
        script = Script("GET /a")
        link = Link(ground, cast(Listener, script))
        link.begin()
        assert link.deadline_s == 1060.0
        link.expired()
        assert script.got == ["timeout"]
        assert ground.connections == 0


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(cert, key)
    return made


async def test_large_answers_over_tls(context: ssl.SSLContext) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(answer(await ask(reader) * 100_000))

    async with street(serve, context) as ground:
        script = await walk(ground, "GET /a", "GET /b")
    assert script.got == [b"/a" * 100_000, b"/b" * 100_000]


def test_open_files_are_raised_as_far_as_may_be() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    least = raise_open_files(before[0])
    assert least >= before[0]
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= before[0]
