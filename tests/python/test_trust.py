"""Whom a socket trusts: bad servers, verifiers, client certificates."""
import contextlib
import csv
import socket
import ssl

import pytest

import rfctls
from peers import (CA, PKI, client_context, descriptors, echo, in_thread, pem, read_exactly,
                   server_context, serving, tls)
from rfctls import rfc

with open(PKI / "manifest.tsv") as file:
    MANIFEST = list(csv.DictReader(file, dialect="excel-tab"))
BAD_SERVERS = [(row["name"], row["reason"]) for row in MANIFEST
               if (row["role"], row["verdict"]) == ("server", "bad")]


def hearing(name):
    """A server that tells what a client that refused it nevertheless said: it must be nothing."""
    def handler(conn):
        heard = b""
        with contextlib.suppress(OSError):  # the client's alert
            with server_context(name).wrap_socket(conn, server_side=True) as secure:
                while part := secure.recv(100):
                    heard += part
        return heard
    return handler


@pytest.mark.parametrize("name, reason", BAD_SERVERS)
def test_a_bad_server_is_refused_and_hears_nothing(name, reason):
    host = "127.0.0.1" if name == "ip-under-dns" else "server.test"
    with serving(hearing(name)) as server:
        with pytest.raises(rfctls.CertificateError) as caught:
            with rfctls.connect("127.0.0.1", server.port, server_name=host, authorities=CA,
                                timeout=20) as sock:
                sock.sendall(b"secret")
        assert server.result() == b""
    error = caught.value
    assert error.reason == reason
    assert error.status == "E_VERIFY"
    assert error.depth is not None
    assert isinstance(error, ValueError) and isinstance(error, OSError)
    assert str(error) == str(error).strip(".") and "\n" not in str(error)


@pytest.mark.parametrize("name, reason", [("none.crl", None), ("server.crl", "REVOKED"),
                                          ("issuer.crl", "REVOKED"), ("outdated.crl", "OTHER")])
@pytest.mark.parametrize("kind", ["file", "bytes", "list"])
def test_a_revocation_list_counts(name, reason, kind):
    path = PKI / name
    crls = {"file": path, "bytes": path.read_bytes(), "list": [path]}[kind]

    def serve(conn):
        with contextlib.suppress(OSError):
            tls(echo)(conn)

    with serving(serve) as server:
        if reason is None:
            rfctls.connect("localhost", server.port, authorities=CA, crls=crls).close()
        else:
            with pytest.raises(rfctls.CertificateError) as caught:
                rfctls.connect("localhost", server.port, authorities=CA, crls=crls)
            assert caught.value.reason == reason


@pytest.mark.parametrize("kind", ["file", "bytes"])
@pytest.mark.parametrize("name, word", [
    ("delta.crl", "deltaCRLIndicator"), ("delta.crl.der", "deltaCRLIndicator"),
    ("reasons.crl", "onlySomeReasons"), ("critical-entry.crl", "1.3.6.1.4.1.55555.2")])
def test_a_revocation_list_that_is_not_complete_is_refused_by_name(name, word, kind):
    path = PKI / name
    with pytest.raises(rfctls.UnsupportedError, match=word):
        rfctls.Config(crls={"file": path, "bytes": path.read_bytes()}[kind])


def test_a_chain_ends_at_a_leaf_that_is_trusted_unless_told_otherwise():
    leaf = str(PKI / "server.pem")
    with serving(tls(echo)) as server:
        rfctls.connect("localhost", server.port, authorities=leaf).close()
    with serving(hearing("server")) as server:
        with pytest.raises(rfctls.CertificateError) as caught:
            rfctls.connect("localhost", server.port, authorities=leaf, partial_chain=False)
    assert caught.value.reason == "ISSUER"
    with serving(tls(echo)) as server:
        rfctls.connect("localhost", server.port, authorities=CA, partial_chain=False).close()


@pytest.mark.parametrize("name, word", [
    ("expired", "expired"), ("wrong-name", "server.test"), ("wrong-ca", "other root"),
    ("self-signed", "self-signed"), ("ip-under-dns", "127.0.0.1")])
def test_the_message_names_the_reason(name, word):
    host = "127.0.0.1" if name == "ip-under-dns" else "server.test"
    with serving(hearing(name)) as server:
        with pytest.raises(rfctls.CertificateError, match=word):
            rfctls.connect("127.0.0.1", server.port, server_name=host, authorities=CA, timeout=20)


def test_without_our_authority_the_system_does_not_know_the_server():
    with serving(hearing("server")) as server:
        with pytest.raises(rfctls.CertificateError) as caught:
            rfctls.connect("localhost", server.port, ip_version=4, timeout=20)
        assert server.result() == b""
    assert caught.value.reason in ("ISSUER", "SELF_SIGNED")


def test_a_descriptor_is_not_left_behind_by_a_refusal():
    before = descriptors()
    with serving(hearing("expired")) as server, pytest.raises(rfctls.CertificateError):
        rfctls.connect("localhost", server.port, ip_version=4, authorities=CA, timeout=20)
    server.result()
    assert descriptors() == before


# ---- verifiers ----

def connect(port, **options):
    options.setdefault("authorities", CA)
    return rfctls.connect("localhost", port, ip_version=4, timeout=20, **options)


def ask(name, verifier, **options):
    """Connects to a server under a verifier, and echoes."""
    with serving(tls(echo, server_context(name))) as server:
        with connect(server.port, verifier=verifier, **options) as sock:
            sock.sendall(b"hello")
            return read_exactly(sock, 5)


def refused(name, verifier, **options):
    with serving(hearing(name)) as server:
        with pytest.raises(rfctls.CertificateError) as caught:
            connect(server.port, verifier=verifier, **options)
        assert server.result() == b""
    return caught.value


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_verifier_is_called_from_root_to_leaf(version):
    calls = []

    def verifier(depth, trusted, certificate):
        calls.append((depth, trusted, certificate.reason, certificate))
        return True

    assert ask("server", verifier, max_version=version) == b"hello"
    depths = [depth for depth, *_ in calls]
    assert depths == sorted(depths, reverse=True) and depths[-1] == 0
    assert all(trusted is True and reason is None for _, trusted, reason, _ in calls)
    assert calls[-1][3] == rfctls.Certificate.load(pem("server")[0])
    assert isinstance(calls[-1][3], rfctls.Finding)


def test_a_verifier_may_accept_what_the_library_would_not_but_only_there():
    seen = {}

    def verifier(depth, trusted, certificate):
        seen[depth] = trusted, certificate.reason, certificate.text
        return trusted or certificate.reason == "EXPIRED"

    assert ask("expired", verifier) == b"hello"
    assert seen[0][:2] == (False, "EXPIRED")
    assert seen[0][2]
    refused("wrong-ca", verifier)
    refused("expired", None)


def test_a_verifier_that_says_no_is_not_asked_again():
    calls = []
    error = refused("server", lambda depth, *_: calls.append(depth) or False)
    assert len(calls) == 1
    assert error.reason == "REFUSED"
    assert error.certificate.depth == calls[0]
    assert error.__cause__ is None


def test_the_last_finding_decides_too():
    assert refused("server", lambda depth, *_: depth > 0).certificate.depth == 0


@pytest.mark.parametrize("answer", [None, 1, "yes", object()])
def test_a_verifier_that_returns_no_bool_refuses(answer):
    error = refused("server", lambda *_: answer)
    assert isinstance(error.__cause__, TypeError)


def test_what_a_verifier_raises_is_the_cause():
    problem = KeyError("pins")

    def verifier(*_):
        raise problem

    assert refused("server", verifier).__cause__ is problem


def test_an_interrupt_in_a_verifier_stays_an_interrupt():
    def verifier(*_):
        raise KeyboardInterrupt

    with serving(hearing("server")) as server:
        with pytest.raises(KeyboardInterrupt):
            connect(server.port, verifier=verifier)
        assert server.result() == b""


def test_a_verifier_that_takes_too_many_arguments_refuses():
    assert isinstance(refused("server", lambda: True).__cause__, TypeError)


def test_a_verifier_that_closes_its_own_socket_ends_the_handshake():
    sockets = []
    config = rfctls.Config(authorities=CA, verifier=lambda *_: sockets[0].close() or True)
    with serving(hearing("server")) as server:
        sock = rfctls.connect("127.0.0.1", server.port, config=config, handshake=False, timeout=20)
        sockets.append(sock)
        with pytest.raises(rfctls.Error):
            sock.handshake()
        assert server.result() == b""
    assert sock.closed


def test_each_connection_of_a_listener_gets_its_own_verdict():
    def verifier(depth, trusted, certificate):
        return trusted and (depth > 0 or certificate == good)

    good = rfctls.Certificate.load(pem("client")[0])
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, authorities=CA, verifier=verifier,
                       peer_certificate="required", timeout=20) as listener:
        port = listener.getsockname()[1]
        for name, accepted in [("client-rsa", False), ("client", True), ("client-rsa", False)]:
            with in_thread(lambda name=name: attempt(port, name)) as attempted:
                if accepted:
                    conn, _ = listener.accept()
                    with conn:
                        conn.sendall(b"x")
                        assert attempted.result(20)
                else:
                    with pytest.raises(rfctls.CertificateError):
                        listener.accept()
                    assert not attempted.result(20)


def attempt(port, name):
    """Whether a server takes a client certificate: TLS 1.3 tells at the first read."""
    try:
        with connect(port, identity=rfctls.Identity(*pem(name))) as sock:
            return sock.recv(1) == b"x"
    except rfctls.Error:
        return False


# ---- the named dangers ----

def test_skipping_the_name_check_still_checks_the_chain():
    with serving(tls(echo, server_context("wrong-name"))) as server:
        connect(server.port, insecure_skip_name_check=True).close()
    with serving(hearing("wrong-ca")) as server, pytest.raises(rfctls.CertificateError):
        connect(server.port, insecure_skip_name_check=True)


def test_skipping_all_checks_takes_anybody():
    with serving(tls(echo, server_context("self-signed"))) as server:
        connect(server.port, insecure_skip_verify=True).close()


# ---- identities ----

def mutual(**options):
    context = server_context(**options)
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_an_identity_callable_is_asked_when_the_server_asks(version):
    identity, asked = rfctls.Identity(*pem("client")), []

    def source(sock):
        asked.append(sock.server_name)
        return identity

    def tell(conn):
        conn.sendall(b"x")
        return conn.getpeercert(True)

    with serving(tls(tell, mutual(version=version))) as server:
        with connect(server.port, identity=source) as sock:
            assert sock.recv(1) == b"x"
        assert server.result() == identity.certificate.der
    assert asked == ["localhost"]
    with serving(tls(echo)) as server:
        connect(server.port, identity=source).close()
    assert asked == ["localhost"]


def test_a_server_chooses_its_identity_by_name():
    identities = {name: rfctls.Identity.self_signed(name) for name in ("a.test", "b.test")}
    with rfctls.listen("127.0.0.1", 0, identity=lambda sock: identities[sock.server_name],
                       timeout=20) as listener:
        for name, identity in identities.items():
            with in_thread(listener.accept) as accepted:
                with rfctls.connect("127.0.0.1", listener.getsockname()[1], server_name=name,
                                    authorities=identity.certificate, timeout=20) as sock:
                    assert sock.peer_certificate == identity.certificate
                    accepted.result(20)[0].close()


@pytest.mark.parametrize("answer", [1, "client.pem", (1, 2)])
def test_an_identity_callable_that_returns_something_else_fails(answer):
    def handler(conn):
        with pytest.raises(OSError):
            mutual().wrap_socket(conn, server_side=True)

    with serving(handler) as server:
        with pytest.raises(rfctls.IdentityError) as caught:
            connect(server.port, identity=lambda _: answer)
        server.result()
    assert isinstance(caught.value.__cause__, TypeError)


def test_what_an_identity_callable_raises_is_the_cause():
    problem = LookupError("no card in the reader")

    def source(_):
        raise problem

    with serving(lambda conn: pytest.raises(OSError, mutual().wrap_socket, conn, True)) as server:
        with pytest.raises(rfctls.IdentityError) as caught:
            connect(server.port, identity=source)
        server.result()
    assert caught.value.__cause__ is problem


def test_a_server_that_demands_a_certificate_refuses_and_lives():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, authorities=CA,
                       peer_certificate="required", timeout=20) as listener:
        port = listener.getsockname()[1]
        with in_thread(lambda: attempt_bare(port)) as attempted:
            with pytest.raises(rfctls.CertificateError) as caught:
                listener.accept()
            assert caught.value.reason == "MISSING"
            assert isinstance(attempted.result(20), rfctls.AlertError)
        with in_thread(lambda: attempt(port, "client")) as attempted:
            with listener.accept()[0] as conn:
                conn.sendall(b"x")
                assert attempted.result(20)


def attempt_bare(port):
    try:
        with connect(port) as sock:
            sock.recv(1)
    except rfctls.Error as error:
        return error


@pytest.mark.parametrize("make", [
    lambda: rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server")), timeout=20,
                          peer_certificate="required", insecure_skip_verify=True),
    lambda: rfc.make_server_tls_socket(
        "0", rfctls.Certificate.load_chain(pem("server")[0]),
        private_key=rfctls.PrivateKey.load(pem("server")[1]),
        client_certificate_required=True, certificate_verifier=False)], ids=["listen", "rfc"])
def test_a_required_certificate_is_required_though_any_will_do(make):
    with make() as listener:
        listener.settimeout(20)
        for name in ["client", "client-other-ca", "self-signed", "server"]:
            with in_thread(listener.accept) as accepted:
                with connect(listener.getsockname()[1], identity=rfctls.Identity(*pem(name))):
                    with accepted.result(20)[0] as conn:
                        assert conn.peer_certificate == rfctls.Certificate.load(pem(name)[0])
        with in_thread(attempt_bare, listener.getsockname()[1]):
            with pytest.raises(rfctls.CertificateError) as caught:
                listener.accept()
            assert caught.value.reason == "MISSING"


def test_an_optional_certificate_may_be_missing_also_under_a_verifier():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, authorities=CA, timeout=20,
                       verifier=lambda depth, trusted, _: trusted) as listener:
        with in_thread(listener.accept) as accepted:
            with connect(listener.getsockname()[1]):
                conn, _ = accepted.result(20)
                assert conn.peer_certificate is None
                assert conn.peer_chain == ()
                conn.close()


def test_a_client_of_ssl_is_served_under_a_verifier():
    identity = rfctls.Identity(*pem("server"))
    context = client_context()
    context.load_cert_chain(*pem("client"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, authorities=CA, timeout=20,
                       verifier=lambda depth, trusted, _: trusted) as listener:
        with in_thread(listener.accept) as accepted:
            with socket.create_connection(("127.0.0.1", listener.getsockname()[1]), 20) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as sock:
                    conn, _ = accepted.result(20)
                    with conn:
                        conn.sendall(b"x")
                        assert sock.recv(1) == b"x"
