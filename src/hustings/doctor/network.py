"""Ports, UDP, addresses, HTTPS."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from hustings import preflight
from hustings.doctor.finding import Finding
from hustings.settings import Settings

PATIENCE_S = 0.5
LOCAL = ("localhost", "127.0.0.1", "::1")
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


def ports(settings: Settings) -> list[Finding]:
    """Each public port: free, ours already, or somebody else's."""
    findings = []
    for _, section, bind, port in preflight.listeners(settings):
        name = f"port {port} ({section})"
        trouble = preflight.port_trouble(bind, port)
        if not trouble:
            findings.append(Finding(name, "ok", f"free on {bind}"))
        elif "taken" in trouble and _is_ours(preflight.near(bind), port):
            findings.append(Finding(name, "ok", "Hustings is running there"))
        else:
            advice = f"choose another: `port` under [{section}]"
            findings.append(Finding(name, "fail", trouble, advice))
    return findings


def own_addresses() -> list[str]:
    """The addresses from which this machine reaches others; nothing is sent to find them."""
    found = []
    for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((outside, 9))
                found.append(str(probe.getsockname()[0]))
            except OSError:
                continue
    return found


def udp(settings: Settings, addresses: list[str]) -> Finding:
    """A datagram to oneself on every address: the road that voices take, as far as this machine can see it."""
    failed = [address for address in addresses if not _echo(address)]
    port = settings.studio.udp_port
    name = f"voice over UDP, port {port}" if port else "voice over UDP, any free port"
    if not addresses:
        return Finding(
            name, "warn", "no address but loopback", "speakers on other machines can't join"
        )
    if failed:
        advice = f"open UDP port {port} in this machine's own firewall"
        return Finding(name, "fail", f"no datagram comes back on {', '.join(failed)}", advice)
    advice = "a firewall in front must let it in (this can't be seen from here)"
    return Finding(name, "ok", f"datagrams come back on {', '.join(addresses)}", advice)


def voices_by_tcp(settings: Settings) -> Finding:
    """The port for speakers whose own network lets no UDP through."""
    port = settings.stage.voice_port
    if not port:
        advice = "set `voice_port` under [stage]: speakers whose network blocks UDP need it"
        return Finding("voice over TCP", "warn", "no port", advice)
    name = f"voice over TCP, port {port}"
    trouble = preflight.port_trouble("0.0.0.0", port)
    if not trouble:
        advice = "a firewall in front must let it in (this can't be seen from here)"
        return Finding(name, "ok", "free", advice)
    if "taken" in trouble and _is_ours(preflight.near(settings.stage.bind), settings.stage.port):
        return Finding(name, "ok", "Hustings is running there")
    return Finding(name, "fail", trouble, "choose another: `voice_port` under [stage]")


def announced(
    settings: Settings, addresses: list[str], exists: Callable[[str], bool] | None = None
) -> Finding:
    """Whether browsers elsewhere are offered an address that they can reach."""
    name = "announced addresses"
    exists = exists or (lambda path: Path(path).exists())
    named = settings.studio.announced_addresses
    wrong = [address for address in named if not _is_address(address)]
    if wrong:
        return Finding(
            name,
            "fail",
            f"not IP addresses: {', '.join(wrong)}",
            "fix `studio.announced_addresses`",
        )
    if named:
        return Finding(name, "ok", ", ".join(named))
    if not _public_use(settings):
        return Finding(name, "ok", "this machine's own; everything here is on localhost")
    how = 'name the public one: announced_addresses = ["203.0.113.7"] under [studio]'
    if any(exists(mark) for mark in CONTAINER_MARKS):
        return Finding(
            name, "warn", "in a container, none named", f"{how}, or give it the host's network"
        )
    if addresses and all(ipaddress.ip_address(address).is_private for address in addresses):
        found = f"only private ones ({', '.join(addresses)}), so behind NAT"
        return Finding(name, "warn", found, how + ", unless all speakers are on this network")
    return Finding(name, "ok", f"this machine's own ({', '.join(addresses) or 'none'})")


def https(settings: Settings) -> Finding:
    """Browsers open a microphone on https:// and on localhost only."""
    name = "microphone pages"
    stage = urlsplit(settings.public.stage)
    if stage.scheme == "https":
        missing = [p for p in (settings.tls.cert, settings.tls.key) if p and not Path(p).is_file()]
        if missing:
            return Finding(name, "fail", f"there is no file {missing[0]}", "fix [tls]")
        return Finding(name, "ok", "the stage host speaks https")
    if stage.hostname in LOCAL:
        advice = "for speakers elsewhere: --tls-cert/--tls-key, or Caddy in front (deploy/caddy)"
        return Finding(name, "ok", "localhost needs no https", advice)
    advice = (
        "set --tls-cert/--tls-key, or put Caddy in front (deploy/caddy) and https:// in [public]"
    )
    return Finding(
        name, "fail", f"{settings.public.stage} is not https: no browser opens a microphone", advice
    )


def stage_not_behind_cdn(settings: Settings) -> Finding:
    """Three hosts by design: a flood of listeners must not keep a host off the air."""
    name = "three hosts"
    public = settings.public
    if len({public.web, public.live, public.stage}) < 3:
        return Finding(
            name, "fail", "two of [public] are the same address", "give each host its own"
        )
    if public.stage.startswith("http://") and public.live.startswith("https://"):
        return Finding(
            name, "warn", "live is https, stage is not", "browsers block the stage's calls from it"
        )
    return Finding(
        name,
        "ok",
        "web, live and stage stand apart",
        "a CDN may stand before live; never before stage",
    )


def fronts(settings: Settings) -> Finding:
    """What no process of ours does for itself: HTTP/2, caps on connections, limits before a request is parsed."""
    name = "fronts"
    bare, nameless = [], []
    for _, section, bind, _ in preflight.listeners(settings):
        if urlsplit(getattr(settings.public, section)).hostname in LOCAL:
            continue
        if bind not in LOCAL:
            bare.append(section)
        elif section != "live" and not getattr(settings, section).forwarded_header:
            nameless.append(section)
    if nameless:
        advice = 'name the header that the proxy sets: forwarded_header = "X-Forwarded-For" there'
        found = f"{', '.join(nameless)}: behind a proxy all clients share one limit"
        return Finding(name, "warn", found, advice)
    if bare:
        advice = "put Caddy (deploy/caddy) or Varnish (deploy/varnish) in front, and load deploy/nftables/hustings.nft"
        found = f"{', '.join(bare)}: open to the network, nothing caps connections"
        return Finding(name, "warn", found, advice)
    return Finding(name, "ok", "what is public stands behind a proxy, or nothing is public")


def binds(settings: Settings) -> Finding:
    """Listening on loopback only while public addresses are elsewhere works behind a proxy on this machine, and only there."""
    name = "listening on"
    away = [
        section
        for _, section, bind, _ in preflight.listeners(settings)
        if preflight.near(bind) == bind
        and bind in LOCAL
        and urlsplit(getattr(settings.public, section)).hostname not in LOCAL
    ]
    if not away:
        return Finding(
            name, "ok", ", ".join(f"{b}:{p}" for _, _, b, p in preflight.listeners(settings))
        )
    advice = 'right behind a proxy on this machine; else bind = "0.0.0.0" in these sections'
    return Finding(name, "warn", f"{', '.join(away)}: loopback only, for a public address", advice)


def _public_use(settings: Settings) -> bool:
    return urlsplit(settings.public.stage).hostname not in LOCAL


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _echo(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        socket.socket(family, socket.SOCK_DGRAM) as one,
        socket.socket(family, socket.SOCK_DGRAM) as two,
    ):
        try:
            one.bind((address, 0))
            two.settimeout(PATIENCE_S)
            two.bind((address, 0))
            one.sendto(b"hustings", two.getsockname())
            return two.recv(16) == b"hustings"
        except OSError:
            return False


def _is_ours(host: str, port: int) -> bool:
    """Whether something there answers `/healthz` the way we do; over TLS a greeting is all that is asked."""
    try:
        with socket.create_connection((host, port), PATIENCE_S) as link:
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = link.recv(4096)
            while b'"ok"' not in answer and len(answer) < 65_536 and (more := link.recv(4096)):
                answer += more
            return b'"ok"' in answer
    except OSError:
        return False
