"""What a text is made of, how long it is, and that nothing in it does harm."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path

import pytest

from hustings.social import markup, text
from hustings.social.text import Link, Mention, Tag, Words

OURS = "h.example"
LENGTHS = json.loads((Path(__file__).parents[1] / "client" / "lengths.json").read_text())
"""The browser's counter is held to the same."""


def links(said: str) -> list[str]:
    return [span.url for span in text.parse(said, OURS) if isinstance(span, Link)]


def tags(said: str) -> list[str]:
    return [span.name for span in text.parse(said, OURS) if isinstance(span, Tag)]


def mentions(said: str) -> list[tuple[str, str]]:
    return [(s.handle, s.domain) for s in text.parse(said, OURS) if isinstance(s, Mention)]


def html(said: str, **profiles: str) -> str:
    known = {(handle, ""): f"https://h.example/@{handle}" for handle in profiles}
    return markup.html(text.parse(said, OURS), "https://h.example", known)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\x00b\x1b[31m\x07", "a b [31m"),
        ("a\u202eb\u2066c\u200fd\ufeff\u2069", "abcd"),
        ("e\u0301", "é"),
        ("a\r\nb\rc\u2028d", "a\nb\nc d"),
        ("  a  \n\n\n\n\nb \n", "a\n\nb"),
        ("\ud83d", ""),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\t", ""),
    ],
)
def test_what_is_kept_of_a_text(said: str, kept: str) -> None:
    assert text.clean(said) == kept


def test_towers_of_marks_are_cut_and_quickly() -> None:
    # marks of different classes in turn: what makes putting them in order slow
    tower = "a" + "\u0301\u0323" * 500_000
    began = time.process_time()
    kept = text.clean(tower)
    assert time.process_time() - began < 2.0
    assert sum(unicodedata.combining(char) > 0 for char in unicodedata.normalize("NFD", kept)) == 4


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("see https://a.example.", ["https://a.example"]),
        ("(https://a.example/b_(c)) and http://b.example:8080/?q=1&r=2#s!", ["https://a.example/b_(c)", "http://b.example:8080/?q=1&r=2#s"]),
        ("HTTPS://A.Example/x", ["HTTPS://A.Example/x"]),
        ("https://münchen.example/straße", ["https://münchen.example/straße"]),
        ("http://localhost:8000/@ada", ["http://localhost:8000/@ada"]),
        ("<https://a.example/b>", ["https://a.example/b"]),
        ('"https://a.example/b"', ["https://a.example/b"]),
        ("https://a.example/@ada#x", ["https://a.example/@ada#x"]),
        ("xhttps://a.example", []),
        ("javascript:alert(1)", []),
        ("java\nscript://a.example/%0aalert(1)", []),
        ("data:text/html,<b>", []),
        ("https://bank.example@evil.example/", []),
        ("https://bank.example:pass@evil.example/", []),
        ("https://a", []),
        ("https://-.example", []),
        ("https://", []),
        ("https://1.2.3.4/", []),
        ("ftp://a.example", []),
    ],
)  # fmt: skip
def test_links(said: str, found: list[str]) -> None:
    assert links(said) == found


@pytest.mark.parametrize(("more", "linked"), [(0, True), (1, False)])
def test_a_link_has_its_limit(more: int, linked: bool) -> None:
    url = "https://a.example/".ljust(text.LINK_MAX + more, "x")
    assert links(url) == ([url] if linked else [])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("@ada hello @Bob_2.", [("ada", ""), ("Bob_2", "")]),
        ("(@ada@other.example)", [("ada", "other.example")]),
        ("@ada@H.Example", [("ada", "")]),
        ("mail ada@h.example", []),
        ("@ada@ @bob@local x", []),
        ("/@ada @@ada", []),
        ("@аda", []),
        ("@ada's", [("ada", "")]),
        ("@" + "a" * 64, [("a" * 64, "")]),
        ("@" + "a" * 65, []),
    ],
)
def test_mentions(said: str, found: list[tuple[str, str]]) -> None:
    assert mentions(said) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("#one, #Two_3.", ["one", "Two_3"]),
        ("#हिन्दी #日本 #été", ["हिन्दी", "日本", "été"]),
        ("#1 #_ # ## a#b &#39;", []),
        ("#2024talk", ["2024talk"]),
        ("#a#b", ["a"]),
        ("#" + "a" * 100, ["a" * 100]),
        ("#" + "a" * 101, []),
    ],
)
def test_tags(said: str, found: list[str]) -> None:
    assert tags(said) == found


@pytest.mark.parametrize(("kind", "most"), [("@", text.MENTIONS_MAX), ("#", text.TAGS_MAX)])
def test_so_many_count_and_what_comes_after_is_text(kind: str, most: int) -> None:
    said = " ".join(f"{kind}a{n}" for n in range(most + 1)) + f" {kind}A0"
    spans = text.parse(said, OURS)
    assert sum(not isinstance(span, Words) for span in spans) == most + 1
    assert "".join(text.written(span) for span in spans) == said
    assert len(text.mentioned(spans) or text.tagged(spans)) == most


@pytest.mark.parametrize(("said", "count"), [*LENGTHS, ("हिन्दी", 3), ("e\u0323\u0301", 1)])
def test_length_is_what_people_count(said: str, count: int) -> None:
    assert text.length(text.parse(said, OURS)) == count


def test_a_text_is_the_sum_of_its_spans() -> None:
    said = "Hi @ada@h.example and @bob: see https://a.example/b, #one.\n@ @@ # https://"
    assert "".join(text.written(span) for span in text.parse(said, OURS)) == said


def test_every_character_is_escaped() -> None:
    said = '<script>alert("x")</script> & \' https://a.example/?q="><img src=x onerror=1> {{7*7}}'
    made = html(said)
    assert "<script" not in made and "<img" not in made and 'q=">' not in made
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#x27;" in made


def test_paragraphs_and_lines() -> None:
    assert html("a\nb\n\nc") == "<p>a<br>b</p><p>c</p>"
    assert html("") == ""


def test_a_mention_is_a_link_to_whoever_is_known() -> None:
    made = html("@Ada and @bob", ada="")
    assert '<a href="https://h.example/@ada" class="u-url mention">@<span>Ada</span></a>' in made
    assert "and @bob" in made


def test_a_tag_leads_to_its_timeline() -> None:
    assert 'href="https://h.example/tags/%C3%B6l" class="mention hashtag"' in html("#Öl")


@pytest.mark.parametrize("host", ["a.example", "bank.example." + "a" * 40 + ".evil.example"])
def test_a_link_shows_its_whole_host(host: str) -> None:
    """CVE-2023-36462: what is read is where it leads."""
    made = html(f"https://{host}/" + "x" * 50)
    shown = made.split('class="ellipsis">')[1].split("<")[0]
    assert shown.startswith(host)
    assert 'rel="nofollow noopener noreferrer"' in made


@pytest.mark.parametrize("said", ["#" * 60_000, "@a" * 30_000, "https://" * 7_000, "https://a.b" * 5_000, "(" * 60_000,
                                  "https://a.example/" + ")" * 60_000, "a." * 30_000, "https://" + "a." * 30_000,
                                  "https://" + "a-" * 30_000, "@a@" + "a." * 30_000, "\n" * 60_000,
                                  "#" + "a" * 60_000])  # fmt: skip
def test_it_is_taken_apart_quickly_whatever_it_is(said: str) -> None:
    began = time.process_time()
    html(text.clean(said))
    assert time.process_time() - began < 1.0
