"""The example programs do what their heads say, in every language whose module was built."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import headers
import pytest

EXAMPLES = headers.ROOT / "examples"
PROGRAMS = headers.BUILD / "examples"
PKI = pathlib.Path(os.environ["RFCTLS_TEST_PKI"])
BINDINGS = os.environ["RFCTLS_BINDINGS"].split(",")
LIMIT = 30

# How the examples are called, by language.
INTERPRETERS = {"python": [sys.executable], "lua": [shutil.which("lua5.4") or "lua5.4"],
                "guile": ["guile"]}
LANGUAGES = ["c", "python", "lua", "guile"]
FIRST = {"c": PROGRAMS / "first", "python": EXAMPLES / "python" / "first.py",
         "lua": EXAMPLES / "lua" / "first.lua", "guile": EXAMPLES / "guile" / "first.scm"}
HTTPS_GET = {"c": PROGRAMS / "https_get", "python": EXAMPLES / "python" / "https_get.py",
             "lua": EXAMPLES / "lua" / "https_get.lua",
             "guile": EXAMPLES / "guile" / "https-get.scm"}
ECHO = {"c": PROGRAMS / "echo_client", "python": EXAMPLES / "python" / "echo_client.py",
        "lua": EXAMPLES / "lua" / "echo_client.lua",
        "guile": EXAMPLES / "guile" / "echo-client.scm"}


def run(language, program, *arguments):
    if language != "c" and language not in BINDINGS:
        pytest.skip(f"no module for {language} was built")
    command = [*INTERPRETERS.get(language, []), program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)


@contextlib.contextmanager
def server(*command):
    """A server example, and the port that it prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def echo_port():
    with server(PROGRAMS / "echo_server", PKI / "both.pem") as port:
        yield port


@pytest.fixture(scope="module")
def https_port():
    with server(PROGRAMS / "https_server", PKI / "both.pem") as port:
        yield port


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [64, 65536])
def test_echo_client_gets_back_what_it_sent(language, size, echo_port):
    done = run(language, ECHO[language], "127.0.0.1", echo_port, PKI / "ca.pem", "server.test",
               size)
    assert done.returncode == 0, done.stderr
    fields = done.stdout.removesuffix("\n").split("\t")
    assert fields[1:2] + fields[3:5] == ["TLSv1.3", "server.test", str(size)]
    assert len(fields) == 6 and int(fields[5]) >= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_echo_client_refuses_a_server_of_another_name(language, echo_port):
    done = run(language, ECHO[language], "127.0.0.1", echo_port, PKI / "ca.pem", "other.test", 64)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "other.test" in done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_program_prints_the_answer(language, https_port):
    done = run(language, FIRST[language], "localhost", https_port, PKI / "ca.pem")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.1 200 OK")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_authority_of_a_file_counts(language, https_port, echo_port, tmp_path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes((PKI / "other-ca.pem").read_bytes() + (PKI / "ca.pem").read_bytes())
    for done in (run(language, FIRST[language], "localhost", https_port, bundle),
                 run(language, HTTPS_GET[language], "localhost", https_port, "/", bundle),
                 run(language, ECHO[language], "127.0.0.1", echo_port, bundle, "server.test", 64)):
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_program_refuses_a_server_that_nobody_vouches_for(language, https_port):
    done = run(language, FIRST[language], "localhost", https_port)
    assert done.returncode != 0
    assert "HTTP" not in done.stdout
    assert done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_https_get_prints_the_page(language, https_port):
    done = run(language, HTTPS_GET[language], "localhost", https_port, "/", PKI / "ca.pem")
    assert done.returncode == 0, done.stderr
    assert "hello over TLS" in done.stdout


def test_a_silent_client_does_not_delay_the_echo_server(echo_port):
    with socket.create_connection(("127.0.0.1", echo_port)):
        done = run("c", ECHO["c"], "127.0.0.1", echo_port, PKI / "ca.pem", "server.test", 64)
    assert done.returncode == 0, done.stderr


def test_negotiated_says_why_it_refuses(https_port):
    done = run("c", PROGRAMS / "negotiated", "localhost", https_port)
    assert done.returncode == 1
    assert "not trusted" in done.stderr
