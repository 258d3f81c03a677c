"""A mail server and a web server with a certificate, and settings that name them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hustings import settings
from hustings.settings import Mail
from tests.work.page_server import PageServer

FROM = "noreply@h.example"


@dataclass(frozen=True)
class Identity:
    """Of a server called `localhost`: what it shows, and how one believes it."""

    server: ssl.SSLContext
    trust: Callable[[], ssl.SSLContext]


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = tmp_path_factory.mktemp("identity") / "whole.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    )
    path.write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return Identity(server, lambda: ssl.create_default_context(cadata=pem.decode()))


def mail(port: int, tmp_path: Path, **more: Any) -> Mail:
    """Settings of mail; `user=("ada", "secret")` writes the password into its file."""
    user, word = more.pop("user", ("", ""))
    file = tmp_path / "mail.txt"
    file.write_text(f"{word}\n")
    wanted = {
        "HUSTINGS_MAIL__HOST": more.get("host", "localhost"),
        "HUSTINGS_MAIL__PORT": str(port),
        "HUSTINGS_MAIL__TLS": more.get("tls", "none"),
        "HUSTINGS_MAIL__USER": user,
        "HUSTINGS_MAIL__PASSWORD_FILE": str(file) if user else "",
        "HUSTINGS_MAIL__FROM_ADDRESS": FROM,
    }
    return settings.load(environ=wanted).mail


@pytest.fixture
async def page_server(identity: Identity) -> AsyncIterator[PageServer]:
    async with PageServer(identity.server, identity.trust()).running() as one:
        yield one
