"""The exceptions of rfctls: one class a status, each also what a Python program catches already."""

from __future__ import annotations

import builtins

from . import native
from ._hints import FAILURES

__all__ = [
    "AlertError",
    "ArgumentError",
    "CertificateError",
    "ClosedError",
    "ConnectError",
    "Error",
    "ForkedError",
    "IdentityError",
    "InternalError",
    "LimitError",
    "OutOfMemoryError",
    "ParseError",
    "ProtocolError",
    "ResetError",
    "ResolveError",
    "StateError",
    "SystemCallError",
    "TimeoutError",
    "TruncatedError",
    "UnsupportedError",
    "WantReadError",
    "WantWriteError",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .certificates import Certificate

    Result = TypeVar("Result")


class Error(OSError):
    """What every failure of a call of rfctls is; the subclass says which status it ended with.

    str(error) is one line that names the culprit. errno is the system's code, where the system was
    the cause.
    """

    status = ""  #: the status' name: "E_TIMEOUT"
    origin = ""  #: the C function that failed: "rfctls_socket_recv"
    system_code: int | None = None  #: errno, if the system was the cause
    engine_code: int | None = None  #: OpenSSL's code, if the engine was the cause
    alert: int | None = None  #: the TLS alert that was received (RFC 8446 section 6)
    depth: int | None = None  #: the depth of the certificate that was refused; 0 is the leaf
    reason: str | None = None  #: why it was refused: "EXPIRED", "NAME", "ISSUER", ...
    sent = 0  #: bytes that had left when a send failed
    #: what had come of what a file or a StreamReader was asked for; of readlines, a list
    partial: bytes | str | list[bytes] | list[str] = b""

    def __str__(self) -> str:
        return str(self.args[-1]) if self.args else self.status


class WantReadError(Error, BlockingIOError):
    """A non-blocking socket must become readable first; then make the same call again."""

    status = "WANT_READ"


class WantWriteError(Error, BlockingIOError):
    """A non-blocking socket must become writable first; then make the same call again."""

    status = "WANT_WRITE"


class ArgumentError(Error, ValueError):
    """A value out of range."""

    status = "E_ARGUMENT"


class StateError(Error):
    """The right call at the wrong time: sending before the handshake, accepting on a client."""

    status = "E_STATE"


class OutOfMemoryError(Error, MemoryError):
    """Out of memory."""

    status = "E_MEMORY"


class UnsupportedError(Error, NotImplementedError):
    """This engine or system cannot do it."""

    status = "E_UNSUPPORTED"


class ResolveError(Error):
    """The host or service name is not known."""

    status = "E_RESOLVE"


class ConnectError(Error, ConnectionRefusedError):
    """No address of the host accepted a connection."""

    status = "E_CONNECT"


class SystemCallError(Error):
    """A system call failed; errno says how."""

    status = "E_SYSTEM"


class TimeoutError(Error, builtins.TimeoutError):
    """The time was up. Nothing is lost: the same call can be made again."""

    status = "E_TIMEOUT"


class ClosedError(Error):
    """We closed this socket."""

    status = "E_CLOSED"


class TruncatedError(Error, ConnectionError):
    """TCP ended without close_notify, after all the bytes that came: somebody may have cut it."""

    status = "E_TRUNCATED"


class ProtocolError(Error):
    """The peer broke the protocol, or does not speak TLS."""

    status = "E_PROTOCOL"


class AlertError(Error):
    """The peer sent a fatal alert."""

    status = "E_ALERT"


class CertificateError(Error, ValueError):
    """The peer's certificate is refused; depth and reason say which and why.

    __cause__ is what a verifier raised.
    """

    status = "E_VERIFY"
    certificate: Certificate | None = None  #: the refused one, if a verifier was shown it


class IdentityError(Error, ValueError):
    """Our own certificate or key is missing, or they do not belong together."""

    status = "E_IDENTITY"


class ParseError(Error, ValueError):
    """A certificate, a key or a file of them could not be read."""

    status = "E_PARSE"


class InternalError(Error):
    """A bug in rfctls."""

    status = "E_INTERNAL"


class ResetError(Error, ConnectionResetError):
    """The peer reset the connection."""

    status = "E_RESET"


class ForkedError(Error):
    """A child process uses its parent's socket."""

    status = "E_FORKED"


class LimitError(Error):
    """The peer sent more than we take."""

    status = "E_LIMIT"


_by_status = {cls.status: cls for cls in Error.__subclasses__()}


def _from_record(status: str, message: str, code: int, facts: dict[str, Any]) -> Error:
    """Makes the exception of a failed C call; the native module raises the answer."""
    cls = _by_status.get(status, InternalError)
    error = cls(code, message) if code else cls(message)
    vars(error).update(facts)
    return hinted(error)


def hinted(error: Error) -> Error:
    """The error, with a note what to do about it, as far as that is known."""
    told = f"{error.origin}: {error}"
    for status, reason, text, hint in FAILURES:
        if status == error.status and reason in ("", error.reason) and text in told:
            error.add_note(hint)
            break
    return error


def named(name: str, make: Callable[..., Result], *arguments: Any) -> Result:
    """Makes a call; what it finds wrong with an option is told by the option's name."""
    try:
        return make(*arguments)
    except (TypeError, ValueError) as error:
        if isinstance(error, Error):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        word, _, rest = str(error).partition(" ")
        if word in ("source", "path"):  # what C's functions for files call it
            raise kind(f"{name} {rest}") from None
        known = word == name or rest.startswith(("must ", "contains "))
        raise error if known else kind(f"{name}: {error}") from None


native.set_error_factory(_from_record)
