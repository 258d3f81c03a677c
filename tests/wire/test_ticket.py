"""Tickets: who gets in, and every way not to."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hustings.wire.errors import Refused
from hustings.wire.ticket import TOKEN_MAX, Signer, Ticket, Verifier, read_claims

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")
SIGNER = Signer("web-1", KEY)
VERIFIER = Verifier({"web-1": KEY.public_key()})
TICKET = Ticket("t" * 22, "town-hall", "speaker", "Ann Ö.", 1_731_000_000)
TOKEN = SIGNER.sign(TICKET)


def pack(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: bytes, kid: str = "web-1", key: Ed25519PrivateKey = KEY) -> str:
    head = f"v1.{kid}.{pack(payload)}"
    return f"{head}.{pack(key.sign(head.encode()))}"


def code(token: str, room: str = "town-hall") -> str:
    with pytest.raises(Refused) as refused:
        VERIFIER.verify(token, room)
    return refused.value.code


def test_a_good_ticket_there_and_back():
    assert VERIFIER.verify(TOKEN, "town-hall") == TICKET
    assert TICKET.person == "t" * 8
    assert read_claims(TICKET.claims()) == TICKET


def test_every_way_not_to_get_in():
    version, kid, payload, signature = TOKEN.split(".")
    assert code("") == "ticket_missing"
    assert code("x") == "ticket_malformed"
    assert code(f"v2.{kid}.{payload}.{signature}") == "ticket_malformed"
    assert code(f"{TOKEN}.more") == "ticket_malformed"
    assert code(f"{version}.{kid}.{payload}.!") in ("ticket_malformed", "ticket_forged")
    assert code(f"{version}.web-2.{payload}.{signature}") == "ticket_forged"
    assert code(f"{version}.{kid}.{payload}.{pack(bytes(64))}") == "ticket_forged"
    assert code(f"{version}.{kid}.{payload}.") == "ticket_forged"
    assert code(signed(TICKET.claims().encode(), key=OTHER_KEY)) == "ticket_forged"
    assert code(TOKEN, "other-room") == "ticket_wrong_room"


def test_another_payload_under_an_old_signature_is_forged():
    version, kid, _, signature = TOKEN.split(".")
    host = Ticket(TICKET.ticket, TICKET.room, "host", TICKET.name, TICKET.at).claims().encode()
    assert code(f"{version}.{kid}.{pack(host)}.{signature}") == "ticket_forged"


def test_the_longest_token():
    long = "v1." + "k" * (TOKEN_MAX - 5) + ".."
    assert len(long) == TOKEN_MAX
    assert code(long) == "ticket_forged"
    assert code(long.replace("k", "kk", 1)) == "ticket_malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"t": "short"},
        {"t": 3},
        {"t": None},
        {"r": None},
        {"o": "admin"},
        {"o": ["host"]},
        {"n": "n" * 61},
        {"n": 3},
        {"at": "now"},
        {"at": 1.5},
        {"at": True},
    ],
)
def test_signed_claims_that_make_no_sense(change):
    tree = {**json.loads(TICKET.claims()), **change}
    assert code(signed(json.dumps(tree).encode())) == "ticket_malformed"


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 500])
def test_signed_payloads_that_are_no_claims(payload):
    assert code(signed(payload)) == "ticket_malformed"


@given(st.text(max_size=200))
def test_garbage_is_refused_and_nothing_else(text):
    with pytest.raises(Refused):
        VERIFIER.verify(text, "town-hall")


@given(st.integers(0, len(TOKEN) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_with_one_other_character_is_never_another_ticket(at, letter):
    changed = TOKEN[:at] + letter + TOKEN[at + 1 :]
    try:
        assert VERIFIER.verify(changed, "town-hall") == TICKET
    except Refused as refused:
        assert refused.code in ("ticket_malformed", "ticket_forged")
