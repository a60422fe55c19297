"""File objects over a TLSSocket: what its makefile gives."""

from __future__ import annotations

import functools
import io
from _thread import RLock

from .errors import Error, StateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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
        self.above = 0  # methods of a file above that will raise the failure
        self.failure: Error | None = None
        self.reading = RLock()  # held by the thread whose these two are
        sock._open_file()

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
        if self._timed_out:  # what a buffer above had got until then is given away
            raise StateError("cannot go on reading after a timeout")
        try:
            return self._sock.recv_into(buffer)
        except BlockingIOError:
            return None
        except Error as error:
            self._timed_out = isinstance(error, TimeoutError)
            if not self.above:
                raise
            self.failure = error
            return 0

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


def _telling(base: Any, name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(base, name))
    def method(self: Any, *args: Any) -> Any:
        file: SocketFile = self if isinstance(self, SocketFile) else self.socket_file
        with file.reading:
            file.above += 1
            try:
                got = getattr(base, name)(self, *args)
            finally:
                file.above -= 1
            if file.failure is None or file.above:
                return got
            failure, file.failure = file.failure, None
        if name.startswith("readinto"):
            got = bytes(memoryview(args[0]).cast("B")[:got])
        failure.partial = got
        raise failure

    return method


def _telling_partial(base: Any) -> Any:
    """A class of files that lose nothing: what had come is the partial of the failure.

    Python's own forget what they hold when the file below raises: so it ends, and these raise.
    """
    names = ("read", "read1", "readall", "readinto", "readinto1", "readline", "readlines", "peek")
    methods = {name: _telling(base, name) for name in names if hasattr(base, name)}
    return type(base.__name__, (base,), methods)


_Unbuffered = _telling_partial(SocketFile)
_Reader = _telling_partial(io.BufferedReader)
_Pair = _telling_partial(io.BufferedRWPair)
_Text = _telling_partial(io.TextIOWrapper)


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
    raw = _Unbuffered(sock, "r" * reading + "w" * writing)
    if buffering == 0:
        if not binary:
            raw.close()
            raise ValueError("an unbuffered file must be binary")
        return raw  # type: ignore[no-any-return]
    size = io.DEFAULT_BUFFER_SIZE if buffering is None or buffering < 0 else buffering
    buffered: Any
    if reading and writing:
        buffered = _Pair(raw, raw, size)
    elif reading:
        buffered = _Reader(raw, size)
    else:
        buffered = io.BufferedWriter(raw, size)
    buffered.socket_file = raw
    if binary:
        return buffered  # type: ignore[no-any-return]
    try:
        text = _Text(buffered, encoding, errors, newline)
    except LookupError as error:
        raise ValueError(str(error)) from None
    text.socket_file, text.mode = raw, mode
    return text  # type: ignore[no-any-return]
