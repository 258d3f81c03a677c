"""What must hold before anything starts, for `serve` and `doctor`.

Each failure is an `OSError` whose text is the one line that is printed.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from hustings.settings import Settings

UNIX_PATH_MAX = 107
FOLDERS = ("keys", "rooms", "published", "run", "web", "spool")


def check_folders(data: Path) -> None:
    """Makes the folders and writes into each."""
    for folder in (data, *(data / name for name in FOLDERS)):
        probe = folder / f".write-{os.getpid()}"
        try:
            folder.mkdir(
                mode=0o700 if folder.name in ("keys", "run", "spool") else 0o755,
                parents=True,
                exist_ok=True,
            )
            probe.write_bytes(b"hustings")
        except OSError as error:
            raise OSError(
                f"can't write in {folder}: {error.strerror}; another folder: --data DIR (or `data`)"
            ) from None
        finally:
            if probe.parent.is_dir():
                probe.unlink(missing_ok=True)


def check_socket_path(path: Path) -> None:
    """sockaddr_un holds 108 bytes with the final zero (unix(7))."""
    length = len(os.fsencode(path))
    if length > UNIX_PATH_MAX:
        raise OSError(
            f"the path {path} has {length} bytes, a Unix socket's may have {UNIX_PATH_MAX}; "
            "a shorter folder: --data DIR (or `data`)"
        )


def take_lock(run_dir: Path) -> int:
    """One supervisor for a data folder: the descriptor to hold. It ends with the process, however that ends."""
    descriptor = os.open(run_dir / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise OSError(f"another `hustings serve` runs on {run_dir.parent}") from None
    return descriptor


def listeners(settings: Settings) -> list[tuple[str, str, str, int]]:
    """`(child, setting, bind, port)` of each public listener."""
    return [
        ("door", "stage", settings.stage.bind, settings.stage.port),
        ("edge", "live", settings.live.bind, settings.live.port),
        ("web", "web", settings.web.bind, settings.web.port),
    ]


def near(bind: str) -> str:
    """The address by which this machine reaches a listener bound there."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(bind, bind)


def local_url(settings: Settings, section: str) -> str:
    """How a process of ours calls `web`, `live` or `stage`: past any proxy, so a certificate's name need not fit."""
    for _, name, bind, port in listeners(settings):
        if name == section:
            host = near(bind)
            return f"{'https' if settings.tls.cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    raise KeyError(section)


def check_ports(settings: Settings, running: Sequence[str]) -> None:
    """Each port can be had, save those that a child taken over holds already."""
    for child, section, bind, port in listeners(settings):
        if child not in running and (why := port_trouble(bind, port)):
            raise OSError(
                f"{why}; another port: `port` under [{section}] (or HUSTINGS_{section.upper()}__PORT)"
            )
    for child, says, bind, port, section, name in (
        ("door", "voices", "0.0.0.0", settings.stage.voice_port, "stage", "voice_port"),
        ("web", "streams", settings.web.bind, settings.web.streaming_port, "web", "streaming_port"),
    ):
        if child not in running and port and (why := port_trouble(bind, port)):
            variable = f"HUSTINGS_{section}__{name}".upper()
            raise OSError(
                f"{why}; another port for {says}: `{name}` under [{section}] (or {variable})"
            )


def port_trouble(bind: str, port: int) -> str:
    """Why this port can't be listened on; "" if it can. Without SO_REUSEPORT, so that no second server slips in."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            probe.listen(1)
        except PermissionError:
            return f"port {port} on {bind} needs root"
        except OSError as error:
            taken = error.errno in (98, 48)
            return (
                f"port {port} on {bind} is taken"
                if taken
                else f"can't listen on {bind}: {error.strerror}"
            )
    return ""
