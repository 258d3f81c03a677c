"""Events as lines: there and back, torn ends, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rooms.journal import LINE_MAX, Event, from_line, read, to_line


def event(n: int = 1, term: int = 1, **body) -> Event:
    return Event(n, term, 5, 6, "late", body)


def raw(*events: Event) -> bytes:
    return b"".join(map(to_line, events))


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


@given(
    st.dictionaries(texts.filter(lambda t: t not in ("n", "term", "clock", "at_ms", "type")), texts)
)
def test_there_and_back(body):
    line = to_line(event(**{}) if not body else Event(1, 1, 5, 6, "late", body))
    assert line.count(b"\n") == 1
    assert from_line(line).body == body


def test_a_body_cannot_forge_the_head():
    line = to_line(Event(7, 2, 5, 6, "late", {"n": 99, "type": "ended", "term": 0, "x": 1}))
    assert from_line(line) == Event(7, 2, 5, 6, "late", {"x": 1})


def test_the_longest_line():
    room = LINE_MAX - len(to_line(event(x=""))) + 1
    assert len(to_line(event(x="a" * (room - 1)))) == LINE_MAX
    with pytest.raises(ValueError, match="journal line"):
        to_line(event(x="a" * room))


def test_a_torn_end_never_took_effect():
    whole = raw(event(1), event(2))
    for torn in range(1, len(to_line(event(3)))):
        assert len(read(whole + to_line(event(3))[:torn])) == 2
    assert len(read(whole + b"garbage\n")) == 2
    assert read(b"") == []


@pytest.mark.parametrize(
    "lines",
    [
        raw(event(1)) + b"garbage\n" + raw(event(2)),
        raw(event(1), event(3)),
        raw(event(2)),
        raw(event(1, 2), event(2, 1)),
        raw(event(1), event(1)),
    ],
)
def test_a_journal_that_breaks_in_the_middle_is_refused(lines):
    with pytest.raises(ValueError):
        read(lines)


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"3", b'"x"', b"null", b'{"n":1}'])
def test_what_is_no_event(line):
    with pytest.raises(ValueError):
        from_line(line)


def test_a_line_is_json_that_anybody_reads():
    tree = json.loads(to_line(event(reason="ä")))
    assert tree == {"n": 1, "term": 1, "clock": 5, "at_ms": 6, "type": "late", "reason": "ä"}
