"""What one who asks and never reads can make edge and the kernel keep."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hustings import settings
from hustings.edge import serve
from tests.client.listening import EdgeProcess
from tests.ports import free_port

CHUNK = b"x" * 65_536
PIECE = 65_536
"""What the kernel may take in one go past the mark: it looks between pieces, not within one."""


def listener() -> socket.socket:
    tree = settings.load()
    return serve._listen(replace(tree, live=replace(tree.live, port=free_port())))


def taken_from(door: socket.socket, reader: socket.socket) -> int:
    """How many bytes the kernel takes for a reader who reads none; 4 MiB at the most."""
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    door.setblocking(True)
    reader.connect(door.getsockname())
    link, _ = door.accept()
    taken = 0
    with link, contextlib.suppress(BlockingIOError):
        link.setblocking(False)
        while taken < 64 * len(CHUNK):
            taken += link.send(CHUNK)
    return taken


def test_unsent_bytes_of_one_reader_are_limited_by_what_the_listening_socket_hands_on() -> None:
    with listener() as door, socket.socket() as reader:
        taken = taken_from(door, reader)
        window = reader.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    assert 0 < taken <= serve.UNSENT_MAX + PIECE + window


def test_without_that_the_kernel_takes_far_more() -> None:
    """So that the test above can fail."""
    with listener() as door, socket.socket() as reader:
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 2**31 - 1)
        assert taken_from(door, reader) > 4 * serve.UNSENT_MAX + PIECE


@pytest.mark.parametrize(("times", "taken"), [(0.95, True), (3.0, False)])
def test_a_head_up_to_the_buffer_and_one_past_it(tmp_path: Path, times: float, taken: bool) -> None:
    """Past it means: past it and one read more, since the server looks after each read."""
    edge = EdgeProcess(tmp_path, workers=1)
    edge.start()
    try:
        with socket.create_connection(("127.0.0.1", edge.port), 10) as wire:
            cookie = b"c" * (int(serve.BUFFER_MAX * times))
            head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nConnection: close\r\n\r\n"
            answer = b""
            with contextlib.suppress(OSError):
                wire.sendall(head % cookie)
                while piece := wire.recv(65_536):
                    answer += piece
            assert answer.startswith(b"HTTP/1.1 200") is taken
    finally:
        assert edge.stop() == 0
