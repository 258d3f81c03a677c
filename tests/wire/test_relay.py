"""Hellos and frames between door and studio."""

from __future__ import annotations

import json

import pytest

from hustings.wire import relay
from hustings.wire.relay import Hello

CALLER = "c" * 22


@pytest.mark.parametrize(
    "hello", [Hello("tcp", CALLER, "2001:db8::1", 40_000), Hello("socket", CALLER)]
)
def test_a_hello_there_and_back(hello: Hello) -> None:
    assert relay.read_hello(hello.to_bytes()) == hello


def test_frames() -> None:
    assert relay.read_frame(relay.frame(b"voice")) == b"voice"
    assert relay.read_frame(relay.frame(b"")) == b""
    assert relay.read_frame(relay.END) is None


def hello(**other: object) -> bytes:
    tree = {"kind": "tcp", "caller": CALLER, "host": "192.0.2.1", "port": 9, **other}
    return relay.HELLO + json.dumps(tree).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        relay.frame(b"voice"),
        relay.HELLO,
        relay.HELLO + b"[]",
        relay.HELLO + b"{}",
        relay.HELLO + b"\xff",
        relay.HELLO + b"[" * 2_000,
        hello() + b" " * relay.MESSAGE_MAX,
        hello(kind="udp"),
        hello(caller="short"),
        hello(caller=7),
        hello(host=7),
        hello(host="h" * 65),
        hello(port="9"),
    ],
)
def test_what_is_no_hello(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        relay.read_hello(raw)


def test_the_longest_host() -> None:
    assert relay.read_hello(hello(host="h" * 64)).host == "h" * 64
