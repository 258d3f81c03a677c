"""An index of words: FTS5 on SQLite, tsvector on PostgreSQL, behind one small interface; both find the same.

That they do is because neither cuts a text into words: `split` does, and what stands in an index and in a question is letters,
digits and `_` only, which no language of questions knows as anything else. Marks (`MARK`) begin with `_`, words never do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

POSTS, ACCOUNTS = "post_words", "account_words"
INDEXES = (POSTS, ACCOUNTS)
WORD_MAX, WORDS_MAX = 64, 8_000
"""Characters of a word, words of one entry: the rest is not indexed."""
MARK = "_"
MADE_SQLITE = (
    "CREATE VIRTUAL TABLE {index} USING fts5("
    "words, tokenize = \"unicode61 remove_diacritics 0 tokenchars '_'\")"
)
MADE_POSTGRESQL = (
    "CREATE TABLE {index} (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX {index}_words ON {index} USING gin (words)",
)
_WHOLE = re.compile(r"\w{1,80}")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after another; `prefix`: the last one may go on. Errors: `ValueError` for what is no word."""

    words: tuple[str, ...]
    prefix: bool = False

    def __post_init__(self) -> None:
        if not self.words or not all(_WHOLE.fullmatch(word) for word in self.words):
            raise ValueError("a term is words")


def split(text: str) -> list[str]:
    """Words as they are indexed and asked for: without accents and case; where nothing parts words, each sign is one."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) != "Mn"
    )
    words: list[str] = []
    current: list[str] = []
    for char in f"{unicodedata.normalize('NFC', plain.casefold())} ":
        alone = _is_alone(char)
        if current and (alone or not char.isalnum()):
            words.append("".join(current)[:WORD_MAX])
            current = []
        if alone:
            words.append(char)
        elif char.isalnum():
            current.append(char)
    return words


def put(connection: Connection, index: str, id: int, words: Sequence[str]) -> None:
    """An entry, in the place of the one of that id."""
    drop(connection, index, id)
    kept = [word for word in words if _WHOLE.fullmatch(word)][:WORDS_MAX]
    key = _key(connection)
    table = sa.table(index, sa.column(key), sa.column("words"))
    if connection.dialect.name == "sqlite":
        connection.execute(table.insert().values({key: id, "words": " ".join(kept)}))
        return
    vector = " ".join(f"'{word}':{place}" for place, word in enumerate(kept, 1))
    connection.execute(table.insert().values({key: id, "words": sa.cast(vector, TSVECTOR)}))


def drop(connection: Connection, index: str, id: int) -> None:
    key: sa.ColumnClause[int] = sa.column(_key(connection), sa.BigInteger)
    connection.execute(sa.delete(sa.table(index, key)).where(key == id))


def newest(
    connection: Connection,
    index: str,
    wanted: Collection[Term],
    unwanted: Collection[Term],
    most: int,
    above: int | None = None,
    below: int | None = None,
) -> list[int]:
    """The ids of entries with every wanted term and none of the unwanted, the highest first. Without a wanted one: none."""
    if not wanted:
        return []
    key = sa.column(_key(connection), sa.BigInteger)
    asked: sa.Select[Any] = sa.select(key).select_from(sa.table(index))
    if connection.dialect.name == "sqlite":
        asked = asked.where(sa.literal_column(index).op("MATCH")(_fts5(wanted, unwanted)))
    else:
        question = sa.cast(_tsquery(wanted, unwanted), TSQUERY)
        asked = asked.where(sa.column("words").op("@@")(question))
    if above is not None:
        asked = asked.where(key > above)
    if below is not None:
        asked = asked.where(key < below)
    return list(connection.execute(asked.order_by(key.desc()).limit(most)).scalars())


def _fts5(wanted: Collection[Term], unwanted: Collection[Term]) -> str:
    """https://www.sqlite.org/fts5.html, section 3."""

    def said(term: Term) -> str:
        return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'

    all_of = " AND ".join(said(term) for term in wanted)
    if not unwanted:
        return all_of
    return f"({all_of}) NOT ({' OR '.join(said(term) for term in unwanted)})"


def _tsquery(wanted: Collection[Term], unwanted: Collection[Term]) -> str:
    """PostgreSQL manual, 8.11.2."""

    def said(term: Term) -> str:
        *first, last = (f"'{word}'" for word in term.words)
        return f"({' <-> '.join([*first, f'{last}:*' if term.prefix else last])})"

    return " & ".join([*map(said, wanted), *(f"!{said(term)}" for term in unwanted)])


def _key(connection: Connection) -> str:
    return "rowid" if connection.dialect.name == "sqlite" else "id"


def _is_alone(char: str) -> bool:
    """Han, Hiragana, Katakana, Thai and their like are written without spaces. What is no letter among them parts words."""
    code = ord(char)
    return char.isalnum() and (
        0x3041 <= code <= 0x30FF
        or 0x3400 <= code <= 0x9FFF
        or 0x20000 <= code <= 0x3FFFF
        or 0x0E01 <= code <= 0x0E33
    )
