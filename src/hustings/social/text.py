"""What somebody wrote, as a text: cleaned, counted, and taken apart into links, mentions and tags. Pure, and linear in time.

Marks of direction and piles of combining marks go before anything else happens: what stands here can turn no other's words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from hustings.social.names import without_towers

LINK_COUNTS = 23
"""A link counts so much, however long it is (as Mastodon has it)."""
POINTS_FOR_ONE = 10
"""Code points that may stand for one counted character on average: an emoji of a family has seven."""
LINK_MAX, TAG_MAX = 2_048, 100
MENTIONS_MAX, TAGS_MAX = 20, 30
"""So many of them count; what comes after is text."""
JOINER, EMOJI_LOOK = "\u200d", "\ufe0f"
SKINS = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)

TOKEN = re.compile(r"https?://|[@#]", re.IGNORECASE)
HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])?(?::\d{1,5})?")
LOCAL = re.compile(r"(?:localhost|127\.0\.0\.1)(?::\d{1,5})?(?![\w.-])")
PATH = re.compile(r"[/?#][^\s<>\"`{}|\\^]*")
HANDLE = re.compile(r"@([A-Za-z0-9_]{1,64})(?![A-Za-z0-9_])")
DOMAIN = re.compile(
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}(?::\d{1,5})?)(?![\w-])"
)
TRAILING = ".,;:!?'’”»…*_~"
CLOSING = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Words:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    url: str


@dataclass(frozen=True, slots=True)
class Mention:
    """`domain` "" for our own; `typed` as it was written."""

    handle: str
    domain: str
    typed: str

    @property
    def key(self) -> tuple[str, str]:
        return self.handle.lower(), self.domain.lower()


@dataclass(frozen=True, slots=True)
class Tag:
    """`name` as it was written."""

    name: str

    @property
    def key(self) -> str:
        return tag_key(self.name)


Span = Words | Link | Mention | Tag


def clean(text: str, kept: str = "\n") -> str:
    """NFC, without controls, marks of direction and towers; line breaks stay, three in a row are two."""
    plain = without_towers(text.replace("\r\n", "\n").replace("\r", "\n"), kept)
    # After the towers: putting a pile of marks in order takes its length squared.
    composed = unicodedata.normalize("NFC", plain)
    return re.sub(
        r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in composed.split("\n"))
    ).strip()


def length(spans: list[Span]) -> int:
    """How long a post is to people: a link is 23, a mention its handle, and what is drawn as one character is one."""
    total = 0
    for span in spans:
        match span:
            case Link():
                total += LINK_COUNTS
            case Mention():
                total += 1 + len(span.handle)
            case Tag():
                total += 1 + drawn(span.name)
            case Words():
                total += drawn(span.text)
    return total


def drawn(text: str) -> int:
    """The characters that are drawn: marks, joined emoji, skins and half a flag are part of one (UAX 29, nearly)."""
    count, joined, half_flag = 0, False, False
    for char in text:
        code = ord(char)
        if code in FLAGS:
            count, half_flag, joined = count + (not half_flag), not half_flag, False
            continue
        half_flag = False
        if char == JOINER:
            joined = True
            continue
        if code in SKINS or char == EMOJI_LOOK or unicodedata.category(char)[0] == "M":
            continue
        count, joined = count + (not joined), False
    return count


def tag_key(name: str) -> str:
    """One key for all the ways to write a tag."""
    return unicodedata.normalize("NFKC", name).casefold()[:200]


def parse(text: str, our_domain: str) -> list[Span]:
    """A clean text, taken apart; `"".join` of what was written in each span gives it back. Never fails."""
    found: list[Span] = []
    mentions: set[tuple[str, str]] = set()
    tags: set[str] = set()
    for span in _joined(_tokens(text, our_domain)):
        match span:
            case Mention():
                mentions.add(span.key)
                over = len(mentions) > MENTIONS_MAX
                mentions -= {span.key} if over else set()
            case Tag():
                tags.add(span.key)
                over = len(tags) > TAGS_MAX
                tags -= {span.key} if over else set()
            case _:
                over = False
        found.append(Words(written(span)) if over else span)
    return list(_joined(iter(found)))


def written(span: Span) -> str:
    """How the span stands in the text."""
    match span:
        case Words():
            return span.text
        case Link():
            return span.url
        case Mention():
            return span.typed
        case Tag():
            return f"#{span.name}"


def mentioned(spans: list[Span]) -> list[Mention]:
    """Whom it mentions, each once, in order."""
    return list({span.key: span for span in spans if isinstance(span, Mention)}.values())


def tagged(spans: list[Span]) -> list[str]:
    """The keys of its tags, each once, in order."""
    return list(dict.fromkeys(span.key for span in spans if isinstance(span, Tag)))


def _tokens(text: str, our_domain: str) -> Iterator[Span]:
    at = 0
    for match in TOKEN.finditer(text):
        start = match.start()
        if start < at:
            continue
        before = text[start - 1] if start else " "
        span, end = _token(text, start, before, our_domain)
        if span is None:
            continue
        yield Words(text[at:start])
        yield span
        at = end
    yield Words(text[at:])


def _token(text: str, start: int, before: str, our_domain: str) -> tuple[Span | None, int]:
    """What begins at `start`, and where it ends; None when nothing does."""
    if _is_word(before) or before in "/@#&":
        return None, start
    if text[start] == "#":
        return _tag(text, start)
    if text[start] == "@":
        return _mention(text, start, our_domain)
    return _link(text, start)


def _link(text: str, start: int) -> tuple[Span | None, int]:
    host_at = text.index("//", start) + 2
    host = HOST.match(text, host_at) or LOCAL.match(text, host_at)
    # nothing before the host: `https://bank.example@evil.example` is no link at all
    if host is None or text[host.end() : host.end() + 1] in ("@", ":"):
        return None, start
    path = PATH.match(text, host.end())
    end = path.end() if path else host.end()
    if end - start > LINK_MAX:
        return None, start
    while end > host.end() and (text[end - 1] in TRAILING or _unopened(text[host.end() : end])):
        end -= 1
    return Link(text[start:end]), end


def _unopened(path: str) -> bool:
    """Whether a path ends with a bracket that was opened before it: `(see https://a.example/b)`."""
    opener = CLOSING.get(path[-1])
    return opener is not None and path.count(path[-1]) > path.count(opener)


def _mention(text: str, start: int, our_domain: str) -> tuple[Span | None, int]:
    handle = HANDLE.match(text, start)
    if handle is None:
        return None, start
    domain = DOMAIN.match(text, handle.end())
    if domain is None:
        # half an address (`@ada@`, `@ada@local`) is nobody's
        follows = text[handle.end() : handle.end() + 1]
        alone = Mention(handle[1], "", handle[0])
        return (None, start) if follows == "@" else (alone, handle.end())
    theirs = domain[1].lower()
    typed = text[start : domain.end()]
    ours = theirs == our_domain.lower()
    return Mention(handle[1], "" if ours else theirs, typed), domain.end()


def _tag(text: str, start: int) -> tuple[Span | None, int]:
    end = start + 1
    while end < len(text) and end - start <= TAG_MAX and _is_word(text[end]):
        end += 1
    name = text[start + 1 : end]
    too_long = end < len(text) and _is_word(text[end])
    if too_long or not any(unicodedata.category(char)[0] == "L" for char in name):
        return None, start
    return Tag(name), end


def _is_word(char: str) -> bool:
    """Letters, digits, `_`, and the marks that belong to letters (Hindi's vowels are marks)."""
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def _joined(spans: Iterator[Span]) -> Iterator[Span]:
    """Neighbouring words as one; none that are empty."""
    for is_words, group in groupby(spans, key=lambda span: isinstance(span, Words)):
        if not is_words:
            yield from group
        elif said := "".join(written(span) for span in group):
            yield Words(said)
