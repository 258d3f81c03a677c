"""A thousand people log in at once: `python -m bench.attacks.log_ins`.

Reads one JSON line: `port`, `people` (each with `name`, `password`, `cookie`), `at_once`, `spread`. Half send their right
password and the cookie that their browser kept from signing up, half a wrong one for the same accounts and no cookie. Whoever is
answered goes, and the next one comes, on a connection of his own; from an address of his own if `spread`, else all from one, as
the trusted header says it. Prints a line a second: how many got which answer.
"""

from __future__ import annotations

import asyncio
import html
import itertools
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from hustings.rehearse.link import raise_open_files
from hustings.wire.errors import CODES

HEADER = "X-Forwarded-For"
ADDRESSES = 60_000
PATIENCE_S = 30.0
TELL_S = 1.0
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_AGAIN = re.compile(rb"(?i)\r\nretry-after: *(\d+)")


def address(number: int, spread: bool) -> str:
    """Of the person with that number."""
    here = number % ADDRESSES if spread else 0
    return f"198.18.{here // 250}.{1 + here % 250}"  # RFC 2544: set aside for benchmarks


def request(person: dict[str, str], right: bool, place: str) -> bytes:
    password = person["password"] if right else f"{person['password']}, or not"
    body = urlencode({"name": person["name"], "password": password})
    cookie = f"Cookie: {person['cookie']}\r\n" if right else ""
    return (
        f"POST /login HTTP/1.1\r\nHost: localhost\r\n{HEADER}: {place}\r\n{cookie}"
        "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    ).encode()


def answered(whole: bytes) -> str:
    """An answer in words: its status, the code of a refusal, and when to come again."""
    head, _, body = whole.partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if status is None:
        return "closed"
    if status[1] == b"303":
        return "in"
    again = _AGAIN.search(head)
    code = refused_as(int(status[1]), html.unescape(body.decode(errors="replace")))
    after = f", Retry-After {int(again[1])}" if again else ""
    return f"{status[1].decode()} {code}".strip() + after


def refused_as(status: int, page: str) -> str:
    """The code of a refusal, which a page says in a sentence; a page of another wording: the only likely one of its status."""
    told = (code for code, (number, words) in CODES.items() if number == status and words in page)
    usual = {429: "too_many", 503: "busy"}
    return next(told, usual.get(status, ""))


async def one(plan: dict[str, Any], number: int, right: bool) -> str:
    """One log-in; how it was answered."""
    person = plan["people"][number % len(plan["people"])]
    place = address(number, plan["spread"])
    # ports of many local addresses: those of one would be used up
    from_ = (f"127.5.{number // 250 % 250}.{1 + number % 250}", 0)
    writer = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", plan["port"], local_addr=from_
            )
            writer.write(request(person, right, place))
            return answered(await reader.read(-1))
    except TimeoutError:
        return f"no answer in {PATIENCE_S:g} s"
    except OSError:
        return "closed"
    finally:
        if writer is not None:
            writer.close()


async def again_and_again(
    plan: dict[str, Any], numbers: Iterator[int], right: bool, told: Counter[str]
) -> None:
    while True:
        told[f"{'right' if right else 'wrong'}: {await one(plan, next(numbers), right)}"] += 1


async def main() -> None:
    plan, told, numbers = json.loads(sys.stdin.readline()), Counter[str](), itertools.count()
    raise_open_files(plan["at_once"] + 64)
    crowd = [
        asyncio.create_task(again_and_again(plan, numbers, which % 2 == 0, told))
        for which in range(plan["at_once"])
    ]
    began_s = time.monotonic()
    while not any(each.done() for each in crowd):
        await asyncio.sleep(TELL_S)
        print(json.dumps({**told, "seconds": time.monotonic() - began_s}), flush=True)
    await asyncio.gather(*crowd)


if __name__ == "__main__":
    asyncio.run(main())
