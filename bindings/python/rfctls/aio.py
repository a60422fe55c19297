"""TLS in asyncio: over any transport of bytes, on any event loop, by the memory transport.

A Link is the protocol of the transport below; it carries bytes between that and a TLSSocket over
memory, and gives the program's protocol a TLSTransport. Everything runs on the loop's thread.
"""

from __future__ import annotations

import asyncio
import asyncio.constants
import asyncio.transports
import builtins
import logging
import socket as plain
from collections import deque
from errno import ECONNREFUSED

from . import native
from .config import Config
from .errors import (
    ArgumentError,
    CertificateError,
    ConnectError,
    Error,
    IdentityError,
    ResetError,
    ResolveError,
    SystemCallError,
    TimeoutError,
    hinted,
)
from .eyeballs import addresses_of, connect_to_one
from .memory import MemoryTransport
from .socket import _config_for, _service, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any, TypeVar, Unpack

    from typing_extensions import Buffer

    from .config import Options, Role
    from .session import Session

    Protocol = TypeVar("Protocol", bound=asyncio.BaseProtocol)

_BLOCK = 64 * 1024
_WANT_READ: int = native.RFCTLS_WANT_READ
_WANT_WRITE: int = native.RFCTLS_WANT_WRITE
_READER_LIMIT = 64 * 1024

_log = logging.getLogger(__name__)


class TLSTransport(asyncio.transports._FlowControlMixin):  # which loop.sendfile asks for
    """What a protocol writes to. get_extra_info("tls_socket") is the TLSSocket, which tells version,
    cipher and certificates; what else it is asked for, the transport below answers."""

    __slots__ = ("_link",)
    _sendfile_compatible = asyncio.constants._SendfileMode.FALLBACK

    def __init__(self, link: Link) -> None:
        asyncio.Transport.__init__(self)
        self._loop = link.loop
        self._link = link

    @property
    def _protocol_paused(self) -> bool:
        return getattr(self._link.lower, "_protocol_paused", False)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """One of "tls_socket", "peercert", "cipher", or what the transport below knows."""
        sock = self._link.sock
        if name in ("tls_socket", "ssl_object"):
            return sock
        if name == "peercert":
            return sock.getpeercert()
        if name == "cipher":
            return sock.cipher()
        return self._link.lower.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Gives what comes from now on to another protocol."""
        self._link.app = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The program's protocol."""
        return self._link.app

    def is_reading(self) -> bool:
        """Whether what comes is given to the protocol."""
        return not self._link.paused and not self._link.closing

    def pause_reading(self) -> None:
        """Gives nothing to the protocol, and takes nothing from the network, until resumed."""
        link = self._link
        if not link.paused and not link.closing:
            link.paused = True
            link.lower.pause_reading()

    def resume_reading(self) -> None:
        """Ends pause_reading."""
        link = self._link
        if link.paused and not link.closing:
            link.paused = False
            self._loop.call_soon(link._go_on)  # what came before
            link.lower.resume_reading()

    def write(self, data: Buffer) -> None:
        """Sends, without waiting; the protocol is told to pause when too much is on its way."""
        self._link.write(data)

    def writelines(self, list_of_data: Any) -> None:
        """Sends all of them."""
        self._link.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Yes: TLS ends each direction by itself."""
        return True

    def write_eof(self) -> None:
        """Ends writing with close_notify; reading goes on."""
        self._link.write_eof()

    def get_write_buffer_size(self) -> int:
        """How many bytes are on their way: encrypted ones, and those that still have to be."""
        return self._link.backlog_size + self._link.lower.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """The limits of the transport below."""
        return self._link.lower.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Sets the limits of the transport below."""
        self._link.lower.set_write_buffer_limits(high, low)

    def is_closing(self) -> bool:
        """Whether it is closed, or closing."""
        return self._link.closing or self._link.lower.is_closing()

    def close(self) -> None:
        """Sends what was written, says goodbye, and closes when the peer has got all."""
        self._link.close()

    def abort(self) -> None:
        """Closes at once, without a goodbye."""
        self._link.abort()

    def __repr__(self) -> str:
        return f"<rfctls.TLSTransport over {self._link.lower!r}>"


class Link(asyncio.Protocol):
    """Between the transport below and the program's protocol."""

    lower: asyncio.Transport
    app: asyncio.BaseProtocol  #: the program's protocol from now on
    begin: Callable[[Link], None] | None = None  #: called when the transport below is there

    def __init__(
        self,
        config: Config | None,
        options: Options,
        *,
        server_side: bool = False,
        server_name: str | None = None,
        session: Session | None = None,
    ) -> None:
        config = _config_of("server" if server_side else "client", config, options)
        self.loop = asyncio.get_running_loop()
        below = MemoryTransport()
        self.sock = wrap(
            below, server_side=server_side, config=config, handshake=False,
            server_name=server_name, session=session,
        )
        self._handle = self.sock._handle
        self._raw = below._handle
        self._more: asyncio.Future[None] | None = None  # the handshake waits for bytes
        self._established = False
        self._lost = False  # the transport below is gone
        self._eof = False  # the peer sends no more bytes
        self._read_end = False  # the program was told that no more data come
        self._write_end = False  # write_eof was called
        self._error: Exception | None = None  # what connection_lost is to tell
        self._backlog: deque[memoryview] = deque()  # what cannot be encrypted yet
        self._patience: asyncio.TimerHandle | None = None
        self._left = 0  # what waited to be sent when patience began
        self.backlog_size = 0
        self.kept: object = None
        self.paused = False
        self.closing = False

    # ---- what the transport below says ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport below is there."""
        self.lower = transport  # type: ignore[assignment]  # uvloop's is none by name
        if self.begin is not None:
            self.begin(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of the peer."""
        if not (self.closing or self._read_end):
            native.rfctls_raw_feed(self._raw, data)
            self._go_on()

    def eof_received(self) -> bool:
        """The peer sends no more."""
        self._end_input()
        if self.closing:
            self.lower.close()
        return True  # what else happens to the transport below is decided here

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport below is gone."""
        self._lost = True
        if self._patience is not None:
            self._patience.cancel()
        if exc is not None and self._error is None and not self.closing:
            self._error = _reset(exc)
        if self._established:
            self._end()
        else:
            self._end_input()

    def pause_writing(self) -> None:
        """Much is on its way."""
        if self._established:
            self.app.pause_writing()

    def resume_writing(self) -> None:
        """Little is."""
        if self._established:
            self.app.resume_writing()

    def _end_input(self) -> None:
        if not self._eof:
            self._eof = True
            if not self.closing:
                native.rfctls_raw_feed_end(self._raw)
                self._go_on()

    def _go_on(self) -> None:
        if self._established:
            self._deliver()
            self._encrypt_backlog()
            self._flush()
        elif self._more is not None and not self._more.done():
            self._more.set_result(None)

    def _flush(self) -> None:
        """What the socket has for the peer goes down."""
        while data := native.rfctls_raw_drain_bytes(self._raw, _BLOCK)[1]:
            if not self._lost:
                self.lower.write(data)

    # ---- the handshake ----

    async def take_over(
        self, transport: asyncio.WriteTransport, early: bytes = b"", ended: bool = False
    ) -> None:
        """Does the handshake over a transport that somebody else has used until now, who has got
        early bytes of the peer, and perhaps the end of them."""
        if not isinstance(transport, asyncio.BaseTransport) and not hasattr(
            transport, "set_protocol"
        ):
            raise TypeError(f"not a transport: {transport!r}")
        self.connection_made(transport)
        self.lower.pause_reading()
        self.lower.set_protocol(self)
        if early:
            self.data_received(early)
        if ended:
            self.eof_received()
        self.lower.resume_reading()
        await self.handshake()

    async def handshake(self) -> None:
        """Does it within the config's handshake_timeout; its failure closes all."""
        limit = self.sock.config.handshake_timeout
        try:
            async with asyncio.timeout(limit):
                await self._shake()
        except builtins.TimeoutError as error:
            self.abort()
            if isinstance(error, Error):
                raise
            raise TimeoutError(f"the handshake took longer than {limit} s") from None
        except Error:
            self.close()  # an alert tells the peer why
            raise
        except BaseException:
            self.abort()
            raise

    async def _shake(self) -> None:
        while True:
            try:
                want, _ = native.rfctls_socket_handshake(self._handle)
            except Error as error:
                raise self._cause(self.sock._verdict(error))
            finally:
                self._flush()
            if want == _WANT_READ:
                self._more = self.loop.create_future()
                await self._more
            elif want != _WANT_WRITE and want:
                await self.sock._ask(want, waits=True)
            elif not want:
                return

    def _cause(self, error: BaseException) -> BaseException:
        """A reset below shows as an end of bytes above."""
        told = isinstance(error, CertificateError) or not isinstance(error, Exception)
        return error if told or self._error is None else self._error

    # ---- what the program's protocol gets ----

    def start(self, app: asyncio.BaseProtocol, *, made: bool) -> TLSTransport:
        """After the handshake: app gets what comes. made: tell it that the connection was made."""
        transport = TLSTransport(self)
        self.app = app
        self._established = True
        if made:
            app.connection_made(transport)
        self._go_on()
        if self._lost:
            self.loop.call_soon(self._end)
        return transport

    def _deliver(self) -> None:
        try:
            while not (self.paused or self.closing or self._read_end):
                want, given = self._give()
                if want == _WANT_WRITE:
                    self._flush()
                elif want:
                    return
                elif not given:
                    self._end_reading()
        except Error as error:
            self._flush()  # perhaps an alert
            self.close(error if self._error is None else None)

    def _give(self) -> tuple[int, int]:
        """Gives the protocol what there is; (a want, how many bytes)."""
        app = self.app
        if isinstance(app, asyncio.BufferedProtocol):
            want, count = native.rfctls_socket_recv_into(self._handle, 0, 0, app.get_buffer(_BLOCK))
            if count:
                app.buffer_updated(count)
            return want, count
        want, data = native.rfctls_socket_recv_bytes(self._handle, 0, 0, _BLOCK)
        if data:
            app.data_received(data)  # type: ignore[attr-defined]
        return want, len(data or b"")

    def _end_reading(self) -> None:
        """The peer said goodbye."""
        self._read_end = True
        if not self.app.eof_received():  # type: ignore[attr-defined]
            self.close()

    # ---- what the program's protocol sends ----

    def write(self, data: Buffer) -> None:
        """See TLSTransport.write."""
        view = memoryview(data).cast("B")
        if self._write_end:
            raise RuntimeError("writing was ended")
        if self.closing or self.lower.is_closing() or not view:
            return
        if not self._backlog:
            view = self._encrypt(view)
        if view:
            self._backlog.append(memoryview(bytes(view)))
            self.backlog_size += len(view)

    def _encrypt(self, view: memoryview) -> memoryview:
        """As far as it goes; gives back the rest, which has to wait for bytes of the peer."""
        try:
            while view:
                want, sent = native.rfctls_socket_send(self._handle, 0, view)
                view = view[sent:]
                if want == _WANT_READ:
                    break
                self._flush()
        except Error as error:
            self._flush()
            self.close(error)
            return view[:0]
        return view

    def _encrypt_backlog(self) -> None:
        while self._backlog and not self.closing:
            first = self._backlog.popleft()
            rest = self._encrypt(first)
            self.backlog_size -= len(first) - len(rest)
            if rest:
                self._backlog.appendleft(rest)
                return
        if self._write_end and not self.closing:
            self._say_goodbye()

    def write_eof(self) -> None:
        """See TLSTransport.write_eof."""
        if not self._write_end and not self.closing:
            self._write_end = True
            if not self._backlog:
                self._say_goodbye()

    def _say_goodbye(self) -> None:
        try:
            native.rfctls_socket_shutdown(self._handle, native.RFCTLS_SHUT_WRITE)
        except Error as error:
            self.close(error)
        self._flush()

    # ---- ends ----

    def close(self, error: Exception | None = None) -> None:
        """Says goodbye, and closes the transport below when the peer has ended its side, too: unread
        bytes would turn its close into a reset, which takes our last bytes with it."""
        if self.closing:
            return
        self._encrypt_backlog()
        self.closing = True
        self._error = self._error or error
        if self._lost:
            return
        try:
            native.rfctls_socket_close(self._handle)
        except Error:
            pass  # the goodbye cannot be said
        self._flush()
        if self._eof or not self.lower.can_write_eof():
            self.lower.close()
            return
        if self.paused:
            self.lower.resume_reading()
        self.lower.write_eof()
        self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        """Until nothing that we wrote has left for the time of close_timeout."""
        limit = self.sock.config.close_timeout
        if limit is not None:
            self._left = self.lower.get_write_buffer_size()
            self._patience = self.loop.call_later(limit, self._lose_patience)

    def _lose_patience(self) -> None:
        if self.lower.get_write_buffer_size() < self._left:
            self._wait_for_the_end()
        else:
            self.lower.abort()

    def abort(self) -> None:
        """See TLSTransport.abort."""
        self.closing = True
        native.rfctls_socket_abort(self._handle)
        if not self._lost:
            self.lower.abort()

    def _end(self) -> None:
        """The transport below is gone: what came before that is given, then the program is told."""
        self.paused = False
        if self._error is None:
            self._end_input()
        self._deliver()
        self.closing = True
        self._backlog.clear()
        self.backlog_size = 0
        self.kept = None
        native.rfctls_socket_abort(self._handle)
        self.app.connection_lost(self._error)


class StreamReader(asyncio.StreamReader):
    """A StreamReader that gives all that came before it raises what ended the connection."""

    _failure: Exception | None = None

    def set_exception(self, exc: Exception) -> None:
        """The connection has failed."""
        self._failure = exc
        self.feed_eof()

    def exception(self) -> Exception | None:
        """What the connection failed with."""
        return self._failure

    async def read(self, n: int = -1) -> bytes:
        """See asyncio; at the end, raises what the connection has failed with."""
        if n >= 0:
            data = await super().read(n)
            if n > 0 and not data:
                self._check(data)
            return data
        blocks = []
        while block := await super().read(65536):
            blocks.append(block)
        self._check(b"".join(blocks))
        return b"".join(blocks)

    async def readuntil(self, separator: Any = b"\n") -> bytes:
        """See asyncio; raises what the connection has failed with instead of IncompleteReadError."""
        return await self._whole(super().readuntil(separator))

    async def readexactly(self, n: int) -> bytes:
        """See asyncio; raises what the connection has failed with instead of IncompleteReadError."""
        return await self._whole(super().readexactly(n))

    async def _whole(self, reading: Awaitable[bytes]) -> bytes:
        try:
            return await reading
        except asyncio.IncompleteReadError as error:
            self._check(error.partial)
            raise

    def _check(self, partial: bytes) -> None:
        if self._failure is not None:
            if isinstance(self._failure, Error):
                self._failure.partial = partial
            raise self._failure


class Server(asyncio.AbstractServer):
    """What start_server gives: asyncio's Server, and reload."""

    _server: asyncio.Server

    def __init__(self, config: Config, protocol_factory: Callable[[], asyncio.BaseProtocol]) -> None:
        self._config = config
        self._protocol_factory = protocol_factory
        self._tasks: set[asyncio.Task[None]] = set()  # handshakes; a loop holds its tasks weakly

    def _accepted(self) -> Link:
        link = Link(self._config, {}, server_side=True)
        link.begin = self._shake
        return link

    def _shake(self, link: Link) -> None:
        task = link.loop.create_task(self._serve(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, link: Link) -> None:
        """A client that fails is its own matter; what the program's callables raise is not."""
        try:
            await link.handshake()
        except Error as error:
            if isinstance(error, (CertificateError, IdentityError)) and error.__cause__ is not None:
                link.loop.call_exception_handler(
                    {"message": "a callable of the config failed", "exception": error.__cause__}
                )
            _log.debug("%r: no handshake: %s", link.lower, error)
            return
        link.start(self._protocol_factory(), made=True)

    def reload(self, config: Config) -> None:
        """Uses another config for what is accepted from now on; no connection is lost."""
        self._config = _config_of("server", config, {})

    @property
    def config(self) -> Config:
        """The Config for what is accepted from now on."""
        return self._config

    @property
    def sockets(self) -> Sequence[Any]:
        """The listening sockets."""
        return self._server.sockets

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it serves on."""
        return self._server.get_loop()

    def is_serving(self) -> bool:
        """Whether it accepts connections."""
        return self._server.is_serving()

    async def start_serving(self) -> None:
        """Begins to accept connections, if that was left for later."""
        await self._server.start_serving()

    async def serve_forever(self) -> None:
        """Accepts connections until it is cancelled, then closes."""
        await self._server.serve_forever()

    def close(self) -> None:
        """Accepts no more connections; those that there are live on."""
        self._server.close()

    async def wait_closed(self) -> None:
        """Until it is closed; from Python 3.12 on, until its connections are, too."""
        await self._server.wait_closed()

    def __repr__(self) -> str:
        return f"<rfctls.Server {self._server!r}>"


# ---- makers ----


async def open_connection(
    host: str | None = None,
    port: int | str | None = None,
    *,
    config: Config | None = None,
    server_name: str | None = None,
    session: Session | None = None,
    sock: plain.socket | None = None,
    limit: int = _READER_LIMIT,
    **options: Unpack[Options],
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to a host, does the TLS handshake, and returns a reader and a writer.

    As rfctls.connect, in asyncio: the same checks and the same timers (asyncio.timeout for others).
    A connected sock can be given instead of host and port; it needs server_name. limit is the
    reader's, in bytes. Cancelling closes the connection.
    """
    reader = StreamReader(limit=limit)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await create_connection(
        lambda: protocol,
        host,
        port,
        config=config,
        server_name=server_name,
        session=session,
        sock=sock,
        **options,
    )
    writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
    return reader, writer


async def create_connection(
    protocol_factory: Callable[[], Protocol],
    host: str | None = None,
    port: int | str | None = None,
    *,
    config: Config | None = None,
    server_name: str | None = None,
    session: Session | None = None,
    sock: plain.socket | None = None,
    **options: Unpack[Options],
) -> tuple[TLSTransport, Protocol]:
    """The same for a protocol; see open_connection and loop.create_connection."""
    link = Link(config, options, server_name=server_name, session=session)
    await _connect(link, host, port, sock)
    await link.handshake()
    app = protocol_factory()
    return link.start(app, made=True), app


async def start_server(
    client_connected_cb: Callable[
        [asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None
    ],
    host: str | Sequence[str] | None = None,
    port: int | str | None = None,
    *,
    config: Config | None = None,
    sock: plain.socket | None = None,
    limit: int = _READER_LIMIT,
    backlog: int = 100,
    start_serving: bool = True,
    **options: Unpack[Options],
) -> Server:
    """Listens, and calls client_connected_cb(reader, writer) for each client after its handshake.

    As asyncio.start_server. The host None is all addresses, with a socket for IPv4 and one for
    IPv6; port 0 any that is free, for each socket. A bound sock can be given instead. A slow client
    delays nobody.
    """

    def protocol() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(StreamReader(limit=limit), client_connected_cb)

    return await create_server(
        protocol, host, port, config=config, sock=sock, backlog=backlog,
        start_serving=start_serving, **options,
    )


async def create_server(
    protocol_factory: Callable[[], asyncio.BaseProtocol],
    host: str | Sequence[str] | None = None,
    port: int | str | None = None,
    *,
    config: Config | None = None,
    sock: plain.socket | None = None,
    backlog: int = 100,
    start_serving: bool = True,
    **options: Unpack[Options],
) -> Server:
    """The same for protocols; see start_server and loop.create_server."""
    server = Server(_config_of("server", config, options), protocol_factory)
    where: dict[str, Any] = {"host": host, "port": None if port is None else _port(port)}
    try:
        server._server = await asyncio.get_running_loop().create_server(
            server._accepted, **where, sock=sock, backlog=backlog, start_serving=start_serving
        )
    except OverflowError as error:
        raise ArgumentError(f"backlog is out of range: {backlog}") from error
    except plain.gaierror as error:
        raise ResolveError(f"{host}:{port}: {error.strerror}") from error
    except OSError as error:
        raise SystemCallError(error.errno or 0, error.strerror or str(error)) from error
    return server


async def start_tls(
    transport: asyncio.WriteTransport,
    protocol: asyncio.BaseProtocol,
    *,
    server_side: bool = False,
    config: Config | None = None,
    server_name: str | None = None,
    session: Session | None = None,
    received: bytes = b"",
    **options: Unpack[Options],
) -> TLSTransport:
    """Speaks TLS over a transport from now on, for STARTTLS and proxies; see loop.start_tls.

    Any transport of bytes will do, TLS ones, too. Returns the transport that protocol has to use
    instead, and which its data come from. A client needs server_name, the name to ask for and to
    check. TLS begins with received, bytes that came already. On failure, and when it is cancelled,
    the transport is closed.
    """
    link = Link(config, options, server_side=server_side, server_name=server_name, session=session)
    await link.take_over(transport, received)
    return link.start(protocol, made=False)


async def upgrade_connection(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    server_side: bool = False,
    config: Config | None = None,
    server_name: str | None = None,
    session: Session | None = None,
    limit: int = _READER_LIMIT,
    **options: Unpack[Options],
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """start_tls for streams: returns the reader and writer to go on with.

    What the old reader still holds is taken for TLS: nothing that somebody in between has said in
    the clear can be taken for what the peer says in TLS.
    """
    link = Link(config, options, server_side=server_side, server_name=server_name, session=session)
    link.kept = writer  # its finaliser closes the transport, which is ours now
    transport = writer.transport
    secure = StreamReader(limit=limit)
    protocol = asyncio.StreamReaderProtocol(secure)
    transport.pause_reading()  # type: ignore[attr-defined]
    ended = reader.at_eof()
    reader.feed_eof()
    await link.take_over(transport, await reader.read(), ended)
    over = link.start(protocol, made=True)
    return secure, asyncio.StreamWriter(over, protocol, secure, asyncio.get_running_loop())


def _config_of(role: Role, config: Config | None, options: Options) -> Config:
    config = _config_for(role, config, options)
    if config.role != role:
        raise ArgumentError(f"this takes a {role}'s config, not a {config.role}'s")
    if role == "server" and config.identity is None:
        raise hinted(IdentityError("a server needs an identity"))
    return config


async def _connect(
    link: Link,
    host: str | None,
    port: int | str | None,
    sock: plain.socket | None,
) -> None:
    """TCP alone, within the config's connect_timeout; what fails becomes an exception of ours."""
    config = link.sock.config
    families = {None: plain.AF_UNSPEC, 4: plain.AF_INET, 6: plain.AF_INET6}
    late = "did not accept the connection in time"
    try:
        async with asyncio.timeout(config.connect_timeout):
            if sock is None and host is not None and port is not None:
                service = _port(port)
                native.rfctls_socket_set_peer(link.sock._handle, host, service)
                late = "the resolver did not answer in time"
                found = await addresses_of(host, service, families[config.ip_version])
                late = "did not accept the connection in time"
                sock = await connect_to_one(found)
            elif sock is None or host is not None or port is not None:
                raise TypeError("a host and a port are needed, or a sock")
            await link.loop.create_connection(lambda: link, sock=sock)
    except builtins.TimeoutError:
        raise TimeoutError(f"{host} port {port}: {late}") from None
    except plain.gaierror as error:
        raise ResolveError(f"{host}:{port}: {error.strerror}") from error
    except OSError as error:
        code = error.errno or ECONNREFUSED
        raise ConnectError(code, f"{host}:{port}: {error.strerror or error}") from error


def _port(port: int | str) -> str:
    service = _service(port)
    if service.lstrip("-").isdigit() and not 0 <= int(service) <= 65535:
        raise ArgumentError(f"port {service} is out of range")
    return service


def _reset(error: Exception) -> Exception:
    if isinstance(error, ConnectionError) and not isinstance(error, Error):
        return ResetError(error.errno or 0, "the peer reset the connection")
    return error
