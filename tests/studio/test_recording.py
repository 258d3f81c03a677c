"""Packets and mix on disk: whole records, pieces, a full disk, sealed talk."""

from __future__ import annotations

import errno
from io import FileIO

import pytest

from hustings.studio.recording import (
    QUEUE_MAX,
    Mix,
    Packet,
    Tracks,
    close_left_open,
    destroy_sealed,
    open_appending,
    read_track,
)
from hustings.wire.track import Piece, read_pieces, to_record

PLENTY = 10**12


def tracks(folder, term=1, free=lambda path: PLENTY, opener=open_appending):
    made = Tracks(folder, term, 1_000, free=free, opener=opener)
    made.start()
    return made


def pieces(folder):
    return read_pieces((folder / "pieces.jsonl").read_bytes())


def test_every_packet_is_on_disk_in_its_piece(tmp_path):
    writer = tracks(tmp_path)
    writer.push(Packet("ann", 100, b"back stage"))
    writer.switch(200, True)
    writer.push(Packet("ann", 300, b"first"))
    writer.push(Packet("bob", 310, b"other"))
    writer.push(Packet("ann", 320, b"second"))
    writer.switch(400, False)
    writer.push(Packet("ann", 410, b"after"))
    writer.stop(500)
    assert pieces(tmp_path) == [
        Piece(1, "ann", "tracks/ann-0.rtp", False, 100, 200),
        Piece(1, "ann", "tracks/ann-1.rtp", True, 300, 400),
        Piece(1, "bob", "tracks/bob-0.rtp", True, 310, 400),
        Piece(1, "ann", "tracks/ann-2.rtp", False, 410, 500),
    ]
    assert list(read_track(tmp_path / "tracks/ann-1.rtp")) == [(300, b"first"), (320, b"second")]
    assert list(read_track(tmp_path / "tracks/ann-0.rtp")) == [(100, b"back stage")]


def test_the_next_term_begins_new_files(tmp_path):
    for term in (1, 2):
        writer = tracks(tmp_path, term)
        writer.push(Packet("ann", term * 100, b"x"))
        writer.stop(term * 100 + 50)
    assert [(piece.term, piece.file) for piece in pieces(tmp_path)] == [
        (1, "tracks/ann-0.rtp"),
        (2, "tracks/ann-1.rtp"),
    ]


@pytest.mark.parametrize("torn", range(1, 20))
def test_a_torn_tail_costs_the_last_record_only(tmp_path, torn):
    path = tmp_path / "t.rtp"
    path.write_bytes(to_record(1, b"one") + to_record(2, b"two") + to_record(3, b"three")[:-torn])
    rows = list(read_track(path))
    assert rows == [(1, b"one"), (2, b"two")]


def test_a_flipped_bit_ends_the_reading(tmp_path):
    raw = bytearray(to_record(1, b"one") + to_record(2, b"two"))
    raw[-1] ^= 1
    (tmp_path / "t.rtp").write_bytes(raw)
    assert list(read_track(tmp_path / "t.rtp")) == [(1, b"one")]


def test_pieces_left_open_by_a_crash_get_the_end_that_their_file_shows(tmp_path):
    (tmp_path / "tracks").mkdir()
    begun = Piece(1, "ann", "tracks/ann-0.rtp", True, 1_000)
    lost = Piece(1, "bob", "tracks/bob-0.rtp", True, 1_000)
    (tmp_path / "pieces.jsonl").write_bytes(begun.to_line() + lost.to_line() + b'{"term": 1, "pe')
    (tmp_path / begun.file).write_bytes(to_record(1_000, b"a") + to_record(2_000, b"b") + b"torn")
    close_left_open(tmp_path)
    assert [(piece.person, piece.to_clock) for piece in pieces(tmp_path)] == [
        ("ann", 2_960),
        ("bob", 1_000),
    ]
    before = (tmp_path / "pieces.jsonl").read_bytes()
    close_left_open(tmp_path)
    assert (tmp_path / "pieces.jsonl").read_bytes() == before


class FullFile(FileIO):
    """A file on a disk that is full while `FullFile.full`."""

    full = False

    def write(self, raw):
        if FullFile.full:
            super().write(raw[: len(raw) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(raw)


def test_a_full_disk_stops_the_recording_and_room_brings_it_back(tmp_path):
    FullFile.full = False
    free = [PLENTY]
    writer = Tracks(
        tmp_path, 1, 1_000, free=lambda path: free[0], opener=lambda path: FullFile(path, "ab")
    )
    (tmp_path / "tracks").mkdir()
    # The steps of the thread, one by one: no waiting.
    writer._write(Packet("ann", 100, b"one"))
    FullFile.full = True
    writer._write(Packet("ann", 200, b"two"))
    assert writer.trouble == "disk_full"
    writer._write(Packet("ann", 300, b"dropped"))
    FullFile.full = False
    writer._look_at_disk()
    assert writer.trouble == ""
    free[0] = 999
    writer._look_at_disk()
    assert writer.trouble == "disk_full"
    free[0] = 1_000
    writer._look_at_disk()
    writer._write(Packet("ann", 400, b"three"))
    writer._close_all(500)
    assert list(read_track(tmp_path / "tracks/ann-0.rtp")) == [(100, b"one")]
    assert list(read_track(tmp_path / "tracks/ann-1.rtp")) == [(400, b"three")]
    assert [piece.to_clock for piece in pieces(tmp_path)] == [1_060, 500]


def test_a_disk_that_does_not_keep_up_is_told_and_never_waited_for(tmp_path):
    writer = Tracks(tmp_path, 1, 0)
    for number in range(QUEUE_MAX):
        writer.push(Packet("ann", number, b"x"))
    assert writer.trouble == ""
    writer.push(Packet("ann", 0, b"x"))
    assert writer.trouble == "recording_slow"


def test_sealed_talk_is_destroyed_after_its_time_unless_it_is_kept(tmp_path):
    writer = tracks(tmp_path)
    for person in ("ann", "bob"):
        writer.push(Packet(person, 100, b"back stage"))
    writer.switch(200, True)
    writer.push(Packet("ann", 300, b"on air"))
    writer.stop(400)
    assert destroy_sealed(tmp_path, 200) == 0
    assert destroy_sealed(tmp_path, 201, {"bob"}) == 1
    assert sorted(path.name for path in (tmp_path / "tracks").iterdir()) == [
        "ann-1.rtp",
        "bob-0.rtp",
    ]
    assert destroy_sealed(tmp_path / "nowhere", 500) == 0


def test_a_segment_is_its_parts_and_the_first_part_begins_it_anew(tmp_path):
    mix = Mix(tmp_path / "aac")
    mix.begin("init-x.mp4", b"init")
    for index, payload in enumerate((b"a", b"b", b"c")):
        mix.append(7, index, payload)
    assert (tmp_path / "aac/s7.m4s").read_bytes() == b"abc"
    mix.append(8, 0, b"d")
    mix.append(8, 0, b"e")
    assert (tmp_path / "aac/s8.m4s").read_bytes() == b"e"


def test_a_segment_that_lacks_a_part_gets_no_more(tmp_path):
    mix = Mix(tmp_path)
    mix.begin("init-x.mp4", b"")
    mix.append(7, 2, b"late")
    assert not (tmp_path / "s7.m4s").exists()
    mix.append(8, 0, b"a")
    assert (tmp_path / "s8.m4s").read_bytes() == b"a"


def test_a_part_that_did_not_fit_leaves_whole_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "hustings.studio.recording.open_appending", lambda path: FullFile(path, "ab")
    )
    FullFile.full = False
    mix = Mix(tmp_path)
    mix.begin("init-x.mp4", b"")
    mix.append(7, 0, b"whole")
    FullFile.full = True
    with pytest.raises(OSError, match="No space"):
        mix.append(7, 1, b"half of it")
    FullFile.full = False
    mix.append(7, 2, b"never")
    assert (tmp_path / "s7.m4s").read_bytes() == b"whole"
    mix.append(8, 0, b"next")
    assert (tmp_path / "s8.m4s").stat().st_size == 4
