"""TLS sockets: makers, and the socket itself.

The C socket below never waits. Whatever is not finished comes back here as a WANT, and one loop,
TLSSocket._drive, waits for it, runs the program's verifier, or raises; so signals, threads and the
program's exceptions are Python's own.
"""

from __future__ import annotations

from _thread import RLock, allocate_lock
from errno import EAGAIN
from math import inf
from time import monotonic

from . import native
from .address import socket_address
from .certificates import Certificate, Finding, Identity, chain_list
from .config import Config, milliseconds, seconds
from .errors import (
    CertificateError,
    Error,
    IdentityError,
    StateError,
    SystemCallError,
    TimeoutError,
    UnsupportedError,
    WantReadError,
    WantWriteError,
)
from .memory import MemoryTransport
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket as plain
    from collections.abc import Callable, Coroutine, Iterator
    from types import EllipsisType
    from typing import IO, Any, Unpack

    from typing_extensions import Buffer

    from .address import Address
    from .config import IdentitySource, Options, Role

_WANT_VERIFY: int = native.RFCTLS_WANT_VERIFY
_WANT_IDENTITY: int = native.RFCTLS_WANT_IDENTITY
_NOW = 0.0  # the deadline of what must not wait
_SENDFILE_BLOCK = 128 * 1024
_reloading = allocate_lock()  # a listener's C config and ours change together
_filing = RLock()  # for the counts of open files; a collected file is closed at any place


class TLSSocket:
    """A TLS socket: a client, a listener, or what a listener accepted.

    Its methods are those of socket.socket and ssl.SSLSocket. One thread may receive while another
    sends and a third closes. Made by rfctls.connect, rfctls.listen, rfctls.wrap and accept.
    """

    _handle: native.Handle
    _config: Config
    _timeout: float | None
    _patience: int  # the same in milliseconds; -1: for ever
    _refused: Finding | None  # what the verifier said no to, until the handshake has failed
    _problem: BaseException | None  # what the verifier raised, as long
    _identity: IdentitySource | None  # instead of the config's
    _files: int  # open ones that makefile made
    _to_close: bool  # as soon as they are closed
    __slots__ = (*__annotations__, "__weakref__")

    def __new__(cls) -> TLSSocket:
        raise TypeError("use rfctls.connect, rfctls.listen or rfctls.wrap")

    @classmethod
    def _from_handle(
        cls, handle: native.Handle, config: Config, timeout: float | None
    ) -> TLSSocket:
        made = object.__new__(cls)
        made._handle = handle
        made._config = config
        made._set_timeout(timeout)
        made._refused = made._problem = None
        made._identity = None
        made._files = 0
        made._to_close = False
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
        if want in (_WANT_VERIFY, _WANT_IDENTITY):
            self._answer(want)
        elif deadline == _NOW:
            raise _would_block(want)
        else:  # a signal ends the wait early: its Python handler runs before the next one
            left = -1 if deadline == inf else milliseconds(max(deadline - monotonic(), 0))
            native.rfctls_socket_wait(self._handle, want, left)

    def _set_timeout(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._patience = milliseconds(timeout)

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
            raise self._verdict(error)

    def _verdict(self, error: Error) -> BaseException:
        """What to raise for a handshake that failed: what the program's callable had to do with it."""
        problem, self._problem = self._problem, None
        if isinstance(error, CertificateError):
            error.certificate, self._refused = self._refused, None
        if problem is not None and not isinstance(problem, Exception):
            problem.__suppress_context__ = True
            return problem  # KeyboardInterrupt and its like
        if problem is not None:
            error.__cause__ = problem
        return error

    def _begin(self, handshake: bool, deadline: float | None = None) -> None:
        """Does the handshake, or only what comes before it; closes on failure."""
        try:
            if handshake:
                self._shake(deadline)
            else:
                self._drive(native.rfctls_socket_finish_connect, deadline=deadline)
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
            finding.trusted = native.rfctls_socket_finding_trusted(handle, index)
            reason = native.rfctls_reason_name(native.rfctls_socket_finding_reason(handle, index))
            finding.reason = reason if reason != "NONE" else None
            finding.text = native.rfctls_socket_finding_text(handle, index)
            yield finding

    def _answer(self, want: int) -> None:
        """Answers the handshake's question at once."""
        try:
            self._ask(want, waits=False).send(None)
        except StopIteration:
            pass

    def _ask(self, want: int, *, waits: bool) -> Coroutine[Any, Any, None]:
        """Puts the handshake's question to the program's callable; waits: which may be a coroutine function."""
        return self._ask_verifier(waits) if want == _WANT_VERIFY else self._ask_for_identity(waits)

    async def _ask_verifier(self, waits: bool) -> None:
        """What the verifier raises is a no, and is raised again when the peer knows."""
        verifier = self._config.verifier
        assert verifier is not None
        accepted: object = None
        try:
            for finding in self._findings():
                self._refused = finding
                accepted = await _said(verifier(finding.depth, finding.trusted, finding), waits)
                if accepted is not True:
                    if accepted is not False:
                        raise TypeError(f"a verifier returns True or False, not {accepted!r}")
                    break
                self._refused = None
        except BaseException as problem:
            self._problem = problem
            accepted = None
        native.rfctls_socket_answer_verify(self._handle, accepted)

    async def _ask_for_identity(self, waits: bool) -> None:
        source = self._identity or self._config.identity
        assert callable(source)
        try:
            identity = await _said(source(self), waits)
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

    def _identify_by(self, source: IdentitySource | None) -> None:
        """Asks this callable for our identity, on this connection only; None: the config's again."""
        if source is not None and not callable(source):
            raise TypeError(f"not a callable: {source!r}")
        verify = self._config.verifier is not None
        asks = source is not None or callable(self._config.identity)
        native.rfctls_socket_set_asking(self._handle, verify, asks)
        self._identity = source

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

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Sends a binary file from offset on, at most count bytes; returns how many were sent.

        The file's position is behind what was sent, on failure, too. Blocking sockets only.
        """
        if self._timeout == 0:
            raise ValueError("a non-blocking socket cannot send a file")
        if "b" not in getattr(file, "mode", "b"):
            raise ValueError("the file must be opened in binary mode")
        if count is not None:
            if isinstance(count, bool) or not isinstance(count, int):
                raise TypeError(f"count must be an int or None, not {type(count).__name__}")
            if count <= 0:
                raise ValueError(f"count must be positive: {count!r}")
        if offset:
            file.seek(offset)
        total = 0
        try:
            while count is None or total < count:
                block = file.read(min(_SENDFILE_BLOCK, _SENDFILE_BLOCK if count is None else count - total))
                if not block:
                    break
                self.sendall(block)
                total += len(block)
        except Error as error:
            total += error.sent
            error.sent = total
            raise
        finally:
            if hasattr(file, "seek"):
                file.seek(offset + total)
        return total

    def makefile(
        self,
        mode: str = "r",
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """A file object that reads ("r"), writes ("w") or both; text, or binary with "b".

        The arguments are open's. The socket closes when it was closed and all its files are. After
        a timeout a file cannot be read any more.
        """
        from .files import open_file

        return open_file(self, mode, buffering, encoding, errors, newline)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receives what is there, 1 to bufsize bytes; b"" is the polite end.

        TruncatedError: the connection was cut, after all the bytes that came.
        """
        data: bytes = self._receive(native.rfctls_socket_recv_bytes, flags, bufsize)
        return data

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        """Receives into a writable buffer, up to nbytes (0: all of it), and returns how many."""
        received: int
        if nbytes == 0 and nbytes is not False:
            received = self._receive(native.rfctls_socket_recv_into, flags, buffer)
            return received
        with memoryview(buffer) as view, view.cast("B") as room:
            if isinstance(nbytes, bool):
                raise TypeError("nbytes must be an int, not a bool")
            if not 0 <= nbytes <= len(room):
                raise ValueError(f"nbytes is out of range: {nbytes!r}")
            with room[:nbytes] as place:
                received = self._receive(native.rfctls_socket_recv_into, flags, place)
        return received

    def _receive(self, verb: Callable[..., tuple[int, Any]], flags: int, place: Any) -> Any:
        """_drive, whose first wait is C's own."""
        deadline, c_flags = self._flags(flags) if flags else (self._deadline(), 0)
        patience = self._patience if deadline != _NOW else 0
        want, value = verb(self._handle, c_flags, patience, place)
        if want:
            self._satisfy(want, deadline)
            value = self._drive(verb, c_flags, 0, place, deadline=deadline)
        return value

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

    def key_update(self) -> None:
        """Changes the keys of both directions (RFC 8446 section 4.6.3); needs TLS 1.3."""
        self._drive(native.rfctls_socket_key_update)

    def unwrap(self) -> plain.socket:
        """Ends TLS politely, and returns a plain socket to go on with; this one is closed then.

        Sends close_notify and waits for the peer's. StateError: bytes of the peer are still to be
        received.
        """
        import socket as plain

        fd = self._drive(native.rfctls_socket_unwrap)
        below = plain.socket(fileno=fd)
        below.settimeout(self._timeout)
        return below

    def detach(self) -> int:
        """Closes without a goodbye, and returns the descriptor, which is the caller's now."""
        return native.rfctls_socket_detach(self._handle)

    def abort(self) -> None:
        """Closes at once, without a goodbye: the peer finds a truncation. A second call does nothing."""
        native.rfctls_socket_abort(self._handle)

    def close(self) -> None:
        """Says goodbye and closes; a second call does nothing.

        Waits until the peer has got all, up to the config's close_timeout; TimeoutError: it may not
        have. A non-blocking socket does not wait, and does not say. As long as a file of makefile
        is open, its closing does this instead.
        """
        with _filing:
            self._to_close = True
            last = self._files == 0
        if last:
            self._close()

    def _open_file(self) -> None:
        with _filing:
            self._files += 1

    def _close_file(self) -> None:
        with _filing:
            self._files -= 1
            last = self._to_close and self._files == 0
        if last:
            self._close()

    def _close(self) -> None:
        if self._timeout == 0:
            native.rfctls_socket_set_timeout(self._handle, native.RFCTLS_TIMER_CLOSE, 0)
        try:
            self._drive(native.rfctls_socket_close, deadline=inf)
        except TimeoutError:
            if self._timeout != 0:
                raise

    def _close_quietly(self) -> None:
        try:
            self._close()
        except Error:
            pass  # the failure that led here says more

    def accept(self, *, handshake: bool = True) -> tuple[TLSSocket, Address]:
        """Waits for a connection of a listener; returns its socket and the peer's address.

        With handshake=False the handshake is left to the program, for instance in a thread of its
        own: a slow client then does not keep the next one waiting. A handshake that fails raises,
        with the connection closed; the listener lives.
        """
        handle, config = self._drive(self._accept)
        made = TLSSocket._from_handle(handle, config, config.timeout)
        if handshake:
            made._begin(handshake)
        return made, made.getpeername()

    def _accept(self, handle: native.Handle) -> tuple[int, tuple[native.Handle | None, Config]]:
        with _reloading:
            want, made = native.rfctls_socket_accept(handle)
            return want, (made, self._config)

    def reload(self, config: Config) -> None:
        """Gives a listener another config, for what it accepts from now on; no connection is lost.

        For a renewed certificate, for instance. Any thread may call it while others accept.
        """
        if not isinstance(config, Config):
            raise TypeError(f"config must be a Config, not {type(config).__name__}")
        with _reloading:
            native.rfctls_socket_reload(self._handle, config._handle)
            self._config = config

    # ---- waiting ----

    def settimeout(self, value: float | None) -> None:
        """Seconds for each later call; None waits for ever, 0 does not wait at all."""
        self._set_timeout(seconds("timeout", value))

    def gettimeout(self) -> float | None:
        """What settimeout was told."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """settimeout(None) if flag, else settimeout(0)."""
        self._set_timeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        """Whether calls wait."""
        return self._timeout != 0

    # ---- telling ----

    def fileno(self) -> int:
        """The descriptor; -1 after close. Bytes may be pending although it is not readable."""
        raw = native.rfctls_socket_raw(self._handle)
        return -1 if raw is None else native.rfctls_raw_fd(raw)

    def getsockopt(self, level: int, optname: int, buflen: int = 0) -> int | bytes:
        """An option of the socket below, as socket.socket tells it."""
        size = (buflen,) if buflen else ()
        found: int | bytes = self._option("getsockopt", level, optname, *size)
        return found

    def setsockopt(self, level: int, optname: int, value: int | Buffer) -> None:
        """Sets an option of the socket below; see socket.socket."""
        self._option("setsockopt", level, optname, value)

    def _option(self, call: str, *arguments: Any) -> Any:
        """Calls the socket below, under a descriptor of its own."""
        import os
        import socket as plain

        number = self.fileno()
        if number < 0:
            raise UnsupportedError("there is no descriptor below this socket")
        try:
            with plain.socket(fileno=os.dup(number)) as below:
                return getattr(below, call)(*arguments)
        except OverflowError as error:
            raise ValueError(str(error)) from None
        except OSError as error:
            raise SystemCallError(error.errno, error.strerror) from None

    @property
    def family(self) -> plain.AddressFamily:
        """AF_INET, AF_INET6 or AF_UNIX."""
        import socket as plain

        local = native.rfctls_socket_local_address(self._handle)
        families = {4: plain.AF_INET, native.RFCTLS_FAMILY_IPV6: plain.AF_INET6}
        return families.get(native.rfctls_address_family(local), plain.AF_UNIX)

    @property
    def type(self) -> plain.SocketKind:
        """SOCK_STREAM."""
        import socket as plain

        return plain.SOCK_STREAM

    @property
    def proto(self) -> int:
        """IPPROTO_TCP, or 0 for AF_UNIX."""
        import socket as plain

        return 0 if self.family == plain.AF_UNIX else plain.IPPROTO_TCP

    def getsockname(self) -> Address:
        """Our address: (ip, port), for IPv6 (ip, port, 0, scope), for a Unix-domain socket its path."""
        return socket_address(native.rfctls_socket_local_address(self._handle))

    def getpeername(self) -> Address:
        """The peer's address, in the same form."""
        return socket_address(native.rfctls_socket_peer_address(self._handle))

    def version(self) -> str | None:
        """The version agreed on, "TLSv1.3"; None before the handshake."""
        return native.rfctls_tls_version_name(native.rfctls_socket_tls_version(self._handle))

    def cipher(self) -> tuple[str, str, int] | None:
        """The cipher suite's IANA name, the version, the bits of the key; None before."""
        name, version = native.rfctls_socket_cipher(self._handle), self.version()
        if name is None or version is None:
            return None
        return name, version, native.rfctls_socket_cipher_bits(self._handle)

    def group(self) -> str | None:
        """The group of the key exchange by its IANA name, "x25519"; None before, or without one."""
        return native.rfctls_socket_group(self._handle)

    def get_channel_binding(self, cb_type: str = "tls-exporter") -> bytes:
        """What ties an authentication above to this connection, for SCRAM and its like.

        cb_type is "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC 5929), or "tls-unique" in
        TLS 1.2. UnsupportedError: it is not defined for this connection.
        """
        most = native.RFCTLS_LIMIT_BINDING
        return native.rfctls_socket_channel_binding(self._handle, cb_type, most)

    def export_key(self, label: str, length: int, context: Buffer | None = None) -> bytes:
        """A key for another use, which the peer gets for the same label and context, and nobody
        else (RFC 8446 section 7.5). The label is registered with IANA, or "EXPERIMENTAL...".
        """
        return native.rfctls_socket_export_key(self._handle, label, context, length)

    def selected_alpn_protocol(self) -> str | None:
        """The application protocol agreed on, or None."""
        return native.rfctls_socket_protocol(self._handle)

    def getpeercert(self, binary_form: bool = False) -> dict[str, Any] | bytes | None:
        """The peer's certificate as ssl gives it: a dictionary, or its DER bytes.

        None: there is none. The dictionary is empty if the certificate was not checked.
        peer_certificate has more to say.
        """
        certificate = self.peer_certificate
        if certificate is None or binary_form:
            return None if certificate is None else certificate.der
        return {} if self._config.insecure_skip_verify else certificate.as_dict()

    @property
    def session(self) -> Session | None:
        """The newest session that the server gave this client; None as long as there is none.

        Before the handshake it can be set to one to be resumed. In TLS 1.3 sessions come after the
        handshake, and are seen when something is received.
        """
        try:
            return Session._from_handle(native.rfctls_socket_session(self._handle))
        except StateError:
            return None

    @session.setter
    def session(self, session: Session) -> None:
        if not isinstance(session, Session):
            raise TypeError(f"session must be a Session, not {type(session).__name__}")
        native.rfctls_socket_set_session(self._handle, session._handle)

    @property
    def session_reused(self) -> bool:
        """Whether the peer was recognised by an earlier session, and showed no certificate again."""
        return native.rfctls_socket_is_resumed(self._handle)

    @property
    def session_refused(self) -> str | None:
        """Why the session that was set was not resumed, such as "it is for another server name" or "the
        server did not take it"; None if it was, or if none was set."""
        return native.rfctls_socket_session_refused(self._handle)

    @property
    def server_hostname(self) -> str | None:
        """The same as server_name."""
        return self.server_name

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
        return native.rfctls_socket_is_closed(self._handle)

    @property
    def config(self) -> Config:
        """The Config it was made with."""
        return self._config

    def __enter__(self) -> TLSSocket:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
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


def connect(
    host: str,
    port: int | str,
    *,
    config: Config | None = None,
    timeout: float | None | EllipsisType = ...,
    handshake: bool = True,
    server_name: str | None = None,
    session: Session | None = None,
    **options: Unpack[Options],
) -> TLSSocket:
    """Connects to a host by TCP, does the TLS handshake, and returns the TLSSocket.

    The chain, the system's trust store and the host name are checked. timeout is in seconds, for
    all of it together and then for each later call; the timers of the config hold beside it.
    server_name is asked for and checked instead of host; session is one to resume, also of another
    port, instead of those that the process keeps. Instead of a config its keyword arguments can be
    given: rfctls.connect("localhost", 4433, authorities="ca.pem").
    """
    config = _config_for("client", config, options)
    limit = _limit(timeout, config)
    if limit == 0:
        raise ValueError("timeout must not be 0: setblocking(False) comes after connect")
    deadline = inf if limit is None else monotonic() + limit
    handle = native.rfctls_socket_connect(host, _service(port), config._handle)
    made = TLSSocket._from_handle(handle, config, limit)
    _set_up(made, server_name, session)
    made._begin(handshake, deadline)
    return made


def listen(
    host: str | None = None,
    port: int | str = 0,
    *,
    config: Config | None = None,
    timeout: float | None | EllipsisType = ...,
    **options: Unpack[Options],
) -> TLSSocket:
    """Makes a listener on all addresses (None) or those of a host; port 0 is any that is free.

    getsockname tells the port. A server needs an identity. timeout is in seconds, for each accept.
    Instead of a config its keyword arguments can be given.
    """
    config = _config_for("server", config, options)
    handle = native.rfctls_socket_listen(host, _service(port), config._handle)
    return TLSSocket._from_handle(handle, config, _limit(timeout, config))


def wrap(
    sock: plain.socket | int | MemoryTransport,
    *,
    server_side: bool = False,
    config: Config | None = None,
    timeout: float | None | EllipsisType = ...,
    handshake: bool = True,
    server_name: str | None = None,
    session: Session | None = None,
    received: bytes | bytearray | memoryview = b"",
    **options: Unpack[Options],
) -> TLSSocket:
    """Speaks TLS over a connected socket, or accepts TLS from a listening one.

    A socket object is taken over: it is detached, and closed with the TLSSocket. A descriptor is
    borrowed: it stays open, and yours. Over a MemoryTransport nothing waits, so it needs
    handshake=False. A client needs server_name, the name to ask for and to check. Instead of a
    config its keyword arguments can be given.

    TLS begins with received: the bytes of the peer that the program has got already and not used,
    by a recv that gave more than a PROXY line, or in the buffer of a makefile.
    """
    if not isinstance(received, (bytes, bytearray, memoryview)):
        raise TypeError(f"received must be bytes, not {type(received).__name__}")
    in_memory = isinstance(sock, MemoryTransport)
    if not isinstance(sock, (int, MemoryTransport)) and not hasattr(sock, "detach"):
        raise TypeError(f"sock must be a socket or a descriptor, not {type(sock).__name__}")
    config = _config_for("server" if server_side else "client", config, options)
    limit = 0.0 if in_memory else _limit(timeout, config)
    if not isinstance(sock, (int, MemoryTransport)) and timeout is ... and sock.gettimeout() is not None:
        limit = sock.gettimeout()
    if limit == 0 and handshake:
        raise ValueError("a non-blocking socket needs handshake=False")
    handle = native.rfctls_socket_wrap(_adopt(sock, received), config._handle)
    made = TLSSocket._from_handle(handle, config, limit)
    _set_up(made, server_name, session)
    if handshake and not native.rfctls_socket_is_listener(handle):
        made._begin(handshake)
    return made


def _adopt(
    sock: plain.socket | int | MemoryTransport, received: bytes | bytearray | memoryview
) -> native.Handle:
    if isinstance(sock, MemoryTransport):
        raw = sock._handle
    elif isinstance(sock, int):
        raw = native.rfctls_raw_adopt(sock, False)
    else:
        raw = native.rfctls_raw_adopt(sock.fileno(), True)
        sock.detach()
    native.rfctls_raw_unread(raw, received)
    return raw


def _set_up(made: TLSSocket, server_name: str | None, session: Session | None) -> None:
    try:
        if server_name is not None:
            native.rfctls_socket_set_server_name(made._handle, server_name)
        if session is not None:
            made.session = session
    except BaseException:
        made.abort()
        raise


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


async def _said(answer: Any, waits: bool) -> Any:
    """What the program's callable answered, or what the coroutine does that it gave."""
    if not hasattr(answer, "__await__"):
        return answer
    if not waits:
        getattr(answer, "close", int)()
        raise TypeError("a coroutine can be asked in asyncio only")
    return await answer


def _would_block(want: int) -> Error:
    if want == native.RFCTLS_WANT_READ:
        return WantReadError(EAGAIN, "the socket must become readable first")
    return WantWriteError(EAGAIN, "the socket must become writable first")
