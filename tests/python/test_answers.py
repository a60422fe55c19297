"""What a program's verifier may answer, and what makes a socket lax: the lists of tests/parity, at every
entrance and in both roles."""
import asyncio
import contextlib
import csv
import os
import pathlib
import socket

import pytest

import rfctls
from peers import CA, LIMIT, PKI, client_context, in_thread, pem, server_context, serving, silence, tls
from rfctls import rfc

# Some answers are coroutines inside of something else, where nobody looks for them.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine 'coroutine' was never awaited")


def rows_of(name):
    table = pathlib.Path(os.environ["RFCTLS_SOURCE_DIR"]) / "tests" / "parity" / name
    with open(table, encoding="utf-8") as file:
        return [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                if row["Python"] != "-"]


ROWS, OPTIONS = rows_of("answers.tsv"), rows_of("laxness.tsv")
with open(PKI / "manifest.tsv") as manifest:
    BAD = {(row["role"], row["reason"]): row["name"]  # one for each reason, the first
           for row in reversed(list(csv.DictReader(manifest, dialect="excel-tab")))
           if row["verdict"] == "bad"}
SERVER, CLIENT = rfctls.Identity(*pem("server")), rfctls.Identity(*pem("client"))
SERVER_KEY, CLIENT_KEY = (rfctls.PrivateKey.load(pem(name)[1]) for name in ("server", "client"))
AUTHORITIES = rfctls.Certificate.load_chain(CA)
SERVER_OPTIONS = {"identity": SERVER, "authorities": CA, "peer_certificate": "required"}
CLIENT_OPTIONS = {"identity": CLIENT, "authorities": CA, "handshake_timeout": LIMIT}
INDICATION = [rfc.make_server_name_indication(["server.test"])]


async def coroutine(value):
    if isinstance(value, Exception):
        raise value
    return value


class equal:
    def __eq__(self, other):
        return True

    __hash__ = None


def answering(row):
    return lambda *_: eval(row["Python"], {"coroutine": coroutine, "equal": equal})


def shake(sock, server):
    """None, or what the handshake raised. In TLS 1.3 a client hears of a refusal when it reads."""
    try:
        sock.settimeout(LIMIT)
        sock.handshake()
        sock.sendall(b"x") if server else sock.recv(1)
    except rfctls.Error as error:
        return error
    finally:
        sock.close()


def result(make, other, server):
    """How a handshake ends at the end that make makes over its half of a pair of plain sockets."""
    ours, theirs = socket.socketpair()
    peer = rfctls.wrap(theirs, server_side=not server, handshake=False, **other)
    with in_thread(shake, peer, not server):
        return shake(make(ours), server)


def wrapped(verifier, server):
    options = SERVER_OPTIONS if server else {**CLIENT_OPTIONS, "server_name": "server.test"}
    return lambda ours: rfctls.wrap(ours, server_side=server, handshake=False, verifier=verifier, **options)


def wrapped_by_rfc(verifier, server):
    options = {"certificates": SERVER.chain, "private_key": SERVER_KEY} if server else {
        "certificates": CLIENT.chain, "private_key": CLIENT_KEY, "hello_extensions": INDICATION}
    return lambda ours: rfc.socket_to_tls_socket(
        ours, client_socket=not server, handshake=False, authorities=AUTHORITIES,
        certificate_verifier=verifier, **options)


@pytest.mark.parametrize("make", [wrapped, wrapped_by_rfc])
@pytest.mark.parametrize("server", [False, True], ids=["client", "server"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["answer"])
def test_only_true_is_a_yes(row, server, make):
    other = CLIENT_OPTIONS | {"server_name": "server.test"} if server else SERVER_OPTIONS
    error = result(make(answering(row), server), other, server)
    if row["accepted"] == "yes":
        assert error is None
    else:
        assert isinstance(error, rfctls.CertificateError) and error.reason == "REFUSED"


@pytest.mark.parametrize("connect", [
    lambda port, verifier: rfctls.connect("127.0.0.1", port, verifier=verifier, **CLIENT_OPTIONS),
    lambda port, verifier: rfc.make_client_tls_socket(
        "127.0.0.1", str(port), certificate_verifier=verifier, authorities=AUTHORITIES,
        certificates=CLIENT.chain, private_key=CLIENT_KEY)], ids=["connect", "rfc"])
@pytest.mark.parametrize("listen", [
    lambda verifier: rfctls.listen("127.0.0.1", 0, verifier=verifier, **SERVER_OPTIONS),
    lambda verifier: rfc.make_server_tls_socket(
        "0", SERVER.chain, private_key=SERVER_KEY, authorities=AUTHORITIES,
        client_certificate_required=True, certificate_verifier=verifier)], ids=["listen", "rfc"])
def test_clients_and_servers_of_each_kind(connect, listen):
    def serve(listener):
        listener.settimeout(LIMIT)
        try:
            with listener.accept()[0] as conn:
                conn.sendall(b"x")
            return "yes"
        except rfctls.Error:
            return "no"

    def use(port, verifier):
        try:
            with connect(port, verifier) as sock:
                return "yes" if sock.recv(1) == b"x" else "no"
        except rfctls.Error:
            return "no"

    def trusting(*_):
        return True

    for row in ROWS:
        expected = "yes" if row["accepted"] == "yes" else "no"
        for of_client, of_server in [(answering(row), trusting), (trusting, answering(row))]:
            with listen(of_server) as listener, in_thread(serve, listener) as served:
                assert use(listener.getsockname()[1], of_client) == expected, row["answer"]
                assert served.result(LIMIT) == expected, row["answer"]


@pytest.mark.parametrize("server", [False, True], ids=["client", "server"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["answer"])
def test_in_asyncio_a_coroutine_is_asked(row, server):
    async def connect(port, verifier):
        try:
            reader, writer = await rfctls.open_connection(
                "127.0.0.1", port, verifier=verifier, **CLIENT_OPTIONS)
            got = await reader.read(1)
            writer.close()
            return got
        except rfctls.Error:
            return b""

    async def main():
        def serve(reader, writer):
            writer.write(b"x")
            writer.close()

        def trusting(*_):
            return True

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        of_server, of_client = (answering(row), trusting) if server else (trusting, answering(row))
        async with await rfctls.start_server(serve, "127.0.0.1", 0, verifier=of_server,
                                             **SERVER_OPTIONS) as listener:
            return await connect(listener.sockets[0].getsockname()[1], of_client)

    assert (asyncio.run(main()) == b"x") is (row["accepted"] != "no")


@pytest.mark.parametrize("bad", [None, 0, 1, "", "no", (), [True]])
@pytest.mark.parametrize("parameter", ["insecure_skip_verify", "insecure_skip_name_check",
                                       "allow_truncation", "session_cache", "system_trust"])
def test_a_switch_is_a_bool(parameter, bad):
    if (parameter, bad) != ("system_trust", None):
        with pytest.raises(TypeError, match=parameter):
            rfctls.Config(**{parameter: bad})


@pytest.mark.parametrize("bad", [None, 0, 1, "", "no", (), [True]])
def test_what_is_neither_a_bool_nor_callable_is_no_verifier(bad):
    with pytest.raises(TypeError, match="certificate_verifier"):
        rfc.make_client_tls_socket("127.0.0.1", "1", certificate_verifier=bad)
    with pytest.raises(TypeError, match="certificate_verifier"):
        rfc.make_server_tls_socket("0", SERVER.chain, private_key=SERVER_KEY, certificate_verifier=bad)


# ---- laxness ----

def options_of(row):
    return eval(f"dict({row['Python']})")


def is_accepted(connect):
    try:
        connect()
        return True
    except rfctls.CertificateError:
        return False


@pytest.mark.parametrize("row", OPTIONS, ids=lambda row: row["option"])
def test_a_client_is_lax_by_name_only(row):
    options = CLIENT_OPTIONS | options_of(row)
    for (role, reason), name in {("server", "-"): "server", **BAD}.items():
        def serve(conn, name=name):
            with contextlib.suppress(OSError):
                tls(silence, server_context(name))(conn)

        if role == "server":
            with serving(serve) as server:
                accepted = is_accepted(lambda: rfctls.connect(
                    "127.0.0.1", server.port, server_name="server.test", timeout=LIMIT, **options).close())
            assert accepted is (reason in ("-", row["accepts"]) or row["accepts"].startswith("all")), name


@pytest.mark.parametrize("row", OPTIONS, ids=lambda row: row["option"])
def test_a_server_is_lax_by_name_only(row):
    def connect(port, name):
        context = client_context()
        if name:
            context.load_cert_chain(*pem(name))
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), LIMIT) as conn:
            with context.wrap_socket(conn, server_hostname="localhost") as secure:
                secure.recv(1)

    clients = [name for (role, _), name in BAD.items() if role == "client"]
    for name, lax in [("client", True), (None, False),
                      *((bad, row["accepts"] == "all") for bad in ["server", *clients])]:
        with rfctls.listen("127.0.0.1", 0, timeout=LIMIT, **SERVER_OPTIONS, **options_of(row)) as listener:
            with in_thread(connect, listener.getsockname()[1], name):
                assert is_accepted(lambda: listener.accept()[0].close()) is lax, name
