"""reading: the reader sees what is wrong. Each case breaks one line of a good playlist or box."""

from __future__ import annotations

import pytest

from hustings.hls.fmp4 import fragment, init_section
from hustings.hls.playlist import media, multivariant
from hustings.hls.profile import DEFAULT
from tests.hls.reading import (
    attributes,
    check_live,
    check_update,
    decimal,
    integer,
    parse_media_playlist,
    parse_multivariant,
    read_fragments,
    read_init,
    walk_boxes,
)
from tests.hls.sounding import AAC, OPUS
from tests.hls.test_window import MSN, filled

GOOD = media(filled(DEFAULT, 34), others={"opus": (MSN + 8, 1)})
LISTS = multivariant([AAC, OPUS], "Title")
LAST_PART = f'#EXT-X-PART:DURATION=0.96000,URI="s{MSN + 8}.1.m4s",INDEPENDENT=YES\n'
LAST_DATE = next(line for line in reversed(GOOD.split("\n")) if "DATE-TIME" in line) + "\n"


def changed(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new)


def test_the_good_one_is_good() -> None:
    assert check_live(parse_media_playlist(GOOD)) == []
    assert len(parse_multivariant(LISTS).streams) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("#EXTM3U\n", "\ufeff#EXTM3U\n"),
        ("#EXTM3U\n", "#EXT-X-VERSION:9\n"),
        ("\n#EXT-X-VERSION:9", "\n#EXT-X-VERSION:9\n#EXT-X-VERSION:9"),
        ("\n#EXT-X-VERSION:9", "\n#EXT-X-VERSION:nine"),
        ("\n#EXT-X-VERSION:9", "\r\n#EXT-X-VERSION:9"),
        ("#EXT-X-TARGETDURATION:4\n", ""),
        ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4.0"),
        ("PART-TARGET=0.96000", "PART-TARGET=-0.96000"),
        ("PART-TARGET", "PART-GOAL"),
        ("CAN-BLOCK-RELOAD=YES,", "CAN-BLOCK-RELOAD=YES,CAN-BLOCK-RELOAD=YES,"),
        ("CAN-BLOCK-RELOAD=YES,", "CAN-BLOCK-RELOAD=YES,,"),
        ("HOLD-BACK=12.00000\n", "HOLD-BACK=12.00000,\n"),
        ("#EXTINF:3.84000,", "#EXTINF:3.84000"),
        ("#EXTINF:3.84000,\n", ""),
        ("#EXTINF:3.84000,", "#EXTINF:3.84s,"),
        ("Z\n", "\n"),
        (".000Z", "Z"),
        ("INDEPENDENT=YES", "INDEPENDENT=NO"),
        ("#EXT-X-PRELOAD", "#EXT-X-PRELOADED"),
        ("#EXT-X-PRELOAD-HINT", "#EXT-X-STREAM-INF"),
        (LAST_PART, LAST_PART + LAST_DATE),
        (LAST_PART, LAST_PART + '#EXT-X-MAP:URI="x"\n'),
        (LAST_PART, LAST_PART + "#EXT-X-PLAYLIST-TYPE:LIVE\n"),
        (LAST_PART, LAST_PART + "#EXTINF:1.92,\n"),
        (LAST_PART, LAST_PART + f"#EXT-X-MEDIA-SEQUENCE:{MSN}\n"),
        (GOOD[-2:], GOOD[-2]),
    ],
)
def test_a_media_playlist_that_is_none(old: str, new: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parse_media_playlist(changed(old, new))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("#EXT-X-VERSION:9", "#EXT-X-VERSION:5", "version 6"),
        (",HOLD-BACK=12.0", ",HOLD-BACK=11.9", "HOLD-BACK is under three target"),
        ("CONTROL:CAN", "CONTROL:CAN-SKIP-UNTIL=23.9,CAN", "CAN-SKIP-UNTIL"),
        ("PART-HOLD-BACK=2.88000", "PART-HOLD-BACK=2.87999", "under three part"),
        ("PART-HOLD-BACK=2.88000,", "", "without PART-HOLD-BACK"),
        ("CAN-BLOCK-RELOAD=YES,", "", "blocking reload"),
        ("#EXT-X-PART-INF:PART-TARGET=0.96000\n", "", "without EXT-X-PART-INF"),
        ("PART-TARGET=0.96000", "PART-TARGET=0.95000", "longer than the part target"),
        ("PART-TARGET=0.96000", "PART-TARGET=1.20000", "85 %"),
        ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:3", "longer than the target"),
        ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:11", "under three target durations"),
        ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:3", "past three target durations"),
        (LAST_DATE, "", "has no date"),
        (LAST_DATE, LAST_DATE.replace("Z", "+00:01"), "is dated"),
        ("EXTINF:3.84000", "EXTINF:3.83999", "is dated"),
        ("EXTINF:3.84000", "EXTINF:3.83999", "and its parts"),
        (LAST_PART, LAST_PART * 2, "twice"),
        (f"{MSN + 8}.2.m4s", f"{MSN + 8}.1.m4s", "there already"),
        ("TYPE=PART,", "TYPE=KEY,", "preload hint"),
        ("#EXT-X-PRELOAD-HINT", "#COMMENT", "no preload hint"),
        ("../opus", "/opus", "relative"),
        (",LAST-PART=1", "", "not whole"),
        (LAST_PART, LAST_PART + "#EXT-X-ENDLIST\n", "HINT after the end"),
        (LAST_PART, LAST_PART + "#EXT-X-ENDLIST\n", "belong to no segment"),
        (LAST_PART, LAST_PART + "#EXT-X-PLAYLIST-TYPE:EVENT\n", "has no type"),
        ("#EXT-X-MAP", "#MAP", "no EXT-X-MAP"),
    ],
)
def test_a_playlist_that_breaks_a_rule(old: str, new: str, sentence: str) -> None:
    broken = check_live(parse_media_playlist(changed(old, new)))
    assert any(sentence in line for line in broken), broken


def test_a_short_playlist_is_young_or_wrong() -> None:
    short = parse_media_playlist(media(filled(DEFAULT, 5 * 4)))
    assert check_live(short, young=True) == []
    assert any("six segments" in line for line in check_live(short))
    assert check_live(parse_media_playlist("#EXTM3U\n#EXT-X-TARGETDURATION:4\n")) != []


def test_gaps_discontinuities_and_comments_are_read() -> None:
    text = changed(LAST_PART, "#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n\n# hello\n" + LAST_PART)
    text = changed("INDEPENDENT=YES", "GAP=YES", text)
    text = changed("#EXT-X-MAP", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP", text)
    found = parse_media_playlist(text)
    assert found.independent_segments
    assert found.segments[-1].gap and found.segments[-1].discontinuity
    assert found.segments[-1].parts[0].gap and not found.segments[-1].parts[0].independent


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (f"SEQUENCE:{MSN}", f"SEQUENCE:{MSN - 1}", "went back"),
        ("TARGETDURATION:4", "TARGETDURATION:5", "target duration changed"),
        (LAST_DATE, LAST_DATE.replace("Z", "+00:01"), "its date or map"),
        (f"\ns{MSN + 7}.m4s", f"\ns{MSN + 6}.m4s", f"segment {MSN + 7} changed"),
        (f"s{MSN + 8}.1.m4s", f"s{MSN + 8}.9.m4s", "changed its parts"),
        (f"SEQUENCE:{MSN}", f"SEQUENCE:{MSN + 20}", "unnamed"),
    ],
)
def test_an_update_that_breaks_a_rule(old: str, new: str, sentence: str) -> None:
    before = parse_media_playlist(GOOD)
    assert check_update(before, before) == []
    broken = check_update(before, parse_media_playlist(changed(old, new)))
    assert any(sentence in line for line in broken), broken


def test_updates_keep_what_was_hinted_and_what_has_ended() -> None:
    later = media(filled(DEFAULT, 35), others={"opus": (MSN + 8, 1)})
    before = parse_media_playlist(GOOD)
    assert check_update(before, parse_media_playlist(later)) == []
    other = parse_media_playlist(changed(f"s{MSN + 8}.2.m4s", f"s{MSN + 8}.7.m4s", later))
    assert any("was hinted" in line for line in check_update(before, other))
    before.ended = True
    assert any("ended" in line for line in check_update(before, parse_media_playlist(later)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BANDWIDTH=", "BANDWITH="),
        ("aac/live.m3u8\n", ""),
        ("opus/live.m3u8\n", ""),
        ("aac/live.m3u8\n", "aac/live.m3u8\nopus/live.m3u8\n"),
        ("#EXT-X-SESSION-DATA", "#EXT-X-PART-INF"),
        ("AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=9"),
    ],
)
def test_a_multivariant_playlist_that_is_none(old: str, new: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parse_multivariant(changed(old, new, LISTS))


def test_a_multivariant_playlist_lists_something() -> None:
    with pytest.raises(ValueError, match="no variant"):
        parse_multivariant("#EXTM3U\n")


def test_values() -> None:
    assert attributes('A="x,y=z",B=1,C=0x1F') == {"A": "x,y=z", "B": "1", "C": "0x1F"}
    for wrong in ("", "a=1", "A", "A=", 'A="x', "A=1 B=2", "A=1,", "A=1,,B=2"):
        with pytest.raises(ValueError, match="attribute"):
            attributes(wrong)
    for text in ("1e3", ".5", "-1", "+1", "1.", ""):
        with pytest.raises(ValueError, match="decimal"):
            decimal(text)
    assert integer(str(2**64 - 1)) == 2**64 - 1
    with pytest.raises(ValueError, match="integer"):
        integer(str(2**64))


PART = fragment(5, 960, 960, [b"ab", b"c"])
INIT = init_section(AAC)


@pytest.mark.parametrize(
    "wrong",
    [
        PART[:-1],
        PART + b"\0",
        PART + bytes(8),
        PART.replace(b"mdat", b"mdax"),
        PART.replace(b"tfdt\x01", b"tfdt\x00"),
        PART.replace(b"tfhd\x00\x02", b"tfhd\x00\x00"),
        PART.replace(b"trun\x00\x00\x02\x01", b"trun\x00\x00\x02\x00"),
        PART.replace((2).to_bytes(4, "big") + (1).to_bytes(4, "big"), bytes(8)),
        PART.replace((0x02000000).to_bytes(4, "big"), (0x02010000).to_bytes(4, "big")),
        b"",
    ],
)
def test_a_fragment_that_is_none(wrong: bytes) -> None:
    assert wrong != PART
    with pytest.raises((ValueError, KeyError)):
        read_fragments(wrong)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"moov", b"moox"),
        (b"iso6", b"iso2"),
        (b"trex\0\0\0\0\0\0\0\1", b"trex\0\0\0\0\0\0\0\2"),
        (b"mdhd", b"mdhx"),
        (b"stts\0\0\0\0\0\0\0\0", b"stts\0\0\0\0\0\0\0\1"),
        (b"stsd\0\0\0\0\0\0\0\1", b"stsd\0\0\0\0\0\0\0\2"),
        (b"\x00\x02\x00\x10\x00\x00\x00\x00\xbb\x80", b"\x00\x02\x00\x18\x00\x00\x00\x00\xbb\x80"),
        (b"\x40\x15", b"\x41\x15"),
        (b"\x06\x01\x02", b"\x06\x02\x02"),
    ],
)
def test_an_init_section_that_is_none(old: bytes, new: bytes) -> None:
    assert old in INIT
    with pytest.raises((ValueError, KeyError)):
        read_init(INIT.replace(old, new))


def test_boxes_know_where_they_are() -> None:
    moof, mdat = walk_boxes(PART)
    assert (moof.start, mdat.start, mdat.start + mdat.size) == (0, moof.size, len(PART))
    traf = moof.find("traf")
    assert PART[traf.start + 4 : traf.start + 8] == b"traf"
