"""Letters as they are made: both kinds, both forms, and nobody adds a header."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from hustings.copy import catalogue, languages
from hustings.social.letters import GOOD_MS, Letter
from hustings.wire.errors import Refused
from hustings.work.compose import HEADER_MAX, compose

WEB = "https://h.example"
FROM = "noreply@mail.example"
AT_MS = 1_800_000_000_000
LETTER = Letter("confirm", "ada@example.org", "ada", "/confirm/1/2/abc", AT_MS + 1)
COPY = catalogue("en", "mail")


def made(letter: Letter = LETTER, copy: dict[str, str] = COPY, sender: str = FROM, id: int = 7):
    raw = compose(letter, copy, "en", WEB, sender, id, AT_MS).as_bytes()
    return raw, message_from_bytes(raw, policy=default)


@pytest.mark.parametrize("kind", sorted(GOOD_MS))
def test_both_forms_say_the_same_and_lead_to_the_same_place(kind: str) -> None:
    raw, message = made(replace(LETTER, kind=kind, path=f"/{kind}/1/2/abc"))
    assert message["To"] == "ada@example.org" and message["From"] == f"Hustings <{FROM}>"
    assert "h.example" in message["Subject"] and message["Auto-Submitted"] == "auto-generated"
    plain = message.get_body(("plain",)).get_content()
    page = message.get_body(("html",)).get_content()
    for body in (plain, page):
        assert f"{WEB}/{kind}/1/2/abc" in body and "@ada" in body and "h.example" in body
    assert all(byte < 128 for byte in raw) and all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("kind", sorted(GOOD_MS))
def test_every_language_has_every_sentence(kind: str, lang: str) -> None:
    compose(replace(LETTER, kind=kind), catalogue(lang, "mail"), lang, WEB, FROM, 1, AT_MS)


def test_a_letter_sent_twice_is_one_letter() -> None:
    first, again, other = made()[1], made()[1], made(id=8)[1]
    assert first["Message-ID"] == again["Message-ID"] == "<7.confirm@mail.example>"
    assert first["Date"] == again["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert other["Message-ID"] != first["Message-ID"]


@pytest.mark.parametrize(
    "evil",
    [
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nBcc: eve@example.org",
        "ada@example.org\rBcc: eve@example.org",
        "ada@example.org, eve@example.org",
        "ada@example.org>\r\nRCPT TO:<eve@example.org",
        "<ada@example.org>",
        " ada@example.org",
        "ada@example.org\x00",
        "ada\u2028@example.org",
        '"ada eve"@example.org',
        "ada@example.org (eve@example.org)",
        "",
    ],
)
def test_no_address_adds_a_header_or_a_recipient(evil: str) -> None:
    with pytest.raises((Refused, ValueError)):
        made(replace(LETTER, to=evil))
    with pytest.raises((Refused, ValueError)):
        made(sender=evil)


@pytest.mark.parametrize(
    "evil",
    ["a\r\nBcc: eve@example.org", "a\nb", "a\rb", "a\x0bb", "a\x85b", "a\u2028b", "a\u202eb"],
)
def test_no_word_in_a_subject_adds_a_header(evil: str) -> None:
    with pytest.raises(ValueError, match="control"):
        made(replace(LETTER, handle=evil), {**COPY, "confirm.subject": "for {handle}"})
    with pytest.raises(ValueError, match="control"):
        made(copy={**COPY, "name": evil})


@pytest.mark.parametrize(
    ("size", "right"), [(HEADER_MAX, True), (HEADER_MAX + 1, False), (0, False)]
)
def test_a_header_has_its_limit(size: int, right: bool) -> None:
    copy = {**COPY, "confirm.subject": "s" * size}
    if right:
        assert made(copy=copy)[1]["Subject"] == "s" * size
    else:
        with pytest.raises(ValueError, match="too long"):
            made(copy=copy)


def test_what_somebody_typed_is_text_in_the_page() -> None:
    evil = '<script>"&'
    page = made(replace(LETTER, handle=evil, path='/c"><b'))[1].get_body(("html",)).get_content()
    assert "<script>" not in page and "<b" not in page.split("<body")[1][5:].replace("<body", "")
    assert "&lt;script&gt;&quot;&amp;" in page


def test_a_letter_in_another_script_survives_the_way() -> None:
    copy = {
        **COPY,
        "confirm.subject": "Größe für {place} 漢字",
        "confirm.why": "schön, @{handle} 漢字",
    }
    message = made(copy=copy)[1]
    assert message["Subject"] == "Größe für h.example 漢字"
    assert "schön, @ada 漢字" in message.get_body(("plain",)).get_content()
