"""A server's consent to be rehearsed: a text that its live host serves, and a token that its operator gives away.

`/rehearsal-consent.txt` names the host, the hour at which it ends, the most listeners, and the SHA-256 of the token. So
whoever reads it can't rehearse with it, a copy on another host is worth nothing, and one that is forgotten ends by itself.
Only who writes in the server's data folder can make one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hustings.wire.errors import Refused

PATH = "/rehearsal-consent.txt"
HEAD = "hustings rehearsal consent 1"
TEXT_MAX = 2_000
HOURS_MAX = 72
FIELDS = ("host", "until", "listeners", "token-sha256")


@dataclass(frozen=True, slots=True)
class Consent:
    """`until_s` in seconds since 1970; `mark` is the SHA-256 of the token, in hex."""

    host: str
    until_s: float
    listeners: int
    mark: str


def file_of(published: Path) -> Path:
    """Where edge finds what it serves at `PATH`: pages are `pages/{first path word}.html`, and no room's key has a dot."""
    return published / "pages" / f"{PATH[1:]}.html"


def write(consent: Consent) -> str:
    until = datetime.fromtimestamp(int(consent.until_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = zip(FIELDS, (consent.host, until, str(consent.listeners), consent.mark), strict=True)
    return "\n".join([HEAD, *(f"{name}: {value}" for name, value in rows)]) + "\n"


def read(text: str) -> Consent | None:
    """None for anything but a consent."""
    lines = text[:TEXT_MAX].splitlines()
    if not lines or lines[0] != HEAD:
        return None
    found: Mapping[str, str] = {
        name: value for name, _, value in (line.partition(": ") for line in lines[1:])
    }
    try:
        until = datetime.strptime(found["until"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return Consent(
            found["host"], until.timestamp(), int(found["listeners"]), found["token-sha256"]
        )
    except (KeyError, ValueError):
        return None


def mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check(
    consent: Consent | None, host: str, token: str, listeners: int, now_s: float, seconds: float
) -> None:
    """Returns when this rehearsal is allowed. Errors: `Refused`, each with a code of its own."""
    if consent is None or consent.host != host:
        raise Refused("rehearsal_no_consent")
    if not hmac.compare_digest(consent.mark, mark(token)):
        raise Refused("rehearsal_token_wrong")
    if now_s + seconds > consent.until_s:
        raise Refused("rehearsal_consent_over")
    if listeners > consent.listeners:
        raise Refused("rehearsal_too_many")
