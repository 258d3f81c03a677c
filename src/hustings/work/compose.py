"""A letter as it goes to the mail server: plain text, and the same as simple HTML. Pure.

Nothing that somebody typed gets into a header but an address that was looked at twice; whatever does get in has no line
break (RFC 5322, 2.2), so nobody can add a header or a recipient.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hustings.copy import direction, say
from hustings.social import names
from hustings.social.letters import Letter

PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
<p>{why}</p>
<p><a href="{link}">{act}</a></p>
<p>{else_}</p>
</body></html>
"""
HEADER_MAX = 200
POLICY = SMTP.clone(cte_type="7bit")
"""Every mail server takes seven bits; the eighth is an extension (RFC 6152)."""


def compose(
    letter: Letter,
    sentences: Mapping[str, str],
    lang: str,
    web_url: str,
    from_address: str,
    id: int,
    at_ms: int,
) -> EmailMessage:
    """`id` and `at_ms` are the job's, so that a letter sent twice is one letter: whoever gets it twice can see that.

    Errors: `ValueError` for an address or a header that cannot be, `KeyError` for a sentence that is missing.
    """
    copy = dict(sentences)
    place = web_url.split("://", 1)[1]
    link = web_url + letter.path
    words = {
        part: say(copy, f"{letter.kind}.{part}", lang=lang, handle=letter.handle, place=place)
        for part in ("subject", "why", "act", "else")
    }
    message = EmailMessage(POLICY)
    message["From"] = Address(_header(copy["name"]), addr_spec=_address(from_address))
    message["To"] = Address(addr_spec=_address(letter.to))
    message["Subject"] = _header(words["subject"])
    message["Date"] = format_datetime(datetime.fromtimestamp(at_ms / 1000, UTC))
    message["Message-ID"] = _header(f"<{id}.{letter.kind}@{from_address.rpartition('@')[2]}>")
    # no "I am away" comes back for it (RFC 3834, 5)
    message["Auto-Submitted"] = "auto-generated"
    text = f"{words['why']}\n\n{words['act']}:\n{link}\n\n{words['else']}\n"
    message.set_content(text, cte="quoted-printable")
    shown = {name: html.escape(said) for name, said in words.items() if name != "else"}
    page = PAGE.format(
        **shown,
        lang=lang,
        dir=direction(lang),
        link=html.escape(link),
        else_=html.escape(words["else"]),
    )
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return message


def _address(text: str) -> str:
    if names.email(text) != text:
        raise ValueError("an address with something around it")
    return text


def _header(text: str) -> str:
    if not text or len(text) > HEADER_MAX:
        raise ValueError("a header that is empty or too long")
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text):
        raise ValueError("a header with a control character in it")
    return text
