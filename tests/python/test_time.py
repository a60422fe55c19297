"""Timers: a peer that never speaks, or speaks too slowly, ends every call in time."""
import contextlib
import socket
import ssl
import time

import pytest

import rfctls
from peers import CA, pem, server_context, serving, silence, takes, tls

T = 0.4


def connect(port, **options):
    return rfctls.connect("localhost", port, ip_version=4, authorities=CA, **options)


@contextlib.contextmanager
def full_backlog():
    """A port whose connection attempts are never answered."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("handshake", [True, False])
def test_connect(handshake):
    with full_backlog() as port, takes(T), pytest.raises(TimeoutError) as caught:
        connect(port, timeout=T, handshake=handshake)
    assert isinstance(caught.value, rfctls.TimeoutError)


@pytest.mark.parametrize("handshake", [True, False])
def test_connect_by_the_config(handshake):
    with full_backlog() as port, takes(T), pytest.raises(TimeoutError):
        connect(port, connect_timeout=T, handshake=handshake)


def test_the_handshake_within_connect():
    with serving(silence) as server, takes(T), pytest.raises(TimeoutError):
        connect(server.port, timeout=T)


def test_the_handshake_by_the_config():
    with serving(silence) as server, takes(T), pytest.raises(TimeoutError):
        connect(server.port, handshake_timeout=T)


def test_the_handshake_by_settimeout():
    with serving(silence) as server, connect(server.port, handshake=False) as sock:
        sock.settimeout(T)
        with takes(T), pytest.raises(TimeoutError):
            sock.handshake()


def drip(conn):
    with contextlib.suppress(OSError):
        for byte in b"\x16\x03\x03\x40\x00" + bytes(200):
            conn.sendall(bytes([byte]))
            time.sleep(0.05)


def test_a_handshake_that_drips():
    with serving(drip) as server, takes(T), pytest.raises(TimeoutError):
        connect(server.port, timeout=T)


@pytest.mark.parametrize("receive", [lambda sock: sock.recv(1),
                                     lambda sock: sock.recv_into(bytearray(1))])
def test_recv_and_nothing_is_lost(receive):
    def handler(conn):
        conn.recv(1)
        conn.sendall(b"late")
        conn.recv(1)

    with serving(tls(handler)) as server, connect(server.port, timeout=T) as sock:
        with takes(T), pytest.raises(TimeoutError):
            receive(sock)
        sock.sendall(b"x")
        sock.settimeout(20)
        assert sock.recv(4) == b"late"


def drip_a_record(conn):
    """A handshake at once, then a record byte by byte."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context().wrap_bio(incoming, outgoing, server_side=True)
    while True:
        with contextlib.suppress(ssl.SSLWantReadError):
            server.do_handshake()
            break
        conn.sendall(outgoing.read())
        incoming.write(conn.recv(65536))
    conn.sendall(outgoing.read())
    server.write(bytes(200))
    with contextlib.suppress(OSError):
        for byte in outgoing.read():
            conn.sendall(bytes([byte]))
            time.sleep(0.05)


@pytest.mark.parametrize("receive", [lambda sock: sock.recv(1),
                                     lambda sock: sock.recv_into(bytearray(1))])
def test_recv_of_a_record_that_drips(receive):
    with serving(drip_a_record) as server, connect(server.port) as sock:
        sock.settimeout(T)
        with takes(T), pytest.raises(TimeoutError):
            receive(sock)


def test_sendall_to_a_peer_that_does_not_read_tells_how_far_it_came():
    def handler(conn):
        conn.recv(1)
        released.result(20)

    import concurrent.futures
    released = concurrent.futures.Future()
    data = b"x" * (64 << 20)
    with serving(tls(handler)) as server, connect(server.port, close_timeout=0) as sock:
        sock.settimeout(T)
        with takes(T), pytest.raises(TimeoutError) as caught:
            sock.sendall(data)
        assert 0 < caught.value.sent < len(data)
        released.set_result(None)
        with contextlib.suppress(rfctls.Error):
            sock.close()


def test_accept():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, timeout=T) as listener:
        with takes(T), pytest.raises(TimeoutError):
            listener.accept()


def test_accept_of_a_silent_client():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, handshake_timeout=T) as listener:
        with socket.create_connection(listener.getsockname()):
            with takes(T), pytest.raises(TimeoutError):
                listener.accept()


def test_a_silent_client_does_not_stop_accept_without_handshake():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, timeout=20) as listener:
        with socket.create_connection(listener.getsockname()) as silent:
            conn, address = listener.accept(handshake=False)
            assert address == silent.getsockname()
            conn.close()


def test_a_poll():
    with serving(tls(silence, server_context(version="TLSv1.2"))) as server:
        with connect(server.port, timeout=20) as sock:
            poll = rfctls.Poll()
            poll.register(sock)
            with pytest.raises(BlockingIOError):
                sock.recv(1, socket.MSG_DONTWAIT)
            with takes(T):
                assert poll.wait(T) == []


def test_a_poll_tells_that_a_handshake_timer_ran_out():
    with serving(silence) as server:
        with connect(server.port, handshake=False, handshake_timeout=T) as sock:
            sock.setblocking(False)
            poll = rfctls.Poll()
            poll.register(sock)
            with takes(T), pytest.raises(TimeoutError):
                while True:
                    with contextlib.suppress(BlockingIOError):
                        sock.handshake()
                    assert poll.wait(20)


def test_zero_is_not_for_connect():
    with pytest.raises(ValueError):
        connect(1, timeout=0)
