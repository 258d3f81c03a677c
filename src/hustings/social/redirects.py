"""Where a person's browser is sent with a code: an https address, this machine, an app's own scheme, or nowhere at all.

RFC 8252 (apps on a device, 7.1 private schemes, 7.3 loopback) and RFC 6749, 3.1.2. Compared whole, never by a part of it.
"""

from __future__ import annotations

import re

from hustings.wire.errors import Refused

NOWHERE = "urn:ietf:wg:oauth:2.0:oob"
"""Out of band: the code is shown to the person, who takes it over by hand."""
LONGEST, MOST = 1_000, 10
_PRINTED = re.compile(r"[!-~]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_WEB = re.compile(
    r"(https)://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?][^#\\]*)?"
    r"|(http)://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?([/?][^#\\]*)?",
    re.IGNORECASE,
)
NEVER = frozenset(
    (
        *("javascript", "vbscript", "livescript", "mocha", "data", "blob", "file", "filesystem"),
        *("about", "view-source", "jar", "resource", "chrome", "chrome-extension", "edge"),
        *("moz-extension", "safari-extension", "intent", "content", "android-app", "ftp", "ftps"),
        *("ws", "wss", "urn", "mailto", "tel", "sms", "smsto", "cid", "mid", "feed", "shell"),
        *("search-ms", "ms-msdt", "vnd.ms.radio", "ldap", "ssh", "telnet", "smb", "git"),
    )
)
"""What a browser runs, reads from its own machine, or hands to a program that was never meant: no app has a code sent there."""


def parse(given: object) -> tuple[str, ...]:
    """From a registration: lines of one text, or a list. Errors: `redirect_uri_wrong`."""
    words = given.split() if isinstance(given, str) else given
    if not isinstance(words, list) or not 1 <= len(words) <= MOST:
        raise Refused("redirect_uri_wrong", field="redirect_uris")
    return tuple(dict.fromkeys(check(word) for word in words))


def check(uri: object) -> str:
    """Errors: `redirect_uri_wrong`."""
    if uri == NOWHERE:
        return NOWHERE
    if not isinstance(uri, str) or len(uri) > LONGEST or not _PRINTED.fullmatch(uri):
        raise Refused("redirect_uri_wrong", field="redirect_uris")
    found = _SCHEME.fullmatch(uri)
    scheme = found[1].lower() if found else ""
    if scheme in ("http", "https"):
        good = _WEB.fullmatch(uri) is not None
    else:
        good = bool(scheme) and scheme not in NEVER and found is not None and found[2] != ""
        good = good and "#" not in uri and "\\" not in uri
    if not good:
        raise Refused("redirect_uri_wrong", field="redirect_uris")
    return uri


def source(uri: str) -> str:
    """Where that is, as a content security policy names it (CSP 3, 2.3.1): an origin, or a scheme. "" for nowhere."""
    if uri == NOWHERE:
        return ""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() in ("http", "https"):
        return f"{scheme}://{re.split('[/?]', rest[2:], maxsplit=1)[0]}"
    return f"{scheme}:"


def with_answer(uri: str, query: str) -> str:
    """The address with an answer in its query; what was there stays."""
    return f"{uri}{'&' if '?' in uri else '?'}{query}"
