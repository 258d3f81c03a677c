"""What is said in a file, to a WHIP address, by libavformat's own client: `python -m tests.e2e.libav_whip URL TICKET FILE`.

Nothing of the protocol is written here: PyAV hands sound and options to the muxer of FFmpeg that it is built with. It is
given a certificate, since the one that FFmpeg 8 makes with GnuTLS is on secp224r1, a curve that its own hello does not
offer (RFC 8422 §5.3), and WebRTC's is P-256 (RFC 8827 §6.5).
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.e2e.encoders import ROLE

RATE_HZ = 48_000
FRAME = 960


def main(url: str, ticket: str, spoken: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        send(
            url, spoken, {"authorization": ticket, "whip_flags": ROLE, **certificate(Path(folder))}
        )


def certificate(folder: Path) -> dict[str, str]:
    """A P-256 key and its certificate, as the muxer's options name them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "van")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


def send(url: str, spoken: str, options: dict[str, str]) -> None:
    """At the pace of speech."""
    with av.open(spoken) as file, av.open(url, "w", format="whip", options=options) as whip:
        opus = whip.add_stream("libopus", rate=RATE_HZ, layout="stereo")
        even = av.AudioResampler("s16", "stereo", RATE_HZ, frame_size=FRAME)
        whip.start_encoding()  # the call; what it takes is no time to talk in
        began_s = time.monotonic()
        for heard in [*file.decode(audio=0), None]:
            for frame in even.resample(heard):
                time.sleep(max(0.0, began_s + (frame.pts or 0) / RATE_HZ - time.monotonic()))
                whip.mux(opus.encode(frame))
        whip.mux(opus.encode(None))


if __name__ == "__main__":
    main(*sys.argv[1:])
