"""Addresses as the socket module writes them."""

from __future__ import annotations

from . import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Address: TypeAlias = Any  # as of socket.socket; it depends on the family


def socket_address(handle: native.Handle) -> Address:
    """(ip, port), for IPv6 (ip, port, 0, scope), for a Unix-domain socket its path."""
    ip, port = native.rfctls_address_ip(handle), native.rfctls_address_port(handle)
    if native.rfctls_address_family(handle) == native.RFCTLS_FAMILY_IPV6:
        ip, _, scope = ip.partition("%")
        return ip, port, 0, _scope(scope)
    return (ip, port) if ip else native.rfctls_address_host(handle)


def _scope(name: str) -> int:
    """The number of a link-local address' interface; 0 of other addresses."""
    if not name or name.isdigit():
        return int(name or 0)
    from socket import if_nametoindex

    return if_nametoindex(name)
