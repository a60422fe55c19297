"""The same code runs on an ssl.SSLSocket and on ours, and comes to the same: results, and the kind of
exception, by the names of builtins that a program catches."""
import contextlib
import io
import os
import pathlib
import select
import selectors
import socket
import ssl
import threading
import time

import pytest

import rfctls
from peers import (CA, LIMIT, client_context, echo, in_thread, pem, read_all, read_exactly,
                   server_context, serving, silence, tls)


def ssl_client(port, timeout=LIMIT):
    sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    return client_context().wrap_socket(sock, server_hostname="localhost")


def our_client(port, timeout=LIMIT):
    return rfctls.connect("127.0.0.1", port, authorities=CA, server_name="localhost", timeout=timeout)


def outcome(code, sock):
    try:
        return code(sock)
    except Exception as error:  # compared
        return error


def builtin(error):
    """The first of its classes that has not been made by ssl or by us."""
    return next(cls for cls in type(error).__mro__ if cls.__module__ == "builtins")


def same(code, peer=echo):
    """What code(sock) came to, the same for both."""
    outcomes = []
    for client in (ssl_client, our_client):
        with serving(tls(peer)) as server:
            with client(server.port) as sock:
                outcomes.append(outcome(code, sock))
    theirs, ours = outcomes
    if isinstance(theirs, Exception):
        assert isinstance(ours, builtin(theirs)), f"{ours!r} instead of {theirs!r}"
    else:
        assert ours == theirs
    return theirs


def exchange(sock, data=b"hello"):
    sock.sendall(data)
    return read_exactly(sock, len(data))


# ---- talking ----


def say_and_go(conn):
    conn.sendall(b"0123456789")
    conn.unwrap()


@pytest.mark.parametrize("code", [
    exchange,
    lambda s: (s.send(b"abc"), read_exactly(s, 3)),
    lambda s: s.sendall(b"abc"),
    lambda s: s.send(b""),
    lambda s: s.recv(0),
    lambda s: s.send(bytearray(b"abc")),
    lambda s: s.send(memoryview(b"abcdef")[2:4]),
    lambda s: s.send("text"),
    lambda s: s.sendall("text"),
    lambda s: s.send(None),
    lambda s: s.recv(-1),
    lambda s: s.recv("1"),
    lambda s: s.recv(1.5),
    lambda s: s.recv_into(b"constant"),
    lambda s: s.settimeout(-1),
    lambda s: s.settimeout("1"),
    lambda s: s.gettimeout(),
    lambda s: (s.settimeout(3), s.gettimeout()),
    lambda s: (s.settimeout(0), s.gettimeout(), s.getblocking()),
    lambda s: (s.setblocking(True), s.gettimeout(), s.getblocking()),
    lambda s: (s.setblocking(False), s.gettimeout(), s.getblocking()),
    lambda s: s.pending(),
    lambda s: (exchange(s, b"abcdef"), s.pending()),
    lambda s: s.getpeername()[0],
    lambda s: (s.getpeername()[1] == s.getsockname()[1], s.getsockname()[0]),
    lambda s: (s.family, s.type, s.proto),
    lambda s: s.version(),
    lambda s: s.cipher(),
    lambda s: s.selected_alpn_protocol(),
    lambda s: s.server_hostname,
    lambda s: s.server_side,
    lambda s: s.session_reused,
    lambda s: s.getpeercert(),
    lambda s: s.getpeercert(True),
    lambda s: s.getpeercert(binary_form=True),
    lambda s: s.do_handshake() if isinstance(s, ssl.SSLSocket) else None,
    lambda s: s.fileno() >= 0,
    lambda s: (s.close(), s.fileno()),
    lambda s: (s.close(), s.close()),
    lambda s: (s.close(), s.send(b"x")),
    lambda s: (s.close(), s.recv(1)),
    lambda s: (s.close(), s.recv_into(bytearray(1))),
    lambda s: (s.close(), s.do_handshake()),
    lambda s: (s.close(), s.shutdown(socket.SHUT_WR)),
    lambda s: (s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
               s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0),
    lambda s: len(s.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)),
    lambda s: s.accept(),
    lambda s: s.sendfile(io.BytesIO(b"abc"), 0, -1),
    lambda s: s.sendfile(io.BytesIO(b"abc"), 0, "1"),
    lambda s: (s.setblocking(False), s.sendfile(io.BytesIO(b"abc"))),
    lambda s: s.makefile("x"),
    lambda s: s.makefile("r", 0),
    lambda s: bool(repr(s)),
])
def test_a_call_comes_to_the_same(code):
    same(code)


@pytest.mark.parametrize("code", [
    read_all,
    lambda s: (s.recv(4), s.pending(), s.recv(100), s.recv(1)),
    lambda s: s.recv_into(bytearray(20)) + s.recv_into(bytearray(20)),
    lambda s: (lambda room: (s.recv_into(room, 4), bytes(room)))(bytearray(8)),
    lambda s: s.makefile("rb").read(),
    lambda s: s.makefile("rb").read(3),
    lambda s: s.makefile("r").read(),
    lambda s: s.makefile("rb", 0).read(4),
    lambda s: list(s.makefile("rb")),
    lambda s: s.makefile("rb").readinto(bytearray(4)),
])
def test_an_answer_is_read_the_same(code):
    same(code, say_and_go)


def test_what_recv_is_asked_for_when_nothing_is_there():
    def code(sock):
        sock.setblocking(False)
        while True:
            sock.recv(1)  # tickets are not data

    assert isinstance(same(code, silence), ssl.SSLWantReadError)


def test_a_timeout_is_the_same():
    def code(sock):
        sock.settimeout(0.05)
        return sock.recv(1)

    assert isinstance(same(code, silence), TimeoutError)


def test_where_ssl_takes_a_cut_for_the_end_ours_says_that_it_was_cut():
    def cut(conn):
        conn.sendall(b"all that came")
        with socket.socket(fileno=conn.detach()) as below:
            below.shutdown(socket.SHUT_WR)
            silence(below)

    with each_over(cut) as (theirs, ours):
        assert theirs.recv(100) == ours.recv(100) == b"all that came"
        assert theirs.recv(1) == b""
        with pytest.raises(rfctls.TruncatedError):
            ours.recv(1)


# ---- ends ----


def test_unwrap_gives_a_plain_socket_to_go_on_with():
    def peer(conn):
        assert conn.recv(1) == b"x"
        below = conn.unwrap()
        below.sendall(b"clear" + below.recv(10))
        below.close()

    def code(sock):
        sock.sendall(b"x")
        below = sock.unwrap()
        with below:
            assert isinstance(below, socket.socket) and below.gettimeout() == LIMIT
            below.sendall(b" text")
            return read_all(below)

    assert same(code, peer) == b"clear text"


def test_detach_gives_the_descriptor_and_says_nothing():
    def peer(conn):
        try:
            return conn.recv(1)
        except ssl.SSLError as error:
            return error.reason

    said = []

    def code(sock):
        number = sock.fileno()
        detached = sock.detach()
        assert detached == number
        with socket.socket(fileno=detached) as below:
            below.shutdown(socket.SHUT_WR)
            said.append(outcome(lambda s: s.settimeout(LIMIT) or bool(read_all(s)), below))
        return sock.fileno()

    assert same(code, peer) == -1


# ---- files ----


@contextlib.contextmanager
def each_over(peer):
    """Both clients, each with its own server."""
    with serving(tls(peer)) as first, serving(tls(peer)) as second:
        with ssl_client(first.port) as theirs, our_client(second.port) as ours:
            yield theirs, ours


@pytest.mark.parametrize("mode", ["rwb", "rw"])
def test_a_file_reads_and_writes_lines(mode):
    def code(sock):
        end, line = ("\n", "a line\n") if "b" not in mode else (b"\n", b"a line\n")
        with sock.makefile(mode, encoding=None if "b" in mode else "utf-8", newline=None) as file:
            file.write(line + line[:3] + end)
            file.flush()
            return file.readline(), file.readline(), file.readable(), file.writable(), file.closed

    same(code)


def test_a_text_file_has_its_encoding_and_newlines():
    def code(sock):
        sock.sendall("gr\u00fcn\r\nblau\r".encode("latin-1") + b"\n")
        with sock.makefile("r", encoding="latin-1", newline="\r\n") as file:
            return file.readline(), file.readline(), file.encoding, file.mode

    same(code)


def test_a_socket_lives_as_long_as_its_files():
    def code(sock):
        reader, writer = sock.makefile("rb"), sock.makefile("wb")
        sock.close()
        writer.write(b"still here\n")
        writer.close()
        line, alive = reader.readline(), reader.raw.fileno() >= 0
        reader.close()
        return line, alive, sock.fileno()

    assert same(code) == (b"still here\n", True, -1)


def test_a_file_after_a_timeout_says_so():
    def code(sock):
        sock.settimeout(0.05)
        file = sock.makefile("rb")
        with pytest.raises(TimeoutError):
            file.read(1)
        with pytest.raises(OSError, match="timed out|timeout"):
            file.read(1)
        return file.raw.fileno() >= 0

    assert same(code, silence) is True


def test_a_file_of_a_socket_that_does_not_wait_reads_none_as_a_plain_one_does():
    with serving(tls(silence)) as server, our_client(server.port) as ours:
        ours.setblocking(False)
        plain, other = socket.socketpair()
        with plain, other:
            plain.setblocking(False)
            for sock in (plain, ours):
                assert sock.makefile("rb", 0).read(1) is None


@pytest.mark.parametrize("offset, count", [(0, None), (10, None), (0, 100_000), (70_000, 1)])
def test_sendfile_sends_what_was_asked(tmp_path, offset, count):
    data = os.urandom(300_000)
    (tmp_path / "data").write_bytes(data)
    expected = data[offset:][:count]

    def judge(conn):
        conn.sendall(b"%d" % (read_exactly(conn, len(expected)) == expected))

    def code(sock):
        with open(tmp_path / "data", "rb") as file:
            return sock.sendfile(file, offset, count), file.tell(), sock.recv(1)

    assert same(code, judge) == (len(expected), offset + len(expected), b"1")


def test_sendfile_of_what_is_no_binary_file(tmp_path):
    (tmp_path / "data").write_text("text")

    def code(sock):
        with open(tmp_path / "data") as file:
            sock.sendfile(file)

    assert isinstance(same(code), ValueError)


# ---- loops and threads ----


def test_a_selector_reads_all_of_an_answer():
    def code(sock):
        sock.sendall(b"x" * 50_000)
        sock.setblocking(False)
        got = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            while len(got) < 50_000:
                assert selector.select(LIMIT)
                with contextlib.suppress(ssl.SSLWantReadError, BlockingIOError):
                    while len(got) < 50_000:
                        got += sock.recv(1000)
        return bytes(got)

    assert same(code) == b"x" * 50_000


def test_select_and_poll_take_the_socket():
    def code(sock):
        poller = select.poll()
        poller.register(sock, select.POLLOUT)
        return select.select([], [sock], [], LIMIT)[1] == [sock], len(poller.poll(LIMIT * 1000))

    assert same(code) == (True, 1)


def test_a_thread_that_receives_does_not_stop_one_that_sends():
    def code(sock):
        with in_thread(read_exactly, sock, 5) as received:
            time.sleep(0.05)  # the other thread waits by now, most likely
            begin = time.monotonic()
            sock.sendall(b"hello")
            assert time.monotonic() - begin < 5
            return received.result(LIMIT)

    assert same(code) == b"hello"


# ---- servers ----


def serve_one(listener, name):
    conn, address = listener.accept()
    with conn:
        conn.settimeout(LIMIT)
        echo(conn)
        return name, conn.server_side, type(address)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_listener_serves_the_same(version):
    outcomes = []
    plain = socket.create_server(("127.0.0.1", 0))
    theirs = server_context().wrap_socket(plain, server_side=True)
    ours = rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server")))
    for listener in (theirs, ours):
        with listener, in_thread(serve_one, listener, "x") as server:
            with socket.create_connection(listener.getsockname(), timeout=LIMIT) as below:
                with client_context(version).wrap_socket(below, server_hostname="localhost") as sock:
                    answer = exchange(sock, b"abc" * 1000)
                    sock.unwrap()
            outcomes.append((answer, server.result(LIMIT)))
    assert outcomes[0] == outcomes[1]


def test_a_refused_certificate_is_the_same_kind():
    outcomes = []
    for client in (ssl_client, our_client):
        with serving(tls(echo, server_context("wrong-name"))) as server:
            with pytest.raises(Exception) as caught:
                client(server.port)
            with contextlib.suppress(OSError):
                server.result()
        outcomes.append(caught.value)
    theirs, ours = outcomes
    assert isinstance(theirs, (OSError, ValueError)) and isinstance(ours, (OSError, ValueError))
    assert "localhost" in str(ours)


def test_threads_share_a_listener():
    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server"))) as listener:
        def serve():
            with contextlib.suppress(rfctls.ClosedError):
                while True:
                    with listener.accept()[0] as conn:
                        echo(conn)

        threads = [threading.Thread(target=serve) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(9):
            with our_client(listener.getsockname()[1]) as sock:
                assert exchange(sock, b"%d" % number) == b"%d" % number
                sock.shutdown(socket.SHUT_WR)
        listener.close()
        for thread in threads:
            thread.join(LIMIT)
            assert not thread.is_alive()


def link_local():
    """A link-local address of this machine with its interface, or None."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/net/if_inet6").read_text().splitlines():
            digits, _, _, _, _, interface = line.split()
            if digits.startswith("fe80"):
                return socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits)), interface
    return None


@pytest.mark.parametrize("family, place", [
    ("AF_INET", lambda folder: ("127.0.0.1", 0)), ("AF_INET6", lambda folder: ("::1", 0)),
    ("AF_UNIX", lambda folder: str(folder / "socket")), ("AF_INET6", lambda folder: link_local())],
    ids=["ipv4", "ipv6", "unix", "link-local"])
def test_addresses_are_those_of_the_socket_module(family, place, tmp_path):
    where, family = place(tmp_path), getattr(socket, family)
    if where is None:
        pytest.skip("no link-local address here")
    if where[0].startswith("fe80"):
        where = socket.getaddrinfo("%".join(where), 0, family)[0][4]
    identity = rfctls.Identity(*pem("server"))
    with socket.socket(family) as listener, socket.socket(family) as client:
        try:
            listener.bind(where)
        except OSError as error:
            pytest.skip(f"cannot bind {where}: {error}")
        listener.listen()
        client.connect(listener.getsockname())
        server = listener.accept()[0]
        expected = [(sock.getsockname(), sock.getpeername()) for sock in (client, server)]
        ours = (rfctls.wrap(client, server_name="localhost", handshake=False),
                rfctls.wrap(server, server_side=True, identity=identity, handshake=False))
        assert [(sock.getsockname(), sock.getpeername()) for sock in ours] == expected
        for sock in ours:
            sock.abort()
