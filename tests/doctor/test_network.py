"""What the doctor sees of ports, addresses and HTTPS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from hustings import settings
from hustings.doctor import network


def _tree(**public: str) -> settings.Settings:
    tree = settings.load()
    return replace(
        tree,
        public=replace(tree.public, **public),
        web=replace(tree.web, port=0),
        live=replace(tree.live, port=0),
        stage=replace(tree.stage, port=0),
    )


@contextmanager
def _listener(answer: bytes) -> Iterator[int]:
    """Answers one request on a port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.recv(1024)
                link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _port(tree: settings.Settings, port: int) -> settings.Settings:
    return replace(tree, live=replace(tree.live, port=port))


def test_ports_free_ours_and_somebody_elses() -> None:
    assert [f.grade for f in network.ports(_tree())] == ["ok"] * 3
    with _listener(b'HTTP/1.1 200 OK\r\n\r\n{"ok": true}') as port:
        assert network.ports(_port(_tree(), port))[1].found == "Hustings is running there"
    with _listener(b"HTTP/1.1 404 Not Found\r\n\r\n") as port:
        finding = network.ports(_port(_tree(), port))[1]
    assert finding.grade == "fail" and "[live]" in finding.advice


def test_udp_to_oneself() -> None:
    ok = network.udp(_tree(), ["127.0.0.1"])
    assert (ok.grade, ok.name) == ("ok", "voice over UDP, port 8002")
    finding = network.udp(_tree(), ["127.0.0.1", "192.0.2.77"])
    assert finding.grade == "fail" and "192.0.2.77" in finding.found
    assert network.udp(_tree(), []).grade == "warn"


def test_voices_by_tcp() -> None:
    def finding(port: int, stage_port: int = 0) -> tuple[str, str]:
        tree = _tree()
        tree = replace(tree, stage=replace(tree.stage, voice_port=port, port=stage_port))
        found = network.voices_by_tcp(tree)
        return found.grade, found.found

    assert finding(0) == ("warn", "no port")
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        assert finding(port)[0] == "fail"
        with _listener(b'HTTP/1.1 200 OK\r\n\r\n{"ok": true}') as stage_port:
            assert finding(port, stage_port) == ("ok", "Hustings is running there")
    assert finding(port) == ("ok", "free")


def test_microphones_need_https_off_localhost() -> None:
    assert network.https(_tree()).grade == "ok"
    assert network.https(_tree(stage="https://stage.example.org")).grade == "ok"
    finding = network.https(_tree(stage="http://stage.example.org"))
    assert finding.grade == "fail"
    assert "--tls-cert" in finding.advice and "deploy/caddy" in finding.advice


def test_certificate_files_that_are_not_there() -> None:
    tree = replace(_tree(stage="https://localhost:1"), tls=settings.Tls("/no/c.pem", "/no/k.pem"))
    assert network.https(tree).found == "there is no file /no/c.pem"


@pytest.mark.parametrize(
    ("addresses", "container", "grade"),
    [
        (["198.51.100.9"], False, "warn"),  # not globally reachable (RFC 5737)
        (["10.0.0.2"], False, "warn"),
        (["10.0.0.2"], True, "warn"),
        (["8.8.8.8"], False, "ok"),
        (["8.8.8.8"], True, "warn"),
    ],
)
def test_addresses_offered_to_browsers(addresses: list[str], container: bool, grade: str) -> None:
    tree = _tree(stage="https://stage.example.org")
    finding = network.announced(tree, addresses, lambda mark: container)
    assert finding.grade == grade
    if grade == "warn":
        assert "announced_addresses" in finding.advice


def test_named_addresses_are_addresses() -> None:
    def named(*addresses: str) -> settings.Settings:
        tree = _tree(stage="https://stage.example.org")
        return replace(tree, studio=replace(tree.studio, announced_addresses=addresses))

    assert network.announced(named("203.0.113.7", "2001:db8::7"), []).grade == "ok"
    assert network.announced(named("stage.example.org"), []).grade == "fail"


def test_localhost_needs_no_announced_address() -> None:
    assert network.announced(_tree(), ["10.0.0.2"], lambda mark: True).grade == "ok"


def test_three_hosts() -> None:
    assert network.stage_not_behind_cdn(_tree()).grade == "ok"
    same = _tree(live="https://example.org", stage="https://example.org")
    assert network.stage_not_behind_cdn(same).grade == "fail"
    mixed = _tree(live="https://live.example.org", stage="http://stage.example.org")
    assert network.stage_not_behind_cdn(mixed).grade == "warn"


def test_listening_on_loopback_for_a_public_name() -> None:
    assert network.binds(_tree()).grade == "ok"
    finding = network.binds(_tree(live="https://live.example.org"))
    assert finding.grade == "warn" and finding.found.startswith("live:")
