"""How connections end: politely, cut, reset, or by ourselves."""
import contextlib
import socket
import struct
import threading
import time

import pytest

import rfctls
from peers import CA, echo, in_thread, pem, read_all, server_context, serving, silence, takes, tls
from rfctls import rfc


def connect(port, **options):
    return rfctls.connect("localhost", port, ip_version=4, authorities=CA, timeout=20, **options)


def cut(size):
    """A server that sends so many bytes, then ends TCP without a goodbye."""
    def handler(conn):
        secure = server_context().wrap_socket(conn, server_side=True)
        secure.sendall(b"x" * size)
        socket.socket(fileno=secure.detach()).close()
    return handler


@pytest.mark.parametrize("size", [1, 5, 16384, 100_000])
def test_a_cut_connection_delivers_all_bytes_then_says_so(size):
    with serving(cut(size)) as server, connect(server.port) as sock:
        got = 0
        with pytest.raises(rfctls.TruncatedError) as caught:
            while data := sock.recv(65536):
                got += len(data)
        assert got == size
        assert isinstance(caught.value, ConnectionError)
        with pytest.raises(rfctls.TruncatedError):
            sock.recv(1)


TWO_LINES = b"one\ntw\xc3\xb6"


def cut_in_a_line(conn):
    conn.sendall(TWO_LINES)
    socket.socket(fileno=conn.detach()).close()


TEXT = {"mode": "r", "encoding": "utf-8"}
TEXT_BOTH_WAYS = {"mode": "rw", "encoding": "utf-8"}


@pytest.mark.parametrize("read_line", [lambda file: file.readline(), next])
@pytest.mark.parametrize("options", [
    {"mode": "rb"}, {"mode": "rb", "buffering": 0}, {"mode": "rwb"}, TEXT, TEXT_BOTH_WAYS])
def test_a_line_that_a_cut_leaves_unfinished_is_the_failures_partial(options, read_line):
    with serving(tls(cut_in_a_line)) as server, connect(server.port) as sock:
        with sock.makefile(**options) as file:
            line = read_line(file)
            assert line in (b"one\n", "one\n")
            for partial in ("twö", ""):
                with pytest.raises(rfctls.TruncatedError) as caught:
                    read_line(file)
                assert caught.value.partial in (partial, partial.encode())
                assert type(caught.value.partial) is type(line)


@pytest.mark.parametrize("options, read, partial", [
    ({"mode": "rb"}, lambda file: file.read(), TWO_LINES),
    ({"mode": "rb"}, lambda file: file.read(100), TWO_LINES),
    ({"mode": "rb"}, lambda file: file.readlines(), TWO_LINES.splitlines(True)),
    ({"mode": "rb"}, lambda file: file.readinto(bytearray(100)), TWO_LINES),
    ({"mode": "rb", "buffering": 0}, lambda file: file.read(), TWO_LINES),
    ({"mode": "rb", "buffering": 0}, lambda file: file.readall(), TWO_LINES),
    ({"mode": "rwb"}, lambda file: file.read(100), TWO_LINES),
    (TEXT, lambda file: file.read(), TWO_LINES.decode()),
    (TEXT, lambda file: file.read(100), TWO_LINES.decode()),
    (TEXT, lambda file: file.readlines(), TWO_LINES.decode().splitlines(True)),
    (TEXT_BOTH_WAYS, lambda file: file.read(), TWO_LINES.decode())])
def test_what_had_come_before_a_cut_is_the_failures_partial(options, read, partial):
    with serving(tls(cut_in_a_line)) as server, connect(server.port) as sock:
        with sock.makefile(**options) as file:
            with pytest.raises(rfctls.TruncatedError) as caught:
                read(file)
            assert caught.value.partial == partial
            with pytest.raises(rfctls.TruncatedError):
                read(file)


@pytest.mark.parametrize("read", [
    lambda file: file.read1(100), lambda file: file.readinto1(bytearray(100)),
    lambda file: file.raw.read(100), lambda file: file.peek()])
def test_no_way_of_reading_takes_a_cut_for_an_end(read):
    with serving(tls(cut_in_a_line)) as server, connect(server.port) as sock:
        with sock.makefile("rb") as file:
            assert len(file.read(len(TWO_LINES))) == len(TWO_LINES)
            with pytest.raises(rfctls.TruncatedError):
                read(file)


def test_what_had_come_before_a_timeout_is_its_partial():
    def handler(conn):
        conn.sendall(b"half a line")
        silence(conn)

    with serving(tls(handler)) as server, connect(server.port) as sock:
        sock.settimeout(0.2)
        with sock.makefile("rb") as file, pytest.raises(rfctls.TimeoutError) as caught:
            file.readline()
        assert caught.value.partial == b"half a line"


def test_a_cut_connection_is_an_end_where_that_is_allowed():
    with serving(cut(5)) as server, connect(server.port, allow_truncation=True) as sock:
        assert read_all(sock) == b"xxxxx"


def test_a_polite_end_is_an_end():
    def handler(conn):
        conn.sendall(b"x" * 5)
        conn.unwrap()

    with serving(tls(handler)) as server, connect(server.port) as sock:
        assert read_all(sock) == b"xxxxx"
        assert sock.recv(1) == b""
        assert sock.recv_into(bytearray(1)) == 0


def test_an_abort_says_no_goodbye():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, timeout=20) as listener:
        with in_thread(listener.accept) as accepted, connect(listener.getsockname()[1]) as sock:
            peer, _ = accepted.result(20)
            sock.abort()
            sock.abort()
            assert sock.closed
            with peer, pytest.raises((rfctls.TruncatedError, rfctls.ResetError)):
                peer.recv(1)


def test_a_reset_is_a_reset():
    def handler(conn):
        secure = server_context().wrap_socket(conn, server_side=True)
        secure.recv(1)
        plain = socket.socket(fileno=secure.detach())
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.close()

    with serving(handler) as server, connect(server.port) as sock:
        sock.sendall(b"x")
        server.result()
        with pytest.raises(ConnectionResetError) as caught:
            while True:
                sock.recv(65536)
        assert isinstance(caught.value, rfctls.ResetError)


def test_sending_to_a_peer_that_is_gone_fails_and_the_process_lives():
    with serving(cut(1)) as server, connect(server.port) as sock:
        server.result()
        with pytest.raises(rfctls.Error) as caught:
            while True:
                sock.sendall(b"y" * 65536)
        assert caught.value.sent >= 0


def test_close_twice_and_use_after_close():
    with serving(tls(echo)) as server:
        sock = connect(server.port)
        sock.close()
        sock.close()
        assert sock.closed
        assert "closed" in repr(sock)
        for use in (lambda: sock.send(b"x"), lambda: sock.sendall(b"x"), lambda: sock.recv(1),
                    lambda: sock.recv_into(bytearray(1)), lambda: sock.shutdown(1), sock.handshake):
            with pytest.raises(rfctls.ClosedError):
                use()


def test_close_says_goodbye():
    with serving(tls(read_all)) as server:
        connect(server.port).close()
        assert server.result() == b""  # ssl raises SSLEOFError otherwise


def test_a_with_block_that_raised_keeps_its_exception():
    with serving(tls(echo)) as server:
        with pytest.raises(ZeroDivisionError):
            with connect(server.port) as sock:
                raise ZeroDivisionError
        assert sock.closed


def test_close_of_a_non_blocking_socket_does_not_wait():
    with serving(tls(silence)) as server:
        sock = connect(server.port)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                sock.send(b"x" * 65536)
        begin = time.monotonic()
        sock.close()
        assert time.monotonic() - begin < 0.5
        assert sock.fileno() == -1


@contextlib.contextmanager
def deaf_server():
    """A peer that shakes hands, then reads nothing, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def serve():
            conn, _ = listener.accept()
            with server_context().wrap_socket(conn, server_side=True):
                finished.wait(20)

        finished = threading.Event()
        with in_thread(serve):
            try:
                yield listener.getsockname()[1]
            finally:
                finished.set()


@pytest.mark.parametrize("size", [100_000, 64 << 20])  # all in the system's queue; more than that
def test_close_says_if_the_peer_has_not_got_all_and_does_not_spin(size):
    with deaf_server() as port:
        sock = connect(port, close_timeout=0.6)
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(size // 10_000):
                sock.sendall(b"x" * 10_000)
        sock.setblocking(True)
        begin = time.thread_time()
        with takes(0.6), pytest.raises(TimeoutError):
            sock.close()
        assert time.thread_time() - begin < 0.2
        assert sock.fileno() == -1


def test_a_plaintext_server_is_named_as_the_problem():
    def greet(conn):
        conn.sendall(b"220 mail.test ESMTP\r\n")
        conn.recv(1000)

    with serving(greet) as server:
        with pytest.raises(rfctls.ProtocolError) as caught:
            connect(server.port)
    assert str(caught.value)


@pytest.mark.parametrize("shutdown", [rfctls.TLSSocket.shutdown, rfc.tls_socket_shutdown])
def test_a_listener_that_is_shut_down_accepts_nobody(shutdown):
    """The idiom by which servers of Python's own sockets end: shutdown, then close."""
    def accept():
        with pytest.raises(rfctls.ClosedError, match="the listener was shut down"):
            listener.accept()

    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server"))) as listener:
        with in_thread(accept):
            shutdown(listener, socket.SHUT_RDWR)
        accept()


def test_a_plaintext_client_does_not_end_the_listener():
    identity = rfctls.Identity(*pem("server"))
    with rfctls.listen("127.0.0.1", 0, identity=identity, timeout=20) as listener:
        with socket.create_connection(listener.getsockname(), 20) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with pytest.raises(rfctls.ProtocolError):
                listener.accept()
        with in_thread(listener.accept) as accepted:
            with connect(listener.getsockname()[1]):
                accepted.result(20)[0].close()


def test_a_refused_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for handshake in (True, False):
        with pytest.raises(ConnectionRefusedError) as caught:
            connect(port, handshake=handshake)
        assert isinstance(caught.value, rfctls.ConnectError)
        assert caught.value.errno == caught.value.system_code != None  # noqa: E711
