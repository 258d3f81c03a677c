"""What each campaign begins with: whole, well-formed inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fuzz.targets import KEYS, joined
from hustings.rtc import red, rtcp, rtp
from hustings.rtc.dtls_records import packed
from hustings.rtc.srtp import SrtpSession
from tests.rtc import offers
from tests.rtc.checks import check
from tests.rtc.dtls_client import LARGE, Client, refragmented, server
from tests.rtc.test_dtls import chromium_hello
from tests.rtc.test_rtcp import FEEDBACK, REPORT

VOICE = rtp.build(111, 7, 6_720, 9, b"voice" * 20)
LEVEL = bytes.fromhex("906f0007 00001a40 00000009 bede0002 10d53112 34000000") + b"voice" * 20
DOUBLED = rtp.build(63, 8, 7_680, 9, bytes.fromhex("ef0f0005 6f") + b"voice" * 2)


def _rtcp() -> list[bytes]:
    return [
        rtcp.build(
            [
                rtcp.SenderReport(7, 1 << 60, 960, 5, 500, (REPORT,)),
                rtcp.SourceNames(((7, "name"),)),
            ]
        ),
        rtcp.build([rtcp.ReceiverReport(7, (REPORT, REPORT)), rtcp.Bye((7, 8), "gone")]),
        rtcp.build([rtcp.Nack(7, 8, (3, 8, 9, 400))]),
        rtcp.build([FEEDBACK]),
    ]


def _red() -> list[bytes]:
    older = [red.Block(111, 960 * n, b"old" * n) for n in (2, 1)]
    return [red.build([*older, red.Block(111, 0, b"new")]), red.build([red.Block(111, 0, b"new")])]


def _srtp() -> list[bytes]:
    us = SrtpSession(KEYS)
    sealed = [us.protect(VOICE), us.protect_rtcp(_rtcp()[0])]
    return [VOICE, LEVEL, *_rtcp(), *sealed, us.state()]


def _dtls() -> list[bytes]:
    client = Client(protocols=LARGE)
    hello = packed(client.receive())
    end = server(client)
    for datagram in hello:
        end.receive(datagram, 0.0)
    [flight] = end.take()
    answer = client.receive(flight)
    return [
        joined(*((0, datagram) for datagram in hello)),
        joined(*((0, datagram) for datagram in refragmented([chromium_hello()], 400))),
        joined(*((1, datagram) for datagram in answer)),
        joined(*((2, datagram) for datagram in answer)),
    ]


def _demux() -> list[bytes]:
    return [
        joined((0, check(password="q" * 24)), (1, check(ours="none"))),
        joined((0, VOICE), (1, _rtcp()[0]), (0, chromium_hello())),
    ]


def _session() -> list[bytes]:
    return [
        joined((2, VOICE), (2, LEVEL), (2, DOUBLED), (1, VOICE), (0, VOICE)),
        joined(*((3, compound) for compound in _rtcp())),
        joined((0, check()), (1, check()), (0, chromium_hello())),
    ]


SEEDS: Mapping[str, Callable[[], list[bytes]]] = {
    "stun": lambda: [check(), check(nominates=True, has_fingerprint=False)],
    "rtp": lambda: [VOICE, LEVEL, DOUBLED],
    "rtcp": _rtcp,
    "red": _red,
    "sdp": lambda: [
        *(one.encode() for one in (offers.OFFER, offers.CHROMIUM, offers.FFMPEG, offers.GSTREAMER)),
        offers.FRAGMENT,
    ],
    "srtp": _srtp,
    "dtls": _dtls,
    "demux": _demux,
    "session": _session,
}
