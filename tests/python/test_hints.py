"""A failure says what to do about it, in Python's words; and an option of another library, what it is called here."""
import asyncio
import contextlib
import inspect
import pathlib
import re
import socket

import pytest

import rfctls
from peers import CA, LIMIT, in_thread, pem, server_context, serving, silence, tls
from rfctls import _hints

IDENTITY = rfctls.Identity(*pem("server"))
PKI = pathlib.Path(CA).parent


def hint_of(error):
    """The one note; str() is still a line without it."""
    (hint,) = error.__notes__
    assert "\n" not in str(error) and hint not in str(error)
    return hint


def failure(kind, call, *arguments, **keywords):
    with pytest.raises(kind) as caught:
        result = call(*arguments, **keywords)
        if hasattr(result, "close"):
            result.close()
    return caught.value


def connecting(port, **options):
    return rfctls.connect("127.0.0.1", port, **{"server_name": "localhost", "timeout": LIMIT} | options)


@pytest.mark.parametrize("name, options, hint", [
    ("wrong-ca", {"authorities": CA}, 'authorities="ca.pem"'),
    ("self-signed", {"authorities": CA, "server_name": "server.test"}, 'authorities="cert.pem"'),
    ("server", {"authorities": CA, "server_name": "other.test"}, 'server_name="..."'),
    ("expired", {"authorities": CA, "server_name": "server.test"}, "renew"),
    ("not-yet-valid", {"authorities": CA, "server_name": "server.test"}, "clock")])
def test_a_refused_certificate_says_what_to_do(name, options, hint):
    def refused(conn):
        with contextlib.suppress(OSError):
            tls(silence, server_context(name))(conn)

    with serving(refused) as server:
        error = failure(rfctls.CertificateError, connecting, server.port, **options)
    assert hint in hint_of(error)


def test_a_truncated_end_names_the_option_that_takes_it():
    def cut(conn):
        conn.sendall(b"half")
        socket.socket(fileno=conn.detach()).close()

    with serving(tls(cut)) as server, connecting(server.port, authorities=CA) as sock:
        assert sock.recv(10) == b"half"
        error = failure(rfctls.TruncatedError, sock.recv, 10)
        assert "allow_truncation=True" in hint_of(error)
        sock.abort()


def test_an_end_during_the_handshake_does_not_name_it():
    with serving(lambda conn: conn.recv(65536)) as server:
        error = failure(rfctls.TruncatedError, connecting, server.port)
    assert "allow_truncation" not in hint_of(error)


def test_a_handshake_that_is_still_to_come_is_named():
    sock = rfctls.wrap(rfctls.MemoryTransport(), server_name="x.test", handshake=False)
    assert "handshake()" in hint_of(failure(rfctls.StateError, sock.send, b"early"))
    sock = rfctls.wrap(rfctls.MemoryTransport(), handshake=False)
    assert 'server_name="' in hint_of(failure(rfctls.StateError, sock.handshake))


def test_a_peer_without_tls_says_where_to_look():
    with serving(lambda conn: conn.sendall(b"220 mail.test ESMTP\r\n")) as server:
        error = failure(rfctls.ProtocolError, connecting, server.port)
    assert "STARTTLS" in hint_of(error)


def test_a_client_that_shows_no_certificate_and_the_server_that_wants_one():
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, authorities=CA, timeout=LIMIT,
                       peer_certificate="required") as listener:
        with in_thread(failure, rfctls.CertificateError, listener.accept) as server:
            with connecting(listener.getsockname()[1], authorities=CA) as client:
                error = failure(rfctls.AlertError, client.recv, 1)
                client.abort()
        assert "identity=" in hint_of(error)
        assert 'peer_certificate="optional"' in hint_of(server.result())


def test_a_server_that_a_client_does_not_trust():
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, timeout=LIMIT) as listener:
        with in_thread(failure, rfctls.AlertError, listener.accept) as server:
            failure(rfctls.CertificateError, connecting, listener.getsockname()[1])
        assert "trust the authority" in hint_of(server.result())


def test_a_key_that_does_not_fit():
    error = failure(rfctls.IdentityError, rfctls.Identity, pem("server")[0], pem("client")[1])
    assert "Identity(chain, key)" in hint_of(error)


def test_a_server_without_an_identity():
    assert "identity=" in hint_of(failure(rfctls.IdentityError, rfctls.listen))
    error = failure(rfctls.IdentityError, asyncio.run, rfctls.start_server(print, "127.0.0.1", 0))
    assert "identity=" in hint_of(error)


def test_an_identity_without_its_key():
    assert "Identity(" in hint_of(failure(rfctls.IdentityError, rfctls.Identity.load, pem("server")[0]))


@pytest.mark.parametrize("name", ["server.p12", "server-encrypted.key"])
@pytest.mark.parametrize("passphrase, hint", [(None, "passphrase="), ("wrong", "UTF-8")])
def test_a_passphrase_that_is_missing_or_wrong(name, passphrase, hint):
    load = rfctls.Identity.load if name.endswith(".p12") else rfctls.PrivateKey.load
    assert hint in hint_of(failure(rfctls.ParseError, load, str(PKI / name), passphrase))


@pytest.mark.parametrize("load", [rfctls.Certificate.load, rfctls.PrivateKey.load, rfctls.Identity.load])
def test_pem_text_where_a_path_is_due_and_a_path_where_bytes_are_due(load):
    error = failure(rfctls.ArgumentError, load, pathlib.Path(pem("server")[1]).read_text())
    assert "text.encode()" in hint_of(error) and "BEGIN" not in str(error)
    assert "a str or a path" in hint_of(failure(rfctls.ParseError, load, pem("server")[0].encode()))


def test_what_is_clear_without_one_has_no_hint():
    for error in (failure(rfctls.ConnectError, rfctls.connect, "127.0.0.1", 1, timeout=LIMIT),
                  failure(rfctls.SystemCallError, rfctls.Certificate.load, "/no/such/file")):
        assert not hasattr(error, "__notes__")


# ---- options of other libraries ----

MAKERS = {
    "Config": lambda options: rfctls.Config(**options),
    "connect": lambda options: rfctls.connect("127.0.0.1", 1, **options),
    "listen": lambda options: rfctls.listen("127.0.0.1", 0, **options),
    "wrap": lambda options: rfctls.wrap(rfctls.MemoryTransport(), handshake=False, **options),
    "open_connection": lambda options: asyncio.run(rfctls.open_connection("127.0.0.1", 1, **options)),
    "start_server": lambda options: asyncio.run(rfctls.start_server(print, "127.0.0.1", 0, **options)),
    "HTTPSConnection": lambda options: rfctls.http.HTTPSConnection("x.test", **options),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("option, value, hint", [
    ("cafile", "ca.pem", "authorities="), ("verify", False, "insecure_skip_verify=True"), ("ssl", True, "leave it out"),
    ("check_hostname", False, "insecure_skip_name_check=True"), ("context", None, "config=rfctls.Config"),
    ("server_hostname", "x.test", "server_name="), ("certfile", "x.pem", "identity=")])
def test_an_option_of_another_library_is_told_what_it_is_called_here(maker, option, value, hint):
    error = failure(TypeError, MAKERS[maker], {option: value})
    assert f"{option!r} is not an option" in str(error) and hint in str(error)


@pytest.mark.parametrize("maker", MAKERS)
def test_an_option_that_nobody_knows_is_refused_by_its_name(maker):
    assert "no_such_option" in str(failure(TypeError, MAKERS[maker], {"no_such_option": 1}))


def test_what_the_hints_name_is_there():
    """Each option, parameter and function that a hint names."""
    known = {*inspect.signature(rfctls.Config).parameters} - {"unknown"} | {"config", "handshake", "passphrase"}
    hints = [hint for *_, hint in _hints.FAILURES] + list(_hints.HABITS.values())
    for hint in hints:
        assert set(re.findall(r"\b([a-z_]+)=", hint)) <= known, hint
        assert all(hasattr(rfctls, name) for name in re.findall(r"rfctls\.(\w+)", hint)), hint
    makers = [getattr(rfctls, name) for name in MAKERS if hasattr(rfctls, name)]
    for habit in _hints.HABITS:
        assert not any(habit in inspect.signature(maker).parameters for maker in makers), habit
