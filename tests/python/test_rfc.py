"""(rfc tls) by its own names, over TLS and over plain sockets."""
import socket

import pytest

import rfctls
from peers import CA, LIMIT, echo, in_thread, pem, serving, silence, tls
from rfctls import rfc

AUTHORITIES = rfctls.Certificate.load_chain(CA)
CHAIN = rfctls.Certificate.load_chain(pem("server")[0])
KEY = rfctls.PrivateKey.load(pem("server")[1])


def client(port, **options):
    return rfc.make_client_tls_socket("localhost", str(port), authorities=AUTHORITIES, **options)


@pytest.fixture
def sock():
    with serving(tls(echo)) as server, client(server.port) as sock:
        sock.settimeout(LIMIT)
        yield sock


@pytest.fixture
def pair():
    """Two plain sockets."""
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_a_server_and_a_client():
    extensions = [rfc.make_server_name_indication(["server.test"]),
                  rfc.make_protocol_name_list(["b", "a"])]
    listener = rfc.make_server_tls_socket("0", CHAIN, private_key=KEY, hello_extensions=[
        rfc.make_protocol_name_list(["a", "b"])])
    port = rfc.tls_socket_info(listener)[1]
    with listener, in_thread(rfc.tls_socket_accept, listener) as accepted:
        with client(port, hello_extensions=extensions) as sock:
            assert rfc.is_tls_socket(sock) and not rfc.is_tls_socket(listener.fileno())
            assert rfc.tls_socket_selected_alpn(sock) == "a"
            assert rfc.tls_socket_peer_certificate(sock) == CHAIN[0]
            assert (rfc.tls_socket_node(sock), rfc.tls_socket_service(sock)) == (
                "localhost", str(port))
            assert rfc.tls_socket_info_values(sock)[::2] == ("localhost", port)
            assert rfc.tls_socket_name(sock) == "{}:{}".format(*sock.getsockname()[:2])
            with accepted.result(LIMIT) as server:
                assert server.server_name == "server.test"
                assert rfc.tls_socket_send_range(sock, b"xhellox", 1, 5) == 5
                assert rfc.tls_socket_recv(server, 100) == b"hello"
                assert rfc.tls_socket_send(server, b"abc") == 3
                room = bytearray(b"----")
                assert rfc.tls_socket_recv_into(sock, room, 1, 2) == 2 and room == b"-ab-"
                assert rfc.tls_socket_pending(sock)
                rfc.tls_socket_close(sock)
                assert rfc.tls_socket_closed(sock)
                assert rfc.tls_socket_recv(server, 1) == b""


def test_a_handshake_of_its_own(sock):
    with pytest.raises(rfctls.StateError):
        rfc.tls_client_handshake(sock)
    with serving(tls(echo)) as server, client(server.port, handshake=False) as other:
        assert rfc.tls_client_handshake(other) is other


def test_a_handshake_that_fails_is_none_if_so_asked():
    with rfc.make_server_tls_socket("0", CHAIN, private_key=KEY) as listener:
        for raise_error in (True, False):
            with in_thread(socket.create_connection, ("localhost", listener.getsockname()[1])) as tcp:
                made = rfc.tls_socket_accept(listener, handshake=False)
                tcp.result(LIMIT).close()
                if raise_error:
                    with pytest.raises(rfctls.Error):
                        rfc.tls_server_handshake(made)
                else:
                    assert rfc.tls_server_handshake(made, raise_error=False) is None


def test_wrapping_and_client_certificates():
    owner = rfctls.Identity(*pem("client"))

    def serve(listener):
        with rfc.tls_socket_accept(listener) as conn:
            conn.sendall(rfc.tls_socket_peer_certificate(conn).subject.encode())

    with rfc.make_server_tls_socket("0", CHAIN, private_key=KEY, authorities=AUTHORITIES,
                                    client_certificate_required=True) as listener:
        with in_thread(serve, listener):
            plain = socket.create_connection(("localhost", listener.getsockname()[1]))
            with rfc.socket_to_tls_socket(plain, handshake=False, authorities=AUTHORITIES,
                                          hello_extensions=[rfc.make_server_name_indication(
                                              ["server.test"])]) as sock:
                rfc.tls_socket_client_certificate_callback_set(sock, lambda _: owner)
                rfc.tls_client_handshake(sock)
                assert sock.recv(1000).decode() == owner.certificate.subject


def test_verifiers():
    seen = []
    with serving(tls(silence)) as server:
        client(server.port, certificate_verifier=lambda depth, ok, cert: seen.append(
            (depth, ok, cert)) or True).close()
    assert seen[-1][:2] == (0, True) and seen[-1][2] == CHAIN[0]
    with serving(tls(silence)) as server:
        rfc.make_client_tls_socket("localhost", str(server.port), certificate_verifier=False).close()
    with pytest.raises(ValueError):
        rfc.make_client_tls_socket("localhost", "1", version=99)


def test_certificates_without_their_key_are_an_error():
    with pytest.raises(ValueError, match="key"):
        rfc.make_server_tls_socket("0", CHAIN)


def test_call_with_closes_however_it_ends(sock):
    assert rfc.call_with_tls_socket(sock, lambda s: s.version()) == "TLSv1.3"
    assert rfc.tls_socket_closed(sock)


@pytest.mark.parametrize("start, length", [(-1, 1), (0, 5), (3, 2), (5, -1), (0, -2)])
def test_ranges_that_are_none(sock, start, length):
    with pytest.raises(ValueError):
        rfc.tls_socket_send_range(sock, b"abcd", start, length)
    with pytest.raises(ValueError):
        rfc.tls_socket_recv_into(sock, bytearray(4), start, length)


def test_not_waiting():
    with serving(tls(echo)) as server:
        not_waiting(client(server.port))


def not_waiting(sock):
    rfc.tls_socket_nonblocking(sock)
    assert rfc.is_nonblocking_tls_socket(sock)
    assert rfc.tls_socket_recv(sock, 1) is None
    assert rfc.tls_socket_recv_into(sock, bytearray(1), 0, 1) == -1
    while rfc.tls_socket_send(sock, bytes(1 << 20)) != -1:
        pass
    rfc.tls_socket_blocking(sock)
    rfc.tls_socket_set_read_timeout(sock, 1500)
    assert (sock.gettimeout(), rfc.tls_socket_get_read_timeout(sock)) == (1.5, 1500)


def test_ports(sock):
    with rfc.tls_socket_output_port(sock) as out, rfc.tls_socket_input_port(sock) as lines:
        out.write(b"one\ntwo\n")
        out.flush()
        assert [lines.readline(), lines.readline()] == [b"one\n", b"two\n"]
    with rfc.tls_socket_port(sock) as both:
        both.write(b"three\n")
        both.flush()
        assert both.readline() == b"three\n"
        assert not rfc.tls_socket_closed(sock)
    assert rfc.tls_socket_closed(sock)


def test_a_port_that_leaves_the_socket_open(sock):
    rfc.tls_socket_port(sock, close=False).close()
    assert not rfc.tls_socket_closed(sock)
    assert rfc.tls_socket_raw_socket(sock) == sock.fileno()


def test_plain_sockets_have_the_same(pair):
    left, right = pair
    assert rfc.socket_send_range(left, b"xhello", 1) == 5
    assert rfc.socket_recv(right, 100) == b"hello"
    rfc.socket_nonblocking(right)
    assert rfc.is_nonblocking_socket(right)
    assert rfc.socket_recv(right, 1) is None
    rfc.socket_blocking(right)
    with rfc.socket_output_port(left) as out, rfc.socket_input_port(right) as lines:
        out.write(b"line\n")
        out.flush()
        assert lines.readline() == b"line\n"
    assert rfc.socket_node(left) is rfc.socket_service(left) is None
    rfc.socket_shutdown(left, socket.SHUT_WR)
    assert rfc.socket_recv(right, 1) == b""
    assert rfc.call_with_socket(left, rfc.socket_closed) is False
    assert rfc.socket_closed(left)


def test_selecting_both_kinds(sock, pair):
    left, right = pair
    sock.sendall(b"x")
    assert sock.recv(1) == b"x"  # and with it what the server says of its own accord
    assert rfc.socket_read_select(0, sock, right) == []
    assert rfc.socket_write_select(None, sock, right) == [sock, right]
    left.sendall(b"x")
    assert rfc.socket_read_select(None, sock, right) == [right]
    sock.sendall(b"abc")
    sock.recv(1)
    assert rfc.socket_read_select(0, sock) == [sock]  # decrypted already
    assert rfc.socket_error_select(0, sock, right) == []
