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
from typing import Any

from hustings.copy import direction, say
from hustings.social import names
from hustings.social.letters import Letter

PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
{paragraphs}
</body></html>
"""
PARAGRAPH = '<p style="white-space: pre-line">{said}</p>'
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
    known: dict[str, Any] = {
        "handle": letter.handle,
        "place": web_url.split("://", 1)[1],
        "why": letter.why,
    }
    parts = ("subject", "why", "act" if letter.path else "reason", "else")
    words = {part: say(copy, f"{letter.kind}.{part}", lang=lang, **known) for part in parts}
    subject = words.pop("subject")
    link = web_url + letter.path
    message = EmailMessage(POLICY)
    message["From"] = Address(_header(copy["name"]), addr_spec=_address(from_address))
    message["To"] = Address(addr_spec=_address(letter.to))
    message["Subject"] = _header(subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(at_ms / 1000, UTC))
    message["Message-ID"] = _header(f"<{id}.{letter.kind}@{from_address.rpartition('@')[2]}>")
    # no "I am away" comes back for it (RFC 3834, 5)
    message["Auto-Submitted"] = "auto-generated"
    plain = [f"{said}:\n{link}" if part == "act" else said for part, said in words.items()]
    message.set_content("\n\n".join([*plain, ""]), cte="quoted-printable")
    marked = {part: html.escape(said) for part, said in words.items()}
    if letter.path:
        marked["act"] = f'<a href="{html.escape(link)}">{marked["act"]}</a>'
    page = PAGE.format(
        lang=lang,
        dir=direction(lang),
        subject=html.escape(subject),
        paragraphs="\n".join(PARAGRAPH.format(said=said) for said in marked.values()),
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
