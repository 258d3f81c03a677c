"""One function for each parser and machine that strangers' bytes reach. What it raises is an escape.

A parser may raise `ValueError` and nothing else; a machine (`dtls`, `demux`, `session`) may raise nothing at all. What was
read must be written back as it was, where both exist; every buffer must keep its limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from hustings.rtc import dtls, red, rtcp, rtp, sdp, stun
from hustings.rtc.answer import Identity, answer
from hustings.rtc.demux import Demux
from hustings.rtc.dtls_records import DATAGRAM_MAX, packed
from hustings.rtc.peer import Peer
from hustings.rtc.srtp import SrtpKeys, SrtpSession
from tests.rtc.browser import AWAY, HOME, OURS, Browser
from tests.rtc.dtls_client import SERVER, Client, server

KEYS = SrtpKeys("AEAD_AES_128_GCM", bytes(16), bytes(12), b"other" + bytes(11), bytes(12))
THEIRS = SrtpKeys(KEYS.profile, KEYS.remote_key, KEYS.remote_salt, KEYS.local_key, KEYS.local_salt)
IDENTITY = Identity(7, "ours", "p" * 24, SERVER.fingerprint, 5, "name")
DATAGRAMS_MAX = 40
OUTPUTS_MAX = 200
REUSES = 500


def datagrams(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """An input as datagrams: each is one byte that says what to do with it, two of length, and its bytes."""
    at = 0
    for _ in range(DATAGRAMS_MAX):
        if at + 3 > len(raw):
            return
        size = int.from_bytes(raw[at + 1 : at + 3], "big")
        yield raw[at], raw[at + 3 : at + 3 + size]
        at += 3 + size


def joined(*pieces: tuple[int, bytes]) -> bytes:
    """The input of which `datagrams` makes these."""
    return b"".join(bytes([do]) + len(one).to_bytes(2, "big") + one for do, one in pieces)


def try_stun(raw: bytes) -> None:
    with suppress(ValueError):
        message = stun.parse(raw)
        assert len(message.attributes) <= stun.ATTRIBUTES_MAX
        assert all(kind < stun.MUST_BE_KNOWN for kind in message.unknown)
        message.is_signed_with(b"password")


def try_rtp(raw: bytes) -> None:
    with suppress(ValueError):
        packet = rtp.parse(raw, level_id=1, number_id=3)
        assert packet.payload in raw and packet.raw is raw
        assert packet.level is None or 0 <= packet.level < 128
        assert packet.number is None or 0 <= packet.number < 1 << 16


def try_rtcp(raw: bytes) -> None:
    with suppress(ValueError):
        packets = [in_order(packet) for packet in rtcp.parse(raw)]
        assert [in_order(packet) for packet in rtcp.parse(rtcp.build(packets))] == packets


def in_order(packet: rtcp.Packet) -> rtcp.Packet:
    """A NACK may name its numbers in any order; ours rise."""
    if not isinstance(packet, rtcp.Nack):
        return packet
    return replace(packet, sequences=tuple(sorted(packet.sequences)))


def try_red(raw: bytes) -> None:
    with suppress(ValueError):
        assert red.build(red.parse(raw)) == raw


def try_sdp(raw: bytes) -> None:
    for mode in ("session", "whip", "whep"):
        with suppress(sdp.OfferError):
            offer = sdp.check(raw, mode)
            text = answer(offer, IDENTITY, [("192.0.2.2", 8002)])
            assert all(line and line.isprintable() for line in text.split("\r\n")[:-1])
    with suppress(sdp.OfferError):
        told = sdp.credentials(raw)
        assert told is None or all(4 <= len(one) <= 256 and one.isascii() for one in told)


def try_srtp(raw: bytes) -> None:
    """As it stands, sealed by the other side, and as a state to resume from."""
    ours, theirs = SrtpSession(KEYS), SrtpSession(THEIRS)
    for opened in (ours.unprotect, ours.unprotect_rtcp):
        with suppress(ValueError):
            opened(raw)
            raise AssertionError("a packet that nobody sealed")
    with suppress(ValueError):
        sealed = theirs.protect(raw)
        assert ours.unprotect(sealed) == raw
        assert len(sealed) <= 1_500
    with suppress(ValueError):
        sealed = theirs.protect_rtcp(raw)
        assert ours.unprotect_rtcp(sealed) == raw
    with suppress(ValueError):
        resumed = SrtpSession.from_state(KEYS, raw, ahead=0)
        assert len(resumed.state()) <= len(raw) <= 2_200
        resumed.protect(rtp.build(111, resumed.next_sequence(7), 0, 7, b""))


def try_dtls(raw: bytes) -> None:
    """A true handshake with the input's datagrams between: whatever happens, keys are the client's or none."""
    pieces = list(datagrams(raw))
    client = Client()
    end = server(client)
    flights = 0
    to_server = packed(client.receive())
    while to_server:
        for n, (do, datagram) in enumerate(pieces):
            if do % 3 == flights:
                end.receive(datagram, flights + n / 100)
        for datagram in to_server:
            end.receive(datagram, flights + 0.5)
        flights += 1
        end.poll(flights - 0.1)
        answers = end.take()
        assert len(answers) <= dtls.OUT_MAX
        assert all(len(one) <= DATAGRAM_MAX for one in answers)
        to_server = packed([one for datagram in answers for one in client.receive(datagram)])
    assert end.state in {dtls.NEW, *dtls.TRANSITIONS.values()}
    with suppress(ValueError):
        assert end.keys() == client.keys()


def try_demux(raw: bytes) -> None:
    """Strangers at a port with one session that waits: nothing is kept of them, nothing goes out."""
    demux = Demux()
    peer = Peer(sdp.check(Browser().offer_text.encode(), "session"), OURS, SERVER, 1.0)
    demux.add("ours", peer)
    for do, datagram in datagrams(raw):
        assert demux.receive(datagram, AWAY if do % 2 else HOME, 1.0 + do / 100) is None
    assert peer.take() == []
    assert peer.state == "waiting"


class Reused:
    """A session takes 3 ms to join, so one serves many inputs: an escape may need those before it to happen again."""

    def __init__(self) -> None:
        self._browser = Browser()
        self._left = 0

    def __call__(self, raw: bytes) -> None:
        """Datagrams from the pair, from elsewhere, and from the browser itself, under its keys."""
        if self._left == 0 or self._browser.peer.state == "over":
            self._browser, self._left = Browser(), REUSES
            self._browser.join()
            self._browser.look()
        self._left -= 1
        browser = self._browser
        keys = browser.srtp
        assert keys is not None
        for do, datagram in datagrams(raw):
            with suppress(ValueError):  # of sealing: what is no packet is sent as it is
                if do % 4 == 2:
                    datagram = keys.protect(datagram)
                elif do % 4 == 3:
                    datagram = keys.protect_rtcp(datagram)
            browser.put(datagram, AWAY if do % 4 == 1 else HOME)
            browser.poll(browser.now + (do >> 2) / 1_000)
        assert len(browser.got) + len(browser.seen) <= OUTPUTS_MAX * DATAGRAMS_MAX
        browser.got.clear()
        browser.seen.clear()


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "stun": try_stun,
    "rtp": try_rtp,
    "rtcp": try_rtcp,
    "red": try_red,
    "sdp": try_sdp,
    "srtp": try_srtp,
    "dtls": try_dtls,
    "demux": try_demux,
    "session": Reused(),
}
