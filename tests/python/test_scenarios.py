"""Bad luck and hostile peers, as far as other files do not have them: see tests/parity/scenarios."""
import asyncio
import contextlib
import resource
import socket
import ssl
import struct
import threading
import time

import pytest

import rfctls
from peers import (CA, LIMIT, client_context, descriptors, echo, in_thread, pem, read_exactly,
                   server_context, serving, silence, tls)

IDENTITY = rfctls.Identity(*pem("server"))


@contextlib.contextmanager
def listening(**options):
    """An echo server of ours, a thread for each client."""
    options = {"identity": IDENTITY} | options
    with rfctls.listen("127.0.0.1", 0, **options) as listener:
        def serve(conn):
            with contextlib.suppress(OSError), conn:
                conn.settimeout(LIMIT)
                conn.handshake()
                echo(conn)

        def accept():
            with contextlib.suppress(rfctls.ClosedError):
                while True:
                    try:
                        conn, _ = listener.accept(handshake=False)
                    except rfctls.SystemCallError:
                        continue
                    except ConnectionError:
                        continue
                    threading.Thread(target=serve, args=(conn,), daemon=True).start()

        with in_thread(accept):
            yield listener.getsockname()[1]
            listener.close()


def connect(port, **options):
    return rfctls.connect("127.0.0.1", port, **{"authorities": CA, "timeout": LIMIT} | options)


def served(port):
    """Whether the next client is served as if nothing had happened."""
    with connect(port) as sock:
        sock.sendall(b"next")
        return read_exactly(sock, 4) == b"next"


def test_64_mib_arrive_at_a_slow_reader_and_none_of_it_is_kept():
    size = 64 << 20

    def slow(conn):
        total = 0
        while total < size:
            total += len(conn.recv(1 << 20))
            if total % (8 << 20) < 20_000:
                time.sleep(0.01)
        return total

    with serving(tls(slow)) as server, connect(server.port) as sock:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        block = memoryview(bytes(1 << 20))
        for _ in range(64):
            sock.sendall(block)
        assert server.result() == size
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 << 10


def test_100_mib_are_received_while_another_thread_sends():
    def both(conn):
        with in_thread(read_exactly, conn, 1 << 20) as received:
            block = bytes(range(256)) * 4096
            for _ in range(100):
                conn.sendall(block)
            return received.result(LIMIT)

    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY) as listener:
        def serve():
            with listener.accept()[0] as conn:
                conn.settimeout(LIMIT)
                return both(conn)

        with in_thread(serve) as server, connect(listener.getsockname()[1]) as sock:
            sent = bytes(range(256)) * 4096
            with in_thread(sock.sendall, sent):
                expected, total = bytes(range(256)) * 300, 0
                while total < 100 << 20:
                    data = sock.recv(65536)
                    start = total % 256
                    assert data == expected[start:start + len(data)]
                    total += len(data)
            assert server.result(LIMIT) == sent


def test_without_descriptors_accept_and_connect_fail_and_the_listener_lives():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with listening() as port:
        assert served(port)
        used = max(int(name) for name in __import__("os").listdir("/proc/self/fd")) + 1
        resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
        filled = []
        try:
            with contextlib.suppress(OSError):
                while True:
                    filled.append(socket.socket())
            with pytest.raises(OSError) as caught:
                connect(port)
            assert isinstance(caught.value, rfctls.Error)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for sock in filled:
                sock.close()
        assert served(port)


def test_a_name_with_a_trailing_dot_is_the_name_without():
    names = []

    def serve(conn):
        context = server_context()
        context.sni_callback = lambda sock, name, _: names.append(name)
        tls(silence, context)(conn)

    with serving(serve) as server:
        connect(server.port, server_name="server.test.").close()
    assert names == ["server.test"]


def test_an_ip_address_is_checked_and_never_sent():
    names = []

    def serve(conn):
        context = server_context()
        context.sni_callback = lambda sock, name, _: names.append(name)
        tls(silence, context)(conn)

    with serving(serve) as server:
        connect(server.port).close()
    assert names == [None]


def test_a_slow_verifier_keeps_nobody_from_anything():
    entered, release = threading.Event(), threading.Event()

    def verifier(depth, trusted, certificate):
        entered.set()
        assert release.wait(LIMIT)
        return trusted

    with listening() as port:
        config = rfctls.Config(authorities=CA, verifier=verifier)
        with in_thread(lambda: rfctls.connect("127.0.0.1", port, config=config).close()):
            assert entered.wait(LIMIT)
            assert served(port)
            release.set()


def test_the_same_identity_serves_two_listeners_and_in_turn():
    for _ in range(2):
        with listening() as first, listening() as second:
            assert served(first) and served(second)


def test_the_whole_chain_is_sent():
    with listening() as port, connect(port) as sock:
        assert sock.peer_chain == IDENTITY.chain
        assert len(sock.peer_chain) >= 2


def test_200_clients_that_say_nothing_or_a_byte_stop_nobody():
    with listening(handshake_timeout=20.0) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        for sock in silent[::2]:
            sock.sendall(b"\x16")
        begin = time.monotonic()
        assert served(port)
        assert time.monotonic() - begin < 10
        for sock in silent:
            sock.close()


def test_a_client_that_resets_in_mid_handshake_fails_alone():
    with listening() as port:
        for said in (b"", b"\x16\x03\x01\x02\x00\x01"):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.sendall(said)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        assert served(port)


def test_10_000_that_connect_and_reset_at_once_leave_no_descriptor():
    with listening(handshake_timeout=20.0) as port:
        assert served(port)
        before = descriptors()
        for _ in range(10_000):
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert served(port)
        deadline = time.monotonic() + LIMIT
        while descriptors() > before + 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert descriptors() <= before + 5


def test_hellos_of_old_versions_are_refused_and_the_next_client_is_served():
    with listening() as port:
        hello = b"\x03\x01" + bytes(32) + b"\0" + b"\0\2\x00\x2f" + b"\1\0"
        message = b"\1" + len(hello).to_bytes(3, "big") + hello
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as sock:
            sock.sendall(b"\x16\3\1" + len(message).to_bytes(2, "big") + message)
            alert = sock.recv(100)
        assert alert[0] == 21 and alert[6] in (40, 70)  # handshake_failure, protocol_version
        assert served(port)


def test_without_a_protocol_in_common_the_handshake_fails_at_both_ends():
    failures = []
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, alpn=["a"]) as listener:
        def serve():
            try:
                listener.accept()
            except rfctls.Error as error:
                failures.append(error)

        with in_thread(serve), pytest.raises(rfctls.AlertError) as caught:
            connect(listener.getsockname()[1], alpn=["b"])
    assert caught.value.alert == 120 and len(failures) == 1


def test_a_failed_handshake_has_its_reason_and_leaves_a_socket_that_can_be_closed():
    def serve(conn):
        with contextlib.suppress(OSError):
            tls(silence, server_context("wrong-name"))(conn)

    with serving(serve) as server:
        sock = connect(server.port, server_name="server.test", handshake=False)
        with pytest.raises(rfctls.CertificateError) as caught:
            sock.handshake()
        assert caught.value.reason == "NAME" and "server.test" in str(caught.value)
        for use in (sock.handshake, lambda: sock.send(b"x"), lambda: sock.recv(1)):
            with pytest.raises(rfctls.Error):
                use()
        sock.close()
        assert sock.fileno() == -1


def test_renegotiation_is_refused():
    with listening(max_version="TLSv1.2") as port:
        import subprocess
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2",
                               "-CAfile", CA, "-legacy_renegotiation"], input=b"R\n", timeout=LIMIT,
                              capture_output=True, check=False)
        assert b"RENEGOTIATING" in done.stdout + done.stderr
        assert b"no renegotiation" in done.stderr.lower() or done.returncode != 0
        assert served(port)


def line_with(text, lines):
    return next(line for line in lines if text in line)


def test_a_renegotiation_that_a_client_refused_is_told():
    import subprocess
    certificate, key = pem("server")
    with subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-cert", certificate,
                           "-cert_chain", certificate, "-key", key], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            port = int(line_with(b"ACCEPT", server.stdout).split(b":")[-1])
            with rfctls.connect("127.0.0.1", port, authorities=CA, server_name="server.test",
                                timeout=LIMIT) as sock:
                sock.sendall(b"hello\n")
                line_with(b"hello", server.stdout)
                server.stdin.write(b"R\n")  # with a request for a certificate
                server.stdin.flush()
                with pytest.raises(rfctls.AlertError, match="we refused the renegotiation .* alert "):
                    sock.recv(1)
        finally:
            server.kill()


def test_a_client_of_ssl_sees_one_goodbye():
    with listening() as port:
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as plain:
            with client_context().wrap_socket(plain, server_hostname="localhost",
                                              suppress_ragged_eofs=False) as sock:
                sock.sendall(b"x")
                assert sock.recv(1) == b"x"
                below = sock.unwrap()
                assert below.recv(1) == b""


def test_bytes_one_by_one_make_a_handshake():
    def relay(conn):
        with socket.create_connection(("127.0.0.1", target)) as there:
            for sock in (conn, there):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def pump(source, sink):
                with contextlib.suppress(OSError):
                    while data := source.recv(65536):
                        for at in range(len(data)):
                            sink.sendall(data[at:at + 1])
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)

            with in_thread(pump, there, conn):
                pump(conn, there)

    with listening() as target, serving(relay) as server:
        assert served(server.port)


@pytest.mark.parametrize("offset", range(5, 400, 37))
def test_a_flipped_bit_is_an_error_and_never_other_bytes(offset):
    def flip(conn):
        with socket.create_connection(("127.0.0.1", target)) as there:
            def back():
                seen = 0
                with contextlib.suppress(OSError):
                    while data := bytearray(there.recv(65536)):
                        if seen <= offset < seen + len(data):
                            data[offset - seen] ^= 1
                        seen += len(data)
                        conn.sendall(data)
                with contextlib.suppress(OSError):
                    conn.shutdown(socket.SHUT_WR)

            with in_thread(back):
                silence_into(conn, there)

    def silence_into(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    with listening() as target, serving(flip) as server:
        with pytest.raises((rfctls.Error, ssl.SSLError)):
            with connect(server.port, timeout=3, handshake_timeout=3.0) as sock:
                sock.sendall(b"hello")
                assert sock.recv(5) == b""
                raise AssertionError("no error")


# ---- what is no TLS ----

NOT_TLS = "what the peer sent is not TLS"
HTTP = "the peer speaks plain HTTP, not TLS"
GREETINGS = [(b"220 mail.example.org ESMTP ready\r\n", NOT_TLS), (b"SSH-2.0-OpenSSH_9.2\r\n", NOT_TLS),
             (b"\x4a\0\0\0\x0a8.0.36\0", NOT_TLS), (b"HTTP/1.1 400 Bad Request\r\n\r\n", HTTP)]


def greeting(text):
    def handler(conn):
        conn.sendall(text)
        silence(conn)
    return handler


@pytest.mark.parametrize("text, told", GREETINGS)
def test_what_is_no_tls_is_told_with_host_and_port(text, told):
    for connect, host in [
        (lambda port: rfctls.connect("localhost", port, ip_version=4), "localhost"),
        (lambda port: rfctls.connect("127.0.0.1", port), "127.0.0.1"),
        (lambda port: rfctls.wrap(socket.create_connection(("localhost", port)), server_name="a.test"),
         "127.0.0.1"),
    ]:
        with serving(greeting(text)) as server:
            with pytest.raises(rfctls.ProtocolError) as caught:
                connect(server.port)
            assert str(caught.value) == f"{host} port {server.port}: {told}"


@pytest.mark.parametrize("text, told", GREETINGS)
def test_what_is_no_tls_is_told_so_in_asyncio(text, told):
    async def connect(port):
        await rfctls.open_connection("localhost", port, ip_version=4)

    with serving(greeting(text)) as server:
        with pytest.raises(rfctls.ProtocolError) as caught:
            asyncio.run(connect(server.port))
        assert str(caught.value) == f"localhost port {server.port}: {told}"


def test_a_server_tells_which_client_spoke_no_tls():
    for text, told in [(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", HTTP), (b"EHLO a.test\r\n", NOT_TLS),
                       (b"CONNECT a.test:443 HTTP/1.1\r\n\r\n", HTTP)]:
        with rfctls.listen("127.0.0.1", 0, identity=IDENTITY, timeout=LIMIT) as listener:
            with socket.create_connection(listener.getsockname()) as client:
                client.sendall(text)
                with pytest.raises(rfctls.ProtocolError) as caught:
                    listener.accept()
                assert str(caught.value) == f"127.0.0.1 port {client.getsockname()[1]}: {told}"
