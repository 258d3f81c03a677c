"""DTLS 1.2 on its way in and out: records (RFC 6347 §4.1), handshake messages from fragments (§4.2.3), datagrams.

Pure bytes, no cryptography. `Inbox` gives whole messages in their order, whatever the order of their fragments: browsers
send a ClientHello of 1.5 to 2.5 kB (a hybrid ML-KEM share), in two or three datagrams, which networks reorder. OpenSSL
then sees one whole message a record and never has to put one together itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
CONTENT = range(CHANGE_CIPHER_SPEC, APPLICATION + 1)
CLIENT_HELLO, CERTIFICATE_VERIFY = 1, 15  # RFC 5246 §7.4
VERSION = 0xFEFD  # DTLS 1.2
VERSIONS = (0xFEFF, VERSION)  # the first hello says DTLS 1.0, RFC 6347 §4.1

RECORD = Struct("!BHHHLH")  # the 48-bit sequence as 16 and 32
FRAGMENT = 12
DATAGRAM_MAX = 1_200
RECORDS_MAX = 32  # in one datagram; a whole flight has six
MESSAGE_MAX = 8_192  # a browser's hello has up to 2.5 kB, a certificate with an RSA-4096 key 1.5
AHEAD_MAX = 4  # messages of a client's longest flight, RFC 6347 §4.2.4
SPANS_MAX = 32  # pieces of one message, not yet joined


@dataclass(frozen=True, slots=True)
class Record:
    kind: int
    epoch: int
    body: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Fragment:
    kind: int
    length: int
    sequence: int
    at: int
    part: bytes


def records(datagram: bytes) -> Iterator[Record]:
    """The records of a datagram, up to the first that is none: the rest is dropped in silence (RFC 6347 §4.1.2.7)."""
    at = 0
    for _ in range(RECORDS_MAX):
        if len(datagram) < at + RECORD.size:
            return
        kind, version, epoch, _, _, length = RECORD.unpack_from(datagram, at)
        end = at + RECORD.size + length
        if kind not in CONTENT or version not in VERSIONS or end > len(datagram):
            return
        yield Record(kind, epoch, datagram[at + RECORD.size : end], datagram[at:end])
        at = end


def fragments(body: bytes) -> Iterator[Fragment]:
    """The handshake fragments of a record in the clear, up to the first that is none."""
    at = 0
    while len(body) >= at + FRAGMENT:
        kind = body[at]
        length, start, size = (int.from_bytes(body[at + n : at + n + 3], "big") for n in (1, 6, 9))
        end = at + FRAGMENT + size
        if end > len(body) or start + size > length or length > MESSAGE_MAX:
            return
        sequence = int.from_bytes(body[at + 4 : at + 6], "big")
        yield Fragment(kind, length, sequence, start, body[at + FRAGMENT : end])
        at = end


def record(kind: int, sequence: int, body: bytes) -> bytes:
    """A record in the clear (epoch 0)."""
    return (
        RECORD.pack(kind, VERSION, 0, sequence >> 32 & 0xFFFF, sequence & 0xFFFFFFFF, len(body))
        + body
    )


def packed(raw: Iterable[bytes]) -> list[bytes]:
    """Records in as few datagrams as hold them, none over `DATAGRAM_MAX` unless one record alone is."""
    datagrams: list[bytes] = []
    for one in raw:
        if datagrams and len(datagrams[-1]) + len(one) <= DATAGRAM_MAX:
            datagrams[-1] += one
        else:
            datagrams.append(one)
    return datagrams


class Message:
    """A handshake message on its way together: bytes, and the spans of it that have come."""

    def __init__(self, kind: int, length: int) -> None:
        self.kind = kind
        self.length = length
        self._bytes = bytearray(length)
        self._spans: list[tuple[int, int]] = []

    def add(self, at: int, part: bytes) -> None:
        spans: list[tuple[int, int]] = []
        for start, end in sorted([*self._spans, (at, at + len(part))]):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        if len(spans) <= SPANS_MAX:
            self._bytes[at : at + len(part)] = part
            self._spans = spans

    def whole(self) -> bytes | None:
        """The body, once all of it is here."""
        return bytes(self._bytes) if self._spans == [(0, self.length)] else None


@dataclass(frozen=True, slots=True)
class Whole:
    """A message that is whole: its kind, and its bytes as one fragment."""

    kind: int
    raw: bytes


class Inbox:
    """Fragments in any order, messages in theirs. Holds `AHEAD_MAX` messages of `MESSAGE_MAX` bytes at the most."""

    def __init__(self) -> None:
        self.next = 0
        self._messages: dict[int, Message] = {}

    def add(self, fragment: Fragment) -> None:
        """A fragment that is due. One that contradicts what came of its message before begins it anew."""
        if not self.next <= fragment.sequence < self.next + AHEAD_MAX:
            return
        message = self._messages.get(fragment.sequence)
        if message is None or (message.kind, message.length) != (fragment.kind, fragment.length):
            message = self._messages[fragment.sequence] = Message(fragment.kind, fragment.length)
        message.add(fragment.at, fragment.part)

    def take(self) -> Whole | None:
        """The next message in order, if it is whole."""
        message = self._messages.get(self.next)
        body = message.whole() if message else None
        if message is None or body is None:
            return None
        del self._messages[self.next]
        size = message.length.to_bytes(3, "big")
        head = bytes([message.kind]) + size + self.next.to_bytes(2, "big") + bytes(3) + size
        self.next += 1
        return Whole(message.kind, head + body)
