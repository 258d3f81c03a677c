"""A DTLS client for tests: OpenSSL's, on virtual time, behind a network that loses, doubles and delays."""

from __future__ import annotations

import heapq
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from OpenSSL import SSL

from hustings.rtc.dtls import Certificate, Dtls
from hustings.rtc.dtls_records import DATAGRAM_MAX, HANDSHAKE, fragments, packed, record, records
from hustings.rtc.srtp import SrtpKeys

NOW = 1_800_000_000.0
SERVER = Certificate.make(bytes(range(56)), NOW)
LARGE = [bytes([97 + n]) * 200 for n in range(8)]  # protocol names that make a hello of 1.9 kB
LATENCY_S = 0.01


def own_certificate() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a client")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))  # expired: SDP names it, so nobody minds
        .sign(key, hashes.SHA256())
    )
    return key, certificate


class Client:
    """The active side. `flight` is what it sent last, and sends again when asked to."""

    def __init__(
        self,
        profiles: bytes | None = b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80",
        protocols: Sequence[bytes] = (),
        ciphers: bytes = b"ECDHE-ECDSA-AES128-GCM-SHA256",
        has_certificate: bool = True,
    ) -> None:
        key, self.certificate = own_certificate()
        context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        context.set_cipher_list(ciphers)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        if has_certificate:
            context.use_privatekey(key)
            context.use_certificate(self.certificate)
        if profiles is not None:
            context.set_tlsext_use_srtp(profiles)
        if protocols:
            context.set_alpn_protos(list(protocols))
        self.ssl = SSL.Connection(context, None)
        self.ssl.set_connect_state()
        self.ssl.set_ciphertext_mtu(DATAGRAM_MAX)
        self.is_done = False
        self.error: SSL.Error | None = None
        self.flight: list[bytes] = []

    def fingerprint(self, name: str = "sha-256") -> tuple[str, str]:
        algorithm = {
            "sha-256": hashes.SHA256(),
            "sha-384": hashes.SHA384(),
            "sha-512": hashes.SHA512(),
        }
        return name, self.certificate.fingerprint(algorithm[name]).hex(":").upper()

    def receive(self, datagram: bytes | None = None) -> list[bytes]:
        """What it answers, as records. Without a datagram it begins."""
        if datagram is not None:
            self.ssl.bio_write(datagram)
        try:
            self.ssl.do_handshake()
            self.is_done = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self.error = error
        sent = self.written()
        self.flight = sent or self.flight
        return sent

    def written(self) -> list[bytes]:
        raw = b""
        try:
            while True:
                raw += self.ssl.bio_read(65_536)
        except SSL.WantReadError:
            return [one.raw for one in records(raw)]

    def keys(self) -> SrtpKeys:
        """As the server sees them: its own first."""
        profile = self.ssl.get_selected_srtp_profile().decode().removeprefix("SRTP_")
        salt = 12 if "GCM" in profile else 14
        raw = self.ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (16 + salt))
        return SrtpKeys(profile, raw[16:32], raw[32 + salt :], raw[:16], raw[32 : 32 + salt])

    def mirrored(self) -> SrtpKeys:
        """As the client itself sees them."""
        ours = self.keys()
        return SrtpKeys(
            ours.profile, ours.remote_key, ours.remote_salt, ours.local_key, ours.local_salt
        )


def encrypted(client: Client, kind: int, sequence: int, body: bytes) -> bytes:
    """A record of the client's under its keys (AES-128-GCM: RFC 5246 §6.3, RFC 5288 §3), for what OpenSSL would not send."""
    seed = (
        b"key expansion" + (client.ssl.server_random() or b"") + (client.ssl.client_random() or b"")
    )
    secret, block, a = client.ssl.master_key() or b"", b"", seed
    while len(block) < 40:
        a = hmac.digest(secret, a, "sha256")
        block += hmac.digest(secret, a + seed, "sha256")
    number = (1 << 48 | sequence).to_bytes(8, "big")
    aad = number + bytes([kind]) + b"\xfe\xfd" + len(body).to_bytes(2, "big")
    sealed = number + AESGCM(block[:16]).encrypt(block[32:36] + number, body, aad)
    return bytes([kind]) + b"\xfe\xfd" + number + len(sealed).to_bytes(2, "big") + sealed


def server(client: Client, *more: tuple[str, str]) -> Dtls:
    return Dtls(SERVER, [client.fingerprint(), *more])


def refragmented(raw: Sequence[bytes], size: int) -> list[bytes]:
    """Records whose handshake messages in the clear are cut into fragments of `size` bytes, one a record."""
    out: list[bytes] = []
    for one in records(b"".join(raw)):
        if one.kind != HANDSHAKE or one.epoch:
            out.append(one.raw)
            continue
        for whole in fragments(one.body):
            for at in range(0, len(whole.part), size):
                part = whole.part[at : at + size]
                head = (
                    bytes([whole.kind])
                    + whole.length.to_bytes(3, "big")
                    + whole.sequence.to_bytes(2, "big")
                    + (whole.at + at).to_bytes(3, "big")
                    + len(part).to_bytes(3, "big")
                )
                out.append(record(HANDSHAKE, len(out), head + part))
    return out


def shake(client: Client, dtls: Dtls, now: float = 0.0) -> None:
    """A handshake on a perfect network."""
    to_server = packed(client.receive())
    while to_server:
        for datagram in to_server:
            dtls.receive(datagram, now)
        to_server = [raw for datagram in dtls.take() for raw in client.receive(datagram)]


class Network:
    """Virtual time between the two. `fate` says for each datagram after how many seconds it arrives, if more than once."""

    def __init__(
        self, client: Client, dtls: Dtls, fate: Callable[[Random], list[float]], seed: int
    ) -> None:
        self.client, self.dtls, self.fate = client, dtls, fate
        self.random = Random(seed)
        self.now = 0.0
        self.sent = 0
        self._events: list[tuple[float, int, str, bytes]] = []
        self._resend_at, self._interval = 0.05, 0.05

    def run(self, until: float, size: int = 0) -> None:
        """Until both are done, or `until`. With a `size` the client's messages go in fragments of it, a datagram each."""
        self._send("server", self._cut(self.client.receive(), size))
        while self.now < until and not (self.client.is_done and self.dtls.state != "handshaking"):
            timers = [self._resend_at, self.dtls.timeout() or until]
            self.now = min([until, *timers, *(event[0] for event in self._events[:1])])
            if self._events and self._events[0][0] <= self.now:
                _, _, side, datagram = heapq.heappop(self._events)
                if side == "server":
                    self.dtls.receive(datagram, self.now)
                elif not self.client.is_done and (answer := self.client.receive(datagram)):
                    self._interval = 0.05
                    self._resend_at = self.now + self._interval
                    self._send("server", self._cut(answer, size))
            if self._resend_at <= self.now:
                self._interval = min(2 * self._interval, 1.0)
                self._resend_at = self.now + self._interval
                if not self.client.is_done:
                    self._send("server", self._cut(self.client.flight, size))
            self.dtls.poll(self.now)
            self._send("client", self.dtls.take())

    @staticmethod
    def _cut(flight: Sequence[bytes], size: int) -> list[bytes]:
        return refragmented(flight, size) if size else packed(flight)

    def _send(self, side: str, datagrams: Sequence[bytes]) -> None:
        for datagram in datagrams:
            for delay in self.fate(self.random):
                self.sent += 1
                heapq.heappush(
                    self._events, (self.now + LATENCY_S + delay, self.sent, side, datagram)
                )
