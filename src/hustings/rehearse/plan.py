"""What a rehearsal is asked for, within its limits. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LISTENERS_MAX = 1_000_000
SECONDS_MAX = 3600.0
JOINS_A_SECOND_MAX = 5000
"""The steepest ramp. A rehearsal that asks for more is asked to take its time."""

CORES_MAX = 256

_DURATION = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(s|m|h)?", re.ASCII)
_KEY = re.compile(r"[a-z0-9-]{3,64}|[A-Za-z0-9_-]{22}", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Address:
    """An event's link, taken apart. `host` is as it stands in a request (with its port unless that is the usual one)."""

    url: str
    tls: bool
    name: str
    port: int
    host: str
    key: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`playlists`: the share that reads playlists, 0 to 1. Times in seconds."""

    address: Address
    listeners: int
    ramp_s: float
    hold_s: float
    playlists: float = 0.0
    cores: int = 1

    @property
    def longest_s(self) -> float:
        return self.ramp_s + self.hold_s


def make(
    url: str, listeners: int, ramp: str, hold: str, playlists: str = "0%", cores: int = 1
) -> Plan:
    """From the words of the command line. Errors: `ValueError` with the sentence to print."""
    address = parse_address(url)
    if not 1 <= listeners <= LISTENERS_MAX:
        raise ValueError(f"--listeners is 1 to {LISTENERS_MAX:,}, not {listeners:,}")
    ramp_s, hold_s = duration_s("--ramp", ramp, 0.0), duration_s("--for", hold, 1.0)
    if listeners > max(ramp_s, 1.0) * JOINS_A_SECOND_MAX:
        least = -(-listeners // JOINS_A_SECOND_MAX)
        raise ValueError(
            f"{listeners:,} listeners come within {least} seconds at the soonest: --ramp {least}"
        )
    if not 1 <= cores <= CORES_MAX:
        raise ValueError(f"--cores is 1 to {CORES_MAX}, not {cores}")
    return Plan(address, listeners, ramp_s, hold_s, share(playlists), cores)


def parse_address(url: str) -> Address:
    """Errors: `ValueError`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"{url!r} is no address") from None
    key = parts.path.strip("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or not _KEY.fullmatch(key):
        raise ValueError(f"{url!r} is not the link of an event: http(s)://host/key")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the link of an event has no name, query or fragment in it")
    tls = parts.scheme == "https"
    usual = 443 if tls else 80
    name = parts.hostname
    shown = f"[{name}]" if ":" in name else name
    host = shown if port in (None, usual) else f"{shown}:{port}"
    return Address(f"{parts.scheme}://{host}/{key}", tls, name, port or usual, host, key)


def duration_s(flag: str, text: str, least: float, most: float = SECONDS_MAX) -> float:
    """`90`, `90s`, `2m`, `1h` in seconds. Errors: `ValueError`."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{flag} is a time such as 90, 90s, 5m or 1h, not {text!r}")
    seconds = float(found[1]) * _UNITS[found[2] or "s"]
    if not least <= seconds <= most:
        raise ValueError(f"{flag} is {least:g} to {most:g} seconds, not {seconds:g}")
    return seconds


def share(text: str) -> float:
    """`10%` or `0.1`. Errors: `ValueError`."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError(f"--playlists is a share such as 10%, not {text!r}")
    return number
