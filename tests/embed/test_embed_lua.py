"""examples/c/embed_lua.c: four threads, each with a Lua state, serve 1,000 connections."""
import concurrent.futures
import os
import pathlib
import socket
import ssl
import subprocess

import headers
import pytest

PKI = pathlib.Path(os.environ["RFCTLS_TEST_PKI"])
PROGRAM = headers.BUILD / "examples" / "embed_lua"
HANDLER = headers.ROOT / "examples" / "lua" / "handler.lua"
LIMIT = 240
CONNECTIONS = 1000


def start(handler, count):
    return subprocess.Popen([PROGRAM, PKI / "both.pem", handler, str(count)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """The program's end: what it said on stderr, where sanitizers report, and its status."""
    try:
        errors = process.communicate(timeout=LIMIT)[1]
    finally:
        process.kill()
    return errors, process.returncode


def talk(port, number):
    """What the server answers to a line of a connection of its own."""
    context = ssl.create_default_context(cafile=PKI / "ca.pem")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        with context.wrap_socket(connection, server_hostname="server.test") as tls:
            tls.sendall(f"connection {number}\n".encode())
            answer = tls.makefile("rb").readline().decode()
            tls.unwrap()
    return answer


def test_four_states_in_four_threads_serve_a_thousand_connections():
    process = start(HANDLER, CONNECTIONS)
    port = int(process.stdout.readline())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: talk(port, number), range(CONNECTIONS)))
    assert finish(process) == ("", 0)
    lines = [f"connection {number}" for number in range(CONNECTIONS)]
    assert answers == [f"{len(line)} {line}\n" for line in lines]


def test_an_error_in_lua_ends_its_connection_only(tmp_path):
    handler = tmp_path / "handler.lua"
    handler.write_text("return function(s) local line = s:receive()\n"
                       "if line == 'connection 0' then error('refused', 0) end\n"
                       "s:send(line .. '\\n') end\n")
    process = start(handler, 2)
    port = int(process.stdout.readline())
    assert talk(port, 0) == ""
    assert talk(port, 1) == "connection 1\n"
    assert finish(process) == ("embed_lua: refused\n", 0)


@pytest.mark.parametrize("text", ["this is no Lua", "error 'at once'", None])
def test_a_handler_that_is_none_is_told(tmp_path, text):
    handler = tmp_path / "handler.lua"
    if text is not None:
        handler.write_text(text)
    errors, status = finish(start(handler, 1))
    assert status == 1
    assert "handler.lua" in errors
