"""DTLS 1.2 for SRTP keys, the passive side (RFC 6347, RFC 5764, RFC 8122, RFC 8827 §6.5), around OpenSSL.

OpenSSL does the cryptography; what is late, lost, doubled or a stranger's is dealt with here, before and after it:

- it gets whole handshake messages in order (`dtls_records.Inbox`), and the end of the client's flight last;
- what it sends is kept as the current flight, numbered and sent again by us, since its own clock begins at one second
  and cannot be set: first after 50 ms, then doubling. That clock is the one thing here that is not an argument;
- a plaintext alert is not believed, and a hello that OpenSSL refuses or that another one follows begins the handshake
  anew, a few times: whoever can forge a datagram cannot end a session with one.

    new ── hello ──> handshaking ── verified ──> connected ── closed ──> closed
                          └── refused, timed_out ──> failed <── refused ──┘
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from hustings.rtc.dtls_records import (
    ALERT,
    CERTIFICATE_VERIFY,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    DATAGRAM_MAX,
    HANDSHAKE,
    Fragment,
    Inbox,
    Record,
    Whole,
    fragments,
    packed,
    record,
    records,
)
from hustings.rtc.srtp import SrtpKeys
from hustings.rtc.srtp_transform import CM, GCM, KEY_LENGTH, SALT_LENGTHS

NEW, HANDSHAKING, CONNECTED, FAILED, CLOSED = "new", "handshaking", "connected", "failed", "closed"
TRANSITIONS: Mapping[tuple[str, str], str] = {
    (NEW, "hello"): HANDSHAKING,
    (NEW, "closed"): CLOSED,
    (HANDSHAKING, "verified"): CONNECTED,
    (HANDSHAKING, "refused"): FAILED,
    (HANDSHAKING, "timed_out"): FAILED,
    (HANDSHAKING, "closed"): CLOSED,
    (CONNECTED, "refused"): FAILED,
    (CONNECTED, "closed"): CLOSED,
}

RETRANSMIT_S, RETRANSMIT_MAX_S = 0.05, 1.6
AGAIN_S = 0.02  # a flight that is asked for is not sent again sooner than this
HANDSHAKE_S = 20.0
RESTARTS_MAX = 8
HELD_MAX = 4  # encrypted records that came before their time
OUT_MAX = 64  # datagrams nobody has taken
ENTROPY = (
    56  # bytes for a certificate: 40 for its key (FIPS 186-5 App. A.2.1), 16 for its serial number
)
CERTIFICATE_DAYS = 30
BAD_CERTIFICATE, HANDSHAKE_FAILURE = bytes((2, 42)), bytes((2, 40))  # both fatal, RFC 5246 §7.2

CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"
)
PROFILES = {
    b"SRTP_AEAD_AES_128_GCM": GCM,
    b"SRTP_AES128_CM_SHA1_80": CM,
}  # ours first, RFC 7714 §14.2
EXPORTER = b"EXTRACTOR-dtls_srtp"  # RFC 5764 §4.2
HASHES = ("sha-512", "sha-384", "sha-256")  # RFC 8122 §5, the strongest first


@dataclass(frozen=True, slots=True)
class Certificate:
    """A P-256 key and its self-signed certificate. `fingerprint` is SHA-256 as SDP writes it: hex with colons."""

    fingerprint: str
    context: SSL.Context = field(repr=False)

    @classmethod
    def make(cls, entropy: bytes, now: float) -> Certificate:
        """The certificate of `ENTROPY` random bytes and a Unix time: the same ones make the same certificate again.

        Errors: `ValueError` for too few bytes.
        """
        if len(entropy) != ENTROPY:
            raise ValueError(f"entropy of {len(entropy)} bytes")
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        key = ec.derive_private_key(
            int.from_bytes(entropy[:40], "big") % (order - 1) + 1, ec.SECP256R1()
        )
        serial = int.from_bytes(entropy[40:], "big") >> 1 | 1
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{serial:032x}")])
        made = datetime.fromtimestamp(int(now), UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), serial)
            .not_valid_before(made - timedelta(days=1))
            .not_valid_after(made + timedelta(days=CERTIFICATE_DAYS))
            .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
        )
        text = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        return cls(text, _context(key, certificate))


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_SERVER_METHOD)
    context.set_min_proto_version(0xFEFD)
    context.set_max_proto_version(0xFEFD)
    context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(CIPHERS)
    context.use_privatekey(key)
    context.use_certificate(certificate)
    # Any certificate passes here: which one it must be is SDP's to say (RFC 8122 §6.2), and checked when it is proved.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.set_tlsext_use_srtp(b":".join(PROFILES))
    return context


class Dtls:
    """One handshake and what follows. Datagrams and time in; `take` and `state` out. No input raises.

    `expected_fingerprints` are (hash, hex with colons) as the offer gave them. Times are seconds of any steady clock.
    """

    def __init__(
        self, certificate: Certificate, expected_fingerprints: Sequence[tuple[str, str]]
    ) -> None:
        self.state = NEW
        self._certificate = certificate
        self._expected = expected_fingerprints
        self._keys: SrtpKeys | None = None
        self._out: list[bytes] = []
        self._out_sequence = 0
        self._in_sequence = 0
        self._restarts = 0
        self._deadline = 0.0
        self._interval = RETRANSMIT_S
        self._begin()

    def receive(self, datagram: bytes, now: float) -> None:
        """A datagram whose first byte is 20 to 63 (RFC 7983 §7), from a proved pair."""
        for one in records(datagram):
            if self.state in (FAILED, CLOSED):
                return
            if one.epoch == 0 and one.kind == HANDSHAKE:
                for fragment in fragments(one.body):
                    self._receive_fragment(fragment, now)
            elif self.state == CONNECTED:
                self._receive_encrypted(one, now)
            elif self.state == HANDSHAKING:
                self._hold(one)
            self._finish_flight(now)

    def poll(self, now: float) -> None:
        """To be called when `timeout` has come; earlier does nothing."""
        if self.state != HANDSHAKING:
            return
        if now >= self._deadline:
            self._turn("timed_out")
        elif self._resend_at is not None and now >= self._resend_at:
            self._interval = min(2 * self._interval, RETRANSMIT_MAX_S)
            self._resend(now)

    def timeout(self) -> float | None:
        """When `poll` is wanted, on the clock of `now`; None for never."""
        if self.state != HANDSHAKING:
            return None
        return self._deadline if self._resend_at is None else min(self._deadline, self._resend_at)

    def take(self) -> list[bytes]:
        """The datagrams to send since the last call, in order, 1,200 bytes at the most each."""
        taken, self._out = self._out, []
        return taken

    def keys(self) -> SrtpKeys:
        """The SRTP keys of a handshake whose other side was verified. Errors: `ValueError` before that."""
        if self._keys is None:
            raise ValueError("no keys before the other side is verified")
        return self._keys

    def close(self) -> None:
        """Says goodbye (close_notify) where there is somebody to say it to."""
        if self.state == CONNECTED and self._ssl is not None:
            self._say_goodbye(self._ssl)
        if self.state in (NEW, HANDSHAKING, CONNECTED):
            self._turn("closed")

    def _turn(self, event: str) -> None:
        self.state = TRANSITIONS[self.state, event]
        if self.state in (FAILED, CLOSED):
            self._flight.clear()  # nobody gets it again

    def _begin(self) -> None:
        """A handshake from its beginning; record numbers go on, or the other side would take ours for replays."""
        self._ssl: SSL.Connection | None = None
        self._inbox = Inbox()
        self._repeated = Inbox()
        self._hello = b""
        self._is_flight_whole = False
        self._is_cipher_changed = False
        self._held: dict[int, list[bytes]] = {CHANGE_CIPHER_SPEC: [], HANDSHAKE: []}
        self._flight: dict[tuple[int, ...], bytes] = {}
        self._resend_at: float | None = None
        self._sent_at = 0.0
        self._interval = RETRANSMIT_S

    def _receive_fragment(self, fragment: Fragment, now: float) -> None:
        if self.state == NEW:
            self._deadline = now + HANDSHAKE_S
            self._turn("hello")
        if fragment.sequence >= self._inbox.next:
            if self.state == HANDSHAKING:
                self._inbox.add(fragment)
                self._feed_messages(now)
        elif fragment.sequence > 0:
            self._resend_if_due(now)
        else:
            self._receive_hello_again(fragment, now)

    def _receive_hello_again(self, fragment: Fragment, now: float) -> None:
        """The same hello once more asks for our flight; another one, before its sender has proved a thing, replaces it."""
        self._repeated.add(fragment)
        hello = self._repeated.take()
        if hello is None:
            return
        self._repeated = Inbox()
        if hello.raw == self._hello:
            self._resend_if_due(now)
        elif self.state == HANDSHAKING and self._inbox.next == 1 and self._restart():
            self._inbox.next = 1
            self._feed(hello, now)

    def _feed_messages(self, now: float) -> None:
        while self.state == HANDSHAKING and (message := self._inbox.take()) is not None:
            self._feed(message, now)

    def _feed(self, message: Whole, now: float) -> None:
        if self._ssl is None:
            if message.kind != CLIENT_HELLO:
                self._restart()
                return
            self._hello = message.raw
            self._ssl = SSL.Connection(self._certificate.context, None)
            self._ssl.set_accept_state()
            self._ssl.set_ciphertext_mtu(DATAGRAM_MAX)
        else:
            self._resend_at = None  # whoever answers our flight has all of it
        self._is_flight_whole = message.kind == CERTIFICATE_VERIFY
        self._step(self._ssl, record(HANDSHAKE, self._in_sequence, message.raw), now)
        self._in_sequence += 1

    def _hold(self, one: Record) -> None:
        """The end of the client's flight: it carries no number that we can see, so it waits for what must be before it."""
        held = self._held.get(one.kind)
        if held is not None and len(held) < HELD_MAX:
            held.append(one.raw)

    def _finish_flight(self, now: float) -> None:
        ssl, changes, finished = self._ssl, *self._held.values()
        if ssl is None or not self._is_flight_whole or self.state != HANDSHAKING:
            return
        if changes and not self._is_cipher_changed:
            self._is_cipher_changed = True
            self._step(ssl, record(CHANGE_CIPHER_SPEC, self._in_sequence, b"\x01"), now)
            self._in_sequence += 1
        while self._is_cipher_changed and finished and self.state == HANDSHAKING:
            self._step(ssl, finished.pop(0), now)

    def _step(self, ssl: SSL.Connection, raw: bytes, now: float) -> None:
        """One record into OpenSSL, what comes of it out."""
        ssl.bio_write(raw)
        try:
            ssl.do_handshake()
        except SSL.WantReadError:
            self._collect(ssl, now)
        except SSL.Error:
            if self._inbox.next == 1:
                self._restart()  # in silence: a forged hello would bring its alert to the true client
            else:
                self._collect(ssl, now)
                self._turn("refused")
        else:
            self._verify(ssl, now)

    def _restart(self) -> bool:
        self._restarts += 1
        if self._restarts > RESTARTS_MAX:
            self._turn("refused")
            return False
        self._begin()
        return True

    def _verify(self, ssl: SSL.Connection, now: float) -> None:
        """Nothing of ours goes out, and no key is made, before the certificate is the one that SDP named."""
        profile = PROFILES.get(ssl.get_selected_srtp_profile())
        if profile is None or not self._is_expected(ssl):
            alert = BAD_CERTIFICATE if profile else HANDSHAKE_FAILURE
            self._send([record(ALERT, self._out_sequence, alert)])
            self._turn("refused")
            return
        salt = SALT_LENGTHS[profile]
        exported = ssl.export_keying_material(EXPORTER, 2 * (KEY_LENGTH + salt))
        ends = (KEY_LENGTH, 2 * KEY_LENGTH, 2 * KEY_LENGTH + salt)
        # RFC 5764 §4.2: the client's key, the server's, the client's salt, the server's. The server is us.
        self._keys = SrtpKeys(
            profile,
            local_key=exported[ends[0] : ends[1]],
            local_salt=exported[ends[2] :],
            remote_key=exported[: ends[0]],
            remote_salt=exported[ends[1] : ends[2]],
        )
        self._turn("verified")
        self._resend_at = None
        self._collect(ssl, now)

    def _is_expected(self, ssl: SSL.Connection) -> bool:
        """RFC 8122 §5: of the strongest hash that was offered, one fingerprint must be the certificate's."""
        certificate = ssl.get_peer_certificate()
        for name in HASHES:
            offered = [text.upper() for kind, text in self._expected if kind.lower() == name]
            if offered and certificate is not None:
                return certificate.digest(name.replace("-", "")).decode() in offered
        return False

    def _receive_encrypted(self, one: Record, now: float) -> None:
        """After the handshake: a goodbye counts, application data is read and dropped."""
        ssl = self._ssl
        if ssl is None or one.epoch == 0:
            return
        ssl.bio_write(one.raw)
        try:
            while True:
                ssl.recv(1 << 14)
        except SSL.WantReadError:
            self._collect(ssl, now)
        except SSL.ZeroReturnError:
            self._say_goodbye(ssl)
            self._turn("closed")
        except SSL.Error:
            self._turn("refused")

    def _say_goodbye(self, ssl: SSL.Connection) -> None:
        ssl.shutdown()
        self._send([one.raw for one in _written(ssl)])

    def _collect(self, ssl: SSL.Connection, now: float) -> None:
        """What OpenSSL wrote: new records go out and make the flight; what it repeats of its own accord waits its turn."""
        fresh: list[tuple[int, ...]] = []
        is_repeated = False
        for one in _written(ssl):
            key: tuple[int, ...] = (one.epoch, one.kind)
            if one.kind == ALERT:
                self._send([self._numbered(one.epoch, one.raw)])
                continue
            if key == (0, HANDSHAKE):
                key += tuple(one.body[4:9])  # the message's number, and where the fragment begins
            if key == (0, CHANGE_CIPHER_SPEC) and key not in self._flight:
                self._flight.clear()
            is_repeated |= key in self._flight
            if key not in self._flight:
                fresh.append(key)
            self._flight[key] = one.raw
        if fresh:
            self._send_flight(fresh, now)
            if self.state == HANDSHAKING:
                self._resend_at = now + self._interval
        elif is_repeated:
            self._resend_if_due(now)

    def _resend_if_due(self, now: float) -> None:
        if self._flight and now - self._sent_at >= AGAIN_S:
            self._resend(now)

    def _resend(self, now: float) -> None:
        """RFC 6347 §4.2.4."""
        if self._resend_at is not None:
            self._resend_at = now + self._interval
        self._send_flight(list(self._flight), now)

    def _send_flight(self, keys: list[tuple[int, ...]], now: float) -> None:
        self._sent_at = now
        self._send([self._numbered(key[0], self._flight[key]) for key in keys])

    def _numbered(self, epoch: int, raw: bytes) -> bytes:
        """A record in the clear under its next number: one that was taken, but too early to be used, would be refused
        as a replay under its old one. One that is encrypted has its number within its tag, and stays."""
        if epoch:
            return raw
        self._out_sequence += 1
        return record(raw[0], self._out_sequence - 1, raw[13:])

    def _send(self, raw: list[bytes]) -> None:
        self._out = (self._out + packed(raw))[:OUT_MAX]


def _written(ssl: SSL.Connection) -> list[Record]:
    raw = b""
    try:
        while True:
            raw += ssl.bio_read(1 << 16)
    except SSL.WantReadError:
        return list(records(raw))
