"""The operations of Sagittarius Scheme's (rfc tls), each under its own name.

For readers of that library's documentation: tls-socket-send is tls_socket_send here, with the
arguments in the same order and the keywords under the same names; *, ! and ? become words. What they
work on are the objects of rfctls; the socket_ functions take plain sockets of the socket module, too.

Where ours differ on purpose: a client checks its server unless certificate_verifier is False; a
truncated connection is an error; the whole chain is sent.
"""

from __future__ import annotations

import functools
import socket as plain
from types import FunctionType

from . import connect, listen, native, wrap
from .certificates import Certificate, Identity, PrivateKey
from .config import VERSIONS, Config, pairs
from .errors import Error, named
from .poll import ERROR, READ, WRITE, Poll
from .socket import TLSSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO, Any, Concatenate, Literal, ParamSpec, TypeAlias, TypeVar

    from typing_extensions import Buffer

    Extension: TypeAlias = tuple[int, bytes]
    Verdict: TypeAlias = bool | Callable[[int, bool, Certificate], bool]
    AnySocket: TypeAlias = TLSSocket | plain.socket
    Rest = ParamSpec("Rest")
    Result = TypeVar("Result")

TLS_VERSION_1_3 = native.RFCTLS_TLS_1_3
TLS_VERSION_1_2 = native.RFCTLS_TLS_1_2
TLS_VERSION_1_1 = native.RFCTLS_TLS_1_1
TLS_VERSION_1_0 = native.RFCTLS_TLS_1_0
_VERSIONS = {number if name else None: name for name, number in VERSIONS.items()}
_SERVER_NAME = 0  # the extensions' numbers (RFC 6066, RFC 7301)
_PROTOCOLS = 16


# ---- makers and handshake ----


def make_hello_extension(type: int, data: bytes) -> Extension:
    """An extension of the client's hello."""
    return type, bytes(memoryview(data))


def make_server_name_indication(names: Sequence[str]) -> Extension:
    """The server name to ask for and to check: the first of the names."""
    return _SERVER_NAME, _texts(names)[0]


def make_protocol_name_list(names: Sequence[str]) -> Extension:
    """The application protocols to offer, or to choose from, the preferred first."""
    return _PROTOCOLS, b"\0".join(_texts(names))


def make_client_tls_socket(
    node: str,
    service: str,
    *,
    handshake: bool = True,
    certificates: Sequence[Certificate] = (),
    private_key: PrivateKey | None = None,
    hello_extensions: Sequence[Extension] = (),
    certificate_verifier: Verdict = True,
    authorities: Sequence[Certificate] = (),
    version: int | None = None,
) -> TLSSocket:
    """A client, connected; see rfctls.connect.

    certificate_verifier: True is the library's check, a callable(depth, ok, certificate) decides
    itself by True (yes) or False, False checks nothing.
    """
    config = _config(
        "client", hello_extensions, certificates, private_key, certificate_verifier, authorities,
        version,
    )
    where = _text("node", node), _text("service", service)
    return connect(*where, config=config, handshake=handshake)


def make_server_tls_socket(
    service: str,
    certificates: Sequence[Certificate],
    *,
    private_key: PrivateKey | None = None,
    authorities: Sequence[Certificate] = (),
    client_certificate_required: bool = False,
    certificate_verifier: Verdict = True,
    hello_extensions: Sequence[Extension] = (),
    version: int | None = None,
) -> TLSSocket:
    """A listener on all addresses; service "0" is any free port. See rfctls.listen."""
    config = _config(
        "server", hello_extensions, certificates, private_key, certificate_verifier, authorities,
        version, client_certificate_required,
    )
    return listen(None, _text("service", service), config=config)


def make_server_tls_sockets(
    service: str, certificates: Sequence[Certificate], **options: Any
) -> list[TLSSocket]:
    """make-server-tls-socket*: a list of listeners that together have all addresses."""
    return [make_server_tls_socket(service, certificates, **options)]


def socket_to_tls_socket(
    socket: plain.socket | int,
    *,
    client_socket: bool = True,
    handshake: bool = True,
    hello_extensions: Sequence[Extension] = (),
    certificates: Sequence[Certificate] = (),
    private_key: PrivateKey | None = None,
    authorities: Sequence[Certificate] = (),
    peer_certificate_required: bool | None = None,
    certificate_verifier: Verdict = True,
) -> TLSSocket:
    """socket->tls-socket: TLS over a connected socket or a descriptor. See rfctls.wrap.

    peer_certificate_required: of a server; None: where somebody could judge it, that is with
    authorities or with a callable certificate_verifier.
    """
    if peer_certificate_required is None:
        peer_certificate_required = bool(authorities) or callable(certificate_verifier)
    config = _config(
        "client" if client_socket else "server", hello_extensions, certificates, private_key,
        certificate_verifier, authorities, None, peer_certificate_required,
    )
    return wrap(socket, server_side=not client_socket, config=config, handshake=handshake)


def tls_client_handshake(socket: TLSSocket) -> TLSSocket:
    """Does a client's handshake; returns the socket."""
    socket.handshake()
    return socket


def tls_server_handshake(socket: TLSSocket, *, raise_error: bool = True) -> TLSSocket | None:
    """Does a server's handshake; returns the socket. None on failure, unless raise_error."""
    try:
        socket.handshake()
    except Error:
        if raise_error:
            raise
        return None
    return socket


def tls_socket_accept(
    socket: TLSSocket, *, handshake: bool = True, raise_error: bool = True
) -> TLSSocket | None:
    """The next connection of a listener. None if its handshake fails, unless raise_error."""
    made = socket.accept(handshake=False)[0]
    if not handshake:
        return made
    try:
        return tls_server_handshake(made, raise_error=raise_error)
    except BaseException:
        made._close_quietly()
        raise


# ---- operations on a TLS socket alone ----


def is_tls_socket(thing: object) -> bool:
    """tls-socket?"""
    return isinstance(thing, TLSSocket)


def tls_socket_pending(socket: TLSSocket) -> bool:
    """tls-socket-pending?: whether decrypted bytes wait."""
    return socket.pending() > 0


def tls_socket_peer_certificate(socket: TLSSocket) -> Certificate | None:
    """The peer's certificate, or None."""
    return socket.peer_certificate


def tls_socket_selected_alpn(socket: TLSSocket) -> str | None:
    """The application protocol agreed on, or None."""
    return socket.selected_alpn_protocol()


def tls_socket_client_certificate_callback_set(
    socket: TLSSocket, callback: Callable[[TLSSocket], Identity | None] | None
) -> None:
    """tls-socket-client-certificate-callback-set!, before the handshake; None clears it."""
    socket._identify_by(callback)


def tls_socket_raw_socket(socket: TLSSocket) -> int:
    """The descriptor of the socket below."""
    return socket.fileno()


# ---- the same for sockets of either kind ----


def socket_close(socket: AnySocket) -> None:
    """Closes."""
    socket.close()


def socket_closed(socket: AnySocket) -> bool:
    """socket-closed?"""
    return socket.closed if isinstance(socket, TLSSocket) else socket.fileno() < 0


def socket_shutdown(socket: AnySocket, how: int) -> None:
    """Ends reading (0), writing (1) or both (2)."""
    socket.shutdown(how)


def socket_send(socket: AnySocket, data: Buffer, flags: int = 0) -> int:
    """Sends all, and returns how many bytes; -1: non-blocking, and nothing could go."""
    if socket.getblocking():
        socket.sendall(data, flags)
        return memoryview(data).nbytes
    try:
        return socket.send(data, flags)
    except BlockingIOError:
        return -1


def socket_send_range(
    socket: AnySocket, data: Buffer, start: int = 0, length: int = -1, flags: int = 0
) -> int:
    """socket-send/range: the same for length bytes from start on; -1: to the end."""
    return socket_send(socket, _range(data, start, length), flags)


def socket_recv(socket: AnySocket, size: int, flags: int = 0) -> bytes | None:
    """1 to size bytes; empty at the polite end; None: non-blocking, and nothing is there."""
    try:
        return socket.recv(size, flags)
    except BlockingIOError:
        return None


def socket_recv_into(
    socket: AnySocket, buffer: Buffer, start: int, length: int, flags: int = 0
) -> int:
    """socket-recv!: how many bytes came; 0 at the end; -1: nothing is there."""
    place = _range(buffer, start, length)
    try:
        return socket.recv_into(place, 0, flags) if len(place) else 0
    except BlockingIOError:
        return -1


def socket_accept(socket: AnySocket) -> AnySocket:
    """The next connection of a listener."""
    return socket.accept()[0]


def call_with_socket(socket: AnySocket, proc: Callable[[Any], Any]) -> Any:
    """What proc returns for the socket, which is closed then, however proc ends."""
    with socket:
        return proc(socket)


def socket_peer(socket: AnySocket) -> Any:
    """The peer's address, or None."""
    return _address(socket.getpeername)


def socket_info(socket: AnySocket) -> Any:
    """The address of our end, or None."""
    return _address(socket.getsockname)


def socket_name(socket: AnySocket) -> str | None:
    """Our end as text, or None."""
    address = socket_info(socket)
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else address


def socket_node(socket: AnySocket) -> str | None:
    """The node, as given to connect; a plain socket does not know."""
    return getattr(socket, "node", None)


def socket_service(socket: AnySocket) -> str | None:
    """The service, as given to connect; a plain socket does not know."""
    return getattr(socket, "service", None)


def socket_info_values(
    socket: AnySocket, *, type: Literal["peer", "info"] = "peer"
) -> tuple[str, str, int]:
    """Host name, IP address and port of one end."""
    if type not in ("peer", "info"):
        raise ValueError(f"type must be 'peer' or 'info', not {type!r}")
    address: Any = socket.getpeername() if type == "peer" else socket.getsockname()
    node = socket_node(socket) if type == "peer" else None
    if isinstance(address, str):  # a path
        return node or address, "", 0
    return node or address[0], address[0], address[1]


def socket_port(socket: AnySocket, close: bool = True) -> IO[Any]:
    """A binary file that reads and writes; closing it closes the socket unless close is False."""
    file: Any = socket.makefile("rwb")
    if close:
        socket.close()  # as soon as the file is
    return file  # type: ignore[no-any-return]


def socket_input_port(socket: AnySocket) -> IO[Any]:
    """A binary file that reads; closing it leaves the socket open."""
    return socket.makefile("rb")


def socket_output_port(socket: AnySocket) -> IO[Any]:
    """A binary file that writes; closing it leaves the socket open."""
    return socket.makefile("wb")


def socket_nonblocking(socket: AnySocket) -> None:
    """socket-nonblocking!"""
    socket.setblocking(False)


def socket_blocking(socket: AnySocket) -> None:
    """socket-blocking!"""
    socket.setblocking(True)


def is_nonblocking_socket(socket: AnySocket) -> bool:
    """nonblocking-socket?"""
    return not socket.getblocking()


def socket_set_read_timeout(socket: AnySocket, milliseconds: int | None) -> None:
    """socket-set-read-timeout!: for each later call; None and 0 wait for ever."""
    socket.settimeout(milliseconds / 1000 if milliseconds else None)


def socket_get_read_timeout(socket: AnySocket) -> int | None:
    """That timeout in milliseconds."""
    seconds = socket.gettimeout()
    return None if seconds is None else round(seconds * 1000)


def socket_read_select(timeout: int | None, *sockets: AnySocket) -> list[AnySocket]:
    """Those that can be read from, waiting for one at most timeout milliseconds; None: for ever."""
    return _select(timeout, READ, sockets)


def socket_write_select(timeout: int | None, *sockets: AnySocket) -> list[AnySocket]:
    """Those that can be written to, waiting in the same way."""
    return _select(timeout, WRITE, sockets)


def socket_error_select(timeout: int | None, *sockets: AnySocket) -> list[AnySocket]:
    """Those that have failed, waiting in the same way."""
    return _select(timeout, ERROR, sockets)


# ---- the same for TLS sockets only ----


def _for_tls(
    method: Callable[Concatenate[AnySocket, Rest], Result], doc: str | None = None
) -> Callable[Concatenate[TLSSocket, Rest], Result]:
    """What a function does, under the name that (rfc tls) has for TLS sockets."""
    name = method.__name__.replace("socket", "tls_socket")
    made: Any = FunctionType(method.__code__, globals(), name, method.__defaults__)
    made.__qualname__, made.__kwdefaults__ = name, method.__kwdefaults__
    made.__annotations__ = {**method.__annotations__, "socket": "TLSSocket"}
    made.__doc__ = doc or str(method.__doc__).replace("socket-", "tls-socket-")
    return made  # type: ignore[no-any-return]


tls_socket_send = _for_tls(socket_send)
tls_socket_send_range = _for_tls(socket_send_range)
tls_socket_recv = _for_tls(socket_recv)
tls_socket_recv_into = _for_tls(socket_recv_into)
tls_socket_shutdown = _for_tls(socket_shutdown)
tls_socket_close = _for_tls(socket_close, "Sends close_notify, and closes.")
tls_socket_closed = _for_tls(socket_closed)
call_with_tls_socket = _for_tls(call_with_socket)
tls_socket_peer = _for_tls(socket_peer)
tls_socket_info = _for_tls(socket_info)
tls_socket_name = _for_tls(socket_name)
tls_socket_node = _for_tls(socket_node, "The node, as given to connect.")
tls_socket_service = _for_tls(socket_service, "The service, as given to connect.")
tls_socket_info_values = _for_tls(socket_info_values)
tls_socket_nonblocking = _for_tls(socket_nonblocking)
tls_socket_blocking = _for_tls(socket_blocking)
is_nonblocking_tls_socket = _for_tls(is_nonblocking_socket, "nonblocking-tls-socket?")
tls_socket_set_read_timeout = _for_tls(socket_set_read_timeout)
tls_socket_get_read_timeout = _for_tls(socket_get_read_timeout)
tls_socket_port = _for_tls(socket_port)
tls_socket_input_port = _for_tls(socket_input_port)
tls_socket_output_port = _for_tls(socket_output_port)


# ---- inside ----


def _text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {value!r}")
    return value


def _texts(names: Sequence[str]) -> list[bytes]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"names must be several str, not {names!r}")
    if not names:
        raise ValueError("names must not be empty")
    return [name.encode() for name in names]


def _config(
    role: Literal["client", "server"],
    hello_extensions: Sequence[Extension],
    certificates: Sequence[Certificate],
    private_key: PrivateKey | None,
    verifier: Verdict,
    authorities: Sequence[Certificate],
    version: int | None,
    required: bool = False,
) -> Config:
    options: dict[str, Any] = {}
    others = []
    for kind, data in named("hello_extensions", pairs, hello_extensions):
        if kind == _SERVER_NAME:
            options["server_name"] = data.decode()
        elif kind == _PROTOCOLS:
            options["alpn"] = data.decode().split("\0")
        else:
            others.append((kind, data))
    if private_key is not None:
        options["identity"] = Identity(certificates, private_key)
    elif certificates:
        raise ValueError("certificates without their private key")
    elif role == "server":
        options["identity"] = Identity.self_signed("localhost")
    if version not in _VERSIONS:
        raise ValueError(f"version must be one of TLS_VERSION_, not {version!r}")
    if role == "server" and (required or authorities):
        options["peer_certificate"] = "required" if required else "optional"
    if isinstance(verifier, bool):
        options["insecure_skip_verify"] = not verifier
    elif callable(verifier):
        options["verifier"] = verifier
    else:
        raise TypeError(f"certificate_verifier must be a bool or callable, not {verifier!r}")
    return Config(
        role,
        authorities=authorities,
        hello_extensions=others,
        min_version=_VERSIONS[version],
        max_version=_VERSIONS[version],
        **options,
    )


def _range(data: Buffer, start: int, length: int) -> memoryview:
    view = memoryview(data).cast("B")
    end = len(view) if length == -1 else start + length
    if not 0 <= start <= end <= len(view):
        raise ValueError(f"the range {start}, {length} is not within {len(view)} bytes")
    return view[start:end]


def _address(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except OSError:
        return None


def _select(timeout: int | None, events: int, sockets: tuple[AnySocket, ...]) -> list[AnySocket]:
    poll = Poll()
    for socket in sockets:
        poll.register(socket, events)
    found = poll.wait(None if timeout is None else timeout / 1000)
    return [socket for socket, happened in found if happened & (events | ERROR)]


def _checked(function: Callable[..., Any], kinds: tuple[type, ...]) -> Callable[..., Any]:
    """The function, which says so when its socket is none."""

    @functools.wraps(function)
    def check(socket: object, *arguments: Any, **keywords: Any) -> Any:
        if not isinstance(socket, kinds):
            raise TypeError(f"not a socket of {function.__name__}: {socket!r}")
        return function(socket, *arguments, **keywords)

    return check


for _name, _function in [*globals().items()]:
    if getattr(_function, "__module__", "") == __name__ and _name[0] != "_":
        _first = _function.__code__.co_varnames[:1]
        if _first == ("socket",) and _name != "socket_to_tls_socket":
            _kinds = (TLSSocket,) if "tls_" in _name else (TLSSocket, plain.socket)
            globals()[_name] = _checked(_function, _kinds)
