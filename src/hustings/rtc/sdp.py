"""What an offer may be (RFC 8866, RFC 8829, RFC 9725 §4.2): one audio section with Opus at 48 kHz, nothing else.

`check` reads line by line with caps and takes out the little that a stage needs. Remote candidates are not among it: this
server never sends to an address that a stranger names; the browser's own checks show where it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

OFFER_MAX = 65_536
LINES_MAX = 1_000
LINE_MAX = 4_096
FINGERPRINTS_MAX = 8
PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP")
HASHES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""RFC 8122 §5, without those that are broken; bytes of each."""
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"  # RFC 6464
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 §5.4; the token of browsers has = and - too
PASSWORD = re.compile(r"[A-Za-z0-9+/=_-]{22,256}")
CANDIDATES = ("a=candidate:", "a=end-of-candidates")
MID = re.compile(r"[!#$%&'*+.^_`{|}~A-Za-z0-9-]{1,64}")  # RFC 8859: a token

Mode = Literal["session", "whip", "whep"]
SENDS: dict[str, frozenset[str]] = {
    "session": frozenset({"sendrecv"}),
    "whip": frozenset({"sendonly", "sendrecv"}),
    "whep": frozenset({"recvonly", "sendrecv"}),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that a stage can take. Payload types and extension ids are 0 where there is none (RFC 8285: ids from 1).

    `direction` is the offerer's. `fingerprints` are (hash, hex with colons, upper case).
    """

    direction: str
    protocol: str
    mid: str
    opus: int
    red: int
    level_id: int
    sequence_id: int
    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    has_bundle: bool
    has_congestion_feedback: bool
    has_reduced_size: bool


class OfferError(ValueError):
    """An offer that a stage cannot take; `code` is one of `wire/errors.py`'s."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def check(raw: bytes, mode: Mode) -> Offer:
    """An offer from a request's body. Errors: `OfferError`."""
    session, *media = _sections(_lines(raw))
    audio = _only_audio(media)
    first = audio[0].split(" ")
    if len(first) < 4 or first[2] not in PROTOCOLS:
        raise OfferError("offer_malformed")
    direction = _direction(session, audio)
    if direction not in SENDS[mode]:
        raise OfferError("offer_direction")
    both = audio + session
    setup = _value(both, "setup:")
    if setup == "passive":  # FFmpeg's default; RFC 8842 §5.2 and RFC 9725 §4.4.4 ask for actpass
        raise OfferError("offer_passive")
    if "a=rtcp-mux" not in audio or setup not in ("actpass", "active"):
        raise OfferError("offer_malformed")
    opus = _codec(audio, "opus/48000/2")
    if not opus:
        raise OfferError("offer_no_opus")
    mid = _value(audio, "mid:")
    return Offer(
        direction=direction,
        protocol=first[2],
        mid=_matching(mid, MID) if mid else "",
        opus=opus,
        red=_red(audio, opus),
        level_id=_extension(audio, AUDIO_LEVEL),
        sequence_id=_extension(audio, TRANSPORT_CC),
        ufrag=_matching(_value(both, "ice-ufrag:"), UFRAG),
        password=_matching(_value(both, "ice-pwd:"), PASSWORD),
        fingerprints=_fingerprints(both),
        has_bundle=bool(mid)
        and any(
            line.startswith("a=group:BUNDLE ") and mid in line.split(" ")[1:] for line in session
        ),
        has_congestion_feedback=f"a=rtcp-fb:{opus} transport-cc" in audio,
        has_reduced_size="a=rtcp-rsize" in audio,
    )


def credentials(fragment: bytes) -> tuple[str, str] | None:
    """The ufrag and password of a fragment (RFC 8840 §4.4, RFC 9725 §4.3): new ones ask for an ICE restart.

    None for candidates that name neither: they are of the credentials that the session has. Errors: `OfferError`.
    """
    lines = _lines(fragment, "")
    ufrag, password = _value(lines, "ice-ufrag:"), _value(lines, "ice-pwd:")
    if not ufrag and not password and any(line.startswith(CANDIDATES) for line in lines):
        return None
    return _matching(ufrag, UFRAG), _matching(password, PASSWORD)


def _lines(raw: bytes, first: str = "v=0") -> list[str]:
    if len(raw) > OFFER_MAX:
        raise OfferError("offer_too_large")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise OfferError("offer_malformed") from None
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not lines or (first and lines[0] != first) or len(lines) > LINES_MAX:
        raise OfferError("offer_malformed")
    for line in lines:
        if len(line) < 2 or line[1] != "=" or len(line) > LINE_MAX or not line.isprintable():
            raise OfferError("offer_malformed")
    return lines


def _sections(lines: list[str]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


def _only_audio(media: list[list[str]]) -> list[str]:
    kinds = [section[0][2:].split(" ")[0] for section in media]
    if "video" in kinds:
        raise OfferError("offer_video")
    if "audio" not in kinds:
        raise OfferError("offer_no_audio")
    if len(kinds) > 1:
        raise OfferError("offer_two_tracks" if kinds.count("audio") > 1 else "offer_malformed")
    ssrcs = {
        line.split(":", 1)[1].split(" ")[0]
        for line in media[0]
        if line.startswith("a=ssrc:") and " msid:" in line
    }
    if len(ssrcs) > 1:
        raise OfferError("offer_two_tracks")
    return media[0]


def _direction(session: list[str], audio: list[str]) -> str:
    for line in audio + session:
        if line in ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"):
            return line[2:]
    return "sendrecv"  # RFC 8866 §6.7


def _value(lines: list[str], name: str) -> str:
    """What follows `a=name:` where it stands first; the audio section goes before the session's."""
    start = f"a={name}"
    return next((line[len(start) :] for line in lines if line.startswith(start)), "")


def _matching(text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise OfferError("offer_malformed")
    return text


def _codec(audio: list[str], name: str) -> int:
    """The payload type of a codec that is offered, 0 for none: it may not be 0, which is PCMU's own (RFC 3551 §6)."""
    offered = audio[0].split(" ")[3:]
    for line in audio:
        if line.startswith("a=rtpmap:"):
            number, _, codec = line.removeprefix("a=rtpmap:").partition(" ")
            if codec.lower() == name and number in offered:
                return _number(number, 127)
    return 0


def _red(audio: list[str], opus: int) -> int:
    """RED (RFC 2198) whose blocks are all Opus (§5: `fmtp` names them), else 0."""
    red = _codec(audio, "red/48000/2")
    blocks = _value(audio, f"fmtp:{red} ").split("/") if red else []
    return red if blocks and set(blocks) == {str(opus)} else 0


def _extension(audio: list[str], name: str) -> int:
    """A header extension's id (RFC 8285 §5), 0 for none that fits a one-byte header."""
    for line in audio:
        if line.startswith("a=extmap:") and name in line.split(" "):
            return _number(line.removeprefix("a=extmap:").split(" ")[0].split("/")[0], 14)
    return 0


def _number(text: str, largest: int) -> int:
    number = int(text) if text.isdecimal() and text.isascii() and len(text) <= 3 else 0
    return number if number <= largest else 0


def _fingerprints(lines: list[str]) -> tuple[tuple[str, str], ...]:
    """Those of hashes that hold (RFC 8122 §5); an offer without any is none."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith("a=fingerprint:"):
            name, _, text = line.removeprefix("a=fingerprint:").partition(" ")
            size = HASHES.get(name.lower())
            if size is None:
                continue
            if not re.fullmatch(rf"[0-9A-Fa-f]{{2}}(:[0-9A-Fa-f]{{2}}){{{size - 1}}}", text):
                raise OfferError("offer_malformed")
            found.append((name.lower(), text.upper()))
    if not 0 < len(found) <= FINGERPRINTS_MAX:
        raise OfferError("offer_malformed")
    return tuple(found)
