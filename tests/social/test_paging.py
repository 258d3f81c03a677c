"""Which part of a list is asked for."""

from __future__ import annotations

import pytest

from hustings.social import paging
from hustings.social.paging import ID_MAX, LIMIT, LIMIT_MAX, Page
from hustings.wire.errors import Refused


@pytest.mark.parametrize(
    ("tree", "page"),
    [
        ({}, Page()),
        ({"max_id": "7", "limit": "5"}, Page(max_id=7, limit=5)),
        ({"since_id": "7", "min_id": "8"}, Page(since_id=7, min_id=8)),
        ({"max_id": ""}, Page()),
        ({"max_id": "9" * 30}, Page(max_id=ID_MAX)),
        ({"limit": "0"}, Page(limit=1)),
        ({"limit": str(LIMIT_MAX)}, Page(limit=LIMIT_MAX)),
        ({"limit": str(LIMIT_MAX + 1)}, Page(limit=LIMIT_MAX)),
        ({"limit": "9" * 20}, Page(limit=LIMIT_MAX)),
    ],
)
def test_pages(tree: dict[str, object], page: Page) -> None:
    assert paging.read(tree) == page
    assert Page().limit == LIMIT


@pytest.mark.parametrize("field", ["max_id", "since_id", "min_id", "limit"])
@pytest.mark.parametrize(
    "value", ["-1", "1e3", "٣", " 1", "x", "1;DROP TABLE posts", "9" * 31, ["1"], 1.5, True]
)
def test_pages_that_are_none(field: str, value: object) -> None:
    with pytest.raises(Refused, match="bad_request"):
        paging.read({field: value})


@pytest.mark.parametrize("text", ["0", "7", str(ID_MAX)])
def test_ids(text: str) -> None:
    assert paging.id_of(text) == int(text)


@pytest.mark.parametrize("text", ["", "-1", "x", str(ID_MAX + 1), "9" * 400, "1.0", "٣", None, 7])
def test_ids_that_are_none(text: object) -> None:
    with pytest.raises(Refused, match="post_unknown"):
        paging.id_of(text)
