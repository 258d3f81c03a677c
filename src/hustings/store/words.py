"""An index of words: FTS5 on SQLite, tsvector on PostgreSQL, behind one small interface; both find the same.

That they do is because neither cuts a text into words: `split` does, and what stands in an index and in a question is letters,
digits and `_` only, which no language of questions knows as anything else. Marks (`MARK`) begin with `_`, words never do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from hustings.store.questions import Question

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
WALKED_FOR_ONE, WALKED_MAX = 500, 20_000
"""So many entries are read one after another for each that is asked for, before all of them are looked up. To read the next one
takes 0.3 µs, to fetch one by its word ten times that: of a word that stands in fewer than one of 500, all are fetched as soon."""
_WHOLE = re.compile(r"\w{1,80}")
_ID, _ROWID = sa.column("id", sa.BigInteger), sa.column("rowid", sa.BigInteger)
_WORDS: sa.ColumnClause[Any] = sa.column("words", TSVECTOR)
_ASKED: sa.BindParameter[Any] = sa.bindparam("words", type_=TSQUERY)
"""Of its own type: a text that is cast would be read anew for every entry."""
_MOST: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)


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
    dialect = connection.dialect.name
    question = (_fts5 if dialect == "sqlite" else _tsquery)(wanted, unwanted)
    asked = {"words": question, "most": most, "above": above, "below": below}
    borders = (above is not None, below is not None)
    if dialect != "sqlite":
        walked = {**asked, "walked": min(most * WALKED_FOR_ONE, WALKED_MAX)}
        found = _walk(index, *borders).column(connection, walked)
        if len(found) == most:
            return found
    return _look_up(dialect, index, *borders).column(connection, asked)


@lru_cache
def _walk(index: str, above: bool, below: bool) -> Question:
    """PostgreSQL's index of words knows no order: of a word that stands in every tenth post all would be fetched, and sorted.
    So the newest entries are read first, one after another: they hold a page of every word that is common."""
    last = _borders(sa.select(_ID, _WORDS).select_from(sa.table(index)), _ID, above, below)
    last = last.order_by(_ID.desc()).limit(sa.bindparam("walked", type_=sa.Integer))
    some = last.subquery("walked")
    found = sa.select(some.c.id).where(some.c.words.op("@@")(_ASKED))
    return Question(found.order_by(some.c.id.desc()).limit(_MOST))


@lru_cache
def _look_up(dialect: str, index: str, above: bool, below: bool) -> Question:
    """By the index of words; FTS5 goes from the newest on by itself."""
    if dialect == "sqlite":
        matches = sa.literal_column(index).op("MATCH")(sa.bindparam("words", type_=sa.String))
        asked = sa.select(_ROWID).select_from(sa.table(index)).where(matches)
        return Question(_borders(asked, _ROWID, above, below).order_by(_ROWID.desc()).limit(_MOST))
    asked = sa.select(_ID).select_from(sa.table(index)).where(_WORDS.op("@@")(_ASKED))
    # apart, for PostgreSQL thinks that of many it is cheaper to walk along all ids until there are enough
    found = _borders(asked, _ID, above, below).cte("found").prefix_with("MATERIALIZED")
    return Question(sa.select(found.c.id).order_by(found.c.id.desc()).limit(_MOST))


def _borders(
    asked: sa.Select[Any], key: sa.ColumnElement[int], above: bool, below: bool
) -> sa.Select[Any]:
    if above:
        asked = asked.where(key > sa.bindparam("above", type_=sa.BigInteger))
    if below:
        asked = asked.where(key < sa.bindparam("below", type_=sa.BigInteger))
    return asked


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
