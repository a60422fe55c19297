"""Wrong arguments of every kind to every public callable, one at a time, the others valid: what comes is
TypeError, ValueError or rfctls.Error, or the call works; never anything else, and never a crash."""
import asyncio
import contextlib
import inspect
import io
import pathlib
import re
import socket
import threading

import pytest

import rfctls
import rfctls.http
from peers import CA, LIMIT, echo, pem
from rfctls import native, rfc

BAD = [None, True, -1, 0, 7, 2**31, 2**64, 2**100, -2**100, 1.5, float("nan"), float("inf"), "", "text",
       "nul\0inside", "\udcff", "b\u00fccher", b"", b"bytes", bytearray(b"room"), memoryview(b"view"),
       memoryview(b"gappy")[::2], (), [], {}, [1], [None], ["", b""], {"a": 1}, object(), object, len,
       lambda *_: 1 / 0, socket, rfctls.Config(), rfctls.Identity.self_signed("x.test"), 3j, ..., range(3)]
ALLOWED = (TypeError, ValueError, rfctls.Error)
IDENTITY = rfctls.Identity(*pem("server"))
CERTIFICATE = rfctls.Certificate.load(CA)


# Python's own, of a wrong encoding; and of plain sockets that a refused call did not take over.
pytestmark = [pytest.mark.filterwarnings("ignore:Support for non-ascii encoding names"),
              pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """Some of what is wrong for one argument names a file for another, which is then written."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def server():
    """An echo server of ours for any number of clients, good and bad."""
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, handshake_timeout=5.0) as listener:
        def serve(conn):
            with contextlib.suppress(OSError), conn:
                conn.settimeout(LIMIT)
                conn.handshake()
                echo(conn)

        def accept():
            with contextlib.suppress(rfctls.ClosedError):
                while True:
                    threading.Thread(target=serve, args=listener.accept(handshake=False)[:1],
                                     daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        listener.close()
        thread.join(LIMIT)


def talking(kept=[]):  # noqa: B006  # what is kept
    """A socket over memory that has shaken hands, and never waits; the one before, if it still does."""
    if not kept or kept[0].closed or kept[0]._to_close:
        kept[:] = [shaken()]
    return kept[0]


def shaken():
    ours, theirs = rfctls.MemoryTransport(), rfctls.MemoryTransport()
    client = rfctls.wrap(ours, server_name="localhost", authorities=CA, handshake=False)
    server = rfctls.wrap(theirs, server_side=True, identity=IDENTITY, handshake=False)
    ready = set()
    while len(ready) < 2:
        for sock, mine, other in ((client, ours, theirs), (server, theirs, ours)):
            with contextlib.suppress(rfctls.WantReadError):
                if sock not in ready:
                    sock.handshake()
                    ready.add(sock)
            while data := mine.drain():
                other.feed(data)
    server.send(b"data")
    while data := theirs.drain():
        ours.feed(data)
    return client


# ---- what there is to call, and valid arguments by the names of the parameters ----

OPTIONS = [name for name in inspect.signature(rfctls.Config).parameters]


def valid(server):
    return {
        "host": lambda: "127.0.0.1", "node": lambda: "127.0.0.1", "port": lambda: server,
        "service": lambda: str(server), "sock": lambda: rfctls.MemoryTransport(),
        "server_name": lambda: "localhost", "authorities": lambda: CA, "source": lambda: CA,
        "chain": lambda: pem("server")[0], "key": lambda: pem("server")[1],
        "name": lambda: "x.test", "data": lambda: b"data", "buffer": lambda: bytearray(10),
        "bufsize": lambda: 10, "size": lambda: 10, "how": lambda: 1, "value": lambda: 0,
        "flag": lambda: False, "level": lambda: socket.SOL_SOCKET, "optname": lambda: 1,
        "config": lambda: rfctls.Config("server", identity=IDENTITY), "label": lambda: "EXPERIMENTAL",
        "length": lambda: 4, "start": lambda: 0, "file": lambda: io.BytesIO(b"file"),
        "certificates": lambda: [CERTIFICATE], "private_key": lambda: None,
        "protocol_factory": lambda: asyncio.Protocol, "client_connected_cb": lambda: (lambda r, w: None),
        "timeout": lambda: 0, "milliseconds": lambda: 10, "proc": lambda: (lambda s: None),
        "callback": lambda: (lambda s: None), "type": lambda: 7, "names": lambda: ["a"],
        "kind": lambda: None, "error": lambda: None, "traceback": lambda: None,
        "thing": lambda: None, "req": lambda: None, "events": lambda: rfctls.READ,
    }


def special(server):
    """Where one name means different things."""
    def connected():
        return socket.create_connection(("127.0.0.1", server))

    return {
        "Certificate.load": {"source": lambda: CA},
        "PrivateKey.load": {"source": lambda: pem("server")[1]},
        "Identity.load": {"source": lambda: str(pathlib.Path(CA).parent / "both.pem")},
        "Session.load": {"data": lambda: b"garbage"},
        "wrap": {"config": lambda: rfctls.Config(authorities=CA)},
        "listen": {"host": lambda: "127.0.0.1", "port": lambda: 0,
                   "config": lambda: rfctls.Config("server", identity=IDENTITY)},
        "connect": {"config": lambda: rfctls.Config(authorities=CA)},
        "rfc.make_server_tls_socket": {"service": lambda: "0", "certificates": lambda: []},
        "rfc.make_server_tls_sockets": {"service": lambda: "0", "certificates": lambda: []},
        "rfc.make_client_tls_socket": {"authorities": lambda: [CERTIFICATE]},
        "rfc.socket_to_tls_socket": {"socket": connected, "handshake": lambda: False},
        "rfc.make_hello_extension": {"type": lambda: 7},
        "rfc.tls_socket_accept": {"handshake": lambda: False},
        "Poll.register": {"sock": talking},
    }


def calls():
    """Every public function and method, as (name, how to get it)."""
    found = {}
    for name in rfctls.__all__:
        thing = getattr(rfctls, name)
        if inspect.isclass(thing) and issubclass(thing, Exception):
            continue
        if inspect.isclass(thing):
            if name in ("Config", "Identity", "MemoryTransport", "Poll"):
                found[name] = lambda thing=thing: thing
            for member, value in inspect.getmembers(thing):
                if member.startswith("_") or isinstance(value, property) or not callable(value):
                    continue
                found[f"{name}.{member}"] = lambda n=name, m=member: getattr(instance(n), m)
        elif callable(thing):
            found[name] = lambda thing=thing: thing
    for name, thing in vars(rfc).items():
        if inspect.isfunction(thing) and thing.__module__ == "rfctls.rfc" and name[0] != "_":
            found[f"rfc.{name}"] = lambda thing=thing: thing
    return found


def instance(name):
    makers = {"TLSSocket": talking, "Certificate": lambda: CERTIFICATE, "Finding": lambda: CERTIFICATE,
              "Config": rfctls.Config, "Identity": lambda: IDENTITY, "PrivateKey": lambda:
              rfctls.PrivateKey, "Session": lambda: rfctls.Session, "Poll": rfctls.Poll,
              "MemoryTransport": rfctls.MemoryTransport}
    return makers[name]()


CALLS = calls()
LISTENS = {"TLSSocket.accept", "TLSSocket.reload", "rfc.tls_socket_accept", "rfc.socket_accept"}
IN_ASYNCIO = {"open_connection", "create_connection", "start_server", "create_server", "start_tls",
              "upgrade_connection"}


def call(function, arguments):
    """Makes the call, in asyncio where it belongs there; what it made is closed."""
    result = function(**arguments)
    if hasattr(result, "close"):
        with contextlib.suppress(Exception):
            result.close()
    return result


def bind(name, function, server):
    """The valid arguments, and every parameter that there is."""
    parameters = inspect.signature(function).parameters
    table = valid(server) | special(server).get(name, {})
    if "socket" in parameters and "socket" not in table:
        table["socket"] = talking
    arguments, names = {}, []
    for parameter in parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            names += OPTIONS if name in ("connect", "listen", "wrap", *IN_ASYNCIO) else []
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.name != "self":
            names.append(parameter.name)
            if parameter.default is parameter.empty or parameter.name in special(server).get(name, {}):
                arguments[parameter.name] = table[parameter.name]
    if name == "wrap" or name == "rfc.socket_to_tls_socket":
        arguments["handshake"] = lambda: False
    if name == "connect":
        arguments["handshake"] = lambda: False
        arguments["timeout"] = lambda: 5
    return arguments, dict.fromkeys(names)


def waits(name, parameter, bad):
    """Whether that is a valid time, and a long one."""
    long = bad is None or isinstance(bad, (int, float)) and bad > 5
    return long and parameter == "timeout" and (name == "Poll.wait" or name.endswith("_select"))


def try_one(name, parameter, bad, server):
    if waits(name, parameter, bad):
        return
    function = CALLS[name]()
    arguments, _ = bind(name, function, server)
    if parameter in OPTIONS and parameter != "config":
        arguments.pop("config", None)
    made = {key: make() for key, make in arguments.items() if key != parameter}
    made[parameter] = bad
    try:
        call(function, made)
    except ALLOWED:
        pass
    except ZeroDivisionError:
        assert getattr(bad, "__name__", "") == "<lambda>"  # it is the program's own
    except BaseException as error:
        raise AssertionError(f"{name}({parameter}={bad!r}): {error!r}") from error


@pytest.mark.parametrize("name", sorted(set(CALLS) - IN_ASYNCIO - LISTENS))
def test_one_bad_argument_at_a_time(name, server):
    _, names = bind(name, CALLS[name](), server)
    for parameter in names:
        for bad in BAD:
            try_one(name, parameter, bad, server)


@pytest.mark.parametrize("name", sorted(set(CALLS) - IN_ASYNCIO))
def test_too_many_and_too_few_and_unknown_arguments(name):
    if name.startswith("rfc.socket_") and name.endswith("_select"):
        return
    function = CALLS[name]()
    for arguments, keywords in [((None,) * 20, {}), ((), {"no_such": 1})]:
        with pytest.raises((TypeError, ValueError, rfctls.Error)):
            function(*arguments, **keywords)


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_listeners(bad):
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, timeout=0) as listener:
        for use in (lambda: listener.accept(handshake=bad), lambda: listener.reload(bad),
                    lambda: rfc.tls_socket_accept(listener, handshake=bad),
                    lambda: rfc.tls_socket_accept(listener, raise_error=bad)):
            with contextlib.suppress(*ALLOWED):
                use()


@pytest.mark.parametrize("name", sorted(IN_ASYNCIO))
def test_one_bad_argument_at_a_time_in_asyncio(name, server):
    function = getattr(rfctls, name)
    names = [parameter for parameter in inspect.signature(function).parameters if parameter != "options"]

    def arguments():
        if name in ("open_connection", "create_connection"):
            given = {"host": "127.0.0.1", "port": server, "server_name": "localhost",
                     "authorities": CA, "handshake_timeout": 5.0}
        elif name in ("start_server", "create_server"):
            given = {"host": "127.0.0.1", "port": 0, "identity": IDENTITY}
        else:
            given = {"server_name": "localhost", "authorities": CA, "handshake_timeout": 5.0}
        if name == "start_server":
            given["client_connected_cb"] = lambda reader, writer: None
        if name in ("create_server", "create_connection"):
            given["protocol_factory"] = asyncio.Protocol
        return given

    async def one(parameter, bad):
        given = arguments()
        if name == "start_tls":
            given["transport"], given["protocol"] = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, "127.0.0.1", server)
        elif name == "upgrade_connection":
            given["reader"], given["writer"] = await asyncio.open_connection("127.0.0.1", server)
        kept = dict(given)
        if parameter == "config":
            given = {key: value for key, value in given.items() if key not in OPTIONS}
        given[parameter] = bad
        try:
            result = await asyncio.wait_for(function(**given), LIMIT)
        except (*ALLOWED, ZeroDivisionError):
            result = None
        except AttributeError as error:  # of what a program gave as a protocol or a stream
            assert parameter in ("protocol", "protocol_factory", "reader", "writer",
                                 "client_connected_cb"), f"{name}({parameter}={bad!r}): {error!r}"
            result = None
        for thing in (*(result if isinstance(result, tuple) else (result,)), kept.get("transport"),
                      kept.get("writer")):
            with contextlib.suppress(Exception):
                thing.close()

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for parameter in (*names, *OPTIONS):
            for bad in BAD:
                if name == "create_server" or parameter not in OPTIONS or bad is None:
                    await one(parameter, bad)
                elif parameter in ("verifier", "identity", "authorities", "alpn"):
                    await one(parameter, bad)

    asyncio.run(main())


def test_no_native_function_crashes():
    """Below the facade: any values, of any number, for every function of C."""
    handles = [native.rfctls_config_new(native.RFCTLS_CLIENT), native.rfctls_chain_new(),
               talking()._handle, native.rfctls_raw_memory(), native.rfctls_pollset_new()]
    tried = 0
    for name, function in vars(native).items():
        if not callable(function) or inspect.isclass(function) or name == "set_error_factory":
            continue
        if name.endswith("_wait"):  # numbers are good times for it
            continue
        for bad in [*BAD, *handles]:
            for count in range(4):
                for first in ([bad], *([handle] for handle in handles)):
                    with contextlib.suppress(*ALLOWED):
                        function(*first, *[bad] * count)
                    tried += 1
    assert tried > 10_000


# ---- what a message names is what the caller has named ----

# Where a parameter has a name that says less than the message's: settimeout(value), and the original's.
ALIASES = {"value": "timeout", "milliseconds": "timeout", "timeout": "milliseconds", "private_key": "key",
           "socket": "sock", "node": "host", "service": "port", "size": "bufsize"}
NAMED = r"(?!memoryview:)(\w+)(?:: | must | is out of range| contains a NUL| cannot be a file's name)"


@pytest.mark.parametrize("name", sorted(set(CALLS) - IN_ASYNCIO - LISTENS))
def test_an_error_names_the_parameter_as_the_caller_does(name, server):
    _, names = bind(name, CALLS[name](), server)
    for parameter in names:
        for bad in (object(), 2**80, "nul\0inside", 1.5):
            if waits(name, parameter, bad):
                continue
            function = CALLS[name]()
            arguments, _ = bind(name, function, server)
            made = {key: make() for key, make in arguments.items()
                    if key != parameter and not (key == "config" and parameter in OPTIONS)}
            try:
                call(function, made | {parameter: bad})
            except ALLOWED as error:
                told = re.match(NAMED, str(error))
                assert told is None or told[1] in (parameter, ALIASES.get(parameter)), (
                    f"{name}({parameter}={bad!r}): {error}")


@pytest.mark.parametrize("parameter, bad", [
    ("host", 1), ("host", b"localhost"), ("host", "nul\0"), ("port", None), ("server_name", 1), ("server_name", b"x"),
    ("session", 1), ("config", {}), ("timeout", "1"), *((option, 3j) for option in OPTIONS if option != "role")])
def test_a_wrong_argument_of_connect_is_named(parameter, bad, server):
    given = {"host": "127.0.0.1", "port": server, parameter: bad, "handshake": False}
    with pytest.raises(ALLOWED, match=parameter):
        rfctls.connect(**given)


@pytest.mark.parametrize("bad", ["no", 1, None, 0, "False"])
@pytest.mark.parametrize("option", [
    "session_cache", "allow_truncation", "insecure_skip_verify", "insecure_skip_name_check"])
def test_a_switch_is_a_bool(option, bad):
    with pytest.raises(TypeError, match=option):
        rfctls.Config(**{option: bad})
