"""A small real SMTP server on loopback (RFC 5321), for tests: it takes letters, and answers what a test wants it to answer."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

GOODBYE = "221 2.0.0 bye"


@dataclass
class Taken:
    """A letter as it came."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class MailServer:
    """`say[verb]` answers that verb instead of yes (`CONNECT`, `END` for the end of a letter); `hold` verbs are never answered.

    `context` with `tls_first`: TLS from the first byte; without: offered by STARTTLS. `user`: who must log in, and how.
    """

    context: ssl.SSLContext | None = None
    tls_first: bool = False
    user: tuple[str, str] | None = None
    say: dict[str, str] = field(default_factory=dict)
    hold: set[str] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    port: int = 0
    open: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[MailServer]:
        first = self.context if self.tls_first else None
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=first)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await self._talk(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients, proved = "", list[str](), self.user is None
        await self._answer("CONNECT", "220 test.example ESMTP", reader, writer)
        while line := (await reader.readline()).decode("latin-1").rstrip("\r\n"):
            self.heard.append(line)
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            encrypted = writer.get_extra_info("sslcontext") is not None
            if verb == "EHLO":
                more = ["250-test.example", "250-8BITMIME"]
                if self.context and not encrypted:
                    more.append("250-STARTTLS")
                more.append("250 AUTH PLAIN" if self.user else "250 SIZE 1000000")
                await self._answer(verb, "\r\n".join(more), reader, writer)
            elif verb == "STARTTLS" and self.context:
                await self._answer(verb, "220 go on", reader, writer)
                await writer.start_tls(self.context)
            elif verb == "AUTH":
                words = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
                proved = tuple(words) == self.user
                said = "235 2.7.0 yes" if proved else "535 5.7.8 no"
                await self._answer(verb, said, reader, writer)
            elif verb == "MAIL":
                sender = rest[6:].partition(">")[0]
                said = "250 2.1.0 yes" if proved else "530 5.7.0 log in first"
                await self._answer(verb, said, reader, writer)
            elif verb == "RCPT":
                recipients.append(rest[4:].partition(">")[0])
                await self._answer(verb, "250 2.1.5 yes", reader, writer)
            elif verb == "DATA":
                await self._answer(verb, "354 go on", reader, writer)
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                if not self.say.get("END", "2").startswith(("4", "5")):
                    self.taken.append(Taken(sender, recipients, raw))
                await self._answer("END", "250 2.0.0 taken", reader, writer)
            elif verb == "QUIT":
                await self._answer(verb, GOODBYE, reader, writer)
                return
            else:
                await self._answer(verb, "250 2.0.0 yes", reader, writer)

    async def _answer(
        self, verb: str, usual: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if verb in self.hold:
            self.held.set()
            await reader.read()  # until the other side is gone
            raise EOFError
        writer.write(f"{self.say.get(verb, usual)}\r\n".encode())
        await writer.drain()
