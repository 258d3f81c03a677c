"""HTTP/1.1 answers in any slices."""

from __future__ import annotations

import gzip

import pytest

from hustings.rehearse.exchange import (
    BODY_MAX,
    HEAD_MAX,
    HEADS_KEPT,
    Heads,
    Reader,
    Requests,
    unzipped,
)

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\ndate: now\r\n\r\nhello"
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
)


@pytest.mark.parametrize("raw", [PLAIN, CHUNKS], ids=["length", "chunks"])
def test_an_answer_in_any_slices(raw: bytes) -> None:
    for step in (1, 2, 7, len(raw)):
        reader = Reader(Heads())
        found = [reader.push(raw[at : at + step]) for at in range(0, len(raw), step)]
        assert found[:-1] == [None] * (len(found) - 1)
        answer = found[-1]
        assert answer is not None
        assert (answer.status, answer.body, answer.close) == (200, b"hello", False)
        assert answer.size == len(raw)
        assert not reader.begun


def test_an_answer_that_ends_with_the_connection() -> None:
    reader = Reader(Heads())
    assert reader.push(b"HTTP/1.0 200 OK\r\n\r\nhel") is None
    assert reader.push(b"lo") is None
    answer = reader.ended()
    assert answer is not None
    assert (answer.body, answer.close) == (b"hello", True)


@pytest.mark.parametrize("raw", [b"", PLAIN[:-1], CHUNKS[:-5], b"HTTP/1.1 2"])
def test_half_an_answer_is_none(raw: bytes) -> None:
    reader = Reader(Heads())
    assert not raw or reader.push(raw) is None
    assert reader.ended() is None


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body(status: int) -> None:
    answer = Reader(Heads()).push(
        f"HTTP/1.1 {status} Nothing\r\nconnection: close\r\n\r\n".encode()
    )
    assert answer is not None
    assert (answer.status, answer.body, answer.close) == (status, b"", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-x\r\n\r\n",
        PLAIN + b"more",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (BODY_MAX + 1),
    ],
)
def test_what_is_no_answer(raw: bytes) -> None:
    with pytest.raises(ValueError):
        Reader(Heads()).push(raw)


def test_limits_of_head_and_body() -> None:
    assert Reader(Heads()).push(b"H" * HEAD_MAX) is None
    with pytest.raises(ValueError, match="head is too long"):
        Reader(Heads()).push(b"H" * (HEAD_MAX + 1))
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % BODY_MAX
    assert Reader(Heads()).push(head) is None
    endless = Reader(Heads())
    assert endless.push(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(BODY_MAX)) is None
    with pytest.raises(ValueError, match="without an end"):
        endless.push(b"x")


def test_heads_are_read_once_and_forgotten_in_time() -> None:
    heads = Heads()
    raws = [
        f"HTTP/1.1 200 OK\r\ncontent-length: {n}\r\n\r\n".encode() for n in range(HEADS_KEPT + 1)
    ]
    found = [heads.read(raw) for raw in raws]
    assert heads.read(raws[-1]) is found[-1]
    assert heads.read(raws[0]) is not found[0]
    assert [head.length for head in found] == list(range(HEADS_KEPT + 1))


def test_requests_carry_a_cookie_as_a_browser_would() -> None:
    requests = Requests("localhost:8001", "x/1")
    raw = requests.write("GET /demo")
    assert raw.startswith(b"GET /demo HTTP/1.1\r\nHost: localhost:8001\r\n")
    assert b"Cookie: " in raw and raw.endswith(b"\r\n\r\n")
    assert requests.write("GET /demo") is raw
    assert b"Content-Length: 0\r\n" in requests.write("POST /live/demo/beacon?p=1")


def test_gzip_and_what_only_looks_like_it() -> None:
    assert unzipped(gzip.compress(b"text")) == b"text"
    assert unzipped(b"text") == b"text"
    with pytest.raises(ValueError):
        unzipped(b"\x1f\x8bnothing")
