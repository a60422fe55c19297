"""The example programs in Python do what their heads say."""
import contextlib
import pathlib
import socket
import subprocess
import sys

import pytest

import rfctls
from peers import CA, LIMIT, PKI, pem, read_exactly, server_context, serving, tls
from test_http import https

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "python"


def run(program, *arguments):
    return subprocess.run([sys.executable, EXAMPLES / program, *map(str, arguments)], text=True,
                          capture_output=True, timeout=LIMIT + 10, check=False)


@pytest.mark.parametrize("program", ["echo_server.py", "echo_server_asyncio.py"])
def test_echo_servers(program):
    process = subprocess.Popen([sys.executable, EXAMPLES / program, PKI / "both.pem"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)):  # says nothing, and delays nobody
            for text in (b"hello", b"x" * 100_000):
                with rfctls.connect("127.0.0.1", port, authorities=CA, timeout=LIMIT) as sock:
                    sock.sendall(text)
                    assert read_exactly(sock, len(text)) == text
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("right", [True, False])
def test_pinned(right):
    fingerprint = rfctls.Certificate.load(pem("self-signed")[0]).fingerprint
    colons = ":".join(fingerprint[at:at + 2] for at in range(0, 64, 2)).upper()

    def serve(conn):
        with contextlib.suppress(OSError):
            tls(lambda secure: secure.recv(1), server_context("self-signed"))(conn)

    with serving(serve) as server:
        done = run("pinned.py", "127.0.0.1", server.port, colons if right else colons[:-2] + "00")
    assert (done.returncode == 0) == right, done.stderr
    assert "TLSv1.3" in done.stdout if right else "pinned.py:" in done.stderr


def test_mutual():
    done = run("mutual.py")
    assert done.returncode == 0, done.stderr
    assert "client.example" in done.stdout


def smtp(conn):
    """As much of a mail server as the example meets."""
    def say(sock, *lines):
        sock.sendall("".join(line + "\r\n" for line in lines).encode())

    say(conn, "220 mail.example ESMTP")
    lines = conn.makefile("rb")
    assert lines.readline() == b"EHLO client.example\r\n"
    say(conn, "250-mail.example", "250 STARTTLS")
    assert lines.readline() == b"STARTTLS\r\n"
    say(conn, "220 go ahead")
    with rfctls.wrap(conn, server_side=True, identity=rfctls.Identity(*pem("server"))) as secure:
        assert secure.makefile("rb").readline() == b"EHLO client.example\r\n"
        say(secure, "250-mail.example", "250 secure")
        assert secure.recv(100) == b"QUIT\r\n"
        assert secure.recv(1) == b""


def test_starttls():
    with serving(smtp) as server:
        done = run("starttls.py", "localhost", server.port, CA)
        assert (done.returncode, done.stdout) == (0, "250 secure\n"), done.stderr
        server.result()


def test_starttls_says_when_it_is_refused():
    with serving(lambda conn: conn.sendall(b"554 no\r\n")) as server:
        done = run("starttls.py", "localhost", server.port)
        assert (done.returncode, done.stderr) == (1, "starttls.py: the server said: 554 no\n")


def test_requests_session():
    pytest.importorskip("requests", reason="requests is not installed")
    with https() as server:
        url = f"https://localhost:{server.server_port}/page"
        done = run("requests_session.py", url, CA)
        assert (done.returncode, done.stdout) == (0, "/page\n"), done.stderr
        done = run("requests_session.py", url)
        assert done.returncode == 1 and "not trusted" in done.stderr
