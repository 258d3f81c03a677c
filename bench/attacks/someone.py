"""People with accounts at web, and one of them who only wants to log in while a thousand others try."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import httpx

from bench.attacks.log_ins import HEADER

PEOPLE, THEIRS = 200, 20
"""Accounts that the thousand use, and others for whom it is measured."""

PASSWORD = "a bridge in Kyoto"
PATIENCE_S, PAUSE_S = 30.0, 2.0


@dataclass(frozen=True)
class Person:
    """An account; `cookie` is what its browser kept when the account was made, without the session."""

    name: str
    password: str
    cookie: str

    def tree(self) -> dict[str, str]:
        return asdict(self)


def signed_up(web: str, count: int, prefix: str, net: str) -> list[Person]:
    """Through the page, each from an address of his own in `net`. Errors: `RuntimeError`."""
    people = []
    for number in range(count):
        with httpx.Client(timeout=20.0, headers=at(f"{net}.{1 + number}")) as browser:
            name = f"{prefix}{number}"
            answer = browser.post(f"{web}/sign-up", data={"handle": name, "password": PASSWORD})
            if answer.status_code != 303:
                raise RuntimeError(f"signing up: {answer.status_code} {answer.text[:200]}")
            kept = [(one, text) for one, text in browser.cookies.items() if "known" in one]
            people.append(Person(name, PASSWORD, "; ".join("=".join(pair) for pair in kept)))
    return people


def at(address: str) -> dict[str, str]:
    """Headers of a browser there."""
    return {HEADER: address, "Sec-Fetch-Site": "same-origin"}


@dataclass
class Someone:
    """Logs in, one person after the other, and does as he is told when he is refused."""

    web: str
    people: Sequence[Person]
    took_s: list[float] = field(default_factory=list)
    refused: int = 0
    given_up: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """Until the end of the block."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        number = 0
        while not self._over.wait(PAUSE_S):
            self.log_in(number)
            number += 1

    def log_in(self, number: int) -> None:
        """Until he is in, or out of patience."""
        person = self.people[number % len(self.people)]
        headers = {**at(f"203.0.113.{1 + number % 250}"), "Cookie": person.cookie}  # RFC 5737
        began_s = time.monotonic()
        with httpx.Client(timeout=PATIENCE_S, headers=headers) as browser:
            while not self._over.is_set() and time.monotonic() < began_s + PATIENCE_S:
                again_s = self._try(browser, person)
                if again_s is None:
                    self.took_s.append(time.monotonic() - began_s)
                    return
                self.refused += 1
                self._over.wait(again_s)
        self.given_up += not self._over.is_set()

    def _try(self, browser: httpx.Client, person: Person) -> float | None:
        """None: he is in; else after how many seconds to try again."""
        form = {"name": person.name, "password": person.password}
        try:
            answer = browser.post(f"{self.web}/login", data=form)
        except httpx.HTTPError:
            return 1.0
        return None if answer.status_code == 303 else float(answer.headers.get("Retry-After", 1))

    def told(self) -> str:
        """How it went, in words."""
        took = sorted(self.took_s)
        words = f"an honest log-in: {len(took)} of {len(took) + self.given_up} in"
        if took:
            words += f", after {took[len(took) // 2]:.1f} s (median; at most {took[-1]:.1f} s)"
        return f"{words}, told to come again {self.refused} times"
