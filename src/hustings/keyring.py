"""The keys of this installation, as files under `{data}/keys`. Safe to call from several processes at once.

Web and studio sign tickets with a private key of their own; door reads `public/{kid}.pub` only. A **kid** is the key's
name and eight hex digits of its public half, so a key that was replaced stays valid for the tickets it signed for as
long as its public file lies there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNERS = ("studio", "web")


def load_or_make(keys_dir: Path, name: str) -> tuple[str, Ed25519PrivateKey]:
    """The signing key called `name`, made at the first call: `(kid, private key)`.

    Writes `{name}.key` (PKCS 8 PEM, mode 600) and `public/{kid}.pub` (PEM). Errors: `OSError`, `ValueError` (the file
    holds no Ed25519 key).
    """
    path = keys_dir / f"{name}.key"
    _make_folders(keys_dir)
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_once(path, pem, 0o600)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    kid = f"{name}-{fingerprint(key.public_key())}"
    public = keys_dir / "public" / f"{kid}.pub"
    if not public.exists():
        pem = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_once(public, pem, 0o644)
    return kid, key


def public_keys(keys_dir: Path) -> dict[str, Ed25519PublicKey]:
    """Every public key by its kid; a file that holds none is passed over. Errors: `OSError`."""
    keys: dict[str, Ed25519PublicKey] = {}
    for path in sorted((keys_dir / "public").glob("*.pub")):
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except ValueError:
            continue
        if isinstance(key, Ed25519PublicKey):
            keys[path.stem] = key
    return keys


def planner_key(keys_dir: Path) -> str:
    """What lets somebody on another machine plan rooms: `planner.txt`, made at the first call (128 random bits)."""
    return _secret(keys_dir / "planner.txt")


def feed_key(keys_dir: Path) -> str:
    """What edges on two machines know each other by: `feed.txt`, made at the first call (128 random bits)."""
    return _secret(keys_dir / "feed.txt")


def square_key(keys_dir: Path) -> str:
    """What seals the secrets of accounts in the database: `square.txt`, made at the first call (128 random bits)."""
    return _secret(keys_dir / "square.txt")


def _secret(path: Path) -> str:
    _make_folders(path.parent)
    if not path.exists():
        write_once(path, secrets.token_urlsafe(16).encode() + b"\n", 0o600)
    return path.read_text().strip()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Eight hex digits of SHA-256 of the raw 32 bytes."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:8]


def write_once(path: Path, content: bytes, mode: int) -> None:
    """Puts a whole file there, unless another process was first: a link, unlike a rename, never replaces."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
    finally:
        draft.unlink()


def _make_folders(keys_dir: Path) -> None:
    keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (keys_dir / "public").mkdir(exist_ok=True)
