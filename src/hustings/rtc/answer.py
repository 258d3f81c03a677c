"""The answer to an offer (RFC 8829 §5.3, RFC 9725 §4.2): who we are, where we are, what we like to receive.

RED stands first, so a browser that has it doubles each packet into the next (RFC 2198); `nack` for Opus has browsers keep
what they sent and send it again (RFC 4585 §4.2), though no offer asks for it. Opus's `fmtp` asks for in-band FEC and a
voice's bit rate (RFC 7587 §6.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hustings.rtc.sdp import AUDIO_LEVEL, TRANSPORT_CC, Offer

OPUS = "minptime=10;useinbandfec=1;maxaveragebitrate=72000;stereo=0;sprop-stereo=0"
"""72 kbit/s: at 64, a phone's libopus codes a voice as a hybrid, which takes 2 dB from 4 to 8 kHz, where s is. Above, it is CELT
and whole, and turns to the hybrid and its FEC by itself where we report loss (`tests/line/test_lisp.py` has the figures).
With RED around it a voice takes 150 kbit/s on its way in."""
CANDIDATES_MAX = 16
TCP_TYPE, TCP_DIRECTION = 90, 4
"""RFC 6544 §4.2: less than any UDP candidate; passive ones of ours."""
Where = tuple[str, int] | tuple[str, int, Literal["udp", "tcp"]]
"""Address, port, transport (UDP where none is named)."""
TURNED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Our side of one session. `fingerprint` is SHA-256, hex with colons; `ssrc` the one that we send with."""

    session: int
    ufrag: str
    password: str
    fingerprint: str
    ssrc: int
    cname: str


def answer(offer: Offer, ours: Identity, candidates: Sequence[Where]) -> str:
    """The SDP answer. `candidates` are our places, the best first; at most `CANDIDATES_MAX` of them."""
    direction = TURNED[offer.direction]
    first_host, first_port = candidates[0][:2] if candidates else ("0.0.0.0", 9)
    lines = [
        "v=0",
        f"o=- {ours.session} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        *([f"a=group:BUNDLE {offer.mid}"] if offer.has_bundle else []),
        "a=ice-lite",
        "a=msid-semantic: WMS *",
        f"m=audio {first_port} {offer.protocol} {' '.join(map(str, _codecs(offer)))}",
        f"c=IN {'IP6' if ':' in first_host else 'IP4'} {first_host}",
        *([f"a=mid:{offer.mid}"] if offer.mid else []),
        f"a=ice-ufrag:{ours.ufrag}",
        f"a=ice-pwd:{ours.password}",
        f"a=fingerprint:sha-256 {ours.fingerprint}",
        "a=setup:passive",
        f"a={direction}",
        "a=rtcp-mux",
        *(["a=rtcp-rsize"] if offer.has_reduced_size else []),
        *_formats(offer),
        *_extensions(offer),
    ]
    if direction != "recvonly":
        lines += ["a=msid:stage ear", f"a=ssrc:{ours.ssrc} cname:{ours.cname}"]
    lines += [_candidate(n, *where) for n, where in enumerate(candidates[:CANDIDATES_MAX])]
    lines.append("a=end-of-candidates")
    return "\r\n".join(lines) + "\r\n"


def fragment(mid: str, ufrag: str, password: str, candidates: Sequence[Where]) -> str:
    """What an ICE restart is answered with (RFC 9725 §4.3.3): our new credentials, and the same candidates."""
    lines = [
        "a=ice-lite",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        *([f"a=mid:{mid}"] if mid else []),
        *(_candidate(n, *where) for n, where in enumerate(candidates[:CANDIDATES_MAX])),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def _codecs(offer: Offer) -> list[int]:
    return [offer.red, offer.opus] if offer.red else [offer.opus]


def _formats(offer: Offer) -> list[str]:
    opus, red = offer.opus, offer.red
    lines = [f"a=rtpmap:{red} red/48000/2", f"a=fmtp:{red} {opus}/{opus}"] if red else []
    lines += [f"a=rtpmap:{opus} opus/48000/2", f"a=fmtp:{opus} {OPUS}"]
    if offer.protocol.endswith("F"):  # feedback needs the AVPF profile (RFC 4585 §4.2)
        lines.append(f"a=rtcp-fb:{opus} nack")
        if offer.has_congestion_feedback and offer.sequence_id:
            lines.append(f"a=rtcp-fb:{opus} transport-cc")
    return lines


def _extensions(offer: Offer) -> list[str]:
    lines = [f"a=extmap:{offer.level_id} {AUDIO_LEVEL}"] if offer.level_id else []
    if offer.sequence_id and offer.has_congestion_feedback:
        lines.append(f"a=extmap:{offer.sequence_id} {TRANSPORT_CC}")
    return lines


def _candidate(number: int, host: str, port: int, transport: str = "udp") -> str:
    """A host candidate of the one component (RFC 8839 §5.1, RFC 6544 §4.5); priorities as RFC 8445 §5.1.2.1 has them."""
    if transport == "tcp":
        priority = (TCP_TYPE << 24) + ((TCP_DIRECTION << 13) + 8_191 - number << 8) + 255
        return f"a=candidate:{number + 1} 1 tcp {priority} {host} {port} typ host tcptype passive"
    priority = (126 << 24) + ((65_535 - number) << 8) + 255
    return f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host"
