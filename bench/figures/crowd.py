"""What a listener costs, and so how many one core holds: our edge and Icecast, the same sound at 48 kbit/s, without and with TLS.

Server and listeners have a core each. The cost is processor time of all the server's processes while the crowd stands
still, at a load that leaves its core room (about half of it: a core that idles wakes up for each request alone, which
costs more than it would in a full one); listeners a core follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.crowd import cell, load, servers, sound
from bench.crowd.cell import Kind
from bench.crowd.servers import Keys, Served
from bench.rows import Figure

STREAMED, STREAMED_TLS = 3000, 1500
"""Icecast lets in about three hundred a second."""

TLS_SHARE = 0.5
"""Of the listeners without TLS: the load core has the other half of each handshake and record."""

NOTE = (
    "One core for the server, one for the listeners, 48 kbit/s of noise as AAC-LC; the pulse is in it, as often "
    "as studio asks so many for it (14 s for 12,000), and beacons. A listener keeps one connection. Median of "
    "three crowds (of three windows of one where a crowd takes long to come)."
)
RAISES = (
    "What would raise each. Whole segments and parts alike: half of a listener's cost is the kernel's (a "
    "wake-up, a read, a write, and on loopback the other end's receiving too), so fewer and larger requests: "
    "whole segments already ask a quarter as often as parts of 0.96 s; a pulse only when it says something "
    "saves a fifth of the requests at 0.96 s. Parts: answering all who are parked with one system call "
    "(io_uring, or a server that is not Python on that road), and kTLS with it over TLS. Of one machine: "
    "workers on more cores; they share nothing. Beyond it: any cache in front, since every answer may be kept."
)
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> Figure:
    figure = Figure("crowd", "Listeners a core, by part number")
    figure.notes += [NOTE, RAISES]
    _edge(figure, folder, None, say, (*cell.KINDS, cell.MOST))
    _icecast(figure, folder, servers.certificate(folder), say, tls=False)
    return figure


def measure_tls(folder: Path, say: Say) -> Figure:
    figure = Figure("crowd_tls", "Listeners a core, by part number, TLS 1.3")
    figure.notes.append(NOTE)
    keys = servers.certificate(folder)
    _edge(figure, folder, keys, say, cell.KINDS)
    _icecast(figure, folder, keys, say, tls=True)
    return figure


def measure_playlists(folder: Path, say: Say) -> Figure:
    """The second column, without TLS, and Varnish in front of the same edge by number."""
    figure = Figure("crowd_playlists", "Listeners a core, by playlist; and behind Varnish")
    figure.notes.append(NOTE)
    figure.notes.append("Behind Varnish: the work of Varnish and edge together, both on one core.")
    data = folder / "data"
    with sound.Feed(data) as feed, servers.edge(data) as served:
        for kind in cell.KINDS:
            say(f"edge, {kind.label}, by playlist")
            label = f"edge, {kind.label}, by playlist"
            feed.listeners = few = kind.listeners * 2 // 3
            cell.listening(
                figure,
                f"edge.{kind.id}.playlist",
                label,
                served,
                kind,
                playlists=True,
                listeners=few,
            )
        with servers.varnish(folder, served.port) as front:
            both = Served(front.port, 0, (*front.pids, *served.pids))
            for kind in (cell.DEFAULT,):
                say(f"Varnish, {kind.label}")
                feed.listeners = 3000
                label = f"Varnish and edge, {kind.label}"
                cell.listening(
                    figure, f"varnish.{kind.id}", label, both, kind, peer=True, listeners=3000
                )
    return figure


def _edge(
    figure: Figure, folder: Path, keys: Keys | None, say: Say, kinds: tuple[Kind, ...]
) -> None:
    data, word = folder / "data", ", TLS" if keys else ""
    with sound.Feed(data) as feed, servers.edge(data, keys) as served:
        for kind in kinds:
            say(f"edge, {kind.label}{word}")
            count = round(kind.listeners * TLS_SHARE) if keys else kind.listeners
            feed.listeners = count
            cell.listening(
                figure,
                f"edge.{kind.id}",
                f"edge, {kind.label}{word}",
                served,
                kind,
                tls=keys is not None,
                listeners=count,
            )


def _icecast(figure: Figure, folder: Path, keys: Keys, say: Say, *, tls: bool) -> None:
    """The same bytes as our edge's; and, without TLS, the same sound in the form that costs Icecast least."""
    count = STREAMED_TLS if tls else STREAMED
    word = ", TLS" if tls else ""
    forms = [("icecast", f"Icecast 2, AAC{word}", False)]
    if not tls:
        forms.append(("icecast_ogg", "Icecast 2, Opus in Ogg pages of a second", True))
    said = sound.adts(sound.units()[1])
    for id, label, pages in forms:
        say(label)
        with servers.icecast(folder, said, keys, pages=pages) as served:
            come = partial(load.readers, served, count, tls)
            cell.measured(figure, id, label, served, count, come, peer=True, crowds=1)
        edge, other = figure.row("edge.plain"), figure.row(id)
        if edge is not None and other is not None:
            times = [one / other.stat("median") for one in edge.samples]
            of = "Icecast's listeners" + (" in Ogg pages" if pages else "")
            figure.add(f"plain_by_{id}", f"edge, whole segments: of {of}", "×", times)
