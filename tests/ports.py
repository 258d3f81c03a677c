"""Ports for servers of tests, which nobody has just now."""

from __future__ import annotations

import contextlib
import random
import socket

PORTS = range(16_384, 32_000)
"""Below those that the system gives to clients (ip_local_port_range, ip(7)): none of them takes one before its server does."""


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """All different."""
    with contextlib.ExitStack() as stack:
        found: list[int] = []
        for port in random.SystemRandom().sample(PORTS, len(PORTS)):
            one = stack.enter_context(socket.socket(type=kind))
            with contextlib.suppress(OSError):
                one.bind(("0.0.0.0", port))  # on no address: voices listen on all of them
                found.append(port)
            if len(found) == count:
                return found
        raise AssertionError("no ports are free")


def free_port() -> int:
    return free_ports(1)[0]
