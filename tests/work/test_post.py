"""The way to a real mail server on loopback: TLS, log-in, and what its "no" means."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from hustings.work.post import PASSWORD_BYTES_MAX, Post, password
from hustings.work.runner import Hopeless, NotNow
from tests.work.conftest import FROM, Identity, mail
from tests.work.mail_server import MailServer

TO = "ada@example.org"


def letter() -> EmailMessage:
    message = EmailMessage(SMTP)
    message["Subject"] = "Hello"
    message.set_content(".\n..two\nend\n")
    return message


async def sent(server: MailServer, tmp_path: Path, identity: Identity, **more: Any) -> None:
    async with server.running():
        post = Post(mail(server.port, tmp_path, **more), "h.example", 2, identity.trust)
        try:
            await post.send(letter(), TO)
        finally:
            post.close()


async def test_a_letter_arrives_whole(tmp_path: Path, identity: Identity) -> None:
    server = MailServer()
    await sent(server, tmp_path, identity)
    (taken,) = server.taken
    assert (taken.sender, taken.recipients) == (FROM, [TO])
    assert taken.message["Subject"] == "Hello"
    assert taken.message.get_content().splitlines() == [".", "..two", "end"]
    assert server.heard[0] == "ehlo h.example" and server.heard[-1].lower() == "quit"


@pytest.mark.parametrize("tls_first", [False, True])
async def test_by_tls_and_logged_in(tls_first: bool, tmp_path: Path, identity: Identity) -> None:
    user = ("post", "open sesame")
    server = MailServer(identity.server, tls_first, user)
    tls = "tls" if tls_first else "starttls"
    await sent(server, tmp_path, identity, tls=tls, user=user)
    assert len(server.taken) == 1
    plain = [line.split()[0].lower() for line in server.heard]
    assert plain.count("ehlo") == (1 if tls_first else 2)
    assert "auth" not in plain[: plain.index("starttls")] if not tls_first else "auth" in plain


async def test_a_server_that_offers_no_tls_gets_nothing(tmp_path: Path, identity: Identity) -> None:
    """Somebody between us and it may take the offer out: no letter and no password go in the clear."""
    server = MailServer()
    with pytest.raises(NotNow, match="cannot be used"):
        await sent(server, tmp_path, identity, tls="starttls", user=("post", "word"))
    assert server.taken == [] and not any("AUTH" in line.upper() for line in server.heard)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_server_that_is_somebody_else_gets_nothing(
    tls: str, tmp_path: Path, identity: Identity
) -> None:
    server = MailServer(identity.server, tls == "tls")
    with pytest.raises(NotNow, match="certificate verify failed"):
        await sent(server, tmp_path, identity, tls=tls, host="127.0.0.1")
    assert server.taken == []


async def test_a_wrong_password_of_ours_is_no_fault_of_the_letter(
    tmp_path: Path, identity: Identity
) -> None:
    server = MailServer(identity.server, user=("post", "right"))
    with pytest.raises(NotNow, match=r"refuses us: 535 5\.7\.8$"):
        await sent(server, tmp_path, identity, tls="starttls", user=("post", "wrong"))


@pytest.mark.parametrize(
    ("verb", "said", "kind", "told"),
    [
        ("CONNECT", "554 5.3.2 not here", NotNow, "refuses us: 554 5.3.2"),
        ("CONNECT", "421 too many", NotNow, "refuses us: 421"),
        ("MAIL", "550 5.7.1 not from you", NotNow, "refuses us: 550 5.7.1"),
        ("RCPT", "550 5.1.1 no ada@example.org here", Hopeless, "refuses the address: 550 5.1.1"),
        ("RCPT", "450 4.2.0 greylisted", NotNow, "refuses the address: 450 4.2.0"),
        ("RCPT", "554 5.7.1 relay access denied", NotNow, "refuses the address: 554 5.7.1"),
        ("DATA", "554 no valid recipients", Hopeless, "refuses the letter: 554"),
        ("END", "554 5.7.1 spam", Hopeless, "refuses the letter: 554 5.7.1"),
        ("END", "451 4.3.0 disk full", NotNow, "refuses the letter: 451 4.3.0"),
        ("CONNECT", "garbage", NotNow, "refuses us: -1"),
    ],
)
async def test_a_no_is_sorted_and_names_nobody(
    verb: str, said: str, kind: type[Exception], told: str, tmp_path: Path, identity: Identity
) -> None:
    server = MailServer(say={verb: said})
    with pytest.raises(kind) as caught:
        await sent(server, tmp_path, identity)
    assert str(caught.value) == f"the mail server {told}"
    assert server.taken == []


async def test_a_rude_goodbye_is_no_failure(tmp_path: Path, identity: Identity) -> None:
    server = MailServer(say={"QUIT": "500 never"})
    await sent(server, tmp_path, identity)
    assert len(server.taken) == 1


async def test_a_server_that_is_away(tmp_path: Path, identity: Identity) -> None:
    server = MailServer()
    async with server.running():
        pass
    post = Post(mail(server.port, tmp_path), "h.example", 1, identity.trust)
    with pytest.raises(NotNow, match="ConnectionRefusedError"):
        await post.send(letter(), TO)
    post.close()


async def test_a_password_that_cannot_be_sent_is_said(tmp_path: Path, identity: Identity) -> None:
    server = MailServer(identity.server, user=("post", "wörd"))
    with pytest.raises(NotNow, match="ASCII"):
        await sent(server, tmp_path, identity, tls="starttls", user=("post", "wörd"))


async def test_a_password_file_that_is_gone(tmp_path: Path, identity: Identity) -> None:
    server = MailServer(identity.server, user=("post", "word"))
    async with server.running():
        named = mail(server.port, tmp_path, tls="starttls", user=("post", "word"))
        (tmp_path / "mail.txt").unlink()
        post = Post(named, "h.example", 1, identity.trust)
        with pytest.raises(NotNow, match="FileNotFoundError"):
            await post.send(letter(), TO)
        post.close()


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "RCPT", "END"])
async def test_who_waits_no_longer_hangs_up(verb: str, tmp_path: Path, identity: Identity) -> None:
    """A server that never answers keeps no thread: the line is cut."""
    server = MailServer(hold={verb})
    async with server.running():
        post = Post(mail(server.port, tmp_path), "h.example", 1, identity.trust)
        sending = asyncio.create_task(post.send(letter(), TO))
        await server.held.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        while server.open:
            await asyncio.sleep(0.005)
        server.hold.clear()
        await post.send(letter(), TO)
        post.close()
    assert len(server.taken) == (2 if verb == "END" else 1)


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (b"word\n", "word"),
        (b"word\r\nsecond\n", "word"),
        (b"", ""),
        (b"x" * PASSWORD_BYTES_MAX, "x" * PASSWORD_BYTES_MAX),
        (b"x" * (PASSWORD_BYTES_MAX + 1), "x" * PASSWORD_BYTES_MAX),
    ],
)
def test_the_password_is_the_first_line(kept: bytes, read: str, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(kept)
    assert password(tmp_path / "p") == read
