"""The front that `deploy/` ships, in front of edge: Varnish with our VCL, nginx before it for TLS 1.3 and HTTP/2."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.crowd.servers import CORE, Keys, fresh, let_in
from tests.e2e.harness.pulse import stop
from tests.e2e.house import descendants_of
from tests.ports import free_ports

DEPLOY = machine.ROOT / "deploy"
START_S = 60.0
_NGINX = """daemon off; worker_processes 1; pid %(home)s/pid; error_log %(home)s/error.log crit;
worker_rlimit_nofile 16384; events { worker_connections 8192; }
http {
  access_log off; include %(home)s/hustings.conf;
  client_body_temp_path %(home)s/1; proxy_temp_path %(home)s/2; fastcgi_temp_path %(home)s/3;
  uwsgi_temp_path %(home)s/4; scgi_temp_path %(home)s/5;
}
"""


@dataclass(frozen=True)
class Front:
    """`port` is Varnish; `tls` is nginx before it."""

    port: int
    tls: int
    pids: tuple[int, ...]

    def memory_mb(self) -> float:
        family = {*self.pids, *(child for pid in self.pids for child in descendants_of(pid))}
        return sum(machine.pss_mb(pid) for pid in family)


@contextlib.contextmanager
def front(folder: Path, edge: int, keys: Keys) -> Iterator[Front]:
    """Until the end of the block, on the server's core. Errors: `TimeoutError`."""
    port, tls = free_ports(2)
    home = fresh(folder / "front")
    let_in(folder)
    vcl = (DEPLOY / "varnish/hustings.vcl").read_text()
    (home / "hustings.vcl").write_text(_put(vcl, '"8001"', f'"{edge}"'))
    words = (DEPLOY / "nginx/hustings.conf").read_text()
    for word, instead in (
        ("listen 443 ", f"listen 127.0.0.1:{tls} "),
        ("127.0.0.1:6081", f"127.0.0.1:{port}"),
        ("ssl_certificate /etc/ssl/hustings/live.example.org.pem", f"ssl_certificate {keys.cert}"),
        ("_key /etc/ssl/hustings/live.example.org.pem", f"_key {keys.key}"),
    ):
        words = _put(words, word, instead)
    (home / "hustings.conf").write_text(words)
    (home / "nginx.conf").write_text(_NGINX % {"home": home})
    varnish = [
        "varnishd",
        "-j",
        "none",
        "-F",
        "-n",
        str(home / "work"),
        "-f",
        str(home / "hustings.vcl"),
    ]
    varnish += ["-a", f"127.0.0.1:{port}", "-s", "malloc,256m"]
    varnish += [word for setting in settings(vcl) for word in ("-p", setting)]
    nginx = [
        "nginx",
        "-p",
        str(home),
        "-c",
        str(home / "nginx.conf"),
        "-e",
        str(home / "error.log"),
    ]
    with _running(varnish, home, port) as one, _running(nginx, home, tls) as other:
        yield Front(port, tls, (one, other))


def settings(vcl: str) -> list[str]:
    """The `-p` of the command that the VCL's own head tells its reader to start Varnish with."""
    head = vcl[: vcl.index("import std")].split()
    return [after for word, after in itertools.pairwise(head) if word == "-p"]


def _put(text: str, word: str, instead: str) -> str:
    if word not in text:
        raise RuntimeError(f"the recipe has no {word}")
    return text.replace(word, instead)


@contextlib.contextmanager
def _running(command: Sequence[str], home: Path, port: int) -> Iterator[int]:
    path = home / f"{command[0]}.log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", str(CORE), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # as a service has it, and so a place of its own in the queue for the core
        )
    try:
        until_s = time.monotonic() + START_S
        while not _open(port):
            if process.poll() is not None or time.monotonic() > until_s:
                raise TimeoutError(f"{command[0]}: {path.read_text(errors='replace')[-400:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        stop(process)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
