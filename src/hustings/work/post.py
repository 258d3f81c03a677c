"""The way to the mail server: one connection for each letter, in a thread that ends when nobody waits for it any more.

What the server says is sorted by who can do something about it: a refused address or letter is hopeless, everything else
(a server that is away, a wrong password of ours, "try later") is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from hustings.settings import Mail, Settings
from hustings.work.runner import Hopeless, NotNow

STEP_S = 15.0
"""For each answer of the server. How long a whole letter may take is its lane's to say."""
PASSWORD_BYTES_MAX = 1_024
READY = 220
NO_SUCH_ADDRESS = (501, 510, 511, 550, 551, 553, 556)
STATUS = re.compile(r"\s*(\d\.\d{1,3}\.\d{1,3})\b")


def our_name(settings: Settings) -> str:
    """Under which we greet (RFC 5321, 4.1.1.1)."""
    return urlsplit(settings.public.web).hostname or "localhost"


class Post:
    """`hello`: `our_name`. `trust`: whom we believe who the server is."""

    def __init__(
        self,
        mail: Mail,
        hello: str,
        at_once: int,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._mail = mail
        self._hello = hello
        self._trust = trust
        self._threads = ThreadPoolExecutor(at_once, "post")

    async def send(self, message: EmailMessage, to: str) -> None:
        """Errors: `Hopeless`, `NotNow`."""
        client = self._client()
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, self._send, client, message.as_bytes(), to
        )
        try:
            await sending
        except asyncio.CancelledError:
            if client.sock is not None:
                with contextlib.suppress(OSError):
                    client.sock.shutdown(socket.SHUT_RDWR)
            raise

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _client(self) -> smtplib.SMTP:
        mail = self._mail
        if mail.tls == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=self._hello, timeout=STEP_S, context=self._trust()
            )
        else:
            client = smtplib.SMTP(local_hostname=self._hello, timeout=STEP_S)
        # What a certificate must name. It is set only by a constructor that connects at once, which nobody could cut off.
        client._host = mail.host  # type: ignore[attr-defined]
        return client

    def try_out(self) -> None:
        """Whether letters could be sent, now and in this thread. Errors: `NotNow`."""
        self._send(self._client())

    def _send(self, client: smtplib.SMTP, letter: bytes = b"", to: str = "") -> None:
        try:
            self._open(client)
            if to:
                client.sendmail(self._mail.from_address, [to], letter)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()  # it has the letter, whatever it says now
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            _refuse("the address", code, said, code in NO_SUCH_ADDRESS)
        except smtplib.SMTPDataError as error:
            _refuse("the letter", error.smtp_code, error.smtp_error, error.smtp_code >= 500)
        except smtplib.SMTPResponseException as error:
            _refuse("us", error.smtp_code, error.smtp_error, False)
        except UnicodeError:
            raise NotNow("user and password of the mail server must be ASCII") from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow(
                f"the mail server cannot be used: {type(error).__name__}: {error}"
            ) from None
        finally:
            client.close()

    def _open(self, client: smtplib.SMTP) -> None:
        mail = self._mail
        code, greeting = client.connect(mail.host, mail.port)
        if code != READY:
            raise smtplib.SMTPConnectError(code, greeting)
        client.ehlo_or_helo_if_needed()
        if mail.tls == "starttls":
            client.starttls(context=self._trust())
        if mail.user:
            client.login(mail.user, password(Path(mail.password_file)))


def password(path: Path) -> str:
    """The first line of the file. Errors: `OSError`."""
    with path.open("rb") as file:
        first = file.readline(PASSWORD_BYTES_MAX)
    return first.decode(errors="replace").rstrip("\r\n")


def _refuse(what: str, code: int, said: bytes | str, hopeless: bool) -> None:
    """Of the server's words the code and the status (RFC 3463) alone: the rest may name people."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    status = STATUS.match(text)
    why = f"the mail server refuses {what}: {code}{f' {status[1]}' if status else ''}"
    raise (Hopeless if hopeless else NotNow)(why) from None
