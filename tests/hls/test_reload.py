"""reload: a script of requests in, decisions out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.hls.profile import DEFAULT, FAST, Profile
from hustings.hls.reload import (
    MALFORMED,
    NOW,
    TOO_FAR,
    Decision,
    InitName,
    Reload,
    SoundName,
    decide,
    decide_part,
    parse_name,
    parse_query,
)
from hustings.hls.segmenter import Part, Segment
from hustings.settings import client_dir


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", None),
        ("x=1", None),
        ("hls_msn=1&_hls_msn=2&_HLS_MSN=3&_HLS_other=4", None),
        ("x=1&x=2&&=&_HLS_primary_id=a", None),
        ("_HLS_msn=7", Reload(7)),
        ("_HLS_msn=0", Reload(0)),
        ("_HLS_msn=7&_HLS_part=3", Reload(7, 3)),
        ("_HLS_part=0&x=1&_HLS_msn=7", Reload(7, 0)),
        ("_HLS_msn=7&_HLS_skip=YES", Reload(7)),
        ("_HLS_msn=7&_HLS_skip=v2", Reload(7)),
        ("_HLS_skip=YES", None),
        ("_HLS_msn=999999999999", Reload(999_999_999_999)),
    ],
)
def test_queries(query: str, found: Reload | None) -> None:
    assert parse_query(query) == found


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_msn",
        "_HLS_msn=",
        "_HLS_msn=-1",
        "_HLS_msn=+1",
        "_HLS_msn=1.0",
        "_HLS_msn=0x1",
        "_HLS_msn=1e3",
        "_HLS_msn=01",
        "_HLS_msn=%31",
        "_HLS_msn=\u0663",
        "_HLS_msn=\u00b2",
        "_HLS_msn=7\n",
        "_HLS_msn=7=7",
        "_HLS_msn=1000000000000",
        "_HLS_msn=" + "9" * 5000,
        "_HLS_msn=NaN",
        "_HLS_part=1",
        "_HLS_part=1&_HLS_skip=YES",
        "_HLS_msn=7&_HLS_part=-1",
        "_HLS_msn=7&_HLS_part=",
        "_HLS_msn=7&_HLS_part=x",
        "_HLS_msn=7&_HLS_msn=7",
        "_HLS_msn=7&_HLS_part=1&_HLS_part=2",
        "_HLS_msn=7&_HLS_skip=no",
        "_HLS_skip=YES&_HLS_skip=YES",
    ],
)
def test_odd_queries(query: str) -> None:
    assert parse_query(query) == MALFORMED
    for ended in (False, True):
        assert decide(parse_query(query), 7, 0, DEFAULT, ended) == Decision("odd", code=MALFORMED)


@given(st.text(max_size=80))
def test_no_query_is_an_error(query: str) -> None:
    found = parse_query(query)
    assert found is None or found == MALFORMED or isinstance(found, Reload)
    assert decide(found, 5, 0, FAST, False).kind in ("now", "wait", "odd")


@pytest.mark.parametrize(
    ("reload", "decision"),
    [
        (None, NOW),
        (Reload(100, 1), NOW),
        (Reload(100, 0), NOW),
        (Reload(99, 3), NOW),
        (Reload(0), NOW),
        (Reload(99), NOW),
        (Reload(100, 2), Decision("wait", 100, 2)),
        (Reload(100), Decision("wait", 100, 3)),
        (Reload(100, 4), Decision("wait", 101, 0)),
        (Reload(100, 999_999), Decision("wait", 101, 0)),
        (Reload(99, 4), NOW),
        (Reload(101), Decision("wait", 101, 3)),
        (Reload(102), Decision("wait", 102, 3)),
        # 12 parts of 0.96 s are 11.52 s; 13 are 12.48, past three target durations.
        (Reload(103, 1), Decision("wait", 103, 1)),
        (Reload(103, 2), Decision("odd", code=TOO_FAR)),
        (Reload(103), Decision("odd", code=TOO_FAR)),
        (Reload(999_999_999_999), Decision("odd", code=TOO_FAR)),
    ],
)
def test_reloads_when_the_last_part_is_100_1(reload: Reload | None, decision: Decision) -> None:
    assert decide(reload, 100, 1, DEFAULT, False) == decision


def test_the_longest_wait_with_fast_parts() -> None:
    # 37 parts of 0.32 s are 11.84 s, 38 are 12.16.
    assert decide(Reload(103, 1), 100, 0, FAST, False) == Decision("wait", 103, 1)
    assert decide(Reload(103, 2), 100, 0, FAST, False) == Decision("odd", code=TOO_FAR)


@pytest.mark.parametrize("reload", [None, Reload(7), Reload(7, 9), Reload(999_999_999_999)])
def test_after_the_end_nothing_waits(reload: Reload | None) -> None:
    assert decide(reload, 7, 1, DEFAULT, True) == NOW


@given(
    msn=st.integers(0, 10**9),
    part=st.integers(0, 20),
    last_msn=st.integers(0, 10**9),
    last_part=st.integers(0, 3),
    profile=st.sampled_from([DEFAULT, FAST]),
)
def test_what_one_waits_for_satisfies_the_wait(
    msn: int, part: int, last_msn: int, last_part: int, profile: Profile
) -> None:
    decision = decide(Reload(msn, part), last_msn, last_part, profile, False)
    if decision.kind == "wait":
        assert (decision.msn, decision.part) > (last_msn, last_part)
        assert decide(Reload(msn, part), decision.msn, decision.part, profile, False) == NOW
    elif decision.kind == "now":
        assert (msn, part) <= (last_msn, max(last_part, profile.parts_per_segment - 1))


@given(msn=st.integers(0, 10**12 - 1), part=st.integers(0, 99))
def test_names_read_back(msn: int, part: int) -> None:
    assert parse_name(Part(msn, part, 0, 0, b"").name) == SoundName(msn, part)
    assert parse_name(Segment(msn, 0, 0, b"").name) == SoundName(msn)


def test_the_init_name() -> None:
    assert parse_name("init-0123456789abcdef.mp4") == InitName("0123456789abcdef")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "s.m4s",
        "s1",
        "s1.m4s\n",
        " s1.m4s",
        "S1.m4s",
        "s01.m4s",
        "s1.00.m4s",
        "s1.100.m4s",
        "s1.1.1.m4s",
        "s-1.m4s",
        "s1..m4s",
        "s\u0661.m4s",
        "s1000000000000.m4s",
        "../s1.m4s",
        "s1.m4s/",
        "s1.mp4",
        "s1xm4s",
        "init-.mp4",
        "init-0123456789ABCDEF.mp4",
        "init-0123456789abcde.mp4",
        "init-0123456789abcdef0.mp4",
        "init-0123456789abcdef.m4s",
        "live.m3u8",
    ],
)
def test_other_names(name: str) -> None:
    assert parse_name(name) is None
    assert decide_part(name, (1, 0), DEFAULT) == "none"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("s100.1.m4s", "have"),
        ("s100.0.m4s", "have"),
        ("s99.3.m4s", "have"),
        ("s99.m4s", "have"),
        ("s100.2.m4s", "wait"),
        ("s100.3.m4s", "wait"),
        ("s101.0.m4s", "wait"),
        ("s101.1.m4s", "none"),
        ("s100.m4s", "wait"),
        ("s101.m4s", "none"),
        ("s100.4.m4s", "none"),
        ("s99.4.m4s", "none"),
        ("s999999999999.0.m4s", "none"),
        ("init-0123456789abcdef.mp4", "have"),
        # 93 parts ago is 89.28 s, 94 parts ago 90.24 s
        ("s77.0.m4s", "have"),
        ("s76.3.m4s", "none"),
        ("s76.m4s", "none"),
        ("s0.0.m4s", "none"),
    ],
)
def test_files_when_the_last_part_is_100_1(name: str, found: str) -> None:
    assert decide_part(name, (100, 1), DEFAULT) == found


@pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=["default", "fast"])
@pytest.mark.parametrize("late_ms", [0, 100])
def test_the_whole_segment_that_our_player_asks_for_parks(profile: Profile, late_ms: int) -> None:
    """It rests that long after it got one (a brownout): sooner would be a 404, which every cache keeps for a second."""
    player = (client_dir() / "listener/player.js").read_text()
    rests_ms = sorted(int(ms) for ms in re.findall(r"Math.max\(0, (\d+) - since_ms\)", player))
    assert len(rests_ms) == 2
    for ms in rests_ms:
        parts = (ms - late_ms) * 48 // profile.part_samples
        assert parts < profile.parts_per_segment
        assert decide_part("s101.m4s", (101, parts - 1), profile) == "wait"


def test_a_file_before_the_first_part() -> None:
    assert decide_part("s100.0.m4s", None, DEFAULT) == "none"
    assert decide_part("init-0123456789abcdef.mp4", None, DEFAULT) == "have"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("s100.1.m4s", "have"),
        ("s100.2.m4s", "none"),
        ("s100.m4s", "have"),
        ("s101.0.m4s", "none"),
        ("s101.m4s", "none"),
    ],
)
def test_files_after_an_end_inside_segment_100(name: str, found: str) -> None:
    assert decide_part(name, (100, 1), DEFAULT, ended=True) == found
