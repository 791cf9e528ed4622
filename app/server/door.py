"""Who comes in: the name that a request calls this server by, and whether it comes from this machine's own people.

A page of another site can give its own name the address 127.0.0.1 (DNS rebinding); its scripts then talk to whatever
listens here, with an Origin that is equal to their Host. So where the app listens on a loopback address, it answers to
loopback names alone, and to those of the setting `hosts`. Where it listens beyond, names are checked if `hosts` is set.

Headers that say what a proxy was asked for (X-Forwarded-Host) count only where they come from an address of the setting
`proxies`. That a request was forwarded at all is always believed: it never makes a caller one of this machine's own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Scope

FORWARDED = {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
REFUSED = "this server does not answer to that name: ask for localhost, or add the name to SONOFORM_HOSTS"


@dataclass(frozen=True)
class Door:
    """address: where the server listens, "" for everywhere; hosts: names that it answers to beside loopback's, "*.x"
    for all below x; proxies: addresses or networks whose X-Forwarded-Host counts."""

    address: str
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether only programs of this machine reach the server."""
        return is_loopback(self.address)

    def seen(self, scope: Scope) -> Scope:
        """A request as its proxy was asked for it, where a named proxy forwards it."""
        asked = next((value for name, value in scope["headers"] if name == b"x-forwarded-host"), None)
        if asked is None or not self._is_proxy(scope):
            return scope
        others = [pair for pair in scope["headers"] if pair[0] != b"host"]
        return {**scope, "headers": [(b"host", asked.partition(b",")[0].strip()), *others]}

    def admits(self, scope: Scope) -> bool:
        """Whether the name that a request calls the server by is one of its own."""
        if not self.is_private and not self.hosts:
            return True
        names = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        host = host_of(names[0]) if len(names) == 1 else None
        return host is not None and (is_loopback(host) or host == self.address.lower() or self._is_named(host))

    def is_home(self, headers: Iterable[str]) -> bool:
        """Whether a request with these headers comes from this machine's own people, who may name its folders."""
        return self.is_private and not FORWARDED & {name.lower() for name in headers}

    def _is_named(self, host: str) -> bool:
        names = [_plain(name) for name in self.hosts]
        return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in names)

    def _is_proxy(self, scope: Scope) -> bool:
        peer = _address(scope["client"][0]) if scope.get("client") else None
        return peer is not None and any(peer in ipaddress.ip_network(proxy, strict=False) for proxy in self.proxies)


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own, which no other machine reaches."""
    address = _address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def host_of(header: str) -> str | None:
    """The name in a Host header, without its port; None where it is none."""
    name, colon, port = header.rpartition(":")
    if not colon or header.endswith("]"):
        name, port = header, "0"
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    elif ":" in name:
        return None
    spoken = bool(name) and all(c.isascii() and (c.isalnum() or c in ".-_:") for c in name)
    return _plain(name) if spoken and port.isdecimal() else None


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:  # a name
        return None
    return getattr(found, "ipv4_mapped", None) or found
