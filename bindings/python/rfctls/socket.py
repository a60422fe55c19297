"""TLS sockets: makers, and the socket itself.

The C socket below never waits. Whatever is not finished comes back here as a WANT, and one loop,
TLSSocket._drive, waits for it, runs the program's verifier, or raises; so signals, threads and the
program's exceptions are Python's own.
"""

from __future__ import annotations

from errno import EAGAIN
from math import inf
from time import monotonic

from . import native
from .certificates import Certificate, Finding, Identity, chain_list
from .config import VERSIONS, Config, milliseconds, seconds
from .errors import (
    CertificateError,
    Error,
    IdentityError,
    TimeoutError,
    WantReadError,
    WantWriteError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket as plain
    from collections.abc import Callable, Iterator
    from types import EllipsisType, TracebackType
    from typing import Any, Unpack

    from typing_extensions import Buffer, TypeAlias

    from .config import Options, Role

    Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

_WANT_VERIFY: int = native.RFCTLS_WANT_VERIFY
_WANT_IDENTITY: int = native.RFCTLS_WANT_IDENTITY
_VERSION_NAMES = {number: name for name, number in VERSIONS.items()}
_NOW = 0.0  # the deadline of what must not wait


class TLSSocket:
    """A TLS socket: a client, a listener, or what a listener accepted.

    Its methods are those of socket.socket and ssl.SSLSocket. One thread may receive while another
    sends and a third closes. Made by rfctls.connect, rfctls.listen, rfctls.wrap and accept.
    """

    __slots__ = ("_handle", "_config", "_timeout", "_refused", "_problem", "__weakref__")
    _handle: native.Handle
    _config: Config
    _timeout: float | None
    _refused: Finding | None  # what the verifier said no to, until the handshake has failed
    _problem: BaseException | None  # what the verifier raised, as long

    def __new__(cls) -> TLSSocket:
        raise TypeError("use rfctls.connect, rfctls.listen or rfctls.wrap")

    @classmethod
    def _from_handle(
        cls, handle: native.Handle, config: Config, timeout: float | None
    ) -> TLSSocket:
        made = object.__new__(cls)
        made._handle = handle
        made._config = config
        made._timeout = timeout
        made._refused = made._problem = None
        return made

    # ---- the one loop ----

    def _drive(
        self, verb: Callable[..., tuple[int, Any]], *args: Any, deadline: float | None = None
    ) -> Any:
        """Makes a call of C until it is finished, at most until the deadline."""
        while True:
            want, value = verb(self._handle, *args)
            if not want:
                return value
            if deadline is None:
                deadline = self._deadline()
            self._satisfy(want, deadline)

    def _satisfy(self, want: int, deadline: float) -> None:
        if want == _WANT_VERIFY:
            self._answer_verify()
        elif want == _WANT_IDENTITY:
            self._answer_identity()
        elif deadline == _NOW:
            raise _would_block(want)
        else:  # a signal ends the wait early: its Python handler runs before the next one
            left = -1 if deadline == inf else milliseconds(max(deadline - monotonic(), 0))
            native.rfctls_socket_wait(self._handle, want, left)

    def _deadline(self) -> float:
        if self._timeout is None:
            return inf
        return monotonic() + self._timeout if self._timeout else _NOW

    # ---- the handshake, and its questions ----

    def handshake(self) -> None:
        """Does the TLS handshake, within the timeout and the config's handshake_timeout.

        CertificateError: the peer's certificate is refused; its reason says why. After a failure
        only close is left.
        """
        self._shake()

    do_handshake = handshake

    def _shake(self, deadline: float | None = None) -> None:
        try:
            self._drive(native.rfctls_socket_handshake, deadline=deadline)
        except BlockingIOError:
            raise  # not finished; what the verifier said is still to be told
        except Error as error:
            problem, self._problem = self._problem, None
            if isinstance(error, CertificateError):
                error.certificate, self._refused = self._refused, None
            if problem is None:
                raise
            if not isinstance(problem, Exception):  # KeyboardInterrupt and its like
                raise problem from None
            raise error from problem

    def _shake_or_close(self, deadline: float | None = None) -> None:
        try:
            self._shake(deadline)
        except BaseException:
            self._close_quietly()
            raise

    def _findings(self) -> Iterator[Finding]:
        handle = self._handle
        for index in range(native.rfctls_socket_finding_count(handle)):
            cert = native.rfctls_socket_finding_cert(handle, index)
            if cert is None:
                raise TypeError("the verifier's socket was used for another handshake call")
            finding = Finding._from_handle(cert)
            finding.depth = native.rfctls_socket_finding_depth(handle, index)
            finding.trusted = bool(native.rfctls_socket_finding_trusted(handle, index))
            reason = native.rfctls_reason_name(native.rfctls_socket_finding_reason(handle, index))
            finding.reason = reason if reason != "NONE" else None
            finding.text = native.rfctls_socket_finding_text(handle, index)
            yield finding

    def _answer_verify(self) -> None:
        """Asks the verifier. What it raises is a no, and is raised again when the peer knows."""
        verifier = self._config.verifier
        assert verifier is not None
        accepted = False
        try:
            for finding in self._findings():
                accepted = verifier(finding.depth, finding.trusted, finding)
                if not isinstance(accepted, bool):
                    self._refused = finding
                    raise TypeError(f"a verifier returns True or False, not {accepted!r}")
                if not accepted:
                    self._refused = finding
                    break
        except BaseException as problem:
            self._problem = problem
            accepted = False
        native.rfctls_socket_answer_verify(self._handle, accepted)

    def _answer_identity(self) -> None:
        source = self._config.identity
        assert callable(source)
        try:
            identity = source(self)
            if identity is None:
                native.rfctls_socket_answer_no_identity(self._handle)
            elif isinstance(identity, Identity):
                native.rfctls_socket_answer_identity(self._handle, identity._chain, identity._key)
            else:
                raise TypeError(f"an identity callable returns an Identity, not {identity!r}")
        except BaseException as problem:
            self._close_quietly()
            if isinstance(problem, Error) or not isinstance(problem, Exception):
                raise
            raise IdentityError("the program's identity callable failed") from problem

    # ---- talking ----

    def send(self, data: Buffer, flags: int = 0) -> int:
        """Sends as much of data as goes at once, and returns how many bytes, at least 1.

        After a timeout or a would-block the next send must begin with the same bytes.
        """
        deadline, c_flags = self._flags(flags) if flags else (None, 0)
        sent: int = self._drive(native.rfctls_socket_send, c_flags, data, deadline=deadline)
        return sent

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        """Sends all of data, within the timeout. On failure, error.sent tells how far it came."""
        deadline, c_flags = self._flags(flags) if flags else (self._deadline(), 0)
        with memoryview(data) as view:
            sent: int = self._drive(native.rfctls_socket_send, c_flags, view, deadline=deadline)
            if sent < view.nbytes:
                self._send_rest(view.cast("B"), sent, c_flags, deadline)

    def _send_rest(self, view: memoryview, sent: int, c_flags: int, deadline: float) -> None:
        try:
            while sent < len(view):
                sent += self._drive(
                    native.rfctls_socket_send, c_flags, view[sent:], deadline=deadline
                )
        except Error as error:
            error.sent += sent
            raise

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receives what is there, 1 to bufsize bytes; b"" is the polite end.

        TruncatedError: the connection was cut, after all the bytes that came.
        """
        deadline, c_flags = self._flags(flags) if flags else (None, 0)
        data: bytes = self._drive(
            native.rfctls_socket_recv_bytes, c_flags, bufsize, deadline=deadline
        )
        return data

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        """Receives into a writable buffer, up to nbytes (0: all of it), and returns how many."""
        deadline, c_flags = self._flags(flags) if flags else (None, 0)
        with memoryview(buffer) as view, view.cast("B") as room:
            if isinstance(nbytes, bool):
                raise TypeError("nbytes must be an int, not a bool")
            if not 0 <= nbytes <= len(room):
                raise ValueError(f"nbytes is out of range: {nbytes!r}")
            with room[: nbytes or len(room)] as place:
                received: int = self._drive(
                    native.rfctls_socket_recv, c_flags, place, deadline=deadline
                )
        return received

    def _flags(self, flags: int) -> tuple[float, int]:
        """Deadline and C's flags for those of the socket module."""
        import socket as plain

        c_flags = native.RFCTLS_PEEK if flags & plain.MSG_PEEK else 0
        if flags & ~(plain.MSG_PEEK | plain.MSG_DONTWAIT):
            raise ValueError(f"flags other than MSG_PEEK and MSG_DONTWAIT: {flags:#x}")
        return _NOW if flags & plain.MSG_DONTWAIT else self._deadline(), c_flags

    def pending(self) -> int:
        """How many decrypted bytes recv gives without touching the transport."""
        return native.rfctls_socket_pending(self._handle)

    def shutdown(self, how: int) -> None:
        """Ends reading (0, SHUT_RD), writing (1, SHUT_WR) or both (2, SHUT_RDWR).

        Writing ends with close_notify; the peer's data can still be read then.
        """
        self._drive(native.rfctls_socket_shutdown, how)

    def close(self) -> None:
        """Says goodbye and closes; a second call does nothing.

        Waits until the peer has got all, up to the config's close_timeout; TimeoutError: it may not
        have. A non-blocking socket does not wait, and does not say.
        """
        if self._timeout != 0:
            self._drive(native.rfctls_socket_close, deadline=inf)
            return
        native.rfctls_socket_set_timeout(self._handle, native.RFCTLS_TIMER_CLOSE, 0)
        try:
            self._drive(native.rfctls_socket_close, deadline=inf)
        except TimeoutError:
            pass

    def _close_quietly(self) -> None:
        try:
            self.close()
        except Error:
            pass  # the failure that led here says more

    def accept(self, *, handshake: bool = True) -> tuple[TLSSocket, Address]:
        """Waits for a connection of a listener; returns its socket and the peer's address.

        With handshake=False the handshake is left to the program, for instance in a thread of its
        own: a slow client then does not keep the next one waiting. A handshake that fails raises,
        with the connection closed; the listener lives.
        """
        handle = self._drive(native.rfctls_socket_accept)
        made = TLSSocket._from_handle(handle, self._config, self._config.timeout)
        if handshake:
            made._shake_or_close()
        return made, made.getpeername()

    # ---- waiting ----

    def settimeout(self, value: float | None) -> None:
        """Seconds for each later call; None waits for ever, 0 does not wait at all."""
        self._timeout = seconds("timeout", value)

    def gettimeout(self) -> float | None:
        """What settimeout was told."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """settimeout(None) if flag, else settimeout(0)."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether calls wait."""
        return self._timeout != 0

    # ---- telling ----

    def fileno(self) -> int:
        """The descriptor; -1 after close. Bytes may be pending although it is not readable."""
        raw = native.rfctls_socket_raw(self._handle)
        return -1 if raw is None else native.rfctls_raw_fd(raw)

    def getsockname(self) -> Address:
        """Our address: (ip, port), or for IPv6 (ip, port, 0, 0)."""
        return _address(native.rfctls_socket_local_address(self._handle))

    def getpeername(self) -> Address:
        """The peer's address, in the same form."""
        return _address(native.rfctls_socket_peer_address(self._handle))

    def version(self) -> str | None:
        """The version agreed on, "TLSv1.3"; None before the handshake."""
        return _VERSION_NAMES.get(native.rfctls_socket_tls_version(self._handle))

    def cipher(self) -> tuple[str, str, int] | None:
        """The cipher suite's IANA name, the version, the bits of the key; None before."""
        name, version = native.rfctls_socket_cipher(self._handle), self.version()
        if name is None or version is None:
            return None
        return name, version, 128 if "_128_" in name else 256

    def selected_alpn_protocol(self) -> str | None:
        """The application protocol agreed on, or None."""
        return native.rfctls_socket_protocol(self._handle)

    @property
    def server_name(self) -> str | None:
        """Client: the name asked for and checked. Server: the name the client asked for."""
        return native.rfctls_socket_server_name(self._handle)

    @property
    def node(self) -> str | None:
        """The host as given to connect or listen."""
        return native.rfctls_socket_node(self._handle)

    @property
    def service(self) -> str | None:
        """The port or service name as given to connect or listen."""
        return native.rfctls_socket_service(self._handle)

    @property
    def server_side(self) -> bool:
        """Whether this is the server's end."""
        return native.rfctls_socket_role(self._handle) == native.RFCTLS_SERVER

    @property
    def peer_certificate(self) -> Certificate | None:
        """The peer's certificate. That handshake returned says that it is trusted."""
        cert = native.rfctls_socket_peer_cert(self._handle)
        return None if cert is None else Certificate._from_handle(cert)

    @property
    def peer_chain(self) -> tuple[Certificate, ...]:
        """The chain as the peer sent it, leaf first."""
        chain = native.rfctls_socket_peer_chain(self._handle)
        return () if chain is None else tuple(chain_list(chain))

    @property
    def closed(self) -> bool:
        """Whether we closed it, or both directions have ended."""
        return bool(native.rfctls_socket_is_closed(self._handle))

    @property
    def config(self) -> Config:
        """The Config it was made with."""
        return self._config

    def __enter__(self) -> TLSSocket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._close_quietly()

    def __repr__(self) -> str:
        listens = native.rfctls_socket_is_listener(self._handle)
        what = "listener" if listens else self._config.role
        where = f" {self.node or '*'}:{self.service}" if self.service else ""
        state = "closed" if self.closed else self.version() or "no handshake yet"
        return f"<rfctls.TLSSocket {what}{where}, {state}>"


# ---- makers ----

_default_config: Config | None = None


def connect(
    host: str,
    port: int | str,
    *,
    config: Config | None = None,
    timeout: float | None | EllipsisType = ...,
    handshake: bool = True,
    server_name: str | None = None,
    **options: Unpack[Options],
) -> TLSSocket:
    """Connects to a host by TCP, does the TLS handshake, and returns the TLSSocket.

    The chain, the system's trust store and the host name are checked. timeout is in seconds, for
    all of it together (the look-up of the name left out) and then for each later call; the timers
    of the config hold beside it. server_name is asked for and checked instead of host. Instead of a
    config its keyword arguments can be given: rfctls.connect("localhost", 4433,
    authorities="ca.pem").
    """
    global _default_config
    if config is None and not options:
        config = _default_config = _default_config or Config()
    config = _config_for("client", config, options)
    limit = _limit(timeout, config)
    if limit == 0:
        raise ValueError("timeout must not be 0: setblocking(False) comes after connect")
    deadline = inf if limit is None else monotonic() + limit
    if handshake:
        handle = native.rfctls_socket_connect(host, _service(port), config._handle)
    else:
        handle = _connect_only(host, _service(port), config, deadline)
    made = TLSSocket._from_handle(handle, config, limit)
    if server_name is not None:
        native.rfctls_socket_set_server_name(handle, server_name)
    if handshake:
        made._shake_or_close(deadline)
    return made


def listen(
    port: int | str = 0,
    host: str | None = None,
    *,
    config: Config | None = None,
    timeout: float | None | EllipsisType = ...,
    **options: Unpack[Options],
) -> TLSSocket:
    """Makes a listener on all addresses or those of a host; port 0 is any that is free.

    getsockname tells the port. A server needs an identity. timeout is in seconds, for each accept.
    Instead of a config its keyword arguments can be given.
    """
    config = _config_for("server", config, options)
    handle = native.rfctls_socket_listen(host, _service(port), config._handle)
    return TLSSocket._from_handle(handle, config, _limit(timeout, config))


def wrap(
    sock: plain.socket | int,
    *,
    server_side: bool = False,
    config: Config | None = None,
    timeout: float | None | EllipsisType = ...,
    handshake: bool = True,
    server_name: str | None = None,
    **options: Unpack[Options],
) -> TLSSocket:
    """Speaks TLS over a connected socket, or accepts TLS from a listening one.

    A socket object is taken over: it is detached, and closed with the TLSSocket. A descriptor is
    borrowed: it stays open, and yours. A client needs server_name, the name to ask for and to
    check. Instead of a config its keyword arguments can be given.
    """
    if not isinstance(sock, int) and not hasattr(sock, "detach"):
        raise TypeError(f"sock must be a socket or a descriptor, not {type(sock).__name__}")
    config = _config_for("server" if server_side else "client", config, options)
    limit = _limit(timeout, config)
    if not isinstance(sock, int) and timeout is ... and sock.gettimeout() is not None:
        limit = sock.gettimeout()
    if limit == 0 and handshake:
        raise ValueError("a non-blocking socket needs handshake=False")
    if isinstance(sock, int):
        raw = native.rfctls_raw_adopt(sock, False)
    else:
        raw = native.rfctls_raw_adopt(sock.fileno(), True)
        sock.detach()
    handle = native.rfctls_socket_wrap(raw, config._handle)
    if server_name is not None:
        native.rfctls_socket_set_server_name(handle, server_name)
    made = TLSSocket._from_handle(handle, config, limit)
    if handshake and not native.rfctls_socket_is_listener(handle):
        made._shake_or_close()
    return made


def _config_for(role: Role, config: Config | None, options: Options) -> Config:
    if config is None:
        return Config(role, **options)
    if options:
        raise TypeError(f"a config and {', '.join(options)} are given; use config.replace")
    if not isinstance(config, Config):
        raise TypeError(f"config must be a Config, not {type(config).__name__}")
    return config


def _limit(timeout: float | None | EllipsisType, config: Config) -> float | None:
    return config.timeout if timeout is ... else seconds("timeout", timeout)


def _service(port: int | str) -> str:
    if isinstance(port, str):
        return port
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"port must be an int or a str, not {type(port).__name__}")
    return str(port)


def _connect_only(host: str, service: str, config: Config, deadline: float) -> native.Handle:
    """TCP alone, to the first address that accepts."""
    if config.connect_timeout is not None:
        deadline = min(deadline, monotonic() + config.connect_timeout)
    addresses = native.rfctls_addresses_resolve(host, service, config.ip_version or 0, False)
    last = native.rfctls_addresses_count(addresses) - 1
    for index in range(last + 1):
        left = None if deadline == inf else max(deadline - monotonic(), 0)
        address = native.rfctls_addresses_at(addresses, index)
        try:
            raw = native.rfctls_raw_connect(address, milliseconds(left))
            break
        except ConnectionError:
            if index == last:
                raise
    handle = native.rfctls_socket_wrap(raw, config._handle)
    native.rfctls_socket_set_peer(handle, host, service)
    return handle


def _address(handle: native.Handle) -> Address:
    ip, port = native.rfctls_address_ip(handle), native.rfctls_address_port(handle)
    if native.rfctls_address_family(handle) == native.RFCTLS_FAMILY_IPV6:
        return ip, port, 0, 0
    return ip, port


def _would_block(want: int) -> Error:
    if want == native.RFCTLS_WANT_READ:
        return WantReadError(EAGAIN, "the socket must become readable first")
    return WantWriteError(EAGAIN, "the socket must become writable first")
