"""Browser code as it travels: without comments, and without space that says nothing. The source stays as it is read.

No parser and no bundler: only the words of the language are told apart (ECMA-262 §12), so that nothing inside of a string,
a template or a regular expression is touched. Names stay, but for `#private` ones, which nobody outside of their file
can see. Line ends stay wherever one could end a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from string import ascii_lowercase

_TOKEN = re.compile(
    r"""(?P<comment>/\*[\s\S]*?\*/|//[^\n\u2028\u2029]*)
    |(?P<space>\s+)
    |(?P<string>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')
    |(?P<private>\#[\w$]+)
    |(?P<name>[\w$]+)
    |(?P<mark>[^\s\w$])""",
    re.VERBOSE,
)
_REGEX = re.compile(r"/(?![*/])(?:[^\\/\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/[A-Za-z]*")
_RAW = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*")
_BEFORE_REGEX = frozenset(
    [
        "return",
        "typeof",
        "case",
        "in",
        "of",
        "do",
        "else",
        "void",
        "delete",
        "throw",
        "new",
        "instanceof",
        "await",
        "yield",
    ]
)
_OPENS, _SHUTS = "([{,;", ")]},;"
_GLUED = frozenset(("++", "--", "//", "/*", "<!", "->", "?."))
"""Two marks that would be another word if they touched."""

_CSS = re.compile(
    r"""(?P<comment>/\*[\s\S]*?\*/)|(?P<string>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')
    |(?P<space>\s+)|(?P<rest>[^\s"'/]+|.)""",
    re.VERBOSE,
)


def script(source: str) -> str:
    """An ES module that does the same.

    Errors: `ValueError` where the words cannot be told apart (a string or a template that does not end).
    """
    out: list[str] = []
    short = _shorter(source)
    space = ""
    for kind, text in _words(source):
        if kind in ("space", "comment"):
            space = "\n" if "\n" in text or space == "\n" else " "
            continue
        if out and space and _parted(out[-1], text, space):
            out.append(space)
        space = ""
        out.append(short[text] if kind == "private" else text)
    return "".join(out) + "\n"


def style(source: str) -> str:
    """A style sheet that says the same. Errors: `ValueError` for a comment that does not end."""
    out: list[str] = []
    space = False
    for found in _CSS.finditer(source):
        kind, text = found.lastgroup, found[0]
        if text == "/" and source.startswith("/*", found.start()):
            raise ValueError("a comment without an end")
        if kind in ("space", "comment"):
            space = space or kind == "space"
            continue
        before = out[-1][-1] if out else "{"
        # A space before a colon parts a selector from the next; after one it says nothing. "+" and "-" need theirs in calc().
        if space and before not in "{};,:" and text[0] not in "{};,":
            out.append(" ")
        if text[0] == "}" and before == ";":
            out[-1] = out[-1][:-1]
        out.append(text)
        space = False
    return "".join(out) + "\n"


def _words(source: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of everything, in order. Kinds: those of `_TOKEN`, and `regex`, `raw` (the text of a template)."""
    at, before = 0, ""
    braces: list[int] = []  # of each `${` that is open: the braces that are open inside of it
    while at < len(source):
        if source[at] == "`" or (source[at] == "}" and braces and braces[-1] == 0):
            if source[at] == "}":
                braces.pop()
            text = _raw(source, at)
            if text.endswith("{"):
                braces.append(0)
            kind = "raw"
        elif source[at] == "/" and _may_be_regex(before) and (found := _REGEX.match(source, at)):
            kind, text = "regex", found[0]
        else:
            word = _TOKEN.match(source, at)
            if word is None or word.lastgroup is None:
                raise ValueError(f"no word at {source[at : at + 20]!r}")
            kind, text = word.lastgroup, word[0]
            if braces and text in "{}":
                braces[-1] += 1 if text == "{" else -1
        if kind == "mark" and text in "\"'":
            raise ValueError(f"a string without an end at {source[at : at + 20]!r}")
        yield kind, text
        at += len(text)
        if kind not in ("space", "comment"):
            before = text
    if braces:
        raise ValueError("a template without an end")


def _raw(source: str, at: int) -> str:
    """A template's text from its backtick, or from the brace that ends an expression, to the next expression or its end."""
    found = _RAW.match(source, at + 1)
    end = found.end() if found else at + 1
    if source.startswith("${", end):
        return source[at : end + 2]
    if end >= len(source):
        raise ValueError("a template without an end")
    return source[at : end + 1]


def _may_be_regex(before: str) -> bool:
    """Whether a slash after this word begins a regular expression, or divides.

    §12 leaves it to the grammar; this is as much of it as our own code needs.
    """
    if not before or before in _BEFORE_REGEX:
        return True
    return not (re.match(r"[\w$#]", before) or before[-1] in ")]}\"'`")


def _parted(before: str, after: str, space: str) -> bool:
    """Whether the space between two words has to stay."""
    last, first = before[-1], after[0]
    if space == "\n" and not (last in _OPENS or first in _SHUTS):
        return True
    if _is_name(last) and (_is_name(first) or first in "#\\"):
        return True
    return last + first in _GLUED or (last.isdigit() and first == ".")


def _is_name(letter: str) -> bool:
    return letter.isalnum() or letter in "_$"


def _shorter(source: str) -> dict[str, str]:
    """`#private` names by frequency: the shortest to the most used."""
    seen: dict[str, int] = {}
    for kind, text in _words(source):
        if kind == "private":
            seen[text] = seen.get(text, 0) + 1
    ordered = sorted(seen, key=lambda name: -seen[name])
    return dict(zip(ordered, _names(), strict=False))


def _names() -> Iterator[str]:
    """#a to #z, #aa, #ba …"""
    for round in count():
        for letter in ascii_lowercase:
            yield f"#{letter}" if round == 0 else f"#{letter}{round}"
