"""Sessions: what a client keeps to be recognised by a server that it has talked to."""

from __future__ import annotations

from . import native
from .certificates import Holder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


class Session(Holder):
    """A session that a client can resume (RFC 8446 section 2.2), from TLSSocket.session.

    Sockets of equal Configs resume by themselves; this is for programs that keep sessions longer, or
    in a file, or use them on another port of the host. It is used only for the same server name,
    protocols and options; for any other it is passed over, and the handshake is a full one:
    TLSSocket.session_refused says why.
    """

    __slots__ = ()
    _makers = "TLSSocket.session or Session.load"

    @classmethod
    def load(cls, data: Buffer) -> Session:
        """Reads what dump gave. ParseError: it is damaged, or another engine's."""
        return cls._from_handle(native.rfctls_session_from_bytes(data))

    def dump(self) -> bytes:
        """The session as bytes to be saved.

        SECRET: who has them can read the session and pretend to be its client, and who can change
        them can choose the server that is trusted.
        """
        return native.rfctls_session_bytes(self._handle)

    def __repr__(self) -> str:
        return "<rfctls.Session>"
