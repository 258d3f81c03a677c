"""How one SRTP or SRTCP packet is sealed and opened, given its index: the two transforms that browsers have.

AEAD_AES_128_GCM (RFC 7714 §8, §9) and AES_CM_128_HMAC_SHA1_80 (RFC 3711 §4.1.1, §4.2.1), session keys from RFC 3711
§4.3. A transform knows no sequence: indexes, replays and rollover are `srtp.py`'s. Sizes are bytes.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

GCM, CM = "AEAD_AES_128_GCM", "AES128_CM_SHA1_80"
KEY_LENGTH = 16
SALT_LENGTHS = {GCM: 12, CM: 14}
RTP_CIPHER, RTP_AUTH, RTP_SALT, RTCP_CIPHER, RTCP_AUTH, RTCP_SALT = range(6)  # RFC 3711 §4.3.1
GCM_TAG, CM_TAG, AUTH_KEY = 16, 10, 20
ENCRYPTED = 1 << 31  # the E flag beside the SRTCP index, RFC 3711 §3.4
RTCP_HEAD = 8


class Transform(Protocol):
    """One direction's packets. `overhead` is what sealing adds: to RTP, and to RTCP.

    `open` and `open_rtcp` raise `ValueError` for a tag that is not the packet's.
    """

    overhead: tuple[int, int]

    def seal(self, head: bytes, payload: bytes, ssrc: int, index: int) -> bytes: ...
    def open(self, packet: bytes, start: int, ssrc: int, index: int) -> bytes: ...
    def seal_rtcp(self, packet: bytes, ssrc: int, index: int) -> bytes: ...
    def open_rtcp(self, packet: bytes, ssrc: int) -> tuple[bytes, int]: ...


def derive(key: bytes, salt: bytes, label: int, length: int) -> bytes:
    """A session key from the master key and salt (RFC 3711 §4.3.1, §4.3.3; a 96-bit salt as in RFC 7714 §11)."""
    start = int.from_bytes(salt.ljust(14, b"\0"), "big") ^ (label << 48)
    counter = modes.CTR((start << 16).to_bytes(16, "big"))
    return Cipher(algorithms.AES(key), counter).encryptor().update(bytes(length))


def transform(profile: str, key: bytes, salt: bytes) -> Transform:
    """The transform of one direction. Errors: `ValueError` for another profile, or a length that is not its own."""
    if len(key) != KEY_LENGTH or len(salt) != SALT_LENGTHS.get(profile):
        raise ValueError("an SRTP profile, key or salt that is not known")
    if profile == GCM:
        return Gcm(
            derive(key, salt, RTP_CIPHER, 16),
            derive(key, salt, RTP_SALT, 12),
            derive(key, salt, RTCP_CIPHER, 16),
            derive(key, salt, RTCP_SALT, 12),
        )
    return CounterMode(
        [derive(key, salt, label, 16) for label in (RTP_CIPHER, RTCP_CIPHER)],
        [derive(key, salt, label, 14) for label in (RTP_SALT, RTCP_SALT)],
        [derive(key, salt, label, AUTH_KEY) for label in (RTP_AUTH, RTCP_AUTH)],
    )


class Gcm:
    """AEAD_AES_128_GCM from session keys."""

    overhead = (GCM_TAG, GCM_TAG + 4)

    def __init__(self, key: bytes, salt: bytes, rtcp_key: bytes, rtcp_salt: bytes) -> None:
        self._rtp, self._rtcp = AESGCM(key), AESGCM(rtcp_key)
        self._salt = int.from_bytes(salt, "big")
        self._rtcp_salt = int.from_bytes(rtcp_salt, "big")

    def seal(self, head: bytes, payload: bytes, ssrc: int, index: int) -> bytes:
        nonce = (self._salt ^ (ssrc << 48 | index)).to_bytes(12, "big")  # RFC 7714 §8.1
        return head + self._rtp.encrypt(nonce, payload, head)

    def open(self, packet: bytes, start: int, ssrc: int, index: int) -> bytes:
        nonce = (self._salt ^ (ssrc << 48 | index)).to_bytes(12, "big")
        head = packet[:start]
        try:
            return head + self._rtp.decrypt(nonce, packet[start:], head)
        except InvalidTag:
            raise ValueError("an SRTP packet with a false tag") from None

    def seal_rtcp(self, packet: bytes, ssrc: int, index: int) -> bytes:
        nonce = (self._rtcp_salt ^ (ssrc << 48 | index)).to_bytes(12, "big")  # RFC 7714 §9.1
        head, word = packet[:RTCP_HEAD], (ENCRYPTED | index).to_bytes(4, "big")
        return head + self._rtcp.encrypt(nonce, packet[RTCP_HEAD:], head + word) + word

    def open_rtcp(self, packet: bytes, ssrc: int) -> tuple[bytes, int]:
        head, word = packet[:RTCP_HEAD], packet[-4:]
        index = _index(word)
        nonce = (self._rtcp_salt ^ (ssrc << 48 | index)).to_bytes(12, "big")
        try:
            return head + self._rtcp.decrypt(nonce, packet[RTCP_HEAD:-4], head + word), index
        except InvalidTag:
            raise ValueError("an SRTCP packet with a false tag") from None


class CounterMode:
    """AES_CM_128_HMAC_SHA1_80 from session keys; each argument has RTP's part, then RTCP's."""

    overhead = (CM_TAG, CM_TAG + 4)

    def __init__(self, keys: list[bytes], salts: list[bytes], auth_keys: list[bytes]) -> None:
        # One context each, given a new counter block per packet: ten times as quick as a new context.
        self._rtp, self._rtcp = (
            Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor() for key in keys
        )
        self._salt, self._rtcp_salt = (int.from_bytes(salt, "big") << 16 for salt in salts)
        self._auth, self._rtcp_auth = (HMAC(key, hashes.SHA1()) for key in auth_keys)

    def seal(self, head: bytes, payload: bytes, ssrc: int, index: int) -> bytes:
        self._rtp.reset_nonce(_counter(self._salt, ssrc, index))
        sealed = head + self._rtp.update(payload)
        # RFC 3711 §4.2: what is authenticated is the packet and the rollover counter after it.
        return sealed + _tag(self._auth, sealed + (index >> 16).to_bytes(4, "big"))

    def open(self, packet: bytes, start: int, ssrc: int, index: int) -> bytes:
        sealed = packet[:-CM_TAG]
        tag = _tag(self._auth, sealed + (index >> 16).to_bytes(4, "big"))
        if not compare_digest(tag, packet[-CM_TAG:]):
            raise ValueError("an SRTP packet with a false tag")
        self._rtp.reset_nonce(_counter(self._salt, ssrc, index))
        return sealed[:start] + self._rtp.update(sealed[start:])

    def seal_rtcp(self, packet: bytes, ssrc: int, index: int) -> bytes:
        self._rtcp.reset_nonce(_counter(self._rtcp_salt, ssrc, index))
        sealed = packet[:RTCP_HEAD] + self._rtcp.update(packet[RTCP_HEAD:])
        sealed += (ENCRYPTED | index).to_bytes(4, "big")
        return sealed + _tag(self._rtcp_auth, sealed)

    def open_rtcp(self, packet: bytes, ssrc: int) -> tuple[bytes, int]:
        sealed = packet[:-CM_TAG]
        index = _index(sealed[-4:])
        if not compare_digest(_tag(self._rtcp_auth, sealed), packet[-CM_TAG:]):
            raise ValueError("an SRTCP packet with a false tag")
        self._rtcp.reset_nonce(_counter(self._rtcp_salt, ssrc, index))
        return sealed[:RTCP_HEAD] + self._rtcp.update(sealed[RTCP_HEAD:-4]), index


def _counter(salt: int, ssrc: int, index: int) -> bytes:
    """The counter block of a packet (RFC 3711 §4.1.1); `salt` is shifted already."""
    return (salt ^ (ssrc << 64) ^ (index << 16)).to_bytes(16, "big")


def _tag(auth: HMAC, authenticated: bytes) -> bytes:
    begun = auth.copy()
    begun.update(authenticated)
    return begun.finalize()[:CM_TAG]


def _index(word: bytes) -> int:
    """The SRTCP index. A packet that is not encrypted has no business here (RFC 8827 §6.5)."""
    value = int.from_bytes(word, "big")
    if not value & ENCRYPTED:
        raise ValueError("an SRTCP packet in the clear")
    return value ^ ENCRYPTED
