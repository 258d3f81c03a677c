"""What a core answers when it is full: requests of each kind, and whole joins (page, script, init section, first part).

wrk on the other core asks as fast as it is answered. nginx serves the same bytes as files; Varnish stands in front of the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from bench.crowd import load, servers, sound
from bench.crowd.servers import Keys, Served
from bench.rows import Figure
from hustings.rehearse import listing

RUNS = 3
SECONDS = 3
ROOM = "crowd"
JOIN_STEPS = 4
CONNECTIONS = 64
RAISES = (
    "What would raise each. Requests: they are answered in Python, one call each; nginx's way (no call, the "
    "file's bytes by sendfile) is what the difference on segments is. Joins: a connection costs as much as two"
    " requests, so HTTP/2 or keeping it through the page (a browser does); fewer files in the way in. Behind "
    "Varnish: edge answers each object once a second, the rest is Varnish's, on a core of its own."
)
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> Figure:
    figure = Figure("requests", "Requests and joins a core, when it is full")
    figure.notes.append(RAISES)
    figure.notes.append(
        "Requests a second, by the processor time that the server spent on them; a join is page, script, init section "
        "and first part on a connection of its own, with a handshake of its own."
    )
    keys = servers.certificate(folder)
    data = folder / "data"
    with sound.Feed(data) as feed:
        with servers.edge(data) as served:
            files = _files(served, feed.script)
            _copied(folder / "files", served, files)
            _hammered(figure, folder, "edge", "edge", served, files, say)
            with servers.varnish(folder, served.port) as front:
                both = Served(front.port, 0, (*front.pids, *served.pids))
                _hammered(
                    figure, folder, "varnish", "Varnish and edge", both, files, say, peer=True
                )
        with servers.nginx(folder, folder / "files", keys) as other:
            _hammered(figure, folder, "nginx", "nginx", other, files, say, peer=True)
    _ratio(figure, "edge", "nginx")
    return figure


def measure_tls(folder: Path, say: Say) -> Figure:
    figure = Figure("requests_tls", "Requests and joins a core, when it is full, TLS 1.3")
    keys: Keys = servers.certificate(folder)
    data = folder / "data"
    with sound.Feed(data) as feed:
        with servers.edge(data) as served:
            files = _files(served, feed.script)
            _copied(folder / "files", served, files)
        with servers.edge(data, keys) as served:
            _hammered(figure, folder, "edge", "edge, TLS", served, files, say, tls=True)
        with servers.nginx(folder, folder / "files", keys) as other:
            _hammered(figure, folder, "nginx", "nginx, TLS", other, files, say, tls=True, peer=True)
    _ratio(figure, "edge", "nginx")
    return figure


def _files(served: Served, script: str) -> dict[str, str]:
    """The address of each kind of object, of sound that stays there for a minute."""
    at = f"http://127.0.0.1:{served.port}/live/{ROOM}/aac"
    found = listing.read(httpx.get(f"{at}/live.m3u8").text)
    newest = next(piece for piece in reversed(found.pieces) if piece.part is not None)
    path = f"/live/{ROOM}/aac"
    return {
        "part": f"{path}/{newest.name}",
        "segment": f"{path}/s{newest.msn - 1}.m4s",
        "init": f"{path}/{found.init}",
        "playlist": f"{path}/live.m3u8",
        "pulse": f"/live/{ROOM}/pulse.json",
        "page": f"/{ROOM}",
        "script": script,
    }


def _copied(root: Path, served: Served, files: dict[str, str]) -> None:
    """The same bytes as files, text with its gzip beside it."""
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}") as http:
        for path in files.values():
            target = root / path[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            answer = http.get(path)
            target.write_bytes(answer.content)
            with http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as raw:
                if raw.headers.get("content-encoding") == "gzip":
                    target.with_name(target.name + ".gz").write_bytes(b"".join(raw.iter_raw()))


def _hammered(
    figure: Figure,
    folder: Path,
    id: str,
    label: str,
    served: Served,
    files: dict[str, str],
    say: Say,
    *,
    tls: bool = False,
    peer: bool = False,
) -> None:
    kinds = ("part", "segment", "playlist", "pulse")
    for kind in kinds:
        if id == "nginx" and kind not in ("part", "segment"):
            continue  # as a file it is nothing that changes
        say(f"{label}: {kind}")
        found = [
            load.hammer(served.family(), files[kind], tls=tls, seconds=SECONDS) for _ in range(RUNS)
        ]
        _told(figure, f"{id}.{kind}", f"{label}: {kind}", "requests/s a core", found, 1, peer)
    say(f"{label}: joins")
    script = folder / "join.lua"
    script.write_text(_join_script([files[step] for step in ("page", "script", "init", "part")]))
    found = [
        load.hammer(
            served.family(),
            "/",
            tls=tls,
            seconds=SECONDS,
            script=str(script),
            connections=CONNECTIONS,
        )
        for _ in range(RUNS)
    ]
    _told(figure, f"{id}.joins", f"{label}: whole joins", "joins/s a core", found, JOIN_STEPS, peer)


def _join_script(paths: list[str]) -> str:
    """For wrk: each connection asks for these in turn, and the last time for its end."""
    listed = ", ".join(f'"{path}"' for path in paths)
    return (
        f"local paths = {{{listed}}}\nlocal at = 0\n"
        "request = function()\n  at = at % #paths + 1\n"
        '  wrk.headers["Connection"] = at == #paths and "close" or nil\n'
        "  return wrk.format('GET', paths[at])\nend\n"
    )


def _told(
    figure: Figure,
    id: str,
    label: str,
    unit: str,
    found: list[load.Hammered],
    steps: int,
    peer: bool,
) -> None:
    last = found[-1]
    note = f"{last.per_second / steps:,.0f}/s came, {last.cores:.2f} of the core"
    errors = sum(one.errors for one in found)
    note += f", {errors} errors" if errors else ""
    figure.add(id, label, unit, [one.per_core / steps for one in found], peer=peer, note=note)


def _ratio(figure: Figure, ours: str, theirs: str) -> None:
    for kind in ("part", "segment"):
        one, other = figure.row(f"{ours}.{kind}"), figure.row(f"{theirs}.{kind}")
        if one is not None and other is not None:
            middle = other.stat("median")
            of = [sample / middle for sample in one.samples]
            figure.add(f"{kind}_by_nginx", f"edge: of nginx's requests a core, {kind}", "×", of)
