"""The signature of a report: Ed25519, over the JSON in one spelling, and over the page byte by byte.

Signed with the server's own key where the rehearsal runs on the server's machine with its data folder; else with a key of
the machine that rehearses, and the report says which. The signature's domain is its own: no ticket can be made of it.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hustings import keyring

DOMAIN = b"hustings rehearsal report 1\n"
_LAST_LINE = re.compile(
    rb"<!-- signed ([A-Za-z0-9-]+) ([A-Za-z0-9_-]{43}) ([A-Za-z0-9_-]{86}) -->\n\Z"
)
Whose = Literal["server", "machine"]


@dataclass(frozen=True, slots=True)
class Seal:
    kid: str
    whose: Whose
    key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        raw = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return _text(raw)

    def report(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """The tree with its signature."""
        signed = {**tree, "key": {"kid": self.kid, "whose": self.whose, "public": self.public}}
        return {**signed, "signature": _text(self.key.sign(DOMAIN + _spelled(signed)))}

    def page(self, page: bytes) -> bytes:
        """The page with its signature in a last line."""
        signature = _text(self.key.sign(DOMAIN + page))
        return page + f"<!-- signed {self.kid} {self.public} {signature} -->\n".encode()


@dataclass(frozen=True, slots=True)
class Checked:
    """`whole`: what was signed is what is there. `public` is the signer's key, raw, base64url."""

    whole: bool
    kid: str
    public: str


def server(keys_dir: Path) -> Seal:
    """Studio's key: what it signs, this server has said. Errors: `OSError`, `ValueError`."""
    kid, key = keyring.load_or_make(keys_dir, "studio")
    return Seal(kid, "server", key)


def machine(environ: Mapping[str, str]) -> Seal:
    """A key of this machine's user, made at the first call. Errors: `OSError`, `ValueError`."""
    state = environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111
    kid, key = keyring.load_or_make(Path(state) / "hustings" / "keys", "machine")
    return Seal(kid, "machine", key)


def check(raw: bytes) -> Checked:
    """A report's JSON or its page. Errors: `ValueError` when it is neither."""
    if last := _LAST_LINE.search(raw):
        kid, public, signature = (one.decode() for one in last.groups())
        return Checked(_holds(public, signature, raw[: last.start()]), kid, public)
    try:
        tree = json.loads(raw)
        signature, key = tree.pop("signature"), tree["key"]
        kid, public = str(key["kid"]), str(key["public"])
        return Checked(_holds(public, str(signature), _spelled(tree)), kid, public)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("this is no rehearsal report") from None


def known(keys_dir: Path, public: str) -> bool:
    """Whether that key is one of this installation's own."""
    if not (keys_dir / "public").is_dir():
        return False
    raws = (
        key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        for key in keyring.public_keys(keys_dir).values()
    )
    return public in map(_text, raws)


def _holds(public: str, signature: str, content: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(_raw(public))
        key.verify(_raw(signature), DOMAIN + content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _spelled(tree: Mapping[str, Any]) -> bytes:
    """One spelling of a tree: sorted names, no spaces."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
