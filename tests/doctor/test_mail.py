"""Letters by these settings: a real mail server on loopback, or none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hustings import settings
from hustings.doctor.finding import Finding
from hustings.doctor.mail import mail
from tests.work.conftest import mail as mail_settings
from tests.work.mail_server import MailServer


async def found(server: MailServer, tmp_path: Path, mode: int = 0o600, **more: Any) -> Finding:
    async with server.running():
        asked = mail_settings(server.port, tmp_path, host="127.0.0.1", **more)
        (tmp_path / "mail.txt").chmod(mode)
        tree = replace(settings.load(), mail=asked)
        return await asyncio.to_thread(mail, tree)


def test_none_is_no_fault() -> None:
    finding = mail(settings.load())
    assert (finding.grade, finding.found) == ("ok", "none; accounts are confirmed at once")


async def test_a_server_that_takes_letters_gets_none(tmp_path: Path) -> None:
    server = MailServer()
    finding = await found(server, tmp_path)
    assert finding.grade == "ok" and f"port {server.port}" in finding.found
    assert server.taken == [] and server.heard[-1].lower() == "quit"


async def test_one_that_wants_us_not_is_named_with_its_words(tmp_path: Path) -> None:
    finding = await found(MailServer(say={"CONNECT": "554 5.7.1 no"}), tmp_path)
    assert (finding.grade, finding.found) == ("fail", "the mail server refuses us: 554 5.7.1")


@pytest.mark.parametrize(("mode", "word"), [(0o600, "right"), (0o640, "right"), (0o600, "wrong")])
async def test_the_password_is_tried_and_must_be_ours_alone(
    mode: int, word: str, tmp_path: Path
) -> None:
    server = MailServer(user=("post", "right"))
    # a password in the clear is for this machine alone
    finding = await found(server, tmp_path, mode, user=("post", word))
    assert finding.grade == ("ok" if (mode, word) == (0o600, "right") else "fail")
    assert ("others may read" in finding.found) == (mode == 0o640)
    assert ("535" in finding.found) == (word == "wrong")


def test_a_password_file_that_is_not_there(tmp_path: Path) -> None:
    asked = mail_settings(1, tmp_path, user=("post", "word"))
    (tmp_path / "mail.txt").unlink()
    finding = mail(replace(settings.load(), mail=asked))
    assert finding.grade == "fail" and "No such file" in finding.found
