"""One-time codes by the clock (RFC 6238 with SHA-1, 30 s, six digits: what every app can do), and codes on paper."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
DRIFT_STEPS = 1
PAPER_CODES = 10
PAPER_BYTES = 10


def code_at(secret: bytes, step: int) -> str:
    """The code of one step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now_ms: int, last_step: int) -> int | None:
    """The step that a code is right for, one before or after now at the most; None when it is wrong.

    A step up to `last_step` was used already: a code that somebody looked over a shoulder for opens nothing (5.2).
    """
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    now = now_ms // 1000 // STEP_S
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step), typed) and step > last_step:
            found = step
    return found


def words(secret: bytes) -> str:
    """The secret as one types it: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def link(secret: bytes, server: str, handle: str) -> str:
    """`otpauth://…`, which an authenticator app on the same device opens."""
    label = f"{server}:{handle}"
    told = {"secret": base64.b32encode(secret).decode(), "issuer": server}
    return f"otpauth://totp/{quote(label)}?{urlencode(told)}"


def paper_code(raw: bytes) -> str:
    """80 bits as four groups of four letters."""
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def paper_hash(code: str) -> bytes:
    """What is kept of a paper code. Its 80 bits need no slow hash."""
    plain = "".join(char for char in code.lower() if char.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()
