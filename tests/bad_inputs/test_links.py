"""Links of profiles that mean harm, on one real server: nobody on this machine or its network is asked, and none is proven."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.bad_inputs.test_media import Sender, joins, refused
from tests.bad_inputs.test_portraits import UPDATE, own
from tests.e2e.harness.waiting import until
from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

INSIDE = (
    "https://127.0.0.1:PORT/",
    "https://localhost:PORT/",
    "https://[::1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://0.0.0.0:PORT/",
    "https://2130706433:PORT/",
    "https://0x7f.1:PORT/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25lo]/",
    "https://10.0.0.1/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://user:pass@127.0.0.1/",
    "https://localhost/",
)


@pytest.fixture(scope="module")
def nia(house: House) -> Iterator[Sender]:
    yield from joins(house, "nia")


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    """Whoever connects has been let inside."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.setblocking(False)
        yield one


def waiting(house: House) -> int:
    """Jobs of the lane that asks pages."""
    transport = httpx.HTTPTransport(uds=str(house.folder / "run" / "work.sock"))
    with httpx.Client(transport=transport, base_url="http://work") as http:
        return int(http.get("/healthz").json()["lanes"]["links"]["waiting"])


def says(who: Sender, *values: str) -> Any:
    rows = [{"name": "Web", "value": value} for value in values]
    answer = who.http.patch(UPDATE, json={"fields_attributes": rows})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("at", range(0, len(INSIDE), 4))
def test_nobody_inside_is_asked(house: House, nia: Sender, canary: socket.socket, at: int) -> None:
    port = str(canary.getsockname()[1])
    says(nia, *(one.replace("PORT", port) for one in INSIDE[at : at + 4]))
    until(lambda: waiting(house) == 0, 40, "the pages that are asked")
    assert [one["verified_at"] for one in own(nia)["fields"]] == [None] * 4
    with pytest.raises(BlockingIOError):
        canary.accept()


def test_one_cannot_say_oneself_that_a_link_is_proven(nia: Sender) -> None:
    rows = [{"name": "a", "value": "https://x.invalid", "verified_at": "2020-01-01T00:00:00.000Z"}]
    answer = nia.http.patch(UPDATE, json={"fields_attributes": rows})
    assert answer.json()["fields"][0]["verified_at"] is None


@pytest.mark.parametrize(
    "value",
    ["<script>alert(1)</script>", "javascript:alert(1)", 'https://x.example/"onmouseover="alert(1)', "https://x.example/<b>",
     "data:text/html,<script>", "https://x.example/' rel='me", "a\u202eb https://x.example\u202e"],
)  # fmt: skip
def test_a_line_is_text_everywhere(house: House, nia: Sender, value: str) -> None:
    tree = says(nia, value)
    assert "<script" not in tree["fields"][0]["value"] and "\u202e" not in str(tree["fields"])
    page = httpx.get(f"{house.web}/@nia").text
    assert value not in page or not any(one in value for one in "<\"'")
    assert 'href="javascript' not in page and 'href="data' not in page
    assert "onmouseover=" not in page.replace("&#34;", "").replace("&quot;onmouseover=&quot;", "")


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "a"}] * 5,
        {str(n): {"name": "a"} for n in range(5)},
        [{"name": "a" * 256}],
        [{"value": "https://x.example/" + "a" * 256}],
        [["a", "b"]],
        "https://x.example",
        7,
        {"0": "x"},
    ],
)
def test_tables_that_cannot_be(nia: Sender, rows: Any) -> None:
    before = own(nia)["source"]["fields"]
    answer = nia.http.patch(UPDATE, json={"fields_attributes": rows})
    refused(answer, 422, "preference_malformed")
    assert own(nia)["source"]["fields"] == before


def test_a_megabyte_of_marks_in_a_line(nia: Sender) -> None:
    rows = [{"name": "a" + "\u0301" * 20_000, "value": "b"}]
    answer = nia.http.patch(UPDATE, json={"fields_attributes": rows})
    refused(answer, 422, "preference_malformed")
