"""HTTPS by the clients that people have: http.client, urllib.request, urllib3, requests."""
import contextlib
import gc
import http.server
import os
import socket
import threading
import urllib.error
import urllib.request

import pytest

import rfctls
import rfctls.http
from peers import CA, LIMIT, in_thread, pem, server_context


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the path, and with what was posted; counts connections."""

    protocol_version = "HTTP/1.1"
    timeout = LIMIT

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_GET(self):
        body = self.path.encode() * (20_000 if "large" in self.path else 1)
        self.answer(body)

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # handshakes that fail belong to the tests


@contextlib.contextmanager
def https(name="server"):
    server = Quiet(("127.0.0.1", 0), Handler)
    server.connections = 0
    context = server_context(name)
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(LIMIT)
        server.server_close()


@contextlib.contextmanager
def proxy():
    """A proxy that makes tunnels; yields its port and whom it was asked for."""
    asked = []

    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(listener):
        conn, _ = listener.accept()
        with conn:
            request = conn.makefile("rb")
            target = request.readline().split()[1].decode()
            while request.readline().strip():
                pass
            asked.append(target)
            with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2]))) as there:
                conn.sendall(b"HTTP/1.1 200 go on\r\n\r\n")
                with in_thread(pump, there, conn):
                    pump(conn, there)

    with socket.create_server(("127.0.0.1", 0)) as listener, in_thread(serve, listener):
        yield listener.getsockname()[1], asked


# ---- http.client ----


def test_http_client_keeps_the_connection():
    with https() as server:
        connection = rfctls.http.HTTPSConnection("localhost", server.server_port, authorities=CA,
                                                 timeout=LIMIT)
        for path in ("/one", "/large", "/two"):
            connection.request("GET", path)
            body = connection.getresponse().read()
            assert body.startswith(path.encode())
        connection.request("POST", "/", body=b"x" * 100_000)
        assert connection.getresponse().read() == b"x" * 100_000
        assert isinstance(connection.sock, rfctls.TLSSocket)
        assert connection.sock.gettimeout() == LIMIT
        connection.close()
        assert server.connections == 1


def test_http_client_refuses_other_servers_and_can_try_again():
    for name, options in (("wrong-name", {"authorities": CA}), ("server", {})):
        with https(name) as server:
            connection = rfctls.http.HTTPSConnection("localhost", server.server_port, **options)
            for _ in range(2):
                with pytest.raises(rfctls.CertificateError):
                    connection.request("GET", "/")
                assert connection.sock is None


def test_http_client_through_a_tunnel():
    with https() as server, proxy() as (port, asked):
        connection = rfctls.http.HTTPSConnection("127.0.0.1", port, authorities=CA, timeout=LIMIT)
        connection.set_tunnel("localhost", server.server_port)
        connection.request("GET", "/tunnelled")
        assert connection.getresponse().read() == b"/tunnelled"
        assert connection.sock.server_name == "localhost"
        connection.close()
    assert asked == [f"localhost:{server.server_port}"]


def test_http_client_takes_a_config_or_its_arguments():
    with pytest.raises(TypeError):
        rfctls.http.HTTPSConnection("localhost", config=rfctls.Config(), authorities=CA)
    with pytest.raises(TypeError):
        rfctls.http.HTTPSConnection("localhost", config=1)


# ---- urllib.request ----


def test_urllib_request():
    with https() as server:
        opener = urllib.request.build_opener(rfctls.http.HTTPSHandler(authorities=CA))
        url = f"https://localhost:{server.server_port}/page"
        with opener.open(url, timeout=LIMIT) as response:
            assert (response.status, response.read()) == (200, b"/page")
        assert opener.open(url, data=b"posted", timeout=LIMIT).read() == b"posted"


def test_urllib_request_tells_what_is_wrong():
    with https() as server:
        opener = urllib.request.build_opener(rfctls.http.HTTPSHandler())
        with pytest.raises(urllib.error.URLError) as caught:
            opener.open(f"https://localhost:{server.server_port}/", timeout=LIMIT)
        assert isinstance(caught.value.reason, rfctls.CertificateError)


# ---- urllib3 and requests ----


def test_urllib3():
    pytest.importorskip("urllib3", reason="urllib3 is not installed")
    import rfctls.urllib3

    with https() as server:
        pools = rfctls.urllib3.PoolManager(authorities=CA)
        for path in ("/one", "/large"):
            answer = pools.request("GET", f"https://localhost:{server.server_port}{path}",
                                   timeout=LIMIT)
            assert answer.status == 200 and answer.data.startswith(path.encode())
        pools.clear()
        assert server.connections == 1


def test_urllib3_tells_what_is_wrong_by_its_own_exceptions():
    exceptions = pytest.importorskip("urllib3", reason="urllib3 is not installed").exceptions
    import rfctls.urllib3

    pools = rfctls.urllib3.PoolManager(authorities=CA)
    with pytest.raises(exceptions.MaxRetryError) as caught:
        pools.request("GET", "https://localhost:1/", timeout=LIMIT, retries=0)
    assert isinstance(caught.value.reason, exceptions.NewConnectionError)
    assert isinstance(caught.value.reason.__cause__, rfctls.ConnectError)


def test_urllib3_keeps_what_a_program_asks_of_the_connection():
    urllib3 = pytest.importorskip("urllib3", reason="urllib3 is not installed")
    import rfctls.urllib3

    kept = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    with https() as server:
        classes = rfctls.urllib3.pool_classes(rfctls.Config(authorities=CA))
        pools = urllib3.PoolManager(socket_options=kept)
        pools.pool_classes_by_scheme = classes
        pool = pools.connection_from_host("localhost", server.server_port, "https")
        connection = pool._get_conn()
        connection.connect()
        with socket.socket(fileno=os.dup(connection.sock.fileno())) as seen:
            assert seen.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        connection.close()


def test_the_name_of_a_config_is_the_one_that_is_checked():
    pytest.importorskip("urllib3", reason="urllib3 is not installed")
    import rfctls.urllib3

    with https() as server:
        pools = rfctls.urllib3.PoolManager(authorities=CA, server_name="localhost")
        assert pools.request("GET", f"https://127.0.0.1:{server.server_port}/page", timeout=LIMIT).data == b"/page"
        pools.clear()
        config = rfctls.Config(authorities=CA, server_name="localhost")
        with proxy() as (port, asked):
            for first, tunnel in [(server.server_port, None), (port, f"127.0.0.1:{server.server_port}")]:
                connection = rfctls.http.HTTPSConnection("127.0.0.1", first, timeout=LIMIT, config=config)
                if tunnel:
                    connection.set_tunnel(tunnel)
                connection.request("GET", "/page")
                assert connection.getresponse().read() == b"/page"
                connection.close()
        assert asked == [tunnel]


@pytest.fixture
def session():
    requests = pytest.importorskip("requests", reason="requests is not installed")
    import rfctls.requests

    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", rfctls.requests.Adapter(authorities=CA))
        yield session


def test_requests(session):
    with https() as server:
        url = f"https://localhost:{server.server_port}"
        for path in ("/one", "/large"):
            assert session.get(url + path, timeout=LIMIT).text.startswith(path)
        assert session.post(url, data=b"posted", timeout=LIMIT).content == b"posted"
        session.close()
        assert server.connections == 1


def test_requests_through_a_tunnel(session):
    with https() as server, proxy() as (port, asked):
        url = f"https://localhost:{server.server_port}/tunnelled"
        proxies = {"https": f"http://127.0.0.1:{port}"}
        assert session.get(url, timeout=LIMIT, proxies=proxies).text == "/tunnelled"
        session.close()
        gc.collect()  # urllib3 2 closes what is not referred to
    assert asked == [f"localhost:{server.server_port}"]


def test_requests_tells_what_is_wrong(session):
    import requests

    with https("wrong-name") as server:
        with pytest.raises(requests.exceptions.SSLError, match="localhost"):
            session.get(f"https://localhost:{server.server_port}/", timeout=LIMIT)
    with pytest.raises(requests.exceptions.ConnectionError):
        session.get("https://localhost:1/", timeout=LIMIT)


def test_requests_trusts_the_bundle_that_it_is_told():
    requests = pytest.importorskip("requests", reason="requests is not installed")
    import rfctls.requests

    with https() as server, requests.Session() as session:
        session.mount("https://", rfctls.requests.Adapter())
        url = f"https://localhost:{server.server_port}/page"
        assert session.get(url, timeout=LIMIT, verify=CA).text == "/page"
        with pytest.raises(requests.exceptions.SSLError):
            session.get(url, timeout=LIMIT, verify=pem("self-signed")[0])


@pytest.mark.parametrize("arguments", [{"verify": False}, {"cert": pem("client")}])
def test_requests_own_words_for_trust_are_refused(session, arguments):
    with pytest.raises(ValueError, match="Adapter"):
        session.get("https://localhost:1/", **arguments)
