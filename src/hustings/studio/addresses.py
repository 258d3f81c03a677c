"""This machine's own addresses, as far as a browser elsewhere could reach them; nothing is sent to find them."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
from pathlib import Path
from struct import pack

SIOCGIFADDR = 0x8915  # netdevice(7)
IF_INET6 = Path("/proc/net/if_inet6")


def own() -> list[str]:
    """IPv4 before IPv6, no loopback and no link-local address; loopback alone if there is nothing else."""
    found = dict.fromkeys([*_first_choice(), *_of_interfaces(), *_of_proc()])
    usable = [one for one in found if _is_usable(one)]
    usable.sort(key=lambda one: ":" in one)
    return usable or ["127.0.0.1"]


def _first_choice() -> list[str]:
    """The addresses from which this machine reaches others: a UDP socket that connects asks the routing table."""
    found = []
    for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((outside, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return found


def _of_interfaces() -> list[str]:
    """The first IPv4 address of each interface (Linux)."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe, SIOCGIFADDR, pack("256s", name.encode()[:15]))
            except OSError:
                continue
            found.append(str(ipaddress.IPv4Address(answer[20:24])))
    return found


def _of_proc() -> list[str]:
    """IPv6 addresses (Linux)."""
    try:
        lines = IF_INET6.read_text().splitlines()
    except OSError:
        return []
    return [str(ipaddress.IPv6Address(int(line.split()[0], 16))) for line in lines]


def _is_usable(address: str) -> bool:
    read = ipaddress.ip_address(address)
    return not (read.is_loopback or read.is_link_local or read.is_unspecified or read.is_multicast)
