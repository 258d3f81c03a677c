"""Datagrams on a TCP connection (RFC 4571 §2, as RFC 6544 §4.1 asks of ICE): each behind its length in two bytes."""

from __future__ import annotations

LENGTH_SIZE = 2
FRAME_MAX = 1_500
"""The most that either end of a call has to say; a browser's hello is cut into records of 1,200 bytes."""


def framed(datagram: bytes) -> bytes:
    """A frame. Errors: `ValueError` for more than `FRAME_MAX` bytes."""
    if len(datagram) > FRAME_MAX:
        raise ValueError(f"a frame of {len(datagram)} bytes")
    return len(datagram).to_bytes(LENGTH_SIZE, "big") + datagram


class Frames:
    """What comes out of a stream of bytes. It never holds more than one frame that is not whole yet."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The frames that are whole now; empty ones, which are legal and say nothing, are passed over.

        Errors: `ValueError` for a length beyond `FRAME_MAX`, as soon as it is read: nothing after it can be trusted.
        """
        whole, at, found = self._rest + piece, 0, []
        while len(whole) - at >= LENGTH_SIZE:
            length = int.from_bytes(whole[at : at + LENGTH_SIZE], "big")
            if length > FRAME_MAX:
                raise ValueError(f"a frame of {length} bytes")
            if len(whole) - at - LENGTH_SIZE < length:
                break
            at += LENGTH_SIZE
            if length:
                found.append(whole[at : at + length])
            at += length
        self._rest = whole[at:]
        return found
