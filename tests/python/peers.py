"""The other side: servers and clients of Python's own ssl and socket, each in a thread."""
import concurrent.futures
import contextlib
import os
import pathlib
import socket
import ssl
import time

PKI = pathlib.Path(os.environ["RFCTLS_TEST_PKI"])
CA = str(PKI / "ca.pem")
LIMIT = 20  # seconds that anything here may take; never reached when all is well


def pem(name):
    return str(PKI / f"{name}.pem"), str(PKI / f"{name}.key")


@contextlib.contextmanager
def in_thread(function, *arguments):
    """Runs a function beside the test; its future tells how it ended."""
    executor = concurrent.futures.ThreadPoolExecutor(1)
    future = executor.submit(function, *arguments)
    try:
        yield future
    finally:
        executor.shutdown(wait=False)
    future.result(LIMIT)


class Server:
    """What serving gives: where it listens, and what became of its one connection."""

    def __init__(self, port, future):
        self.port = port
        self._future = future

    def result(self):
        return self._future.result(LIMIT)


@contextlib.contextmanager
def serving(handler, host="127.0.0.1"):
    """A TCP server for one connection, which handler(conn) serves in a thread."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        listener.settimeout(LIMIT)

        def serve():
            conn, _ = listener.accept()
            with conn:
                conn.settimeout(LIMIT)
                return handler(conn)

        executor = concurrent.futures.ThreadPoolExecutor(1)
        server = Server(listener.getsockname()[1], executor.submit(serve))
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # wakes an accept that nobody came to
            executor.shutdown(wait=False)


def server_context(name="server", version=None, **attributes):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # weak keys are to be shown, too
    context.load_cert_chain(*pem(name))
    return _pinned(context, version, attributes)


def client_context(version=None, **attributes):
    context = ssl.create_default_context(cafile=CA)
    return _pinned(context, version, attributes)


def _pinned(context, version, attributes):
    if version is not None:
        context.minimum_version = context.maximum_version = {
            "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}[version]
    for name, value in attributes.items():
        setattr(context, name, value)
    return context


def tls(handler, context=None):
    """Makes a handler of TLS connections one of TCP connections."""
    def serve(conn):
        with (context or server_context()).wrap_socket(conn, server_side=True) as secure:
            return handler(secure)
    return serve


def echo(conn):
    """Sends back what comes until the end, then says goodbye; works on either library's sockets."""
    total = 0
    while data := conn.recv(65536):
        conn.sendall(data)
        total += len(data)
    with contextlib.suppress(OSError):
        conn.unwrap() if isinstance(conn, ssl.SSLSocket) else conn.shutdown(socket.SHUT_WR)
    return total


def silence(conn):
    """Says nothing until the peer goes."""
    with contextlib.suppress(OSError):
        while conn.recv(65536):
            pass


def read_exactly(conn, size):
    parts = bytearray()
    while len(parts) < size:
        part = conn.recv(size - len(parts))
        assert part, f"the end after {len(parts)} of {size} bytes"
        parts += part
    return bytes(parts)


def read_all(conn):
    return b"".join(iter(lambda: conn.recv(65536), b""))


@contextlib.contextmanager
def takes(seconds):
    """The body ends at its timer: never early, at most half a second late."""
    begin = time.monotonic()
    yield
    took = time.monotonic() - begin
    assert seconds <= took <= seconds + 0.5, f"{took:.3f} s instead of {seconds}"


def descriptors():
    return len(os.listdir("/proc/self/fd"))
