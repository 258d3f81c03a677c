"""The other end of a `Peer`, on virtual time: checks, a DTLS client, SRTP, all by hand. No socket anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from hustings.rtc import rtcp, rtp, sdp
from hustings.rtc.demux import kind_of
from hustings.rtc.dtls_records import packed
from hustings.rtc.ice import Pair
from hustings.rtc.peer import Dropped, Output, Peer, Proved, Send, Turned
from hustings.rtc.snapshot import Beginnings
from hustings.rtc.srtp import SrtpSession
from hustings.rtc.stun import parse
from tests.rtc.checks import check
from tests.rtc.dtls_client import SERVER, Client
from tests.rtc.offers import CHROMIUM

HOME = Pair("192.0.2.2", ("198.51.100.7", 1000))
AWAY = Pair("192.0.2.2", ("203.0.113.9", 2000))
OURS = Beginnings(7, "ours", "p" * 24, 5, 100, 0, "name")
VOICE = 9


@dataclass
class Browser:
    """`sees` are the outputs of the peer since the last look, datagrams apart: those are in `got`, with their pair."""

    client: Client = field(default_factory=Client)
    named: str = ""
    now: float = 1.0
    offer_text: str = CHROMIUM + "a=rtcp-rsize\r\n"
    got: list[tuple[Pair, bytes]] = field(default_factory=list)
    seen: list[Output] = field(default_factory=list)

    def __post_init__(self) -> None:
        fingerprint = self.named or self.client.fingerprint()[1]
        text = self.offer_text.replace(":".join(["AB"] * 32), fingerprint)
        self.offer = sdp.check(text.encode(), "session")
        self.peer = Peer(self.offer, OURS, SERVER, self.now)
        self.srtp: SrtpSession | None = None

    def look(self) -> list[Output]:
        """What the peer did, in order."""
        outputs = self.peer.take()
        self.got += [(one.pair, one.datagram) for one in outputs if isinstance(one, Send)]
        self.seen += [one for one in outputs if not isinstance(one, Send)]
        return outputs

    def check(self, pair: Pair = HOME, nominates: bool = True) -> bool:
        took = self.peer.check(parse(check(nominates=nominates)), pair, self.now)
        self.look()
        return took

    def put(self, datagram: bytes, pair: Pair = HOME) -> None:
        self.peer.receive(kind_of(datagram), datagram, pair, self.now)
        self.look()

    def poll(self, now: float) -> None:
        self.now = now
        self.peer.poll(now)
        self.look()

    def shake(self, pair: Pair = HOME) -> None:
        """The DTLS handshake; without an end if the peer will not have it."""
        to_server = packed(self.client.receive())
        for _ in range(20):
            self.got.clear()
            for datagram in to_server:
                self.put(datagram, pair)
            to_server = [raw for _, one in self.got for raw in self.client.receive(one)]
        self.got.clear()
        if self.peer.state == "up":
            self.srtp = SrtpSession(self.client.mirrored())

    def join(self) -> None:
        self.check()
        self.shake()

    def say(self, number: int, pair: Pair = HOME, raw: bytes = b"") -> bytes:
        """One packet of voice; its datagram."""
        assert self.srtp is not None
        plain = raw or rtp.build(111, number, 960 * number, VOICE, b"voice %d" % number)
        datagram = self.srtp.protect(plain)
        self.put(datagram, pair)
        return datagram

    def control(self, *packets: rtcp.Packet) -> None:
        assert self.srtp is not None
        self.put(self.srtp.protect_rtcp(rtcp.build(packets)))

    def heard(self) -> list[rtp.RtpPacket]:
        """The RTP packets that came from the peer, decrypted; RTCP stays."""
        assert self.srtp is not None
        mine = [one for one in self.got if kind_of(one[1]) == "rtp"]
        self.got = [one for one in self.got if one not in mine]
        return [rtp.parse(self.srtp.unprotect(datagram)) for _, datagram in mine]

    def told(self) -> list[rtcp.Packet]:
        assert self.srtp is not None
        mine = [one for one in self.got if kind_of(one[1]) == "rtcp"]
        self.got = [one for one in self.got if one not in mine]
        return [p for _, one in mine for p in rtcp.parse(self.srtp.unprotect_rtcp(one))]

    def arrived(self) -> list[int]:
        return [one.sequence for one in self.seen if isinstance(one, rtp.RtpPacket)]

    def turns(self) -> list[str]:
        return [one.state for one in self.seen if isinstance(one, Turned)]

    def proved(self) -> list[Pair]:
        return [one.pair for one in self.seen if isinstance(one, Proved)]

    def dropped(self) -> list[Pair]:
        return [one.pair for one in self.seen if isinstance(one, Dropped)]
