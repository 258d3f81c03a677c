"""What an offer may be (RFC 8866, RFC 8829, RFC 9725 §4.2): one audio section with Opus at 48 kHz, nothing else.

`check` looks before anything else parses: a size and line cap, then what a stage can take. Remote candidates are left
out on purpose (`without_candidates`): this server never sends to an address that a stranger names; the browser's own
checks show where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OFFER_MAX = 65_536
LINES_MAX = 1_000
LINE_MAX = 4_096
FINGERPRINTS = ("a=fingerprint:sha-256 ", "a=fingerprint:sha-384 ", "a=fingerprint:sha-512 ")
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

Mode = Literal["session", "whip", "whep"]
SENDS: dict[str, frozenset[str]] = {
    "session": frozenset({"sendrecv"}),
    "whip": frozenset({"sendonly", "sendrecv"}),
    "whep": frozenset({"recvonly", "sendrecv"}),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that a stage can take. `level_id` is the id of the audio-level extension, 0 for none."""

    text: str
    direction: str
    opus: int
    level_id: int


class OfferError(ValueError):
    """An offer that a stage cannot take; `code` is one of `wire/errors.py`'s."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def check(raw: bytes, mode: Mode) -> Offer:
    """An offer from a request's body. Errors: `OfferError`."""
    if len(raw) > OFFER_MAX:
        raise OfferError("offer_too_large")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise OfferError("offer_malformed") from None
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not lines or lines[0] != "v=0" or len(lines) > LINES_MAX:
        raise OfferError("offer_malformed")
    if any(
        len(line) < 2 or line[1] != "=" or len(line) > LINE_MAX or not line.isprintable()
        for line in lines
    ):
        raise OfferError("offer_malformed")
    sections = _sections(lines)
    _check_kinds(sections)
    audio = next(section for section in sections[1:] if section[0].startswith("m=audio"))
    if not any(line.lower().startswith(FINGERPRINTS) for line in sections[0] + audio):
        raise OfferError("offer_malformed")
    if not any(line.startswith("a=ice-ufrag:") for line in sections[0] + audio):
        raise OfferError("offer_malformed")
    direction = _direction(sections[0], audio)
    if direction not in SENDS[mode]:
        raise OfferError("offer_direction")
    return Offer(without_candidates(lines), direction, _opus(audio), _level_id(audio))


def without_candidates(lines: list[str]) -> str:
    """The offer without the addresses that it names."""
    kept = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    return "\r\n".join(kept) + "\r\n"


def _sections(lines: list[str]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


def _check_kinds(sections: list[list[str]]) -> None:
    kinds = [section[0][2:].split(" ")[0] for section in sections[1:]]
    if "video" in kinds:
        raise OfferError("offer_video")
    if "audio" not in kinds:
        raise OfferError("offer_no_audio")
    if len(kinds) > 1:
        raise OfferError("offer_two_tracks" if kinds.count("audio") > 1 else "offer_malformed")
    ssrcs = {
        line.split(":", 1)[1].split(" ")[0]
        for line in sections[1]
        if line.startswith("a=ssrc:") and " msid:" in line
    }
    if len(ssrcs) > 1:
        raise OfferError("offer_two_tracks")


def _direction(session: list[str], audio: list[str]) -> str:
    for line in audio + session:
        if line in ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"):
            return line[2:]
    return "sendrecv"  # RFC 8866 §6.7


def _opus(audio: list[str]) -> int:
    offered = audio[0].split(" ")[3:]
    for line in audio:
        if line.startswith("a=rtpmap:"):
            number, _, codec = line.removeprefix("a=rtpmap:").partition(" ")
            if (
                codec.lower() == "opus/48000/2"
                and number in offered
                and number.isdigit()
                and int(number) < 128
            ):
                return int(number)
    raise OfferError("offer_no_opus")


def _level_id(audio: list[str]) -> int:
    for line in audio:
        if line.startswith("a=extmap:") and AUDIO_LEVEL in line.split(" "):
            number = line.removeprefix("a=extmap:").split(" ")[0].split("/")[0]
            if number.isdigit() and 0 < int(number) < 15:
                return int(number)
    return 0
