"""Passwords: which are allowed, and how they are kept (argon2id, RFC 9106, in PHC text).

46 MiB, one pass, one lane: the smallest setting that OWASP ASVS 5.0 (appendix C) allows. Its memory is why only few are
worked out at once; who calls sees to that.
"""

from __future__ import annotations

import os
import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from hustings.wire.errors import Refused

SHORTEST, LONGEST = 8, 256
MEMORY_KIB, PASSES, LANES = 47_104, 1, 1
SALT_BYTES, HASH_BYTES = 16, 32
KNOWN = Path(__file__).with_name("known_passwords.txt")
SETTING = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"


def check(password: object, *own: str) -> str:
    """A password that may be used. `own` are the words that it must not be made of: handle, e-mail, the server's name.

    Nobody is told which characters to use (NIST SP 800-63B, 5.1.1.2): only length counts, and whether it can be guessed.
    Errors: `password_short`, `password_long`, `password_known`.
    """
    if not isinstance(password, str):
        raise Refused("bad_request", field="password")
    if len(password) < SHORTEST:
        raise Refused("password_short", field="password")
    if len(password) > LONGEST:
        raise Refused("password_long", field="password")
    folded = password.casefold()
    if len(set(folded)) < 4 or folded in known() or _is_made_of(folded, own) or _is_a_run(folded):
        raise Refused("password_known", field="password")
    return password


def keep(password: str) -> str:
    """What is stored: PHC text with a fresh salt. Takes about 50 ms and 46 MiB, without Python's lock."""
    return _argon2(os.urandom(SALT_BYTES)).derive_phc_encoded(_octets(password))


def is_right(password: str, kept: str) -> bool:
    """Whether this is the password that was kept. Costs the same when it is not."""
    if len(password) > LONGEST:
        return False
    try:
        Argon2id.verify_phc_encoded(_octets(password), kept)
    except InvalidKey:
        return False
    return True


def is_outdated(kept: str) -> bool:
    """Whether it was kept with another setting than today's, and should be kept anew at the next log-in."""
    return not kept.startswith(SETTING)


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """The 3,000 most used passwords of eight characters and more."""
    words = KNOWN.read_text(encoding="utf-8").splitlines()
    return frozenset(word for word in words if not word.startswith("#"))


def _argon2(salt: bytes) -> Argon2id:
    return Argon2id(
        salt=salt, length=HASH_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )


def _octets(password: str) -> bytes:
    """One spelling for what two keyboards write in two ways (RFC 8265, 4.2.1)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _is_made_of(folded: str, own: tuple[str, ...]) -> bool:
    """Whether little more than one of one's own words is left in it."""
    words = {word.casefold() for text in own for word in (text, text.split("@")[0]) if word}
    return any(
        len(word) >= 3 and word in folded and len(folded) - len(word) < SHORTEST // 2
        for word in words
    )


def _is_a_run(folded: str) -> bool:
    """abcdefgh, 87654321: each character one step from the one before."""
    steps = {ord(after) - ord(before) for before, after in pairwise(folded)}
    return steps in ({1}, {-1}, {0})
