"""Handles, names and e-mail addresses: what they may look like, checked before anything is kept."""

from __future__ import annotations

import re
import unicodedata

from hustings.wire.errors import Refused

HANDLE = re.compile(r"[A-Za-z0-9_]{2,30}", re.ASCII)
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?=.{4,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]",
    re.ASCII,
)
NAME_MAX, NOTE_MAX, REASON_MAX = 60, 500, 500
MARKS_MAX = 4
"""Combining marks on one letter: enough for every script, too few to write over the line above."""
RESERVED = frozenset(
    (
        *(
            "admin",
            "administrator",
            "root",
            "owner",
            "moderator",
            "mod",
            "support",
            "security",
            "abuse",
        ),
        *("help", "mail", "postmaster", "webmaster", "hostmaster", "noreply", "no_reply", "system"),
        *(
            "hustings",
            "official",
            "staff",
            "team",
            "instance",
            "relay",
            "actor",
            "here",
            "everyone",
            "all",
        ),
    )
)
LINES = "\n\t"
DOMAIN_MAX = 253
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# What turns the direction of the text around it, or shows nothing at all (Unicode UAX 9, section 2).
UNSEEN = frozenset(
    "\u200b\u2060\ufeff\u00ad\u034f\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def handle(text: object) -> str:
    """A handle for somebody new. Errors: `handle_malformed`, `handle_reserved`."""
    wanted = text.strip().removeprefix("@") if isinstance(text, str) else ""
    if not HANDLE.fullmatch(wanted):
        raise Refused("handle_malformed", field="handle")
    if wanted.lower() in RESERVED:
        raise Refused("handle_reserved", field="handle")
    return wanted


def domain(text: object) -> str:
    """The name of a server, in lower case and as it travels (IDNA). Errors: `domain_malformed`."""
    wanted = text.strip().lower().rstrip(".") if isinstance(text, str) else ""
    try:
        wanted = wanted.encode("idna").decode("ascii") if len(wanted) <= DOMAIN_MAX else ""
    except UnicodeError:
        wanted = ""
    if not DOMAIN.fullmatch(wanted) or len(wanted) > DOMAIN_MAX:
        raise Refused("domain_malformed", field="domain")
    return wanted


def above(domain: str) -> list[str]:
    """A domain, and every one that it lies in: `a.b.example`, `b.example`, `example`."""
    parts = domain.split(".")
    return [".".join(parts[n:]) for n in range(len(parts))]


def email(text: object) -> str:
    """An address that mail could be sent to. Errors: `email_malformed`."""
    wanted = text.strip() if isinstance(text, str) else ""
    if not EMAIL.fullmatch(wanted) or ".." in wanted or ".@" in wanted or wanted.startswith("."):
        raise Refused("email_malformed", field="email")
    return wanted


def line(text: object, longest: int, code: str, field: str) -> str:
    """One line that people read: no controls, nothing unseen, no towers of marks. Errors: `code`, `bad_request`."""
    return " ".join(_plain(text, longest, code, field, "").split())


def lines(text: object, longest: int, code: str, field: str) -> str:
    """The same, with line breaks."""
    return _plain(text, longest, code, field, LINES).strip()


def _plain(text: object, longest: int, code: str, field: str, kept: str) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Refused("bad_request", field=field)
    if len(text) > longest * (MARKS_MAX + 1) * 4:
        raise Refused(code, field=field)
    clean = without_towers(unicodedata.normalize("NFC", text.replace("\r\n", "\n")), kept)
    if len(clean.strip()) > longest:
        raise Refused(code, field=field)
    return clean


def without_towers(text: str, kept: str) -> str:
    """No controls but those `kept`, nothing unseen, at most `MARKS_MAX` marks on one another. Linear in time."""
    out: list[str] = []
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks > MARKS_MAX or char in UNSEEN:
            continue
        out.append(" " if kind in ("Cc", "Cs", "Co", "Zl", "Zp") and char not in kept else char)
    return "".join(out)
