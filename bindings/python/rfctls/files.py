"""File objects over a TLSSocket: what its makefile gives."""

from __future__ import annotations

import io

from .errors import StateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from typing_extensions import Buffer

    from .socket import TLSSocket


_BUFFER_MOST = 1 << 30


class SocketFile(io.RawIOBase):
    """Unbuffered bytes of a socket. The socket closes when it and all its files are closed."""

    def __init__(self, sock: TLSSocket, mode: str) -> None:
        self._sock = sock
        self.name = sock.fileno()
        self.mode = mode
        self._timed_out = False
        sock._files += 1

    def readable(self) -> bool:
        """Whether it was made for reading."""
        return not self.closed and "r" in self.mode

    def writable(self) -> bool:
        """Whether it was made for writing."""
        return not self.closed and "w" in self.mode

    def fileno(self) -> int:
        """The socket's descriptor."""
        self._check_open()
        return self._sock.fileno()

    def readinto(self, buffer: Any) -> int | None:
        """Receives into a buffer; 0 is the polite end, None: nothing is there (non-blocking)."""
        self._check_open()
        if self._timed_out:  # what a buffer above had got until then is lost
            raise StateError("cannot go on reading after a timeout")
        try:
            return self._sock.recv_into(buffer)
        except BlockingIOError:
            return None
        except TimeoutError:
            self._timed_out = True
            raise

    def write(self, data: Buffer) -> int | None:
        """Sends as much as goes at once; None: nothing goes (non-blocking)."""
        self._check_open()
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return None

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def close(self) -> None:
        """Closes this file, and the socket if it waited only for that."""
        if not self.closed:
            super().close()
            self._sock._close_file()


def open_file(
    sock: TLSSocket,
    mode: str,
    buffering: int | None,
    encoding: str | None,
    errors: str | None,
    newline: str | None,
) -> IO[Any]:
    """What TLSSocket.makefile does, which says what it is."""
    if not isinstance(mode, str):
        raise TypeError(f"mode must be a str, not {type(mode).__name__}")
    if not set(mode) <= set("rwb"):
        raise ValueError(f"mode must be made of r, w and b, not {mode!r}")
    if buffering is not None and not isinstance(buffering, int):
        raise TypeError(f"buffering must be an int or None, not {type(buffering).__name__}")
    if buffering is not None and buffering > _BUFFER_MOST:
        raise ValueError(f"buffering is out of range: {buffering}")
    reading, writing, binary = "r" in mode or "w" not in mode, "w" in mode, "b" in mode
    raw = SocketFile(sock, "r" * reading + "w" * writing)
    if buffering == 0:
        if not binary:
            raw.close()
            raise ValueError("an unbuffered file must be binary")
        return raw  # type: ignore[return-value]
    size = io.DEFAULT_BUFFER_SIZE if buffering is None or buffering < 0 else buffering
    buffered: Any
    if reading and writing:
        buffered = io.BufferedRWPair(raw, raw, size)
    elif reading:
        buffered = io.BufferedReader(raw, size)
    else:
        buffered = io.BufferedWriter(raw, size)
    if binary:
        return buffered  # type: ignore[no-any-return]
    try:
        text = io.TextIOWrapper(buffered, encoding, errors, newline)
    except LookupError as error:
        raise ValueError(str(error)) from None
    text.mode = mode  # type: ignore[misc]
    return text
