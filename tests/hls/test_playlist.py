"""playlist: read back by the independent strict parser, at every part of a minute."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.hls.playlist import (
    bandwidth,
    date_time,
    media,
    multivariant,
    plain,
    quotable,
    replay,
    seconds,
)
from hustings.hls.profile import DEFAULT, FAST, RATE, SEGMENT_SAMPLES, Profile
from hustings.hls.window import Window
from tests.hls.reading import (
    attributes,
    check_live,
    check_update,
    parse_media_playlist,
    parse_multivariant,
)
from tests.hls.sounding import AAC, OPUS, coded, parts
from tests.hls.test_segmenter import NOW, PROFILES
from tests.hls.test_window import MSN, filled

YOUNG_SAMPLES = 8 * SEGMENT_SAMPLES


@PROFILES
def test_a_minute_of_playlists_breaks_no_rule(profile: Profile) -> None:
    window = Window(profile, AAC)
    before = None
    for part in parts(profile, AAC, NOW, 60 * RATE // profile.part_samples):
        window.append(part)
        after = parse_media_playlist(media(window, others={"opus": (part.msn, part.index)}))
        assert check_live(after, young=part.end - NOW < YOUNG_SAMPLES) == []
        assert before is None or check_update(before, after) == []
        assert after.last[0] == part.msn
        before = after
    window.end()
    ended = parse_media_playlist(media(window))
    assert ended.ended and check_live(ended) == []
    assert check_update(before, ended) == [] if before else False


@PROFILES
def test_a_playlist_line_by_line(profile: Profile) -> None:
    window = filled(profile, 9 * profile.parts_per_segment + 2)
    found = parse_media_playlist(media(window, others={"opus": (7, 1), "aac": (9, 9)}))
    target = Decimal(profile.part_samples) / RATE
    assert (found.version, found.target_duration, found.media_sequence) == (9, 4, MSN + 1)
    assert found.part_target == target
    assert found.server_control["CAN-BLOCK-RELOAD"] == "YES"
    assert Decimal(found.server_control["HOLD-BACK"]) == 12
    assert found.part_hold_back == 3 * target
    assert [segment.uri for segment in found.whole] == [f"s{MSN + n}.m4s" for n in range(1, 9)]
    assert {segment.map_uri for segment in found.segments} == {window.map_uri}
    last = found.segments[-1]
    assert last.uri is None
    assert [part.uri for part in last.parts] == [f"s{MSN + 9}.{n}.m4s" for n in range(2)]
    assert all(part.independent for segment in found.segments for part in segment.parts)
    assert found.preload_hints == [{"TYPE": "PART", "URI": f"s{MSN + 9}.2.m4s"}]
    (report,) = found.rendition_reports
    assert report == {"URI": "../opus/live.m3u8", "LAST-MSN": "7", "LAST-PART": "1"}


def test_parts_are_listed_for_the_last_three_target_durations_only() -> None:
    at_segment_end = parse_media_playlist(media(filled(DEFAULT, 32)))
    assert [bool(segment.parts) for segment in at_segment_end.segments] == [False] * 4 + [True] * 4
    # One part on, whole segments end 0.96, 4.80, 8.64 and 12.48 s before the playlist does.
    inside = parse_media_playlist(media(filled(DEFAULT, 33)))
    assert [bool(segment.parts) for segment in inside.segments[-5:]] == [
        False,
        True,
        True,
        True,
        True,
    ]


def test_the_hint_after_a_whole_segment_is_the_next_ones_first_part() -> None:
    found = parse_media_playlist(media(filled(FAST, 12)))
    assert found.preload_hints == [{"TYPE": "PART", "URI": f"s{MSN + 1}.0.m4s"}]
    assert found.last == (MSN, 11)


def test_the_plain_playlist_has_whole_segments_and_nothing_that_blocks() -> None:
    window = filled(DEFAULT, 4 * 9 + 2)
    text = plain(window)
    found = parse_media_playlist(text)
    assert check_live(found) == []
    assert (found.version, len(found.segments), found.last) == (6, 8, (MSN + 8, -1))
    for absent in ("PART", "SERVER-CONTROL", "PRELOAD", "RENDITION"):
        assert absent not in text
    window.end()
    assert parse_media_playlist(plain(window)).ended


def test_a_playlist_of_nothing_is_refused() -> None:
    window = filled(DEFAULT, 0)
    with pytest.raises(ValueError, match="nothing"):
        media(window)
    window = filled(DEFAULT, 3)
    media(window)
    with pytest.raises(ValueError, match="nothing"):
        plain(window)


def test_an_ended_playlist_has_its_short_last_segment_and_no_hint() -> None:
    window = filled(DEFAULT, 33)
    window.end()
    found = parse_media_playlist(media(window, others={"opus": (1, 1)}))
    assert found.ended and not found.preload_hints and not found.rendition_reports
    assert found.segments[-1].duration == Decimal("0.96")


@given(msn=st.integers(0, 2**32), part=st.integers(0, 11))
def test_dates_of_parts_are_whole_milliseconds(msn: int, part: int) -> None:
    if msn * 3840 < 250_000_000_000_000:
        text = date_time(FAST.clock_at(msn, part))
        assert len(text) == len("2027-01-15T08:00:00.000Z")


def test_dates() -> None:
    assert date_time(0) == "1970-01-01T00:00:00.000Z"
    assert date_time(1_800_000_000 * RATE) == "2027-01-15T08:00:00.000Z"
    assert date_time(1_800_000_000 * RATE + 48) == "2027-01-15T08:00:00.001Z"
    assert date_time(1_800_000_000 * RATE + 47) == "2027-01-15T08:00:00.000979Z"
    assert date_time(1_800_000_000 * RATE - 1) == "2027-01-15T07:59:59.999979Z"


def test_durations_do_not_accumulate_an_error() -> None:
    assert (seconds(46_080), seconds(15_360), seconds(184_320)) == ("0.96000", "0.32000", "3.84000")
    assert seconds(1) == "0.00002"
    assert seconds(47_999) == "0.99998"
    assert seconds(48_000) == "1.00000"
    whole = Decimal(seconds(SEGMENT_SAMPLES))
    assert whole * 1_000_000 == Decimal(1_000_000 * SEGMENT_SAMPLES) / RATE


def test_the_multivariant_playlist_has_aac_first() -> None:
    found = parse_multivariant(multivariant([AAC, OPUS]))
    assert found.independent_segments
    assert [uri for uri, _ in found.streams] == ["aac/live.m3u8", "opus/live.m3u8"]
    assert [stream["CODECS"] for _, stream in found.streams] == ["mp4a.40.2", "opus"]
    assert found.session_data == []
    with pytest.raises(ValueError, match="variant"):
        multivariant([])


@pytest.mark.parametrize("name", ["aac", "opus"])
def test_the_announced_bandwidth_holds_for_hard_sound(name: str) -> None:
    import numpy as np

    noise = np.random.default_rng(1).normal(0, 0.1, 15_360 + 2 * SEGMENT_SAMPLES)
    variant, units = coded(name, 0, noise.astype(np.float32))
    spent = sum(len(unit[2]) for unit in units) * 8 * RATE / (len(units) * variant.frame_samples)
    average, peak = bandwidth(variant)
    assert variant.bitrate < average < peak
    assert spent < peak


@given(st.text(max_size=40))
def test_no_title_breaks_the_playlist(title: str) -> None:
    text = multivariant([AAC], f"x{title}")
    (stored,) = parse_multivariant(text).session_data
    assert stored["DATA-ID"] == "com.apple.hls.title"
    assert stored["VALUE"] == quotable(f"x{title}")
    assert attributes(f'A="{quotable(title)}"')


def test_a_title_keeps_its_letters() -> None:
    assert quotable('Où? "Là"\r\n#EXT-X-ENDLIST') == "Où? 'Là'  #EXT-X-ENDLIST"


def rows(count: int, samples: int = SEGMENT_SAMPLES) -> list[tuple[str, int, int]]:
    return [(f"s{n}.m4s", samples, NOW + n * samples) for n in range(count)]


def test_a_replay_is_on_demand() -> None:
    found = parse_media_playlist(replay([*rows(3), ("s3.m4s", 15_360, NOW + 3 * 184_320)], "i.mp4"))
    assert (found.playlist_type, found.ended, found.target_duration) == ("VOD", True, 4)
    assert found.media_sequence == MSN
    assert [segment.duration for segment in found.whole] == [Decimal("3.84")] * 3 + [
        Decimal("0.32")
    ]
    assert {segment.map_uri for segment in found.segments} == {"i.mp4"}
    found.playlist_type = None
    assert check_live(found, young=True) == []


def test_a_replay_of_longer_segments_has_a_longer_target() -> None:
    assert parse_media_playlist(replay(rows(2, 10 * RATE + 24_000), "i")).target_duration == 11
    assert parse_media_playlist(replay(rows(2, 10 * RATE + 23_999), "i")).target_duration == 10


def test_a_replay_may_have_a_hole_and_dates_show_it() -> None:
    text = replay([("a", 184_320, NOW), ("b", 184_320, NOW + 100 * RATE)], "i")
    first, second = parse_media_playlist(text).segments
    assert first.date_time is not None and second.date_time is not None
    assert (second.date_time - first.date_time).total_seconds() == 100


@pytest.mark.parametrize(
    "segments", [[], [("a", 0, 0)], [("a", 960, 960), ("b", 960, 1000)], [("a", 960, -1)]]
)
def test_no_replay_of_that(segments: list[tuple[str, int, int]]) -> None:
    with pytest.raises(ValueError, match="segment"):
        replay(segments, "i")
