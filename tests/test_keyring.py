"""Keys as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hustings import keyring
from hustings.wire.ticket import Signer, Ticket, Verifier


def test_a_key_is_made_once_and_door_can_check_what_it_signs(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    kid, key = keyring.load_or_make(keys, "studio")
    again, _ = keyring.load_or_make(keys, "studio")
    assert again == kid and kid.startswith("studio-")
    ticket = Ticket("a" * 22, "demo", "host", "Ana", 1)
    token = Signer(kid, key).sign(ticket)
    assert Verifier(keyring.public_keys(keys)).verify(token, "demo") == ticket


def test_only_their_owner_may_read_private_keys(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keyring.load_or_make(keys, "web")
    keyring.planner_key(keys)
    for name in ("", "web.key", "planner.txt"):
        assert (keys / name).stat().st_mode & 0o077 == 0
    assert not list(keys.rglob(".*"))


def test_a_replaced_key_leaves_old_tickets_valid(tmp_path: Path) -> None:
    old, _ = keyring.load_or_make(tmp_path, "web")
    (tmp_path / "web.key").unlink()
    new, _ = keyring.load_or_make(tmp_path, "web")
    assert old != new
    assert set(keyring.public_keys(tmp_path)) == {old, new}


def test_who_comes_second_takes_the_first_ones_file(tmp_path: Path) -> None:
    path = tmp_path / "planner.txt"
    keyring.write_once(path, b"first", 0o600)
    keyring.write_once(path, b"second", 0o600)
    assert keyring.planner_key(tmp_path) == "first"


def test_strange_files_among_public_keys_are_passed_over(tmp_path: Path) -> None:
    kid, _ = keyring.load_or_make(tmp_path, "web")
    (tmp_path / "public" / "x.pub").write_text("no key")
    assert set(keyring.public_keys(tmp_path)) == {kid}


def test_a_private_file_that_is_no_key_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "web.key").write_text("no key")
    with pytest.raises(ValueError):
        keyring.load_or_make(tmp_path, "web")


def test_a_planner_key_is_128_random_bits_and_stays(tmp_path: Path) -> None:
    key = keyring.planner_key(tmp_path)
    assert len(key) == 22
    assert keyring.planner_key(tmp_path) == key
    assert keyring.planner_key(tmp_path / "other") != key
