"""A transport of bytes that the program itself carries."""

from __future__ import annotations

from . import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


class MemoryTransport:
    """What lies below a TLSSocket that has no descriptor: the program feeds what came from the
    peer, and drains what is for it.

        below = rfctls.MemoryTransport()
        sock = rfctls.wrap(below, server_name="example.org", handshake=False)

    for TLS inside TLS, over any event loop, or in any protocol. The socket never waits:
    WantReadError means feed, WantWriteError means drain, then make the same call again.
    """

    __slots__ = ("_handle",)
    _handle: native.Handle

    def __init__(self) -> None:
        self._handle = native.rfctls_raw_memory()

    def feed(self, data: Buffer) -> None:
        """Takes bytes that came from the peer. All are kept until the socket receives them."""
        native.rfctls_raw_feed(self._handle, data)

    def feed_end(self) -> None:
        """The peer sends no more: the end of the transport, not a close_notify."""
        native.rfctls_raw_feed_end(self._handle)

    def drain(self, size: int = 65536) -> bytes | None:
        """Gives at most size bytes that are for the peer, also after the socket's close.

        None: there are none now. b"": there will be none any more.
        """
        return native.rfctls_raw_drain_bytes(self._handle, size)[1]

    def __repr__(self) -> str:
        return "<rfctls.MemoryTransport>"
