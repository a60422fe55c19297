"""Sessions, new keys, listeners that get another config, and TLS over memory."""
import contextlib
import shutil
import socket
import ssl
import threading

import pytest

import rfctls
from peers import (CA, LIMIT, client_context, echo, in_thread, pem, read_exactly, server_context,
                   serving, tls)

IDENTITY = rfctls.Identity(*pem("server"))


@contextlib.contextmanager
def listening(**options):
    """A server of ours for any number of connections, one after the other."""
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, **options) as listener:
        def serve():
            while True:
                try:
                    conn, _ = listener.accept()
                except rfctls.ClosedError:
                    return
                except rfctls.Error:
                    continue
                with conn, contextlib.suppress(OSError):
                    echo(conn)

        with in_thread(serve):
            yield listener
            listener.close()


def talk(listener, **options):
    """Connects, hears something, and tells whether it was recognised, and the session it got."""
    with rfctls.connect("localhost", listener.getsockname()[1], ip_version=4, timeout=LIMIT,
                        **{"authorities": CA, **options}) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        return sock.session_reused, sock.session


VERSIONS = pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])


@VERSIONS
def test_a_saved_session_is_resumed_under_another_config(version):
    with listening(min_version=version, max_version=version) as listener:
        resumed, session = talk(listener)
        assert not resumed
        saved = session.dump()
        assert isinstance(saved, bytes)
        resumed, _ = talk(listener, session=rfctls.Session.load(saved))
        assert resumed


def test_sockets_of_one_config_resume_by_themselves_unless_told_not_to():
    for cache, expected in ((True, [False, True]), (False, [False, False])):
        config = rfctls.Config(authorities=CA, session_cache=cache)
        with listening() as listener:
            found = []
            for _ in range(2):
                with rfctls.connect("127.0.0.1", listener.getsockname()[1], config=config,
                                    timeout=LIMIT) as sock:
                    sock.sendall(b"x")
                    sock.recv(1)
                    found.append(sock.session_reused)
        assert found == expected


@VERSIONS
def test_connecting_twice_with_equal_options_resumes_by_itself(version):
    with listening(max_version=version) as listener:
        # Authorities are what they say, wherever they come from; timers are the socket's own.
        for expected, options in ((False, {}), (True, {"connect_timeout": 5}),
                                  (True, {"authorities": rfctls.Certificate.load(CA)}),
                                  (False, {"min_version": version}), (True, {})):
            resumed, _ = talk(listener, **options)
            assert resumed == expected, options


@VERSIONS
def test_a_session_that_is_given_is_used_on_another_port(version):
    """As FTP's data connections need it."""
    with listening(max_version=version) as control, listening(max_version=version) as data:
        _, session = talk(control)
        with rfctls.connect("localhost", data.getsockname()[1], ip_version=4, timeout=LIMIT,
                            authorities=CA, session=session) as sock:
            assert sock.session_reused
            assert sock.session_refused is None
        _, session = talk(control)
        with rfctls.wrap(socket.create_connection(("127.0.0.1", data.getsockname()[1])),
                         server_name="localhost", timeout=LIMIT, authorities=CA,
                         session=rfctls.Session.load(session.dump())) as sock:
            assert sock.session_reused


def refusal(listener, **options):
    with rfctls.connect("localhost", listener.getsockname()[1], ip_version=4, timeout=LIMIT,
                        authorities=CA, **options) as sock:
        sock.sendall(b"x")
        sock.recv(1)
        assert not sock.session_reused
        return sock.session_refused


def test_a_session_that_is_refused_says_why():
    with listening() as listener, listening(session_cache=False) as forgetful:
        _, session = talk(listener)
        assert refusal(listener, session=session, server_name="server.test") == (
            "it is for another server name")
        assert "other options" in refusal(listener, session=session, max_version="TLSv1.2")
        assert "other protocols" in refusal(listener, session=session, hello_extensions=[(0xFFF0, b"x")])
        assert refusal(forgetful, session=session) == "the server did not take it"


def test_what_is_no_session():
    for data in (b"", b"garbage"):
        with pytest.raises(rfctls.ParseError):
            rfctls.Session.load(data)
    with pytest.raises(TypeError):
        rfctls.Session()
    with listening() as listener:
        with pytest.raises(TypeError):
            talk(listener, session=b"bytes")
        with rfctls.connect("127.0.0.1", listener.getsockname()[1], authorities=CA,
                            handshake=False) as sock:
            assert sock.session is None
            sock.handshake()


def test_new_keys_change_nothing_for_the_data():
    with serving(tls(echo)) as server, rfctls.connect("localhost", server.port, authorities=CA,
                                                      timeout=LIMIT) as sock:
        for part in (b"before", b"after", b"again"):
            sock.key_update()
            sock.sendall(part)
            assert read_exactly(sock, len(part)) == part


def test_new_keys_need_tls_1_3():
    with serving(tls(echo)) as server, rfctls.connect("localhost", server.port, authorities=CA,
                                                      max_version="TLSv1.2") as sock:
        with pytest.raises(rfctls.UnsupportedError):
            sock.key_update()


def shown(listener):
    with rfctls.connect("127.0.0.1", listener.getsockname()[1], authorities=CA,
                        timeout=LIMIT) as sock:
        return sock.peer_certificate


def test_a_reload_counts_for_what_comes_then_also_under_way():
    renewed = rfctls.Identity(*pem("server-rsa"))
    with listening() as listener:
        assert shown(listener) == IDENTITY.certificate
        held = rfctls.connect("127.0.0.1", listener.getsockname()[1], authorities=CA)
        config = listener.config.replace(identity=renewed)
        listener.reload(config)
        assert listener.config is config
        held.sendall(b"still served")
        assert read_exactly(held, 12) == b"still served"
        held.close()
        assert {shown(listener), shown(listener)} <= {IDENTITY.certificate, renewed.certificate}
        assert shown(listener) == renewed.certificate
        with pytest.raises(rfctls.ArgumentError):
            listener.reload(rfctls.Config())
        with pytest.raises(TypeError):
            listener.reload(None)
        assert shown(listener) == renewed.certificate


def test_reloading_while_many_connect_loses_nobody():
    asked = rfctls.Config("server", identity=lambda sock: IDENTITY)
    with listening() as listener:
        plain, done = listener.config, threading.Event()

        def reload():
            while not done.is_set():
                for config in (asked, plain):
                    listener.reload(config)

        with in_thread(reload):
            try:
                for _ in range(100):
                    assert shown(listener) == IDENTITY.certificate
            finally:
                done.set()


# ---- over memory ----


def carry(ours, theirs_in, theirs_out):
    """What each has said goes to the other."""
    while data := ours.drain():
        theirs_in.write(data)
    if data := theirs_out.read():
        ours.feed(data)


@pytest.mark.parametrize("server_side", [False, True])
def test_tls_over_memory(server_side):
    below, incoming, outgoing = rfctls.MemoryTransport(), ssl.MemoryBIO(), ssl.MemoryBIO()
    if server_side:
        sock = rfctls.wrap(below, server_side=True, identity=IDENTITY, handshake=False)
        other = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    else:
        sock = rfctls.wrap(below, server_name="localhost", authorities=CA, handshake=False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pem("server"))
        other = context.wrap_bio(incoming, outgoing, server_side=True)
    ready = set()
    while len(ready) < 2:
        for side in {sock, other} - ready:
            with contextlib.suppress(rfctls.WantReadError, ssl.SSLWantReadError):
                side.do_handshake()
                ready.add(side)
            carry(below, incoming, outgoing)
    assert (sock.version(), sock.fileno(), sock.getblocking()) == ("TLSv1.3", -1, False)
    sock.sendall(b"over memory")
    carry(below, incoming, outgoing)
    assert other.read(100) == b"over memory"
    with pytest.raises(rfctls.WantReadError):
        sock.recv(1)
    other.write(b"and back")
    carry(below, incoming, outgoing)
    assert sock.recv(100) == b"and back"
    assert below.drain() is None
    sock.close()
    assert below.drain() and below.drain() == b""


def test_memory_that_ends_is_a_truncation():
    below = rfctls.MemoryTransport()
    sock = rfctls.wrap(below, server_name="x.test", handshake=False)
    below.feed_end()
    with pytest.raises(rfctls.TruncatedError):
        sock.handshake()


def test_memory_does_not_wait():
    with pytest.raises(ValueError, match="handshake=False"):
        rfctls.wrap(rfctls.MemoryTransport(), server_name="x.test")
    sock = rfctls.wrap(rfctls.MemoryTransport(), server_name="x.test", handshake=False)
    sock.settimeout(5)
    with pytest.raises(rfctls.UnsupportedError):
        sock.handshake()
    with pytest.raises(rfctls.UnsupportedError):
        sock.detach()


def test_bytes_that_are_none_are_not_fed():
    below = rfctls.MemoryTransport()
    with pytest.raises(TypeError):
        below.feed("text")
    with pytest.raises(ValueError):
        below.drain(-1)


# ---- ciphers, groups, secrets ----


def agreed(version, **options):
    """A connection to a server of ssl, and its channel binding there."""
    def serve(conn):
        conn.sendall(b"x")
        return conn.get_channel_binding("tls-unique"), echo(conn)

    with serving(tls(serve)) as server:
        with rfctls.connect("localhost", server.port, authorities=CA, timeout=LIMIT,
                            min_version=version, max_version=version, **options) as sock:
            assert sock.recv(1) == b"x"
            yield sock
        yield server.result()[0]


def test_ciphers_suites_and_groups_are_chosen():
    sock, _ = agreed("TLSv1.3", cipher_suites="TLS_CHACHA20_POLY1305_SHA256", groups="P-384")
    assert (sock.cipher(), sock.group()) == (
        ("TLS_CHACHA20_POLY1305_SHA256", "TLSv1.3", 256), "secp384r1")
    sock, _ = agreed("TLSv1.2", ciphers="ECDHE+AESGCM+AES128")
    assert sock.cipher()[0].endswith("_WITH_AES_128_GCM_SHA256")
    assert sock.cipher()[1:] == ("TLSv1.2", 128)
    for option in ("ciphers", "cipher_suites", "groups"):
        with pytest.raises(rfctls.ArgumentError, match="no-such"):
            rfctls.Config(**{option: "no-such"})


def test_static_rsa_key_exchange_is_for_programs_that_name_it():
    def serve(conn):
        context = server_context("server-rsa", "TLSv1.2")
        context.set_ciphers("AES128-GCM-SHA256")
        with contextlib.suppress(OSError), context.wrap_socket(conn, server_side=True) as secure:
            echo(secure)

    for ciphers in (None, "DEFAULT", "ALL"):
        with serving(serve) as server, pytest.raises(rfctls.AlertError):
            rfctls.connect("localhost", server.port, authorities=CA, ciphers=ciphers)
    with serving(serve) as server, rfctls.connect(
            "localhost", server.port, authorities=CA, ciphers="DEFAULT:AES128-GCM-SHA256") as sock:
        assert sock.cipher()[0] == "TLS_RSA_WITH_AES_128_GCM_SHA256"


def test_a_security_level_in_a_list_of_ciphers_counts_or_is_refused():
    for ciphers in ("DEFAULT@SECLEVEL=2", "DEFAULT:@SECLEVEL=3"):
        rfctls.Config(ciphers=ciphers)
    for ciphers in ("DEFAULT@SECLEVEL=1", "ALL:@SECLEVEL=0"):
        with pytest.raises(rfctls.ArgumentError, match="min_version"):
            rfctls.Config(ciphers=ciphers)


def test_channel_bindings():
    sock, unique = agreed("TLSv1.2")
    assert sock.get_channel_binding("tls-unique") == unique
    sock, _ = agreed("TLSv1.3")
    assert len(sock.get_channel_binding()) == 32
    assert sock.get_channel_binding() == sock.export_key("EXPORTER-Channel-Binding", 32, b"")
    import hashlib
    assert sock.get_channel_binding("tls-server-end-point") == hashlib.sha256(
        sock.peer_certificate.der).digest()
    with pytest.raises(rfctls.UnsupportedError):
        sock.get_channel_binding("tls-unique")
    with pytest.raises(ValueError):
        sock.get_channel_binding("no-such")
    for length in (0, -1, 8161):
        with pytest.raises(ValueError):
            sock.export_key("EXPERIMENTAL-x", length)


def test_secrets_are_logged_only_when_asked(tmp_path):
    sock, _ = agreed("TLSv1.3", insecure_key_log=tmp_path / "keys")
    assert "CLIENT_TRAFFIC_SECRET_0" in (tmp_path / "keys").read_text()
    with pytest.raises(OSError):
        rfctls.Config(insecure_key_log=tmp_path)


def test_a_directory_of_anchors(tmp_path):
    import subprocess
    shutil.copy(CA, tmp_path / "ca.pem")
    subprocess.run(["openssl", "rehash", tmp_path], check=True)
    with serving(tls(echo)) as server:
        rfctls.connect("localhost", server.port, trust_directory=tmp_path, system_trust=False).close()
    with pytest.raises(OSError):
        rfctls.Config(trust_directory=tmp_path / "none")


# ---- certificates ----


def test_a_certificate_tells_what_ssl_tells():
    import _ssl

    for name in ("server", "client", "server-rsa", "ip-under-dns", "critical-extension", "ca"):
        path = pem(name)[0]
        try:
            expected = _ssl._test_decode_cert(path)
        except ssl.SSLError:
            continue
        assert rfctls.Certificate.load(path).as_dict() == expected


def test_a_certificate_has_names_a_serial_and_a_fingerprint():
    certificate = rfctls.Certificate.load(pem("server")[0])
    assert "localhost" in certificate.names and "127.0.0.1" in certificate.names
    assert certificate.matches("localhost") and not certificate.matches("other.test")
    assert int(certificate.serial, 16) == int(certificate.as_dict()["serialNumber"], 16)
    import hashlib
    assert certificate.fingerprint == hashlib.sha256(certificate.der).hexdigest()
