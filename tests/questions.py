"""What a database is asked meanwhile, in its own words: by SQLAlchemy, and by a `Question` past it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.store.questions import Question


@contextmanager
def noted() -> Iterator[list[str]]:
    """Every question until the end of the block, in their order."""
    asked: list[str] = []
    rows = Question.rows

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    def noting(self: Question, connection: Connection, values: dict[str, Any]) -> Any:
        asked.append(self.text(connection.dialect))
        return rows(self, connection, values)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Question, "rows", noting)
            yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
