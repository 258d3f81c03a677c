"""Tracks and mix as files: records in, Ogg out, read by FFmpeg's own demuxer and decoder."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from hustings.audio.codec import OpusEncoder
from hustings.features.recording import export, ogg
from hustings.features.recording.model import LINK_LIVES_MS, LINKS_MAX, Kept, Links, Stretch, files
from hustings.rtc import rtp
from hustings.wire.track import Piece, to_record

START = 1_000 * 184_320
TICK = 960


def tone_packets(ticks: int, from_tick: int = 0) -> list[bytes]:
    """Opus packets of a 440 Hz tone that begins at `from_tick`."""
    encoder = OpusEncoder(1, 64_000, "audio")
    at = np.arange(ticks * TICK)
    sound = (0.5 * np.sin(2 * np.pi * 440 * at / 48_000) * (at >= from_tick * TICK)).astype(
        np.float32
    )
    return [encoder.encode(sound[tick * TICK : (tick + 1) * TICK]) for tick in range(ticks)]


def record(sequence: int, timestamp: int, arrival: int, payload: bytes, ssrc: int = 7) -> bytes:
    return to_record(arrival, rtp.build(111, sequence, timestamp, ssrc, payload))


def lay(
    room_dir: Path, name: str, records: list[bytes], on_air: bool = True, person: str = "ann"
) -> None:
    (room_dir / "tracks").mkdir(exist_ok=True)
    (room_dir / "tracks" / name).write_bytes(b"".join(records))
    with (room_dir / "pieces.jsonl").open("ab") as file:
        file.write(Piece(1, person, f"tracks/{name}", on_air, START, None).to_line())


def decoded(path: Path) -> np.ndarray:
    with av.open(io.BytesIO(path.read_bytes())) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames)


def onset(sound: np.ndarray) -> int:
    return int(np.argmax(np.abs(sound) > 0.1))


def test_a_track_begins_with_the_stretch_and_the_voice_lies_where_it_was_said(
    tmp_path: Path,
) -> None:
    packets = tone_packets(100, from_tick=50)
    said_at = START + 40 * TICK
    records = [
        record(n, 500 + n * TICK, said_at + n * TICK + 300, packet)
        for n, packet in enumerate(packets)
    ]
    lay(tmp_path, "ann-1.rtp", records)
    path = export.track(tmp_path, "ann", Stretch(START, START + 200 * TICK), "Ann")
    assert onset(decoded(path)) == pytest.approx(90 * TICK + 300, abs=TICK)


def test_holes_doubles_and_disorder(tmp_path: Path) -> None:
    packets = tone_packets(100, from_tick=80)
    order = [0, 2, 1, 1, *range(3, 30), *range(60, 100)]
    records = [
        record(
            0xFFF0 + n & 0xFFFF,
            (2**32 - 10 * TICK + n * TICK) % 2**32,
            START + n * TICK,
            packets[n],
        )
        for n in order
    ]
    lay(tmp_path, "ann-1.rtp", records)
    sound = decoded(export.track(tmp_path, "ann", Stretch(START, START + 100 * TICK), "Ann"))
    assert onset(sound) == pytest.approx(80 * TICK, abs=TICK)
    assert len(sound) == pytest.approx(100 * TICK, abs=2 * TICK)


def test_what_was_said_off_the_air_is_in_no_download(tmp_path: Path) -> None:
    loud = [
        record(n, n * TICK, START + n * TICK, packet) for n, packet in enumerate(tone_packets(50))
    ]
    lay(tmp_path, "ann-1.rtp", loud, on_air=False)
    with pytest.raises(FileNotFoundError):
        export.track(tmp_path, "ann", Stretch(START, START + 50 * TICK), "Ann")


def test_a_torn_and_a_strange_record_cost_themselves_only(tmp_path: Path) -> None:
    packets = tone_packets(50, from_tick=10)
    records = [record(n, n * TICK, START + n * TICK, packet) for n, packet in enumerate(packets)]
    records.insert(5, to_record(START, b"\x00" * 20))
    records.insert(6, record(9, 3, START, b"\xff"))
    lay(tmp_path, "ann-1.rtp", [*records, records[-1][:-3]])
    sound = decoded(export.track(tmp_path, "ann", Stretch(START, START + 50 * TICK), "Ann"))
    assert onset(sound) == pytest.approx(10 * TICK, abs=TICK)


def test_large_packets_fill_pages_within_their_laces() -> None:
    pages = list(ogg.write([(bytes([0xF8]) + bytes(1_274), TICK)] * 120, 1, "x"))
    assert all(page[26] <= 255 for page in pages)
    assert pages[-1][5] == ogg.LAST


def test_an_ogg_of_nothing_is_whole() -> None:
    assert [page[5] for page in ogg.write([], 1, "x")] == [ogg.FIRST, 0, ogg.LAST]


def test_the_mix_is_init_and_segments_of_the_stretch(tmp_path: Path) -> None:
    folder = tmp_path / "mix" / "aac"
    folder.mkdir(parents=True)
    (folder / "init-abc.mp4").write_bytes(b"I")
    for number in range(998, 1_004):
        (folder / f"s{number}.m4s").write_bytes(str(number)[-1].encode())
    (folder / "s1001.m4s").unlink()
    path = export.mix(tmp_path, Stretch(START + 5, START + 3 * 184_320))
    assert path.read_bytes() == b"I02"


def test_no_mix(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        export.mix(tmp_path, Stretch(0, 1))


class TestKept:
    def test_nothing_before_the_end(self) -> None:
        kept = Kept()
        kept.apply("on_air", 10, {})
        assert kept.on_air is None
        kept.apply("ended", 20, {})
        assert kept.on_air == Stretch(10, 20)

    def test_never_on_the_air(self) -> None:
        kept = Kept()
        kept.apply("ended", 20, {})
        assert kept.on_air is None

    def test_keepers(self) -> None:
        kept = Kept()
        for keep in (True, False, False, True):
            kept.apply("recording.kept", 0, {"person": "ann", "keep": keep})
        assert kept.keepers == {"ann"}
        kept.apply("recording.deleted", 0, {})
        assert kept.deleted

    @pytest.mark.parametrize(
        ("start", "end", "numbers"),
        [(0, 1, [0]), (0, 184_320, [0]), (1, 184_321, [0, 1]), (184_320, 368_640, [1])],
    )
    def test_segments(self, start: int, end: int, numbers: list[int]) -> None:
        assert list(Stretch(start, end).segments()) == numbers


class TestLinks:
    def test_a_link_opens_its_file_for_ten_minutes(self) -> None:
        links = Links()
        links.make("t", "mix.m4a", 0)
        assert links.opens("t", "mix.m4a", LINK_LIVES_MS - 1)
        assert not links.opens("t", "mix.m4a", LINK_LIVES_MS)
        assert not links.opens("t", "tracks/ann.ogg", 0)
        assert not links.opens("u", "mix.m4a", 0)

    def test_the_oldest_goes_first(self) -> None:
        links = Links()
        for number in range(LINKS_MAX):
            links.make(str(number), "mix.m4a", 0)
        assert links.opens("0", "mix.m4a", 0)
        links.make("one more", "mix.m4a", 0)
        assert not links.opens("0", "mix.m4a", 0)
        assert links.opens("1", "mix.m4a", 0)


def test_files() -> None:
    assert files(["ann", "ben"], True) == ["mix.m4a", "tracks/ann.ogg", "tracks/ben.ogg"]
    assert files([], False) == []
