"""Secrets that the database keeps for us and must not know: sealed with a key that lies beside the other keys, not in it."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

NONCE_BYTES = 12


class Seal:
    """`purpose` names what is sealed and whose it is: a sealed text that was moved to another row does not open."""

    def __init__(self, secret: str) -> None:
        self._box = ChaCha20Poly1305(hashlib.sha256(b"seal:" + secret.encode()).digest())
        self._marks = hashlib.sha256(b"mark:" + secret.encode()).digest()

    def close(self, plain: bytes, purpose: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Errors: `ValueError` when it was sealed for something else, or with another key."""
        try:
            return self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except InvalidTag:
            raise ValueError(f"this is not the sealed {purpose}") from None

    def mark(self, text: str) -> str:
        """32 hex digits that only this installation can write under a text."""
        return hmac.new(self._marks, text.encode(), hashlib.sha256).hexdigest()[:32]
