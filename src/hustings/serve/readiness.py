"""Is a child ready? One small HTTP request by hand: `http.client` would double the supervisor's memory."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hustings.preflight import near

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PATIENCE_S = 0.5

Ready = Callable[[int], bool]


def on_socket(path: Path) -> Ready:
    """Ready when `/healthz` on a Unix socket answers 200."""

    def ask(pid: int) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(PATIENCE_S)
            link.connect(str(path))
            return _says_ok(link)
        return False

    return ask


def on_port(bind: str, port: int, tls: bool) -> Ready:
    """Ready when `/healthz` on the port answers 200."""

    def ask(pid: int) -> bool:
        with suppress(OSError), socket.create_connection((near(bind), port), PATIENCE_S) as link:
            return _says_ok(_encrypted(link) if tls else link)
        return False

    return ask


def on_file(path: Path) -> Ready:
    """Ready when the child has written its own pid into a JSON file."""

    def ask(pid: int) -> bool:
        with suppress(OSError, ValueError):
            return bool(json.loads(path.read_text()).get("pid") == pid)
        return False

    return ask


def tell_systemd(state: str) -> None:
    """sd_notify(3), if systemd asked for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.connect("\0" + address[1:] if address.startswith("@") else address)
        link.send(state.encode())


def _says_ok(link: socket.socket) -> bool:
    link.sendall(ASK)
    answer = b""
    while len(answer) < 12 and (more := link.recv(256)):
        answer += more
    return answer[9:12] == b"200"


def _encrypted(link: socket.socket) -> socket.socket:
    import ssl  # noqa: PLC0415  (4 MB, only where [tls] is set)

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # asks our own child whether it lives; no secret crosses
    return context.wrap_socket(link)
