"""What is sealed opens where it belongs, and nowhere else."""

from __future__ import annotations

import pytest

from hustings.social.seal import Seal


def test_it_opens_for_its_purpose_and_key_alone() -> None:
    seal = Seal("one")
    sealed = seal.close(b"secret", "totp 5")
    assert b"secret" not in sealed and seal.open(sealed, "totp 5") == b"secret"
    assert seal.close(b"secret", "totp 5") != sealed
    spoilt = bytes([*sealed[:-1], sealed[-1] ^ 1])
    for other, text, purpose in (
        (seal, sealed, "totp 6"),
        (Seal("two"), sealed, "totp 5"),
        (seal, spoilt, "totp 5"),
        (seal, b"short", "totp 5"),
    ):
        with pytest.raises(ValueError):
            other.open(text, purpose)


def test_a_mark_is_this_installations() -> None:
    assert Seal("one").mark("a") == Seal("one").mark("a")
    assert len({Seal("one").mark("a"), Seal("two").mark("a"), Seal("one").mark("b")}) == 3
