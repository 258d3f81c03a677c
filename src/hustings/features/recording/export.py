"""Downloads: the mix as one file, and each speaker's track in step with it. Reads `rooms/{key}/`, writes `exports/`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hustings.audio.opus_packet import packet_samples
from hustings.features.recording import ogg
from hustings.features.recording.model import Stretch
from hustings.rtc import rtp
from hustings.wire.track import Piece, read_pieces, read_records

SILENCE = b"\xf8\xff\xfe"  # 20 ms, fullband, mono (RFC 6716 §3.1)
SILENCE_SAMPLES = 960
HALF_32 = 1 << 31


def mix(room_dir: Path, stretch: Stretch) -> Path:
    """The mix that was on the air as one fragmented MP4 (AAC). Errors: `FileNotFoundError`, `OSError`."""
    folder = room_dir / "mix" / "aac"
    init = next(folder.glob("init-*.mp4"), None)
    if init is None:
        raise FileNotFoundError(folder)

    def pieces() -> Iterator[bytes]:
        yield init.read_bytes()
        for number in stretch.segments():
            segment = folder / f"s{number}.m4s"
            if segment.exists():
                yield segment.read_bytes()

    return _write(room_dir / "exports" / "mix.m4a", pieces())


def track(room_dir: Path, person: str, stretch: Stretch, title: str) -> Path:
    """What one speaker said on the air, as Ogg Opus that begins with the stretch, so that tracks lie in step.

    Errors: `FileNotFoundError` when there is nothing of his, `OSError`.
    """
    pieces = [piece for piece in on_air_pieces(room_dir) if piece.person == person]
    if not pieces:
        raise FileNotFoundError(person)
    serial = int.from_bytes(person.encode()[:4].ljust(4, b"\0"), "little")
    pages = ogg.write(in_step(room_dir, pieces, stretch), serial, title)
    return _write(room_dir / "exports" / "tracks" / f"{person}.ogg", pages)


def on_air_pieces(room_dir: Path) -> list[Piece]:
    """The pieces that may be heard again; none is ever off the air."""
    try:
        raw = (room_dir / "pieces.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return [
        piece for piece in read_pieces(raw) if piece.on_air and (room_dir / piece.file).exists()
    ]


def in_step(room_dir: Path, pieces: list[Piece], stretch: Stretch) -> Iterator[tuple[bytes, int]]:
    """Packets with their samples, holes and the time before the first filled with silence."""
    clock = stretch.from_clock
    for piece in pieces:
        for at, packet in _placed((room_dir / piece.file).read_bytes()):
            try:
                samples = packet_samples(packet)
            except ValueError:
                continue
            if at + samples <= clock - SILENCE_SAMPLES or at >= stretch.to_clock:
                continue
            while at - clock >= SILENCE_SAMPLES:
                yield SILENCE, SILENCE_SAMPLES
                clock += SILENCE_SAMPLES
            yield packet, samples
            clock += samples


def _placed(raw: bytes) -> list[tuple[int, bytes]]:
    """(clock of its first sample, Opus packet) in the order in which they were said.

    A stream's timestamps are laid on the room's clock by its least delayed packet; a new SSRC begins a new stream.
    """
    streams: dict[int, list[tuple[int, int, bytes]]] = {}
    last: dict[int, int] = {}
    for arrival, record in read_records(raw):
        try:
            packet = rtp.parse(record)
        except ValueError:
            continue
        before = last.get(packet.ssrc, packet.timestamp)
        step = (packet.timestamp - before + HALF_32) % (1 << 32) - HALF_32
        last[packet.ssrc] = timestamp = before + step
        streams.setdefault(packet.ssrc, []).append((timestamp, arrival, packet.payload))
    placed: list[tuple[int, bytes]] = []
    for packets in streams.values():
        offset = min(arrival - timestamp for timestamp, arrival, _ in packets)
        unique = {timestamp + offset: payload for timestamp, _, payload in packets}
        placed += unique.items()
    return sorted(placed)


def _write(path: Path, pieces: Iterator[bytes]) -> Path:
    """A whole file under its name, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path
