"""Who is measured: our edge, and Varnish, nginx and Icecast from Debian, each on one core and on loopback."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import machine
from tests.e2e.harness.pulse import stop
from tests.e2e.house import descendants_of
from tests.ports import free_ports

CORE, LOAD_CORE = 0, 1
CONNECTIONS = 60_000
_VCL = """vcl 4.1;
backend edge { .host = "127.0.0.1"; .port = "%d"; .max_connections = 5000; }
sub vcl_recv {
  unset req.http.Cookie;
  if (req.url !~ "_HLS_") { set req.url = regsub(req.url, "\\?.*$", ""); }
  if (req.method == "GET" || req.method == "HEAD") { return (hash); }
}
sub vcl_backend_response { set beresp.grace = 1s; }
"""
_NGINX = """daemon off; worker_processes 1; pid %(home)s/pid; error_log %(home)s/error.log;
worker_rlimit_nofile %(files)d;
events { worker_connections %(connections)d; multi_accept on; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000;
  open_file_cache max=1000 inactive=60s; gzip_static on;
  types { audio/mp4 m4s mp4; text/html html; text/javascript js; application/json json; application/vnd.apple.mpegurl m3u8; }
  client_body_temp_path %(home)s/1; proxy_temp_path %(home)s/2; fastcgi_temp_path %(home)s/3;
  uwsgi_temp_path %(home)s/4; scgi_temp_path %(home)s/5;
  ssl_certificate %(cert)s; ssl_certificate_key %(key)s; ssl_protocols TLSv1.3; ssl_session_tickets on;
  server { listen 127.0.0.1:%(port)d backlog=4096 reuseport; listen 127.0.0.1:%(tls)d ssl backlog=4096 reuseport; root %(root)s; }
}
"""
_ICECAST = """<icecast>
 <limits><clients>%(clients)d</clients><sources>2</sources><queue-size>524288</queue-size>
  <client-timeout>30</client-timeout><header-timeout>15</header-timeout><source-timeout>10</source-timeout>
  <burst-on-connect>0</burst-on-connect><burst-size>0</burst-size></limits>
 <authentication><source-password>bench</source-password><admin-user>a</admin-user><admin-password>bench</admin-password></authentication>
 <hostname>localhost</hostname>
 <listen-socket><port>%(port)d</port><bind-address>127.0.0.1</bind-address></listen-socket>
 <listen-socket><port>%(tls)d</port><bind-address>127.0.0.1</bind-address><ssl>1</ssl></listen-socket>
 <paths><basedir>%(home)s</basedir><logdir>%(home)s</logdir><webroot>%(home)s</webroot><adminroot>%(home)s</adminroot>
  <ssl-certificate>%(pem)s</ssl-certificate></paths>
 <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>
 <security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>
"""


@dataclass(frozen=True)
class Served:
    """`pids` are all the processes whose work counts; `tls` is 0 where there is none."""

    port: int
    tls: int
    pids: tuple[int, ...]

    def cpu_s(self) -> float:
        return sum(machine.cpu_s(pid) for pid in self.pids)

    def family(self) -> Served:
        """With the processes that have come since."""
        return Served(
            self.port,
            self.tls,
            tuple(
                dict.fromkeys([*self.pids, *(p for pid in self.pids for p in descendants_of(pid))])
            ),
        )


@dataclass(frozen=True)
class Keys:
    cert: Path
    key: Path
    pem: Path


def certificate(folder: Path) -> Keys:
    """P-256, as certificates are today."""
    keys = Keys(folder / "cert.pem", folder / "key.pem", folder / "both.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-keyout", keys.key, "-out", keys.cert],
        check=True, capture_output=True,
    )  # fmt: skip
    keys.pem.write_bytes(keys.cert.read_bytes() + keys.key.read_bytes())
    keys.pem.chmod(0o644)
    return keys


@contextlib.contextmanager
def edge(folder: Path, keys: Keys | None = None, workers: int = 1) -> Iterator[Served]:
    """`hustings edge` alone on the data folder of a `sound.Feed`."""
    [port] = free_ports(1)
    own = {
        "HUSTINGS_DATA": str(folder),
        "HUSTINGS_LIVE__PORT": str(port),
        "HUSTINGS_LIVE__WORKERS": str(workers),
        "HUSTINGS_LIVE__CONNECTIONS_MAX": str(CONNECTIONS),
    }
    if keys is not None:
        own |= {"HUSTINGS_TLS__CERT": str(keys.cert), "HUSTINGS_TLS__KEY": str(keys.key)}
    with running([sys.executable, "-m", "hustings", "edge"], port, own) as pid:
        yield Served(0 if keys else port, port if keys else 0, (pid,)).family()


@contextlib.contextmanager
def varnish(folder: Path, behind: int) -> Iterator[Served]:
    """In front of a server on that port."""
    [port] = free_ports(1)
    home = fresh(folder / "varnish")
    let_in(folder)
    (home / "edge.vcl").write_text(_VCL % behind)
    command = [
        "varnishd",
        "-F",
        "-n",
        str(home / "work"),
        "-f",
        str(home / "edge.vcl"),
        "-s",
        "malloc,256m",
    ]
    command += [
        "-a",
        f"127.0.0.1:{port}",
        "-p",
        "thread_pool_min=200",
        "-p",
        "thread_pool_max=2000",
    ]
    command += ["-p", "listen_depth=4096", "-p", "timeout_idle=65"]
    with running(command, port, {}) as pid:
        yield Served(port, 0, (pid,)).family()


@contextlib.contextmanager
def nginx(folder: Path, root: Path, keys: Keys) -> Iterator[Served]:
    """Serving the files under `root`."""
    port, tls = free_ports(2)
    home = fresh(folder / "nginx")
    words = {
        "home": home,
        "port": port,
        "tls": tls,
        "root": root,
        "cert": keys.cert,
        "key": keys.key,
    }
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    words |= {"connections": min(files, CONNECTIONS), "files": files}
    (home / "nginx.conf").write_text(_NGINX % words)
    command = [
        "nginx",
        "-p",
        str(home),
        "-c",
        str(home / "nginx.conf"),
        "-e",
        str(home / "error.log"),
    ]
    let_in(folder)
    with running(command, port, {}) as pid:
        yield Served(port, tls, (pid,)).family()


_ADTS = ("-content_type", "audio/aac", "-f", "adts")
_PAGES = ("-page_duration", "1000000", "-content_type", "application/ogg", "-f", "ogg")


@contextlib.contextmanager
def icecast(folder: Path, said: bytes, keys: Keys, *, pages: bool = False) -> Iterator[Served]:
    """Streaming `said` (ADTS) in a loop at its own pace, on `/live`; with `pages` as Opus, in Ogg pages of a second.

    Icecast writes to each listener once for a block of 1,400 bytes, or for a page: pages of a second are the least work.
    """
    port, tls = free_ports(2)
    home = fresh(folder / "icecast")
    (home / "said.aac").write_bytes(said)
    spoken = _as_pages(home / "said.aac") if pages else home / "said.aac"
    words = {"home": home, "port": port, "tls": tls, "pem": keys.pem, "clients": CONNECTIONS}
    (home / "icecast.xml").write_text(_ICECAST % words)
    shutil.chown(home, "nobody", "nogroup")
    let_in(folder)
    with running(["icecast2", "-c", str(home / "icecast.xml")], port, {}) as pid:
        source = [
            "ffmpeg",
            "-nostdin",
            "-loglevel",
            "error",
            "-re",
            "-stream_loop",
            "-1",
            "-i",
            str(spoken),
        ]
        form = _PAGES if pages else _ADTS
        source += ["-c", "copy", *form, f"icecast://source:bench@127.0.0.1:{port}/live"]
        speaker = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), *source])
        try:
            _until_streaming(port)
            yield Served(port, tls, (pid,)).family()
        finally:
            stop(speaker)


def _as_pages(said: Path) -> Path:
    """The same sound at the same bit rate as Opus in Ogg."""
    pages = said.with_suffix(".ogg")
    opus = ["-c:a", "libopus", "-b:a", "48k", "-vbr", "off", "-page_duration", "1000000"]
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-stream_loop", "5", "-i", said, *opus, pages], check=True
    )
    return pages


@contextlib.contextmanager
def running(command: Sequence[str], port: int, own: dict[str, str]) -> Iterator[int]:
    """A server pinned to its core until the end of the block. Errors: `TimeoutError` when its port stays shut."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("HUSTINGS_")}
    process = subprocess.Popen(
        ["taskset", "-c", str(CORE), *command], env={**clean, **own}, stdin=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while not _open(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise TimeoutError(f"{command[0]} does not listen")
            time.sleep(0.05)
        time.sleep(0.5)
        yield process.pid
    finally:
        stop(process)


def let_in(folder: Path) -> None:
    """The peers run as users of their own, who must be able to read what is made for them."""
    for path in (folder, folder.parent):
        with contextlib.suppress(PermissionError):
            path.chmod(path.stat().st_mode | 0o055)


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until_streaming(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.stream("GET", f"http://127.0.0.1:{port}/live", timeout=2) as answer,
        ):
            if answer.status_code == 200 and next(answer.iter_raw()):
                return
        time.sleep(0.2)
    raise TimeoutError("Icecast streams nothing")
