"""Bytes arrive as they were sent, in both roles, beside our own peer and Python's ssl."""
import array
import contextlib
import os
import socket
import ssl

import pytest

import rfctls
from peers import (CA, client_context, echo, in_thread, pem, read_all, read_exactly, server_context,
                   serving, tls)

VERSIONS = ["TLSv1.2", "TLSv1.3"]
NAMES = ["server", "server-rsa", "server-ed25519"]


@contextlib.contextmanager
def our_server(handler, **options):
    """Our listener, serving one connection in a thread; yields (port, future)."""
    options.setdefault("identity", rfctls.Identity(*pem("server")))
    with rfctls.listen("127.0.0.1", 0, timeout=20, **options) as listener:
        def serve():
            conn, address = listener.accept()
            with conn:
                conn.settimeout(20)
                return handler(conn)
        with in_thread(serve) as future:
            yield listener.getsockname()[1], future


def connect(port, host="localhost", **options):
    return rfctls.connect(host, port, authorities=CA, timeout=20, ip_version=4, **options)


def exchange(sock, data):
    """Sends while it receives, in two threads; the echo's answer."""
    with in_thread(sock.sendall, data):
        return read_exactly(sock, len(data))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_our_client_beside_ssl(version, name):
    data = os.urandom(300_000)
    with serving(tls(echo, server_context(name, version))) as server:
        with connect(server.port) as sock:
            assert sock.version() == version
            assert exchange(sock, data) == data
        assert server.result() == len(data)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_our_server_beside_ssl(version, name):
    data = os.urandom(300_000)
    with our_server(echo, identity=rfctls.Identity(*pem(name))) as (port, served):
        with socket.create_connection(("127.0.0.1", port), 20) as plain:
            sock = client_context(version).wrap_socket(plain, server_hostname="localhost")
            assert sock.version() == version
            for start in range(0, len(data), 50_000):  # ssl takes one thread at a time only
                part = data[start:start + 50_000]
                sock.sendall(part)
                assert read_exactly(sock, len(part)) == part
            sock.unwrap()
            sock.close()
        assert served.result(20) == len(data)


@pytest.mark.parametrize("version", VERSIONS)
def test_both_sides_are_ours(version):
    data = os.urandom(3_000_000)
    with our_server(echo, min_version=version, max_version=version) as (port, served):
        with connect(port) as sock:
            assert sock.version() == version
            assert exchange(sock, data) == data
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""
        assert served.result(20) == len(data)


@pytest.mark.parametrize("size", [0, 1, 2047, 2048, 2049, 16384, 16385, 65536, 65537])
def test_sizes_around_what_is_handled_differently(size):
    data = os.urandom(size)
    with our_server(echo) as (port, served), connect(port) as sock:
        sock.sendall(data)
        assert read_exactly(sock, size) == data
        room = bytearray(size + 1)
        if size:
            assert sock.send(data) == size
            received = 0
            while received < size:
                received += sock.recv_into(memoryview(room)[received:])
            assert room[:size] == data


def test_one_mebibyte_then_close_at_once_arrives_whole():
    data = os.urandom(1 << 20)
    for _ in range(20):
        with our_server(read_all) as (port, served):
            with connect(port) as sock:
                sock.sendall(data)
            assert served.result(20) == data


def test_recv_gives_at_most_what_was_asked_and_keeps_the_rest():
    with our_server(lambda conn: conn.sendall(b"x" * 1000) or conn.recv(1)) as (port, _):
        with connect(port) as sock:
            assert len(sock.recv(10)) == 10
            assert sock.pending() == 990
            assert sock.recv(2**31) == b"x" * 990
            assert sock.pending() == 0


@pytest.mark.parametrize("size", [2**31, 2**63, 2**64 - 1, 2**100])
def test_an_unbounded_recv_does_not_allocate_what_was_asked(size):
    with our_server(lambda conn: conn.sendall(b"hello") or conn.recv(1)) as (port, _):
        with connect(port) as sock:
            assert sock.recv(size) == b"hello"


def test_recv_of_nothing_is_empty_and_not_the_end():
    with our_server(echo) as (port, _), connect(port) as sock:
        assert sock.recv(0) == b""
        assert sock.recv_into(bytearray()) == 0
        sock.sendall(b"still here")
        assert read_exactly(sock, 10) == b"still here"


def test_peek_leaves_the_bytes():
    with our_server(echo) as (port, _), connect(port) as sock:
        sock.sendall(b"hello")
        assert sock.recv(1, socket.MSG_PEEK) == b"h"
        assert read_exactly(sock, 5) == b"hello"


def test_dontwait_does_not_wait():
    with our_server(echo) as (port, _), connect(port) as sock:
        with pytest.raises(BlockingIOError):
            sock.recv(1, socket.MSG_DONTWAIT)
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"


def test_every_kind_of_bytes_is_sent():
    with our_server(echo) as (port, _), connect(port) as sock:
        for data in (b"abcd", bytearray(b"abcd"), memoryview(b"xabcdx")[1:5],
                     memoryview(bytearray(b"abcd")).cast("H"), array.array("B", b"abcd")):
            sock.sendall(data)
            assert read_exactly(sock, 4) == b"abcd"


def test_recv_into_fills_the_part_that_was_named():
    with our_server(lambda conn: conn.sendall(b"abcdef") or conn.recv(1)) as (port, _):
        with connect(port) as sock:
            room = bytearray(b"........")
            assert sock.recv_into(room, 3) == 3
            assert room == b"abc....."
            assert sock.recv_into(memoryview(room)[4:6]) == 2
            assert room == b"abc.de.."


def test_what_it_tells_agrees_with_ssl():
    def tell(conn):
        return conn.cipher(), conn.selected_alpn_protocol(), conn.getpeercert(True), conn.recv(1)

    context = server_context()
    context.set_alpn_protocols(["http/1.1", "h2"])
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    identity = rfctls.Identity(*pem("client"))
    with serving(tls(tell, context)) as server:
        with connect(server.port, alpn=["h2", "spdy/1"], identity=identity) as sock:
            cipher, protocol, certificate = (sock.cipher(), sock.selected_alpn_protocol(),
                                             sock.peer_certificate)
            assert sock.server_name == "localhost"
            assert (sock.node, sock.service) == ("localhost", str(server.port))
            assert not sock.server_side
            assert sock.getpeername() == ("127.0.0.1", server.port)
            assert sock.getsockname()[0] == "127.0.0.1"
            assert [each.der for each in sock.peer_chain][0] == certificate.der
            sock.sendall(b"x")
        told = server.result()
    assert told == (cipher, protocol, identity.certificate.der, b"x")
    assert protocol == "h2"
    assert certificate == rfctls.Certificate.load(pem("server")[0])
    assert certificate.not_before < certificate.not_after


def test_the_server_tells_the_name_and_certificate_of_its_client():
    def tell(conn):
        return (conn.server_name, conn.peer_certificate, conn.selected_alpn_protocol(),
                conn.getpeername())

    options = {"authorities": CA, "peer_certificate": "required", "alpn": ["b", "a"]}
    with our_server(tell, **options) as (port, served):
        with connect(port, identity=rfctls.Identity(*pem("client")), alpn=["a", "b"]) as sock:
            address = sock.getsockname()
            assert sock.recv(1) == b""
        certificate = rfctls.Certificate.load(pem("client")[0])
        assert served.result(20) == ("localhost", certificate, "b", address)


def test_addresses_are_remembered_after_close():
    with our_server(echo) as (port, _):
        sock = connect(port)
        names = sock.getsockname(), sock.getpeername()
        sock.close()
        assert (sock.getsockname(), sock.getpeername()) == names
        assert sock.version() == "TLSv1.3"
        assert sock.fileno() == -1


def test_ipv6():
    with serving(tls(echo), "::1") as server:
        with rfctls.connect("::1", server.port, authorities=CA, timeout=20) as sock:
            assert sock.getpeername() == ("::1", server.port, 0, 0)
            assert sock.server_name == "::1"


def test_connect_without_handshake_then_handshake():
    with our_server(echo) as (port, _):
        with connect(port, handshake=False) as sock:
            assert sock.version() is None
            assert "no handshake yet" in repr(sock)
            sock.handshake()
            sock.sendall(b"hello")
            assert read_exactly(sock, 5) == b"hello"


def test_wrap_takes_a_socket_over():
    with our_server(echo) as (port, _):
        plain = socket.create_connection(("127.0.0.1", port), 20)
        number = plain.fileno()
        with rfctls.wrap(plain, server_name="localhost", authorities=CA) as sock:
            assert plain.fileno() == -1
            assert sock.fileno() == number
            assert sock.gettimeout() == 20
            sock.sendall(b"hello")
            assert read_exactly(sock, 5) == b"hello"
        with pytest.raises(OSError):
            os.fstat(number)


def test_wrap_borrows_a_descriptor():
    with our_server(echo) as (port, _):
        with socket.create_connection(("127.0.0.1", port), 20) as plain:
            flags = os.get_blocking(plain.fileno())
            with rfctls.wrap(plain.fileno(), server_name="localhost", authorities=CA) as sock:
                sock.sendall(b"hello")
                assert read_exactly(sock, 5) == b"hello"
            os.fstat(plain.fileno())
            assert os.get_blocking(plain.fileno()) == flags


def test_wrap_of_a_listening_socket_is_a_listener():
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        identity = rfctls.Identity(*pem("server"))
        with rfctls.wrap(plain, server_side=True, identity=identity) as listener:
            with in_thread(listener.accept) as accepted:
                with connect(port) as sock:
                    conn, address = accepted.result(20)
                    assert address == sock.getsockname()
                    conn.close()


def test_a_listener_on_all_addresses_takes_ipv4_and_ipv6():
    with rfctls.listen(identity=rfctls.Identity(*pem("server"))) as listener:
        for host in ("127.0.0.1", "::1"):
            with in_thread(listener.accept) as accepted:
                with rfctls.connect(host, listener.getsockname()[1], authorities=CA, timeout=20):
                    accepted.result(20)[0].close()


def test_closing_a_listener_leaves_its_connections_alone():
    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server"))) as listener:
        with in_thread(listener.accept) as accepted:
            sock = connect(listener.getsockname()[1])
            conn, _ = accepted.result(20)
    with sock, conn, in_thread(echo, conn):
        sock.sendall(b"hello")
        assert read_exactly(sock, 5) == b"hello"
        sock.shutdown(socket.SHUT_WR)


def test_half_close_leaves_reading_open():
    def answer_at_the_end(conn):
        question = read_all(conn)
        conn.sendall(question[::-1])

    with our_server(answer_at_the_end) as (port, _), connect(port) as sock:
        sock.sendall(b"abc")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"cba"
        with pytest.raises(rfctls.StateError):
            sock.send(b"more")


def test_a_non_blocking_socket_raises_would_block_and_goes_on():
    with our_server(echo) as (port, _), connect(port) as sock:
        sock.setblocking(False)
        poll = rfctls.Poll()
        poll.register(sock, rfctls.READ)
        with pytest.raises(BlockingIOError) as caught:
            sock.recv(1)
        assert isinstance(caught.value, rfctls.WantReadError)
        sock.sendall(b"hello")
        got = b""
        while len(got) < 5:
            assert poll.wait(20) == [(sock, rfctls.READ)]
            with contextlib.suppress(rfctls.WantReadError):
                got += sock.recv(3)
        assert got == b"hello"


def test_a_non_blocking_handshake_is_driven_by_a_poll():
    with our_server(echo) as (port, _), connect(port, handshake=False) as sock:
        sock.setblocking(False)
        poll = rfctls.Poll()
        while True:
            try:
                sock.handshake()
                break
            except rfctls.WantReadError:
                poll.register(sock, rfctls.READ)
            except rfctls.WantWriteError:
                poll.register(sock, rfctls.WRITE)
            assert poll.wait(20)
        assert sock.version() == "TLSv1.3"


def test_poll_sees_bytes_inside_the_socket_and_plain_sockets_beside():
    left, right = socket.socketpair()
    with our_server(lambda conn: conn.sendall(b"xyz") or conn.recv(1)) as (port, _):
        with connect(port) as sock, left, right:
            assert sock.recv(1) == b"x"
            poll = rfctls.Poll()
            poll.register(sock)
            poll.register(left)
            assert poll.wait(20) == [(sock, rfctls.READ)]
            assert sock.recv(2) == b"yz"
            assert poll.wait(0) == []
            right.send(b"!")
            assert poll.wait(20) == [(left, rfctls.READ)]
            poll.unregister(left)
            assert poll.wait(0.01) == []
