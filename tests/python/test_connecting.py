"""Connecting: an address that does not answer, and a resolver that does not, hold nothing up for long."""
import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

import rfctls
import rfctls.http
import rfctls.rfc
from rfctls import native
from peers import CA, LIMIT, echo, in_thread, server_context, serving, takes, tls

QUARTER = 0.25  # of a second, which a silent address holds the next one up; `takes` adds half a second
T = 0.4


def knows_names():
    try:
        return len(socket.getaddrinfo("silent-first.test", 1, type=socket.SOCK_STREAM)) == 2
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not knows_names(), reason="the tests' names are not preloaded")


def uvloop_loop():
    return pytest.importorskip("uvloop", reason="uvloop is not installed").new_event_loop()


LOOPS = [asyncio.new_event_loop, uvloop_loop]


def options(**more):
    return {"authorities": CA, "server_name": "localhost", **more}


def connect(name, port, **more):
    return rfctls.connect(name, port, **options(**more))


def connect_only(name, port, **more):
    sock = rfctls.connect(name, port, **options(handshake=False, **more))
    assert sock.getpeername()
    sock.handshake()
    return sock


def rfc_connect(name, port):
    extension = rfctls.rfc.make_server_name_indication(["localhost"])
    return rfctls.rfc.make_client_tls_socket(
        name, str(port), hello_extensions=[extension],
        authorities=[rfctls.Certificate.load(CA)])


@pytest.mark.parametrize("entrance", [connect, connect_only, rfc_connect])
def test_a_first_address_that_is_silent_costs_a_quarter_of_a_second(entrance):
    with serving(tls(echo, server_context())) as server, takes(QUARTER):
        with entrance("silent-first.test", server.port) as sock:
            assert sock.getpeername()[0] == "127.0.0.1"
            sock.sendall(b"there")
            assert sock.recv(5) == b"there"


@pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"])
def test_a_first_address_that_is_silent_does_not_hold_asyncio_up(loop):
    async def talk(port):
        reader, writer = await rfctls.open_connection("silent-first.test", port, **options())
        writer.write(b"there")
        assert await reader.readexactly(5) == b"there"
        writer.close()
        await writer.wait_closed()

    with serving(tls(echo, server_context())) as server, takes(QUARTER):
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(talk(server.port))


def http_get(port):
    with contextlib.closing(rfctls.http.HTTPSConnection("silent-first.test", port, **options())) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()


def urllib3_get(port):
    pytest.importorskip("urllib3", reason="urllib3 is not installed")
    import rfctls.urllib3
    with rfctls.urllib3.PoolManager(**options()) as http:
        return http.request("GET", f"https://silent-first.test:{port}/").data


@pytest.mark.parametrize("get", [http_get, urllib3_get])
def test_a_first_address_that_is_silent_does_not_hold_https_up(get):
    def answer(conn):
        conn.recv(65536)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    with serving(tls(answer, server_context())) as server, takes(QUARTER):
        assert get(server.port) == b"hello"


@pytest.mark.parametrize("handshake", [True, False])
def test_a_silent_resolver_ends_at_the_timeout(handshake):
    for timer in {"timeout": T}, {"connect_timeout": T}:
        with takes(T):
            with pytest.raises(rfctls.TimeoutError, match="the resolver did not answer in time"):
                connect("silent.test", 1, handshake=handshake, **timer)


def test_a_silent_resolver_ends_at_the_timeout_in_asyncio():
    async def main():
        with takes(T), pytest.raises(rfctls.TimeoutError, match="the resolver did not"):
            await rfctls.open_connection("silent.test", 1, **options(connect_timeout=T))

    asyncio.run(main())


def test_a_silent_resolver_holds_no_other_thread_up():
    def ask():
        with pytest.raises(rfctls.TimeoutError):
            connect("silent.test", 1, timeout=1)

    with in_thread(ask):
        with serving(tls(echo, server_context())) as server, takes(0):
            connect("localhost", server.port, ip_version=4).close()


def test_a_signal_ends_what_a_silent_resolver_holds_up():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with takes(T), pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, T)
            connect("silent.test", 1)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_close_by_another_thread_ends_a_look_up():
    config = rfctls.Config(authorities=CA)
    handle = native.rfctls_socket_connect("silent.test", "1", config._handle)
    sock = rfctls.TLSSocket._from_handle(handle, config, None)
    timer = threading.Timer(T, sock.abort)
    with takes(T), pytest.raises(rfctls.ClosedError):
        timer.start()
        sock.handshake()
    timer.join()


def test_a_program_ends_though_the_resolver_is_silent():
    program = """
import rfctls
try:
    rfctls.connect("silent.test", 1, timeout=0.1)
except rfctls.TimeoutError:
    print("in time")
"""
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"in time\n"
    assert time.monotonic() - begin < 4  # the resolver keeps silent for 5


def test_a_name_that_nobody_knows_is_named():
    with pytest.raises(rfctls.ResolveError, match='cannot resolve host "nobody.invalid"'):
        connect("nobody.invalid", 443, timeout=LIMIT)
