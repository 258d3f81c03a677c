"""`hustings rehearse` as a person meets it: a real process against a real edge, which a tone feeds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
from pathlib import Path

import pytest

from hustings.rehearse import app, consent, plan, target
from hustings.rehearse.plan import parse_address
from hustings.rehearse.target import Target
from hustings.settings import Settings, load
from hustings.wire.errors import Refused
from tests.client.listening import Evening


def environ(data: Path, port: int = 8001, **more: str) -> dict[str, str]:
    own = {
        "HUSTINGS_DATA": str(data),
        "HUSTINGS_LIVE__PORT": str(port),
        "XDG_STATE_HOME": str(data),
    }
    return {**{n: t for n, t in os.environ.items() if not n.startswith("HUSTINGS_")}, **own, **more}


async def rehearse(
    data: Path, port: int, *words: str, interrupt: bool = False
) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hustings", "rehearse", *words,
        cwd=data, env=environ(data, port), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if interrupt:
        assert process.stdout is not None
        await process.stdout.readline()  # the first second has been counted
        process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_rehearsal_and_its_report(tmp_path: Path) -> None:
    evening = Evening(tmp_path)
    url = await evening.open()
    try:
        words = ("--listeners", "12", "--ramp", "1", "--for", "4", "--playlists", "50%")
        code, out, err = await rehearse(
            tmp_path, evening.edge.port, url, *words, "--cores", "2", "--out", "told"
        )
    finally:
        await evening.close()
    assert err == ""
    tree = json.loads((tmp_path / "told" / "report.json").read_text())
    assert tree["faults"] == {}, out
    assert tree["counts"]["joined"] == tree["played"] == 12, out
    assert tree["counts"]["parts"] > 12 * 4
    assert sum(ear["seconds"] for ear in tree["ears"]) > 4
    assert sum(ear["silent"] + ear["drops"] + ear["faults"] for ear in tree["ears"]) == 0
    assert tree["key"]["whose"] == "machine", "no studio runs here"
    assert code == (0 if tree["end"] == "reached" else 1)
    assert "report.html" in out
    code, out, _ = await rehearse(tmp_path, 8001, "--verify", "told/report.html")
    assert (code, "whole" in out) == (3, True)


async def test_ctrl_c_ends_with_what_was_measured(tmp_path: Path) -> None:
    evening = Evening(tmp_path)
    url = await evening.open()
    try:
        words = ("--listeners", "5", "--ramp", "0", "--for", "1h", "--out", "told")
        code, _, err = await rehearse(tmp_path, evening.edge.port, url, *words, interrupt=True)
    finally:
        await evening.close()
    assert (code, err) == (1, "")
    assert json.loads((tmp_path / "told" / "report.json").read_text())["end"] == "stopped"


async def test_no_room_no_rehearsal(tmp_path: Path) -> None:
    evening = Evening(tmp_path)
    url = await evening.open()
    try:
        wrong = url.rpartition("/")[0] + "/another-talk"
        code, _, err = await rehearse(tmp_path, 8001, wrong, "--listeners", "5")
    finally:
        await evening.close()
    assert code == 2
    assert err.startswith("hustings rehearse: room_unknown: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--listeners"),
        (("http://localhost/demo",), "--listeners"),
        (("http://localhost/demo", "--listeners", "0"), "--listeners is 1 to"),
        (("http://localhost/demo", "--listeners", "5", "--for", "9h"), "--for is 1 to"),
        (("localhost", "--listeners", "5"), "is not the link of an event"),
        (("http://localhost:1/demo", "--listeners", "5"), "nobody answers"),
        (("http://no-such-host.invalid/demo", "--listeners", "5"), "there is no host"),
        (("--verify", "nothing.json"), "No such file"),
    ],
)
async def test_a_wrong_call_is_one_line(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    code, out, err = await rehearse(tmp_path, 8001, *words)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


class Far:
    """A server that is not loopback as far as `rehearse` is told; it counts what it is asked."""

    def __init__(self, answer: bytes) -> None:
        self.asked: list[bytes] = []
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._answer)
        writer.close()


class TestConsent:
    def plan(self, port: int) -> plan.Plan:
        return plan.make(f"http://localhost:{port}/demo", 100, "10", "60")

    async def ask(self, answer: bytes, token: str) -> tuple[str, list[bytes]]:
        """The code of the refusal ("" none), and what the far server was asked."""
        far = Far(answer)
        server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
        port = int(server.sockets[0].getsockname()[1])
        wanted = self.plan(port)
        found = Target(wanted.address, "127.0.0.1", local=False)
        text = answer.replace(b"HOST", wanted.address.host.encode())
        far._answer = text
        try:
            await asyncio.to_thread(target.allow, found, wanted, token, 1_795_000_000.0)
        except Refused as refused:
            return refused.code, far.asked
        finally:
            server.close()
        return "", far.asked

    def served(self, text: str, status: str = "200 OK") -> bytes:
        return f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{text}".encode()

    given = consent.write(consent.Consent("HOST", 1_795_009_999, 100, consent.mark("secret")))

    async def test_with_it_one_request_and_then_the_crowd_may_come(self) -> None:
        code, asked = await self.ask(self.served(self.given), "secret")
        assert code == ""
        assert [one.split(b" ")[1] for one in asked] == [b"/rehearsal-consent.txt"]

    @pytest.mark.parametrize(
        ("status", "text", "token", "code"),
        [
            ("200 OK", given, "guess", "rehearsal_token_wrong"),
            ("200 OK", given.replace("HOST", "elsewhere"), "secret", "rehearsal_no_consent"),
            ("404 Not Found", given, "secret", "rehearsal_no_consent"),
            ("302 Found\r\nLocation: http://localhost/", given, "secret", "rehearsal_no_consent"),
            ("200 OK", "<!doctype html>", "secret", "rehearsal_no_consent"),
        ],
    )
    async def test_without_it_no_second_request(
        self, status: str, text: str, token: str, code: str
    ) -> None:
        found, asked = await self.ask(self.served(text, status), token)
        assert (found, len(asked)) == (code, 1)

    async def test_without_a_token_not_even_one(self) -> None:
        found, asked = await self.ask(self.served(self.given), "")
        assert (found, asked) == ("rehearsal_no_token", [])

    async def test_an_answer_without_an_end(self) -> None:
        with pytest.raises(OSError, match="too long"):
            await self.ask(self.served("x" * 200_000), "secret")

    async def test_given_on_the_server_and_served_by_edge(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        evening = Evening(tmp_path)
        await evening.open()
        try:
            settings = self.settings(tmp_path, evening.edge.url)
            assert app.give_consent(settings, "2h", 500) == 0
            token = capsys.readouterr().out.split("--token ")[1].split()[0]
            near = target.resolve(parse_address(f"{evening.edge.url}/demo"))
            answer = await asyncio.to_thread(target.fetch, near, consent.PATH)
            found = consent.read(answer.body.decode())
            assert found is not None
            consent.check(found, near.address.host, token, 500, found.until_s - 7200, 7200)
        finally:
            await evening.close()

    @pytest.mark.parametrize(
        ("hours", "listeners", "fine"),
        [("72h", 1, True), ("73h", 1, False), ("60", 1, True), ("59", 1, False), ("1h", 0, False)],
    )
    def test_it_ends(self, tmp_path: Path, hours: str, listeners: int, fine: bool) -> None:
        settings = self.settings(tmp_path, "http://live.example.org")
        if fine:
            assert app.give_consent(settings, hours, listeners) == 0
            return
        with pytest.raises(ValueError):
            app.give_consent(settings, hours, listeners)

    def settings(self, data: Path, live: str) -> Settings:
        return load(None, {"HUSTINGS_DATA": str(data), "HUSTINGS_PUBLIC__LIVE": live})


class TestTarget:
    def test_loopback_is_every_address_of_the_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def rows(*ips: str) -> list[tuple[object, ...]]:
            return [(2, 1, 6, "", (ip, 80)) for ip in ips]

        for ips, local in ((("10.0.0.9", "127.0.0.1"), False), (("10.0.0.9",), False)):
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, ips=ips, **__: rows(*ips))
            found = target.resolve(parse_address("http://a-name/demo"))
            assert (found.local, found.ip) == (local, "10.0.0.9")

    def test_certificates_are_checked_but_for_loopback(self) -> None:
        assert target.tls_context(local=False).verify_mode is ssl.CERT_REQUIRED
        assert target.tls_context(local=True).verify_mode is ssl.CERT_NONE
