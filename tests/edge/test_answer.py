"""RFC 9110: content coding (§12.5.3) and ranges (§14)."""

from __future__ import annotations

import gzip

import pytest

from hustings.edge.answer import part_of, sound_or_text, takes_gzip


class TestRange:
    @pytest.mark.parametrize(
        ("field", "meaning"),
        [
            ("bytes=0-9", (0, 10)),
            ("bytes=90-", (90, 100)),
            ("bytes=-10", (90, 100)),
            ("bytes=0-99", (0, 100)),
            ("bytes=99-99", (99, 100)),
            ("bytes=50-1000", (50, 100)),
            ("bytes=-1000", (0, 100)),
        ],
    )
    def test_single(self, field: str, meaning: tuple[int, int]) -> None:
        assert part_of(field, 100) == meaning

    @pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=-0"])
    def test_outside_is_416(self, field: str) -> None:
        assert part_of(field, 100) is False

    @pytest.mark.parametrize(
        "field",
        [
            None,
            "",
            "bytes=",
            "bytes=-",
            "bytes=9-3",
            "items=0-1",
            "bytes=0-1,5-6",
            "bytes=a-b",
            "bytes=" + "9" * 20 + "-",
        ],
    )
    def test_unreadable_or_many_is_the_whole(self, field: str | None) -> None:
        assert part_of(field, 100) is True

    def test_of_nothing(self) -> None:
        assert part_of("bytes=0-", 0) is False
        assert part_of("bytes=-1", 0) is False


class TestCoding:
    @pytest.mark.parametrize(
        ("field", "taken"),
        [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("gzip; q=0.0", False),
         ("identity", False), ("", False), (None, False)],
    )  # fmt: skip
    def test_accept_encoding(self, field: str | None, taken: bool) -> None:
        assert takes_gzip(field) is taken

    def test_text_varies_and_is_zipped(self) -> None:
        answer = sound_or_text(
            "live.m3u8", {"cache-control": "public, max-age=1"}, b"#EXTM3U\n" * 50
        )
        assert ("vary", "accept-encoding") in answer.headers
        assert answer.zipped is not None and gzip.decompress(answer.zipped) == answer.body
        assert ("content-encoding", "gzip") in (answer.zipped_headers or [])

    def test_sound_does_neither(self) -> None:
        answer = sound_or_text("s1.m4s", {}, b"\0" * 1000)
        words = dict(answer.headers)
        assert answer.zipped is None and "vary" not in words
        assert words["accept-ranges"] == "bytes" and words["content-type"] == "audio/mp4"

    def test_a_cookie_from_inside_is_never_passed_on(self) -> None:
        answer = sound_or_text("pulse.json", {"set-cookie": "who=me"}, b"{}")
        assert "set-cookie" not in dict(answer.headers)

    def test_any_page_may_read_it(self) -> None:
        words = dict(sound_or_text("s1.m4s", {}, b"").headers)
        assert words["access-control-allow-origin"] == words["timing-allow-origin"] == "*"
