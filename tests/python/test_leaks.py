"""Nothing is left behind: descriptors, memory, threads' fates at the interpreter's end."""
import gc
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
import weakref

import pytest

import rfctls
from peers import CA, descriptors, echo, in_thread, pem, read_exactly, serving, silence, tls


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def settles(count, most):
    """Whether a count comes down to most: another thread may still be closing its end."""
    deadline = time.monotonic() + 5
    while count() > most and time.monotonic() < deadline:
        time.sleep(0.01)
    return count() <= most


def flat(work, rounds, *, before):
    """Runs work often; descriptors and memory are nearly the same after it: a few descriptors by which
    threads wake each other are kept, see wait.h."""
    for _ in range(before):
        work()
    gc.collect()
    open_before, held_before = descriptors(), resident()
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    for _ in range(rounds):
        work()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - base
    tracemalloc.stop()
    assert settles(descriptors, open_before + 3)
    assert grown < rounds * 8, "Python's memory grows"
    assert resident() - held_before < 4 << 20, "the process grows"


def test_a_hundred_thousand_sockets_without_a_handshake():
    config = rfctls.Config(authorities=CA, server_name="localhost")

    def work():
        ours, theirs = socket.socketpair()
        rfctls.wrap(ours, config=config, handshake=False)
        theirs.close()

    flat(work, 100_000, before=1000)


def test_connections_without_a_handshake():
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        config = rfctls.Config(authorities=CA)

        def work():
            rfctls.connect("127.0.0.1", listener.getsockname()[1], config=config, handshake=False,
                           timeout=20)
            listener.accept()[0].close()

        flat(work, 3000, before=500)


@pytest.mark.parametrize("polite", [True, False])
def test_sockets_with_a_handshake(polite):
    client = rfctls.Config(authorities=CA)
    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server"))) as listener:
        def serve():
            while True:
                try:
                    conn, _ = listener.accept()
                except rfctls.ClosedError:
                    return
                with conn:
                    try:
                        conn.sendall(conn.recv(1))
                        conn.recv(1)
                    except (ConnectionError, rfctls.Error):
                        pass

        def work():
            sock = rfctls.connect("127.0.0.1", listener.getsockname()[1], config=client, timeout=20)
            sock.sendall(b"x")
            sock.recv(1)
            if polite:
                sock.close()

        with in_thread(serve):
            flat(work, 2000, before=50)
            listener.close()


def test_refused_handshakes():
    client = rfctls.Config()
    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server"))) as listener:
        def serve():
            while True:
                try:
                    listener.accept()
                except rfctls.ClosedError:
                    return
                except rfctls.Error:
                    pass

        def work():
            with pytest.raises(rfctls.CertificateError):
                rfctls.connect("127.0.0.1", listener.getsockname()[1], config=client, timeout=20)

        with in_thread(serve):
            flat(work, 200, before=50)
            listener.close()


def test_configs_certificates_and_keys():
    certificate, key = (pathlib.Path(path).read_bytes() for path in pem("server"))

    def work():
        identity = rfctls.Identity(certificate, key)
        rfctls.Config("server", identity=identity, authorities=certificate, alpn=["h2"])
        with pytest.raises(rfctls.ParseError):
            rfctls.PrivateKey.load(b"garbage")

    flat(work, 1000, before=200)


def test_a_verifier_that_refers_to_its_own_socket_is_collected():
    with serving(tls(silence)) as server:
        holder = []
        config = rfctls.Config(authorities=CA, verifier=lambda *_: bool(holder))  # noqa: F821
        sock = rfctls.connect("127.0.0.1", server.port, config=config, handshake=False)
        holder.append(sock)
        sock.handshake()
        alive, number = weakref.ref(sock), sock.fileno()
        del sock, holder, config
        gc.collect()
        assert alive() is None
        with pytest.raises(OSError):
            os.fstat(number)


def test_a_socket_dropped_in_mid_handshake_closes_its_descriptor():
    with serving(silence) as server:
        sock = rfctls.connect("127.0.0.1", server.port, handshake=False, authorities=CA)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.handshake()
        number = sock.fileno()
        del sock
        gc.collect()
        with pytest.raises(OSError):
            os.fstat(number)


def test_a_verifier_that_only_the_config_holds_survives_a_collection_at_every_step():
    with serving(tls(echo)) as server:
        def verifier(depth, trusted, certificate):
            gc.collect()
            return trusted

        config = rfctls.Config(authorities=CA, verifier=verifier)
        del verifier
        threshold = gc.get_threshold()
        gc.set_threshold(1)
        try:
            with rfctls.connect("127.0.0.1", server.port, config=config, timeout=20) as sock:
                sock.sendall(b"hello")
                assert read_exactly(sock, 5) == b"hello"
        finally:
            gc.set_threshold(*threshold)


EXITS = {
    "open sockets": "raise SystemExit(7)",
    "a thread in recv": "import threading, time\n"
                        "threading.Thread(target=sock.recv, args=(1,), daemon=True).start()\n"
                        "time.sleep(0.2)\nraise SystemExit(7)",
    "an uncaught error": "sock.recv(-1)",
}


@pytest.mark.parametrize("how, code", [("open sockets", 7), ("a thread in recv", 7),
                                       ("an uncaught error", 1)])
def test_the_interpreter_ends_cleanly(how, code):
    program = ("import sys, rfctls\n"
               "sock = rfctls.connect('127.0.0.1', int(sys.argv[1]), authorities=sys.argv[2])\n"
               "listener = rfctls.listen(identity=rfctls.Identity.self_signed('x.test'))\n"
               "sys.modules['rfctls'].kept = sock, listener\n" + EXITS[how])
    with serving(tls(silence)) as server:
        done = subprocess.run([sys.executable, "-X", "dev", "-c", program, str(server.port), CA],
                              capture_output=True, text=True, timeout=20)
    assert done.returncode == code, done.stderr
    assert "Fatal" not in done.stderr


def test_sigpipe_stays_as_it_was():
    program = ("import signal, sys, rfctls\n"
               "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
               "sock = rfctls.connect('127.0.0.1', int(sys.argv[1]), authorities=sys.argv[2])\n"
               "try:\n"
               "    while True: sock.sendall(b'x' * 65536)\n"
               "except rfctls.Error: pass\n"
               "assert signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL\n")
    with serving(tls(lambda conn: conn.recv(1))) as server:
        done = subprocess.run([sys.executable, "-c", program, str(server.port), CA], timeout=20)
    assert done.returncode == 0, signal.Signals(-done.returncode)
